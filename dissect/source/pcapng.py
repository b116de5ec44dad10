"""Packets of a stream as a pcapng file (draft-ietf-opsawg-pcapng), with nothing of them changed.

What came as pcapng goes on as it came: byte order, interfaces, times, options and comments.  What
came as pcap becomes one section with one interface of the same link type, snap length and
resolution of time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from dissect.source import blocks
from dissect.source.records import HEADER, INTERFACE, PCAP, RECORD

NANO: Final = frozenset({b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"})
"""The first bytes of a pcap whose times are nanoseconds."""

COMMENT: Final = 1
IF_NAME: Final = 2
IF_TSRESOL: Final = 9
"""Codes of options: of any block, and of an interface."""

LINK_TYPES: Final = 0xFFFF
"""The bits of a pcap's link type that are one; those above tell of a frame check sequence."""

OPEN_END: Final = b"\xff" * 8
"""The length of a section that is not known."""


class Packet(NamedTuple):
    """A packet as it came, and what a reader has to be given in front of it."""

    head: bytes
    """``Records.head`` where it came."""
    data: bytes
    """``Record.data``."""


class _Pcap(NamedTuple):
    """What the header of a pcap says."""

    order: str
    unit: int
    """Steps of time in a second."""
    snap: int
    link: int


def pcapng(packets: Iterable[Packet], *, name: str = "", comment: str = "") -> bytes:
    """A file with these packets; empty without any.

    Args:
        packets: in their order.
        name: of the interface, where they came as pcap, which has none.
        comment: said of each section.
    """
    pieces: list[bytes] = []
    before = b""
    pcap: _Pcap | None = None
    for head, data in packets:
        if head != before:
            pcap = _pcap(head)
            pieces.append(_front(before, head, pcap, name, comment))
            before = head
        pieces.append(_enhanced(pcap, data) if pcap else data)
    return b"".join(pieces)


def _pcap(head: bytes) -> _Pcap | None:
    """The header of a pcap; None for a section of a pcapng."""
    order = PCAP.get(head[:4])
    if order is None or len(head) != HEADER:
        return None
    snap, link = struct.unpack_from(f"{order}II", head, 16)
    return _Pcap(order, 10**9 if head[:4] in NANO else 10**6, snap, link & LINK_TYPES)


def _front(before: bytes, head: bytes, pcap: _Pcap | None, name: str, comment: str) -> bytes:
    """What has to stand in front of a packet, behind one that had ``before``."""
    if pcap:
        return _section(pcap.order, b"", comment) + _interface(pcap, name)
    if before and head.startswith(before):  # interfaces that came later
        return head[len(before) :]
    order = blocks.ORDERS.get(head[8:12], "<")
    (size,) = struct.unpack_from(f"{order}I", head, 4)
    return _section(order, head[24 : size - 4], comment) + head[size:]


def _section(order: str, options: bytes, comment: str) -> bytes:
    """The head of a section whose end is open."""
    said = _option(order, COMMENT, comment.encode()) if comment else b""
    closed = said + (options or bytes(4)) if said or options else b""
    magic = struct.pack(f"{order}IHH", 0x1A2B3C4D, 1, 0)
    return _block(order, blocks.SECTION, magic + OPEN_END + closed)


def _interface(pcap: _Pcap, name: str) -> bytes:
    """What a pcap's header says, as a block."""
    resolution = len(str(pcap.unit)) - 1
    options = _option(pcap.order, IF_NAME, name.encode()) if name else b""
    options += _option(pcap.order, IF_TSRESOL, bytes((resolution,))) + bytes(4)
    fixed = struct.pack(f"{pcap.order}HHI", pcap.link, 0, pcap.snap)
    return _block(pcap.order, INTERFACE, fixed + options)


def _enhanced(pcap: _Pcap, data: bytes) -> bytes:
    """A packet of a pcap as a block."""
    order = pcap.order
    seconds, part, size, whole = struct.unpack_from(f"{order}IIII", data)
    time = seconds * pcap.unit + part
    head = struct.pack(f"{order}IIIII", 0, time >> 32, time & 0xFFFFFFFF, size, whole)
    return _block(order, blocks.ENHANCED, head + _padded(data[RECORD:]))


def _option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + _padded(value)


def _block(order: str, kind: int, body: bytes) -> bytes:
    size = blocks.FRAME + len(body)
    return struct.pack(f"{order}II", kind, size) + body + struct.pack(f"{order}I", size)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
