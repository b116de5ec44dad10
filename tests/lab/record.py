"""Capturing with tcpdump, from before the first packet of interest until after the last."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lab.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.network import Network

_FILTER = "(tcp port 25) or (vlan and tcp port 25)"
"""Mail only: no ARP, no neighbour discovery. `vlan` moves the offsets for what follows it."""


@contextlib.contextmanager
def recording(net: Network, namespace: str, interface: str, path: Path) -> Iterator[None]:
    """Capture into `path` for a `with` block; the file is readable by its owner only."""
    command = net.inside(
        namespace,
        *("tcpdump", "-n", "-i", interface, "-U", "--immediate-mode", "-s", "262144"),
        *("-B", "8192", "-Z", "root", "-w", str(path), _FILTER),
    )
    errors = path.with_suffix(".errors")
    with running(command, errors, lambda: "listening on" in errors.read_text(encoding="utf-8")):
        yield
    errors.unlink()
