"""Keyed permutations of small sets: what makes a name another one that only the key leads to."""

from __future__ import annotations

import hmac
from typing import Final

ROUNDS: Final = 6


def permuted(secret: bytes, tweak: bytes, value: int, size: int) -> int:
    """Where a number goes in a permutation of ``range(size)``.

    A Feistel network over the next even number of bits, walked until it is back in the range
    (Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002).  For names of a few letters
    it hides as much as so few letters can.

    Args:
        secret: the key.
        tweak: each gives a permutation of its own.
        value: 0 or more, below ``size``.
        size: of the set, 1 or more.
    """
    half = ((size - 1).bit_length() + 1) // 2
    while half:
        value = _mixed(secret, tweak, value, half)
        if value < size:
            break
    return value


def _mixed(secret: bytes, tweak: bytes, value: int, half: int) -> int:
    """One way through the network, over ``2 * half`` bits."""
    left, right = value >> half, value & ((1 << half) - 1)
    width = (half + 7) // 8
    for count in range(ROUNDS):
        words = bytes((count,)) + half.to_bytes(4) + right.to_bytes(width) + tweak
        left, right = right, left ^ _drawn(secret, words, half)
    return left << half | right


def _drawn(secret: bytes, words: bytes, bits: int) -> int:
    """A number of so many bits that follows from the key and some words."""
    found = b""
    while len(found) * 8 < bits:
        found += hmac.digest(secret, (len(found) // 32).to_bytes(4) + words, "sha256")
    return int.from_bytes(found) & ((1 << bits) - 1)
