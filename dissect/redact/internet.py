"""IPv4, IPv6, their extension headers and fragments, and tunnels of IP in IP."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from dissect.redact import checksum, transport
from dissect.redact.packet import Packet
from dissect.redact.transport import Below, Head

FOUR, SIX = 4, 6
MORE: Final = 0x2000
"""Of IPv4's flags: more fragments follow (RFC 791)."""

POINTING: Final = frozenset({7, 68, 131, 137})
"""IPv4 options with a pointer behind their length: routes, and timestamps."""

ALERT: Final = 148
"""The option that says nothing but how it is to be handled (RFC 2113)."""

HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60
AUTHENTICATION: Final = 51
EXTENSIONS: Final = frozenset({HOP, ROUTING, FRAGMENT, DESTINATION, AUTHENTICATION})
"""Extension headers (RFC 8200 section 4, RFC 4302)."""

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
IN_IP: Final = {4: FOUR, 41: SIX}
GRE: Final = 47
GRE_FLAGS: Final = {0x8000: 4, 0x2000: 4, 0x1000: 4}
"""Of GRE (RFC 2784, RFC 2890): flags, and the bytes that each adds to the head."""

CHECKED: Final = 0x8000
"""The flag of a checksum, which no reader needs."""

DEEPEST: Final = 4
"""Packets inside packets."""

OPEN: Final = 4096
"""Datagrams of which fragments may still come."""


class Heads:
    """The first fragments of datagrams, as far as TCP has to know them."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Head] = OrderedDict()

    def remember(self, datagram: bytes, head: Head) -> None:
        """The first fragment of a datagram; the oldest is forgotten."""
        self._known[datagram] = head
        if len(self._known) > OPEN:
            self._known.popitem(last=False)

    def of(self, datagram: bytes) -> Head | None:
        """What is known of a datagram."""
        return self._known.get(datagram)


class _Part(NamedTuple):
    """What is carried."""

    kind: int
    at: int
    end: int
    below: Below
    datagram: bytes
    """What its fragments have in common; empty where it is whole."""
    offset: int
    """Where it stands in the datagram."""


def either(packet: Packet, at: int, end: int, depth: int = 0) -> None:
    """IP of the version that its first bits tell."""
    version = packet.data[at] >> 4 if at < end else 0
    ways = {FOUR: ipv4, SIX: ipv6}
    if version in ways and depth <= DEEPEST:
        ways[version](packet, at, end, depth)
    else:
        packet.zero(at, end)


def ipv4(packet: Packet, at: int, end: int, depth: int = 0) -> None:
    """RFC 791."""
    data = packet.data
    size = (data[at] & 0x0F) * 4 if end - at >= 20 else 0  # noqa: PLR2004 - its head
    if size < 20 or at + size > end or data[at] >> 4 != FOUR:  # noqa: PLR2004
        packet.zero(at, end)
        return
    total = packet.number(at + 2, 2) or end - at  # 0 under segmentation offload
    whole, stop = at + total <= end, max(at + size, min(end, at + total))
    packet.zero(stop, end)
    before = bytes(data[at : at + size])
    right = checksum.is_right(before)
    packet.address(at + 12, 4)
    packet.address(at + 16, 4)
    _options(packet, at + 20, at + size)
    packet.put(at + 10, checksum.renew(data, at + 10, data[at : at + size], right=right))
    place = packet.number(at + 6, 2)
    fragment = place & (MORE | 0x1FFF)
    datagram = before[4:6] + before[9:10] + before[12:20] if fragment else b""
    below = Below(before[12:20], bytes(data[at + 12 : at + 20]), whole=whole and not fragment)
    part = _Part(before[9], at + size, stop, below, datagram, (place & 0x1FFF) * 8)
    _carried(packet, part, depth)


def _options(packet: Packet, at: int, end: int) -> None:
    """They lose what they hold, such as routes, behind type, length and pointer."""
    while at < end and (kind := packet.data[at]):
        size = packet.data[at + 1] if kind > 1 and at + 1 < end else 1
        if kind > 1 and kind != ALERT:
            packet.zero(at + 2 + (kind in POINTING), min(end, at + size))
        if kind > 1 and size < 2:  # noqa: PLR2004 - type and length
            break
        at += size
    packet.zero(at, end)


def ipv6(packet: Packet, at: int, end: int, depth: int = 0) -> None:
    """RFC 8200."""
    data = packet.data
    if end - at < 40 or data[at] >> 4 != SIX:  # noqa: PLR2004 - its head
        packet.zero(at, end)
        return
    length = packet.number(at + 4, 2)
    total = 40 + length if length else end - at
    whole, stop = at + total <= end, min(end, at + total)
    packet.zero(stop, end)
    before = bytes(data[at + 8 : at + 40])
    packet.address(at + 8, 16)
    packet.address(at + 24, 16)
    below = Below(before, bytes(data[at + 8 : at + 40]), whole=whole)
    _extended(packet, _Part(data[at + 6], at + 40, stop, below, b"", 0), depth)


def _extended(packet: Packet, part: _Part, depth: int) -> None:
    """Extension headers, and what stands behind them."""
    data = packet.data
    while part.kind in EXTENSIONS:
        kind, at, end = part.kind, part.at, part.end
        if end - at < 8:  # noqa: PLR2004 - the shortest
            packet.zero(at, end)
            return
        after, size = data[at], 8 + data[at + 1] * 8
        if kind == FRAGMENT:
            size = 8
            place = packet.number(at + 2, 2)
            shared = bytes(data[at + 4 : at + 8]) + bytes((after,)) + part.below.before
            below = part.below._replace(whole=part.below.whole and not place & 0xFFF9)
            part = part._replace(below=below, datagram=shared, offset=place & 0xFFF8)
        elif kind == AUTHENTICATION:
            size = (data[at + 1] + 2) * 4
            packet.zero(at + 12, min(end, at + size))
        elif kind == ROUTING:  # its addresses may also be where the packet really goes
            packet.zero(at + 8, min(end, at + size))
            part = part._replace(below=part.below._replace(whole=False))
        else:
            packet.zero(at + 2, min(end, at + size))
        part = part._replace(kind=after, at=min(end, at + size))
        if part.offset:
            break
    _carried(packet, part, depth)


def _carried(packet: Packet, part: _Part, depth: int) -> None:
    """What IP carries."""
    kind, at, end = part.kind, part.at, part.end
    if kind == TCP:
        _tcp(packet, part)
    elif part.offset:
        packet.zero(at, end)
    elif kind == UDP:
        transport.udp(packet, at, end, part.below)
    elif kind in (ICMP, ICMP6):
        quote: Callable[[int], None] = lambda start: either(packet, start, end, depth + 1)  # noqa: E731
        transport.icmp(packet, at, end, part.below, quote, six=kind == ICMP6)
    elif kind in IN_IP and depth < DEEPEST:
        either(packet, at, end, depth + 1)
    elif kind == GRE and depth < DEEPEST:
        _gre(packet, at, end, depth)
    else:
        packet.zero(at, end)


def _tcp(packet: Packet, part: _Part) -> None:
    """TCP, of which a datagram's first fragment tells what the others are."""
    if not part.offset:
        head = transport.tcp(packet, part.at, part.end, part.below)
        if part.datagram and head:
            packet.heads.remember(part.datagram, head)
        return
    known = packet.heads.of(part.datagram)
    transport.rest(packet, part.at, part.end, known, part.offset)


def _gre(packet: Packet, at: int, end: int, depth: int) -> None:
    """A tunnel's head, and IP in it."""
    flags = packet.number(at, 2)
    start = at + 4 + sum(size for flag, size in GRE_FLAGS.items() if flags & flag)
    if start > end or packet.number(at + 2, 2) not in (0x0800, 0x86DD) or flags & 0x4007:
        packet.zero(at, end)
        return
    if flags & CHECKED:
        packet.zero(at + 4, at + 8)
    either(packet, start, end, depth + 1)
