"""Captures made from recorded ones by a fixed rule: cut, one-sided, in another format."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab import pcapfile
from lab.middlebox import SMTP, client_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.pcapfile import Record

_SHORT, _SHORTER = 128, 96


@dataclass(frozen=True)
class Derivation:
    """One derived capture."""

    name: str
    """File name."""
    source: str
    """Case; its capture from behind the middlebox is what this one is made from."""
    how: str
    """One sentence for the manifest."""
    make: Callable[[Path, Path], None]
    """Makes the second file from the first."""


def midway(source: Path, target: Path) -> None:
    """Leave out everything before the first long pipelined group: its flow begins in the middle."""
    records = pcapfile.read(source)
    long = (frame.number for frame in pcapfile.frames(records) if _is_long(frame))
    pcapfile.write(target, records[next(long) - 1 :])


def truncated(source: Path, target: Path) -> None:
    """Cut the file in the middle of a packet of the last flow but one."""
    records = pcapfile.read(source)
    numbered = pcapfile.frames(records)
    last_but_one = sorted({client_port(frame.segment) for frame in numbered})[-2]
    inside = [
        frame.number
        for frame in numbered
        if last_but_one in frame.segment.ports and frame.segment.payload
    ]
    whole = target.with_suffix(".whole")
    pcapfile.write(whole, records[: inside[2]])
    raw = whole.read_bytes()
    whole.unlink()
    target.write_bytes(raw[: -len(records[inside[2] - 1].data) // 2])


def snaplen(size: int) -> Callable[[Path, Path], None]:
    """Keep the first bytes of each packet only."""

    def make(source: Path, target: Path) -> None:
        cut = [replace(record, data=record.data[:size]) for record in pcapfile.read(source)]
        pcapfile.write(target, cut, size)

    return make


def one_side(*, client: bool) -> Callable[[Path, Path], None]:
    """Keep the packets of one direction only."""

    def make(source: Path, target: Path) -> None:
        records = pcapfile.read(source)
        kept = [
            records[frame.number - 1]
            for frame in pcapfile.frames(records)
            if (frame.segment.ports[1] == SMTP) is client
        ]
        pcapfile.write(target, kept)

    return make


def next_generation(source: Path, target: Path) -> None:
    """The same packets as pcapng."""
    pcapfile.write_ng(target, pcapfile.read(source))


def compressed(source: Path, target: Path) -> None:
    """The same file, compressed; without a time of its own, so that it is the same every time."""
    target.write_bytes(gzip.compress(source.read_bytes(), mtime=0))


def read_any(path: Path) -> list[Record]:
    """The records of a derived pcap or compressed pcap file."""
    if path.suffix != ".gz":
        return pcapfile.read(path)
    plain = path.with_suffix(".plain")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    try:
        return pcapfile.read(plain)
    finally:
        plain.unlink()


def _is_long(frame: pcapfile.Frame) -> bool:
    return frame.segment.ports[1] == SMTP and len(frame.segment.payload) > 1400


DERIVATIONS = (
    Derivation(
        "midway.pcap",
        "founding",
        "founding-behind without its first packets: starts in the middle of a flow, after the EHLO",
        midway,
    ),
    Derivation(
        "truncated.pcap",
        "founding",
        "founding-behind cut off in the middle of a packet of the last flow but one",
        truncated,
    ),
    Derivation(
        "snaplen.pcap",
        "founding",
        "founding-behind with the first 96 bytes of each packet only",
        snaplen(_SHORTER),
    ),
    Derivation(
        "ehlo-refused-snaplen.pcap",
        "ehlo-refused",
        "ehlo-refused-behind with the first 128 bytes of each packet only",
        snaplen(_SHORT),
    ),
    Derivation(
        "one-sided-client.pcap",
        "founding",
        "founding-behind with the packets from client to server only",
        one_side(client=True),
    ),
    Derivation(
        "one-sided-server.pcap",
        "founding",
        "founding-behind with the packets from server to client only",
        one_side(client=False),
    ),
    Derivation("founding-behind.pcapng", "founding", "founding-behind as pcapng", next_generation),
    Derivation("founding-behind.pcap.gz", "founding", "founding-behind, gzipped", compressed),
)
