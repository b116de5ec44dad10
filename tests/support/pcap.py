"""Segments as a capture file that tshark reads: classic pcap, right lengths and checksums."""

from __future__ import annotations

import ipaddress
import struct
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from dissect.segments.segment import Segment

ETHERNET_HEADER: Final = 14
"""Bytes of an untagged Ethernet header."""

_TCP: Final = 6
_ETHERTYPES: Final = {4: 0x0800, 6: 0x86DD}
_IP_HEADER: Final = {4: 20, 6: 40}
_NULL_FAMILY: Final = {4: 2, 6: 30}
"""Address families of a loopback header, as macOS numbers them."""


class Link(IntEnum):
    """Link types, by their number in a capture file."""

    NULL = 0
    ETHERNET = 1
    RAW = 101
    LINUX_SLL = 113


class _Path(NamedTuple):
    """What all segments from one address to another have in common."""

    version: int
    addresses: bytes
    """Source and destination, packed."""
    pseudo: int
    """Sum over the addresses and protocol of the pseudo-header (RFC 9293 section 3.1)."""
    sums: int
    """Sum over the constant words of the IPv4 header."""


@lru_cache(maxsize=100_000)
def _path(source: str, destination: str) -> _Path:
    ends = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    addresses = ends[0].packed + ends[1].packed
    words = int.from_bytes(addresses, "big") % 0xFFFF
    return _Path(ends[0].version, addresses, words + _TCP, words + 0x4500 + 0x4000)


def _checksum(total: int) -> int:
    """The Internet checksum (RFC 1071) of words that add up to ``total``.

    65536 is 1 modulo 65535, so that the ones' complement sum of words is the remainder of the
    number that their bytes spell; of the two zeros no real header needs the other one.
    """
    return ~(total % 0xFFFF or 0xFFFF) & 0xFFFF


def _network(segment: Segment, path: _Path) -> bytes:
    """The IPv4 or IPv6 header."""
    size = segment.header + segment.length
    if path.version == 6:
        return struct.pack("!IHBB", 6 << 28, size, _TCP, segment.ttl) + path.addresses
    size, number = size + 20, max(0, segment.ip_id)
    total = path.sums + size + number + (segment.ttl << 8 | _TCP)
    fixed = 0x45, 0, size, number, 0x4000, segment.ttl, _TCP, _checksum(total)
    return struct.pack("!BBHHHBBH", *fixed) + path.addresses


def _options(segment: Segment) -> bytes:
    """The MSS and SACK options where there are any, padded to the length that it claims."""
    options = struct.pack("!BBH", 2, 4, segment.mss) if segment.mss else b""
    if segment.sack:
        blocks = b"".join(struct.pack("!II", *block) for block in segment.sack)
        options += struct.pack("!BBBB", 1, 1, 5, 2 + len(blocks)) + blocks
    return options.ljust(segment.header - 20, b"\x01")


def _transport(segment: Segment, path: _Path, *, checksums: bool) -> bytes:
    """The TCP header, options and all."""
    fields = (
        segment.source_port,
        segment.destination_port,
        segment.seq,
        segment.ack,
        segment.header << 10 | segment.flags,
        segment.window,
    )
    options = _options(segment) if segment.header > 20 else b""
    bare = struct.pack("!HHIIHHI", *fields, 0) + options
    if not checksums:
        return bare
    payload = segment.payload if len(segment.payload) % 2 == 0 else segment.payload + b"\0"
    total = path.pseudo + segment.header + segment.length + int.from_bytes(bare + payload, "big")
    return struct.pack("!HHIIHHHH", *fields, _checksum(total), 0) + options


def _ethernet(version: int, segment: Segment, vlan: int | None) -> bytes:
    """An Ethernet header whose addresses tell the two hosts apart, with a VLAN tag on demand."""
    hosts = _mac(segment.destination) + _mac(segment.source)
    tag = struct.pack("!HH", 0x8100, vlan) if vlan is not None else b""
    return hosts + tag + struct.pack("!H", _ETHERTYPES[version])


@lru_cache(maxsize=100_000)
def _mac(address: str) -> bytes:
    """A locally administered hardware address made of the last four bytes of an address."""
    return b"\x02\x00" + ipaddress.ip_address(address).packed[-4:]


def _cooked(version: int, segment: Segment, _vlan: int | None) -> bytes:
    """A Linux "cooked" header for a packet sent to this host."""
    return struct.pack("!HHH8sH", 0, 1, 6, _mac(segment.source), _ETHERTYPES[version])


_LINKS: Final[dict[Link, Callable[[int, Segment, int | None], bytes]]] = {
    Link.NULL: lambda version, _segment, _vlan: struct.pack("<I", _NULL_FAMILY[version]),
    Link.ETHERNET: _ethernet,
    Link.RAW: lambda _version, _segment, _vlan: b"",
    Link.LINUX_SLL: _cooked,
}


def packet(
    segment: Segment,
    *,
    link: Link = Link.ETHERNET,
    vlan: int | None = None,
    checksums: bool = True,
) -> bytes:
    """The frame that carries a segment, as far as its payload was captured.

    Args:
        segment: what to carry; its ``header``, ``mss``, ``ttl`` and ``ip_id`` are kept.
        link: the link layer's header.
        vlan: an 802.1Q identifier, for Ethernet only.
        checksums: False leaves TCP's zero, as a capture with checksum offload might.
    """
    path = _path(segment.source, segment.destination)
    return b"".join((
        _LINKS[link](path.version, segment, vlan),
        _network(segment, path),
        _transport(segment, path, checksums=checksums),
        segment.payload,
    ))  # fmt: skip


def record(segment: Segment, frame: bytes) -> bytes:
    """A pcap record: its header, and the frame."""
    micros = round(segment.time * 1_000_000)
    wire = len(frame) + segment.length - len(segment.payload)
    times = divmod(micros, 1_000_000)
    return struct.pack("<IIII", *times, len(frame), wire) + frame


def file_header(link: Link = Link.ETHERNET, snaplen: int = 262_144) -> bytes:
    """The header of a capture file with microseconds."""
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link)


def write(
    segments: Iterable[Segment],
    file: BinaryIO,
    *,
    link: Link = Link.ETHERNET,
    vlan: int | None = None,
    checksums: bool = True,
) -> int:
    """Write a capture of ``segments`` to an open file, one by one; returns how many."""
    file.write(file_header(link))
    count = 0
    for count, segment in enumerate(segments, start=1):  # noqa: B007 - it is the result
        frame = packet(segment, link=link, vlan=vlan, checksums=checksums)
        file.write(record(segment, frame))
    return count


def to_pcap(
    segments: Iterable[Segment],
    path: Path,
    *,
    link: Link = Link.ETHERNET,
    vlan: int | None = None,
    checksums: bool = True,
) -> Path:
    """Write a capture of ``segments``, in their order, and return its path."""
    with path.open("wb") as file:
        write(segments, file, link=link, vlan=vlan, checksums=checksums)
    return path


def snap(segments: Iterable[Segment], snaplen: int) -> list[Segment]:
    """What is left of the payloads when ``snaplen`` bytes of each Ethernet frame are kept."""
    return [s._replace(payload=s.payload[: max(0, snaplen - _headers(s))]) for s in segments]


def _headers(segment: Segment) -> int:
    """Bytes of Ethernet, IP and TCP headers of a frame."""
    return ETHERNET_HEADER + _IP_HEADER[6 if ":" in segment.source else 4] + segment.header
