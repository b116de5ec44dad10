"""The Internet checksum (RFC 1071): whether one is right, and what it becomes with other bytes."""

from __future__ import annotations

from typing import Final

ALL: Final = 0xFFFF
"""The modulus: a number in base 2**16 is, modulo 2**16 - 1, the sum of its digits."""


def total(*parts: bytes | bytearray) -> int:
    """The sum of 16-bit words in ones' complement; all parts but the last of even length."""
    data = b"".join(parts)
    return int.from_bytes(data + bytes(len(data) % 2)) % ALL


def is_right(*parts: bytes | bytearray) -> bool:
    """Whether bytes with their checksum among them add up."""
    return total(*parts) == 0


def renew(packet: bytearray, at: int, *parts: bytes | bytearray, right: bool) -> int:
    """The checksum of changed bytes: right where it was, and otherwise wrong by one.

    A wrong one tells of offload or of damage, and has to go on to tell; but its own value follows
    from bytes that are not there any more, and would say something of them.

    Args:
        packet: where it stands.
        at: its place, two bytes; zeros count for it.
        parts: what it is the sum of, the checksum as it stands in ``packet`` included.
        right: whether it was right before the change.
    """
    stands = int.from_bytes(packet[at : at + 2])
    value = (stands - total(*parts)) % ALL
    return value if right else value ^ 1
