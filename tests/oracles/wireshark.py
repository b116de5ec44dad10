"""What Wireshark's own SMTP dissector reads in each frame: tshark asked once a capture."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from dissect.source import find_tshark
from oracles.shared import FOLDER, index

KNOWN: Final = {25, 465, 587, 1080}
"""Ports that tshark decodes by itself, as SMTP, TLS or SOCKS."""

FIELDS: Final = (
    "frame.number", "frame.len", "frame.cap_len", "tcp.stream", "tcp.len", "tcp.srcport",
    "tcp.dstport", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.analysis.flags",
    "smtp.req.command", "smtp.req.parameter", "smtp.response.code", "smtp.rsp.parameter",
    "smtp.auth.username", "smtp.auth.password", "smtp.auth.username_password", "_ws.col.Info",
)  # fmt: skip


class Frame(NamedTuple):
    """One frame with a payload, in Wireshark's words."""

    number: int
    stream: int
    length: int
    """Bytes of payload."""
    cut: bool
    """Whether the snap length cut it."""
    analysed: bool
    """Whether Wireshark takes it for a retransmission, out of order, or the like."""
    source: tuple[str, int]
    destination: tuple[str, int]
    verbs: tuple[str, ...]
    arguments: tuple[str, ...]
    """Of the commands that have one."""
    codes: tuple[str, ...]
    """One a reply, where all its lines are in one frame."""
    lines: tuple[str, ...]
    """Text of each reply line that has one."""
    secrets: int
    """User names and passwords."""
    info: str


@cache
def frames(path: Path) -> dict[int, Frame]:
    """The frames of a capture with a payload, by number.

    Ports of the index on which tshark expects no mail are decoded as SMTP.
    """
    entry = index().get(path.name, {}) if path.parent == FOLDER else {}
    ports = {int(stream["port"]) for stream in entry.get("streams", ())} - KNOWN
    command = [
        find_tshark().path, "-n", "-r", str(path), "-Y", "tcp.len > 0", "-T", "json",
        *[part for port in sorted(ports) for part in ("-d", f"tcp.port=={port},smtp")],
        *[part for name in FIELDS for part in ("-e", name)],
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False)
    packets = json.loads(done.stdout)
    found = [_frame(packet["_source"]["layers"]) for packet in packets]
    return {frame.number: frame for frame in found}


def _frame(layers: dict[str, Any]) -> Frame:
    def all_of(*names: str) -> tuple[str, ...]:
        return tuple(value for name in names for value in layers.get(name, ()))

    def end(way: str, port: str) -> tuple[str, int]:
        return all_of(f"ip.{way}", f"ipv6.{way}")[-1], int(all_of(port)[-1])

    return Frame(
        number=int(layers["frame.number"][0]),
        stream=int(layers["tcp.stream"][0]),
        length=int(layers["tcp.len"][0]),
        cut=int(layers["frame.cap_len"][0]) < int(layers["frame.len"][0]),
        analysed="tcp.analysis.flags" in layers,
        source=end("src", "tcp.srcport"),
        destination=end("dst", "tcp.dstport"),
        verbs=tuple(verb.upper() for verb in all_of("smtp.req.command")),
        arguments=tuple(text.strip() for text in all_of("smtp.req.parameter")),
        codes=all_of("smtp.response.code"),
        lines=tuple(text for t in all_of("smtp.rsp.parameter") if (text := t.strip())),
        secrets=len(all_of("smtp.auth.username", "smtp.auth.password")),
        info="".join(all_of("_ws.col.Info", "_ws.col.info")),  # as 4.0 and as later ones spell it
    )
