"""A capture with its packets redacted tells the same as it did, and names nobody."""

from __future__ import annotations

import re
import shutil
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import pytest
from cli.fakes import needs_tshark
from oracles.shared import CAPTURES as PUBLIC
from oracles.shared import FOLDER
from redact.packets import both
from redact.test_same_findings import CAPTURES, NAME, alike

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    *needs_tshark,
    pytest.mark.skipif(shutil.which("editcap") is None, reason="editcap is not installed"),
]

NO_MAIL = frozenset(("arkime__socks5-smtp-503.pcap", "zeek__http__connect-with-smtp.pcap"))
"""Captures without a conversation that could be exported."""

JUMPS: Final = frozenset(("PcapPlusPlus__Smtp.pcap",))
"""Captures whose clock jumps by years: whether a silent flow has ended by then depends on how many
lines of tshark come at once, so that two readings may differ."""

NAMED: Final = re.compile(
    rb"[a-z0-9._+-]{2,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+"
    rb"|(?:[a-z0-9-]{2,63}\.)+(?:com|net|org|edu|local)\b"
)
"""Addresses and hosts, wherever a capture has them."""


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_a_capture_of_the_lab_tells_the_same(tmp_path: Path, path: Path) -> None:
    """Findings, verdicts, clients, and every row of every ladder, frame by frame."""
    out = tmp_path / "out.pcapng"
    alike(*both(path, out))
    assert NAME.search(out.read_bytes()) is None


@pytest.mark.skipif(not PUBLIC, reason="the public captures are not beside the project")
@pytest.mark.parametrize(
    "path", [path for path in PUBLIC if path.name not in NO_MAIL | JUMPS][::4] or [FOLDER],
    ids=lambda path: path.name,
)  # fmt: skip
def test_a_public_capture_tells_the_same(tmp_path: Path, path: Path) -> None:
    """Of real servers and clients, with all that they do wrong; and none of them is named."""
    out = tmp_path / "out.pcapng"
    one, two = both(path, out)
    alike(one, two)
    was, written = path.read_bytes().lower(), out.read_bytes().lower()
    named = {name for name in NAMED.findall(was) if b"xxx" not in name}
    assert [name for name in named if name in written] == []
    flows = [detail.summary for detail in one.details]
    ends = {ip_address(end.address) for flow in flows for end in (flow.client, flow.server)}
    assert [end for end in ends if not end.is_loopback and end.packed in written] == []
