"""TCP options (RFC 9293 section 3.1) of one segment, from their bytes."""

from __future__ import annotations

from collections.abc import Iterator

MSS_FIRST = b"\x02\x04"
"""Kind and length of the option (RFC 9293 section 3.7.1)."""

END, NOTHING, MSS, SACK = 0, 1, 2, 5
"""Kinds: end of list, no operation, maximum segment size, selective acknowledgment (RFC 2018)."""


def each(options: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind and the data of every option, up to the first that is damaged."""
    at = 0
    while at < len(options) and options[at] != END:
        if options[at] == NOTHING:
            at += 1
            continue
        size = options[at + 1] if at + 1 < len(options) else 0
        if size < 2 or at + size > len(options):  # noqa: PLR2004 - kind and length themselves
            return
        yield options[at], options[at + 2 : at + size]
        at += size


def mss(options: bytes) -> int:
    """The maximum segment size announced, in bytes; 0 without one.

    Nearly all stacks put it first.
    """
    if options[:2] == MSS_FIRST:
        return int.from_bytes(options[2:4])
    return next((int.from_bytes(data) for kind, data in each(options) if kind == MSS), 0)


def sack(options: bytes) -> tuple[tuple[int, int], ...]:
    """The edges of the SACK blocks, raw sequence numbers."""
    return tuple(
        (int.from_bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8]))
        for kind, data in each(options)
        if kind == SACK
        for at in range(0, len(data) - 7, 8)
    )
