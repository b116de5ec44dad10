"""Packets with names and addresses replaced: from the link layer down to TCP.

What is known is mapped, and what is not known is zero: no byte stays for want of a reader.
Lengths, and every byte that tells how TCP and IP were spoken, stay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from dissect.redact import internet
from dissect.redact.addresses import Addresses
from dissect.redact.packet import Packet
from dissect.redact.spoken import Spoken
from dissect.redact.transcript import Transcripts

REMEMBERED: Final = 1 << 16

IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
VLAN: Final = frozenset({0x8100, 0x88A8, 0x9100})
PPPOE: Final = 0x8864
"""EtherTypes (IEEE 802.1Q, RFC 2516)."""

PPP: Final = {0x0021: IPV4, 0x0057: IPV6}
"""Protocols of PPP that stand for EtherTypes."""

FAMILIES: Final = {2: IPV4, 10: IPV6, 24: IPV6, 28: IPV6, 30: IPV6}
"""Address families of Linux, the BSDs and macOS, as a loopback's frames begin."""

ARP_SIZE: Final = 28
ARP_HEAD: Final = bytes.fromhex("0001080006 04")
"""Of Ethernet and IPv4 (RFC 826)."""


class Packets:
    """Rewrites the packets of one capture, in their order.

    Args:
        addresses: maps them.
        transcripts: what the payloads of flows become.
    """

    def __init__(self, addresses: Addresses, transcripts: Transcripts) -> None:
        self._transcripts = transcripts
        self._address = lru_cache(REMEMBERED)(addresses.packed)
        self._mac = addresses.mac
        self._heads = internet.Heads()
        self._near: dict[Spoken, int] = {}

    def rewritten(self, link: int, data: bytes, frame: int, flow: int) -> bytes:
        """A packet that may be shown; as long.

        Args:
            link: its link type, of ``LINKS``.
            data: as it was captured.
            frame: its number.
            flow: the number of the flow to which it belongs, if to any.

        Raises:
            KeyError: for a link type that is not known.
        """
        transcript = self._transcripts.get(flow)
        packet = Packet(bytearray(data), frame, transcript, self._address, self._heads, self._near)
        LINKS[link](self, packet)
        return bytes(packet.data)

    def _ethernet(self, packet: Packet) -> None:
        """IEEE 802.3: two addresses and a type, which may stand behind tags."""
        size = len(packet.data)
        if size < 14:  # noqa: PLR2004 - its head
            packet.zero(0, size)
            return
        self._hardware(packet, 0)
        self._hardware(packet, 6)
        self._typed(packet, packet.number(12, 2), 14)

    def _hardware(self, packet: Packet, at: int) -> None:
        packet.data[at : at + 6] = self._mac(bytes(packet.data[at : at + 6]))

    def _typed(self, packet: Packet, kind: int, at: int) -> None:
        """What stands behind an EtherType."""
        size = len(packet.data)
        while kind in VLAN and at + 4 <= size:
            kind, at = packet.number(at + 2, 2), at + 4
        if kind == PPPOE and at + 8 <= size:
            kind, at = PPP.get(packet.number(at + 6, 2), 0), at + 8
        if kind == IPV4:
            internet.ipv4(packet, at, size)
        elif kind == IPV6:
            internet.ipv6(packet, at, size)
        elif kind == ARP:
            self._arp(packet, at, size)
        else:
            packet.zero(at, size)

    def _arp(self, packet: Packet, at: int, end: int) -> None:
        """Addresses of both layers, of both ends."""
        if end - at < ARP_SIZE or packet.data[at : at + 6] != ARP_HEAD:
            packet.zero(at, end)
            return
        for start in (at + 8, at + 18):
            self._hardware(packet, start)
            packet.address(start + 6, 4)
        packet.zero(at + ARP_SIZE, end)

    def _cooked(self, packet: Packet, kind: int, size: int, place: int, start: int) -> None:
        """Linux's cooked heads: a type, the length of an address, and eight bytes for it."""
        if len(packet.data) < start:
            packet.zero(0, len(packet.data))
            return
        if packet.number(*_SIZES[size]) == 6:  # noqa: PLR2004 - EUI-48
            self._hardware(packet, place)
            packet.zero(place + 6, place + 8)
        else:
            packet.zero(place, place + 8)
        self._typed(packet, packet.number(kind, 2), start)

    def _cooked1(self, packet: Packet) -> None:
        self._cooked(packet, 14, 1, 6, 16)

    def _cooked2(self, packet: Packet) -> None:
        self._cooked(packet, 0, 2, 12, 20)

    def _loopback(self, packet: Packet) -> None:
        """A family in the byte order of some machine."""
        head = bytes(packet.data[:4])
        family = min(int.from_bytes(head, "little"), int.from_bytes(head))
        self._typed(packet, FAMILIES.get(family, 0), min(4, len(packet.data)))

    def _raw(self, packet: Packet) -> None:
        """IP, and nothing in front."""
        internet.either(packet, 0, len(packet.data))


_SIZES: Final = {1: (4, 2), 2: (11, 1)}
"""Where a cooked head of each version says how long the address is."""

LINKS: Final[dict[int, Callable[[Packets, Packet], None]]] = {
    0: Packets._loopback,  # noqa: SLF001 - the table of this class
    1: Packets._ethernet,  # noqa: SLF001
    12: Packets._raw,  # noqa: SLF001
    14: Packets._raw,  # noqa: SLF001
    101: Packets._raw,  # noqa: SLF001
    108: Packets._loopback,  # noqa: SLF001
    113: Packets._cooked1,  # noqa: SLF001
    228: Packets._raw,  # noqa: SLF001
    229: Packets._raw,  # noqa: SLF001
    276: Packets._cooked2,  # noqa: SLF001
}
"""Link types (tcpdump.org/linktypes.html)."""
