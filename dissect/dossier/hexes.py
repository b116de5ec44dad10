"""Bytes at the decisive place, in hexadecimal: of the two frames at a seam, or of a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dissect.analysis.model import Row
from dissect.dossier.document import Hex, HexLine
from dissect.evidence import FrameFacts, Seam

WIDTH: Final = 16
"""Bytes in a line."""

LINES: Final = 6
"""Lines of one frame."""


def at_seam(row: Row, seam: Seam) -> tuple[Hex, ...]:
    """The bytes on both sides of a seam, as far as the read model keeps them."""
    found = []
    for frame, at, after in (
        (seam.before, seam.offset - 1, False),
        (seam.after, seam.offset, True),
    ):
        facts = _facts(row, frame, at)
        if facts is not None:
            found.append(_side(facts, row, seam, after=after))
    return tuple(found)


def _facts(row: Row, frame: int, at: int) -> FrameFacts | None:
    """What is known of the frame that brought the byte at a stream offset."""
    for piece in row.pieces:
        if piece.frame == frame and piece.offset <= at < piece.offset + len(piece.excerpt):
            return piece
    return None


def _side(facts: FrameFacts, row: Row, seam: Seam, *, after: bool) -> Hex:
    """One side of a seam: what ends there, or begins."""
    place = "begins with" if after else "ends with"
    if seam.before == seam.after:
        place = "holds, behind the inferred seam" if after else "holds, before the inferred seam"
    cut = seam.offset - facts.offset
    data = facts.excerpt[cut:][: LINES * WIDTH] if after else facts.excerpt[:cut]
    start = seam.offset if after else facts.offset
    shift = row.offset - start
    marks = [(a + shift, b + shift) for a, b in row.masked] or [_verb(row, shift)]
    at = 0 if after else len(data)
    return Hex(f"Frame {facts.frame} {place}", tuple(_lines(data, start, marks, at)))


def _verb(row: Row, shift: int) -> tuple[int, int]:
    """Where the verb of a command stands, whose mask is seen elsewhere."""
    return (shift, shift + len(row.verb))


def of_line(row: Row) -> Hex | None:
    """The bytes of a line that has no seam, from its first mark on."""
    if not row.text or not row.frames:
        return None
    low = row.masked[0][0] // WIDTH * WIDTH if row.masked else 0
    data = row.text[low : low + LINES * WIDTH]
    marks = [(a - low, b - low) for a, b in row.masked]
    return Hex(f"Frame {row.frames[0]} holds", tuple(_lines(data, row.offset + low, marks, None)))


def _lines(
    data: bytes, start: int, marks: list[tuple[int, int]], seam: int | None
) -> Iterator[HexLine]:
    """Bytes in lines.

    Args:
        data: the bytes.
        start: stream offset of the first.
        marks: ranges of ``data``.
        seam: a position in ``data``, or None.
    """
    for low in range(0, len(data), WIDTH):
        part = data[low : low + WIDTH]
        here = [(max(a - low, 0), min(b - low, len(part))) for a, b in marks]
        cut = None if seam is None else seam - low
        last = low + WIDTH >= len(data)
        inside = cut is not None and (0 <= cut < len(part) or (last and cut == len(part)))
        yield HexLine(
            start + low, part, tuple((a, b) for a, b in here if a < b), cut if inside else None
        )  # fmt: skip


def printable(data: bytes) -> str:
    """Bytes as ASCII, with a dot for everything else."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)  # noqa: PLR2004
