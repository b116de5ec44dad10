"""TCP, UDP and ICMP: the payload replaced, and the checksum made right where it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from dissect.evidence import Side
from dissect.redact import checksum
from dissect.redact.packet import Packet
from dissect.redact.spoken import Spoken

TCP_HEAD: Final = 20
SYN: Final = 0x02
KNOWN: Final = frozenset({2, 3, 4, 5, 8, 28})
"""TCP options that stay (RFC 9293, RFC 7323, RFC 2018, RFC 5482).

Others may hold addresses, as those of Multipath TCP and of WAN optimisers do, or cookies.
"""

ERRORS: Final = {False: frozenset({3, 4, 5, 11, 12}), True: frozenset({1, 2, 3, 4})}
"""Types of ICMP and ICMPv6 that quote a packet (RFC 792, RFC 4443)."""

REDIRECT: Final = 5
NEIGHBOURS: Final = {135: (8,), 136: (8,), 137: (8, 24)}
"""Where ICMPv6's types of RFC 4861 hold addresses."""


class Below(NamedTuple):
    """What IP says of its payload."""

    before: bytes
    """Source and destination as they were."""
    after: bytes
    """Source and destination as they are shown."""
    whole: bool
    """Whether the payload is there to its last byte."""

    def pseudo(self, addresses: bytes, kind: int, size: int) -> bytes:
        """What the checksum counts in front (RFC 9293 section 3.1, RFC 8200 section 8.1)."""
        return addresses + kind.to_bytes(4) + size.to_bytes(4)


class Head(NamedTuple):
    """A segment of which only the first fragment tells whose it is."""

    spoken: Spoken | None
    seq: int
    """Raw sequence number of its first byte of payload."""
    size: int
    """Bytes of its TCP header."""


def tcp(packet: Packet, at: int, end: int, below: Below) -> Head | None:
    """RFC 9293: everything stays but the payload; what it says of it where it has one."""
    data = packet.data
    size = (data[at + 12] >> 4) * 4 if end - at >= TCP_HEAD else 0
    if size < TCP_HEAD or at + size > end:
        if end - at > TCP_HEAD:
            packet.zero(at + TCP_HEAD, end)
        return None
    right = below.whole and _is_right(packet, at, end, below, 6)
    spoken = _spoken(packet, at, below)
    seq = packet.number(at + 4, 4) + bool(data[at + 13] & SYN)
    _options(packet, at + TCP_HEAD, at + size)
    packet.say(spoken, seq, at + size, end)
    _renew(packet, at, end, below, 6, at + 16, right=right)
    return Head(spoken, seq, size)


def rest(packet: Packet, at: int, end: int, head: Head | None, offset: int) -> None:
    """The payload of a fragment that is not the first."""
    if head is None or offset < head.size:
        packet.zero(at, end)
    else:
        packet.say(head.spoken, head.seq + offset - head.size, at, end)


def _spoken(packet: Packet, at: int, below: Below) -> Spoken | None:
    """What the sender of a segment said; None where it is of no flow."""
    transcript = packet.transcript
    if transcript is None:
        return None
    half = len(below.after) // 2
    source, target = packet.number(at, 2), packet.number(at + 2, 2)
    ends = (below.after[:half], source), (below.after[half:], target)
    if ends == transcript.ends:
        return transcript.side(Side.CLIENT)
    if ends == transcript.ends[::-1]:
        return transcript.side(Side.SERVER)
    return None


def _options(packet: Packet, at: int, end: int) -> None:
    """Kind and length of all stay, and what those hold of which it is known what that is."""
    data = packet.data
    while at < end and data[at]:
        size = data[at + 1] if data[at] > 1 and at + 1 < end else 1
        if data[at] > 1 and size < 2:  # noqa: PLR2004 - kind and length
            break
        if data[at] > 1 and data[at] not in KNOWN:
            packet.zero(at + 2, min(end, at + size))
        at += size
    packet.zero(at, end)


def udp(packet: Packet, at: int, end: int, below: Below) -> None:
    """RFC 768: nothing of the payload stays."""
    if end - at < 8:  # noqa: PLR2004 - its head
        return
    there = packet.number(at + 6, 2)
    right = below.whole and _is_right(packet, at, end, below, 17)
    packet.zero(at + 8, end)
    if there:
        _renew(packet, at, end, below, 17, at + 6, right=right)
        if below.whole and not packet.number(at + 6, 2):
            packet.put(at + 6, 0xFFFF)


def icmp(
    packet: Packet, at: int, end: int, below: Below, quote: Callable[[int], None], *, six: bool
) -> None:
    """RFC 792 and RFC 4443: errors keep what they quote, rewritten; others keep their type.

    Args:
        packet: the packet.
        at: where it begins.
        end: where it ends.
        below: what IP says.
        quote: rewrites the packet that an error quotes, from an offset on.
        six: whether it is ICMPv6.
    """
    if end - at < 8:  # noqa: PLR2004 - its head
        packet.zero(at + 4, end)
        return
    kind = packet.data[at]
    counted = 58 if six else 0
    right = below.whole and _is_right(packet, at, end, below, counted)
    if not six and kind == REDIRECT:
        packet.address(at + 4, 4)
    if kind in ERRORS[six]:
        quote(at + 8)
    else:
        _neighbour(packet, at, end, NEIGHBOURS.get(kind, ()) if six else ())
    _renew(packet, at, end, below, counted, at + 2, right=right)


def _neighbour(packet: Packet, at: int, end: int, places: tuple[int, ...]) -> None:
    """Addresses that are looked for; all else goes."""
    keep = at + 8
    for place in places:
        if at + place + 16 <= end:
            packet.address(at + place, 16)
            keep = at + place + 16
    packet.zero(keep, end)


def _is_right(packet: Packet, at: int, end: int, below: Below, kind: int) -> bool:
    front = below.pseudo(below.before, kind, end - at) if kind else b""
    return checksum.is_right(front, packet.data[at:end])


def _renew(
    packet: Packet, at: int, end: int, below: Below, kind: int, place: int, *, right: bool
) -> None:
    """Write the checksum; 0 where not all bytes are there of which it is one."""
    if not below.whole:
        packet.put(place, 0)
        return
    front = below.pseudo(below.after, kind, end - at) if kind else b""
    value = checksum.renew(packet.data, place, front, packet.data[at:end], right=right)
    packet.put(place, value)
