"""Addresses, and the documentation addresses that stand for them.

Hosts of one network stay together, and networks apart: a /24 (IPv6: a /48) gets the next network
of the ranges below, and hosts are permuted inside it; the subnets (/64) of a /48 too.

    192.0.2.0/24 198.51.100.0/24 203.0.113.0/24    RFC 5737, for the first three networks
    198.18.0.0/15                                  RFC 2544, benchmarks: the next 512
    240.0.0.0/4                                    RFC 1112, reserved: all others
    2001:db8::/32 3fff::/20                        RFC 3849 and RFC 9637
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from dissect.redact.key import Key
from dissect.redact.permute import permuted

FIRST: Final = tuple(
    int(IPv4Address(network)) for network in ("192.0.2.0", "198.51.100.0", "203.0.113.0")
)
BENCHMARK: Final = int(IPv4Address("198.18.0.0"))
BENCHMARKS: Final = 512
RESERVED: Final = int(IPv4Address("240.0.0.0"))
RESERVES: Final = 1 << 20
"""Networks of 256 addresses in RFC 2544's and RFC 1112's ranges."""

DOCUMENTED: Final = 0x2001_0DB8 << 96
FURTHER: Final = 0x3FFF << 112
FEW: Final = (1 << 16) - 1
"""Networks of 2**80 addresses in RFC 3849's range, without the first."""

LINK_LOCAL: Final = 0xFE80 << 112
MAPPED: Final = 0xFFFF << 32
"""IPv6 addresses that hold an IPv4 address (RFC 4291 section 2.5.5.2) begin so."""

LOW64: Final = (1 << 64) - 1
LOW80: Final = (1 << 80) - 1
LOW32: Final = (1 << 32) - 1


class Addresses:
    """Maps addresses; each is remembered, and its original."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._known: dict[str, str] = {}
        self._originals: dict[str, str] = {}
        self._macs: dict[bytes, bytes] = {}

    def address(self, text: str) -> str:
        """The address that stands for another; what is no address stays as it is."""
        known = self._known.get(text)
        if known is None:
            try:
                known = str(ip_address(self.packed(ip_address(text).packed)))
            except ValueError:
                known = text
            self._known[text] = known
            self._originals.setdefault(known, text)
        return known

    def original(self, text: str) -> str:
        """The address for which one stands that this object has given; otherwise itself."""
        return self._originals.get(text, text)

    def packed(self, address: bytes) -> bytes:
        """The same for the bytes of an address, 4 or 16."""
        value = int.from_bytes(address)
        if len(address) == 4:  # noqa: PLR2004 - bytes of an IPv4 address
            return self._four(value).to_bytes(4)
        return self._six(value).to_bytes(16)

    def mac(self, address: bytes) -> bytes:
        """The link-layer address that stands for another: locally administered, or a group's.

        Broadcast, and addresses of nothing but zeros, stay.
        """
        known = self._macs.get(address)
        if known is None:
            value = int.from_bytes(address)
            if value in (0, (1 << 48) - 1) or len(address) != 6:  # noqa: PLR2004 - EUI-48
                known = address
            else:
                moved = permuted(self._key.secret, b"mac", value & ((1 << 40) - 1), 1 << 40)
                known = bytes((0x02 | address[0] & 1,)) + moved.to_bytes(5)
            self._macs[address] = known
        return known

    def _four(self, value: int) -> int:
        """Of IPv4; loopback, multicast and what no host can have stay."""
        address = IPv4Address(value)
        if address.is_loopback or address.is_multicast or value in (0, LOW32):
            return value
        network, host = value & ~0xFF, value & 0xFF
        name = f"{IPv4Address(network)}/24"
        if 0 < host < 0xFF:  # noqa: PLR2004 - the first and the last are no hosts
            host = 1 + permuted(self._key.secret, name.encode(), host - 1, 254)
        return _documentation(self._key.number(name)) + host

    def _six(self, value: int) -> int:
        """Of IPv6; loopback, multicast, and what tells the scope of an address stay."""
        address = IPv6Address(value)
        if address.is_loopback or address.is_multicast or address.is_unspecified:
            return value
        if value >> 32 == MAPPED >> 32:
            return MAPPED | self._four(value & LOW32)
        subnet, host = value & ~LOW64, value & LOW64
        host = permuted(self._key.secret, b"host" + subnet.to_bytes(16), host, 1 << 64)
        if address.is_link_local:
            return LINK_LOCAL | host
        network = value & ~LOW80
        name = f"{IPv6Address(network)}/48"
        number = self._key.number(name)
        below = permuted(self._key.secret, name.encode(), (subnet >> 64) & 0xFFFF, 1 << 16)
        return _documentation6(number) | below << 64 | host


def _documentation(number: int) -> int:
    """The first address of the IPv4 network of a number."""
    if number < len(FIRST):
        return FIRST[number]
    number -= len(FIRST)
    if number < BENCHMARKS:
        return BENCHMARK + (number << 8)
    return RESERVED + ((number - BENCHMARKS) % RESERVES << 8)


def _documentation6(number: int) -> int:
    """The first address of the IPv6 network of a number."""
    if number < FEW:
        return DOCUMENTED | (number + 1) << 80
    return FURTHER | (number - FEW) % (1 << 28) << 80
