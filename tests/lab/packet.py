"""Ethernet frames with TCP inside: taken apart, changed, put together with right checksums."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, replace

SEQUENCE_SPACE = 1 << 32
"""TCP sequence numbers count modulo this (RFC 9293, 3.4)."""

FIN, SYN, RST, PUSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

FORGED_ID, FORGED_TTL = b"\xd4\x31", b"\x2f"
"""In IPv4 headers of segments that no end has sent; those of the ends have a TTL of 64."""

_VLAN_TYPES = (0x8100, 0x88A8)
_IPV4, _IPV6 = 0x0800, 0x86DD
_TCP = 6
_ADDRESSES = {4: slice(12, 20), 6: slice(8, 40)}


@dataclass(frozen=True)
class Segment:
    """One TCP segment with the headers that carried it, each as its bytes."""

    link: bytes
    """Ethernet header, VLAN tags and EtherType included."""
    network: bytes
    """IPv4 or IPv6 header."""
    transport: bytes
    """TCP header, options included."""
    payload: bytes

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.network[0] >> 4

    @property
    def addresses(self) -> tuple[str, str]:
        """Source and destination address as text."""
        both = self.network[_ADDRESSES[self.version]]
        half = len(both) // 2
        return str(ipaddress.ip_address(both[:half])), str(ipaddress.ip_address(both[half:]))

    @property
    def ports(self) -> tuple[int, int]:
        """Source and destination port."""
        source, destination = struct.unpack_from("!HH", self.transport)
        return source, destination

    @property
    def sequence(self) -> int:
        """Absolute sequence number of the first payload byte (of the SYN if it is one)."""
        return int.from_bytes(self.transport[4:8], "big")

    @property
    def acknowledged(self) -> int:
        """Absolute sequence number of the other end that is expected next."""
        return int.from_bytes(self.transport[8:12], "big")

    @property
    def size(self) -> int:
        """Bytes of the IP packet."""
        return len(self.network) + len(self.transport) + len(self.payload)

    @property
    def flags(self) -> int:
        """The eight TCP flag bits."""
        return self.transport[13]

    @property
    def end(self) -> int:
        """Sequence number after the last payload byte."""
        return (self.sequence + len(self.payload)) % SEQUENCE_SPACE

    def moved(self, sequence: int, payload: bytes) -> Segment:
        """The same headers around other bytes of the stream."""
        number = (sequence % SEQUENCE_SPACE).to_bytes(4, "big")
        header = self.transport[:4] + number + self.transport[8:]
        return replace(self, transport=header, payload=payload)

    def answering(self, number: int) -> Segment:
        """The same segment with another acknowledgement number."""
        ahead = (number % SEQUENCE_SPACE).to_bytes(4, "big")
        return replace(self, transport=self.transport[:8] + ahead + self.transport[12:])

    def forged(self, flags: int, payload: bytes = b"") -> Segment:
        """A segment in the same direction that another machine makes up; over IPv4 only.

        It has the addresses, ports and numbers of this one, no TCP options, and a time to live
        and an IP identification that the real sender would not use.
        """
        header = self.network[:4] + FORGED_ID + self.network[6:8] + FORGED_TTL + self.network[9:]
        plain = self.transport[:12] + bytes([5 << 4, flags]) + self.transport[14:20]
        return replace(self, network=header, transport=plain, payload=payload)


def parse(frame: bytes) -> Segment | None:
    """The TCP segment in an Ethernet frame, or None where there is no such thing."""
    start = 12
    while int.from_bytes(frame[start : start + 2], "big") in _VLAN_TYPES:
        start += 4
    kind, start = int.from_bytes(frame[start : start + 2], "big"), start + 2
    sizes = {_IPV4: _sizes4, _IPV6: _sizes6}.get(kind)
    if sizes is None or len(frame) < start + 20:
        return None
    header, total, protocol = sizes(frame[start:])
    if protocol != _TCP or len(frame) < start + header + 20:
        return None
    return _segment(frame[: start + total], start, start + header)


def build(segment: Segment) -> bytes:
    """The frame with lengths and checksums that fit the payload."""
    network = _NETWORK[segment.version](segment)
    blank = segment.transport[:16] + b"\0\0" + segment.transport[18:]
    body = blank + segment.payload
    pseudo = network[_ADDRESSES[segment.version]] + struct.pack("!II", len(body), _TCP)
    total = checksum(pseudo + body).to_bytes(2, "big")
    return segment.link + network + blank[:16] + total + blank[18:] + segment.payload


def cut(segment: Segment, size: int) -> list[Segment]:
    """The segments that a network card with segmentation offload makes of an oversized one."""
    starts = range(0, max(len(segment.payload), 1), size)
    return [
        segment.moved(segment.sequence + start, segment.payload[start : start + size])
        for start in starts
    ]


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    even = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(even) // 2}H", even))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def distance(start: int, end: int) -> int:
    """How far `end` lies after `start` in sequence space: negative where it lies before."""
    half = SEQUENCE_SPACE // 2
    return (end - start + half) % SEQUENCE_SPACE - half


def _segment(frame: bytes, network: int, transport: int) -> Segment:
    payload = transport + (frame[transport + 12] >> 4) * 4
    return Segment(
        frame[:network], frame[network:transport], frame[transport:payload], frame[payload:]
    )


def _sizes4(packet: bytes) -> tuple[int, int, int]:
    return (packet[0] & 0x0F) * 4, int.from_bytes(packet[2:4], "big"), packet[9]


def _sizes6(packet: bytes) -> tuple[int, int, int]:
    return 40, 40 + int.from_bytes(packet[4:6], "big"), packet[6]


def _network4(segment: Segment) -> bytes:
    old = segment.network
    total = len(old) + len(segment.transport) + len(segment.payload)
    header = old[:2] + total.to_bytes(2, "big") + old[4:10] + b"\0\0" + old[12:]
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:]


def _network6(segment: Segment) -> bytes:
    old = segment.network
    length = len(segment.transport) + len(segment.payload)
    return old[:4] + length.to_bytes(2, "big") + old[6:]


_NETWORK = {4: _network4, 6: _network6}
