"""Capture files as lists of records: just enough of pcap and pcapng to derive and to check."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import packet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lab.packet import Segment

_MAGIC = 0xA1B2C3D4
_ETHERNET = 1
_FILE_HEADER = struct.Struct("<IHHiIII")
_RECORD_HEADER = struct.Struct("<IIII")
_SNAPLEN = 262144


class CaptureError(Exception):
    """The file is no pcap file of the kind that the lab writes."""


@dataclass(frozen=True)
class Record:
    """One packet of a capture."""

    seconds: int
    microseconds: int
    length: int
    """Bytes on the wire, which is more than `data` holds where the capture was cut."""
    data: bytes


@dataclass(frozen=True)
class Frame:
    """One TCP segment in a capture, with its frame number (from 1)."""

    number: int
    segment: Segment


def read(path: Path) -> list[Record]:
    """The records of a little-endian pcap file with microseconds, as tcpdump writes it."""
    raw = path.read_bytes()
    if len(raw) < _FILE_HEADER.size or _FILE_HEADER.unpack_from(raw)[0] != _MAGIC:
        raise CaptureError(f"{path.name}: not a pcap file of the lab")
    return list(_records(raw))


def write(path: Path, records: Sequence[Record], snaplen: int = _SNAPLEN) -> None:
    """Write a pcap file."""
    path.write_bytes(_FILE_HEADER.pack(_MAGIC, 2, 4, 0, 0, snaplen, _ETHERNET) + _body(records))


def write_ng(path: Path, records: Sequence[Record]) -> None:
    """Write a pcapng file: one section, one interface, one enhanced packet block a record."""
    section = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = _block(1, struct.pack("<HHI", _ETHERNET, 0, _SNAPLEN))
    path.write_bytes(section + interface + b"".join(map(_enhanced, records)))


def frames(records: Sequence[Record]) -> list[Frame]:
    """The TCP segments of a capture, with their frame numbers."""
    parsed = ((number, packet.parse(record.data)) for number, record in enumerate(records, 1))
    return [Frame(number, segment) for number, segment in parsed if segment is not None]


def _records(raw: bytes) -> Iterator[Record]:
    start = _FILE_HEADER.size
    while start + _RECORD_HEADER.size <= len(raw):
        seconds, microseconds, kept, length = _RECORD_HEADER.unpack_from(raw, start)
        start += _RECORD_HEADER.size
        if start + kept <= len(raw):
            yield Record(seconds, microseconds, length, raw[start : start + kept])
        start += kept


def _body(records: Sequence[Record]) -> bytes:
    return b"".join(
        _RECORD_HEADER.pack(row.seconds, row.microseconds, len(row.data), row.length) + row.data
        for row in records
    )


def _block(kind: int, body: bytes) -> bytes:
    padded = body + b"\0" * (-len(body) % 4)
    length = struct.pack("<I", len(padded) + 12)
    return struct.pack("<I", kind) + length + padded + length


def _enhanced(row: Record) -> bytes:
    high, low = divmod(row.seconds * 1_000_000 + row.microseconds, 1 << 32)
    return _block(6, struct.pack("<IIIII", 0, high, low, len(row.data), row.length) + row.data)
