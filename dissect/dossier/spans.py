"""Bytes of the wire as characters that are safe to show, with seams and masks at their byte."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from dissect.analysis.model import Row, RowKind
from dissect.dossier.case import Show
from dissect.dossier.document import Span, Tone
from dissect.evidence import Side

SEAM: Final = "|"

CUT: Final = "..."

Ranges = Iterable[tuple[int, int]]

WIRE: Final = frozenset({
    RowKind.GREETING, RowKind.COMMAND, RowKind.REPLY, RowKind.AUTH,
})  # fmt: skip
"""Kinds of rows whose text is what was on the wire."""


def spans(data: bytes, seams: Iterable[int], masked: Ranges, show: Show) -> tuple[Span, ...]:
    """Bytes, marked.

    Args:
        data: from a packet.
        seams: positions in it; a seam is before the byte of its position.
        masked: ranges of it that something wrote over.
        show: makes them safe.
    """
    cuts, ranges = frozenset(seams), tuple(masked)
    inside = {*cuts, *(edge for pair in ranges for edge in pair)}
    edges = sorted({0, len(data), *(at for at in inside if 0 < at < len(data))})
    found: list[Span] = []
    for low, high in pairwise(edges):
        if low in cuts:
            found.append(Span(SEAM, Tone.SEAM))
        tone = Tone.MASK if any(a <= low < b for a, b in ranges) else Tone.PLAIN
        found.append(Span(show(data[low:high]), tone))
    if len(data) in cuts:
        found.append(Span(SEAM, Tone.SEAM))
    return tuple(found)


def lines(row: Row, show: Show, most: int) -> list[tuple[Span, ...]]:
    """What a row says, line by line; of a long reply, its first line and those with marks.

    Args:
        row: of the ladder.
        show: makes it safe.
        most: characters of a line.
    """
    if row.kind not in WIRE:
        return [shortened((Span(show(row.text)),), most)]
    seams = [seam.offset - row.offset for seam in row.seams]
    found, start, left = [], 0, 0
    for text in row.text.split(b"\r\n"):
        end = start + len(text)
        here = [at - start for at in seams if start < at <= end]
        masked = [(a - start, b - start) for a, b in row.masked if a < end and b > start]
        if not start or here or masked:
            found.append(shortened(spans(text, here, masked, show), most))
        else:
            left += 1
        start = end + 2
    if left:
        found.append((Span(f"(and {left} more line{'s' * (left > 1)})"),))
    return found


def shortened(line: tuple[Span, ...], most: int) -> tuple[Span, ...]:
    """A line that is not too long: its beginning, and the surroundings of its first seam."""
    if width(line) <= most:
        return line
    kept: list[Span] = []
    room = most - len(CUT)
    for span in line:
        if room <= 0:
            break
        kept.append(span._replace(text=span.text[:room]))
        room -= len(span.text)
    return (*kept, Span(CUT))


def width(line: tuple[Span, ...]) -> int:
    """Characters of a line."""
    return sum(len(span.text) for span in line)


def side_of(row: Row) -> Side | None:
    """Who said a row; None for what happened to the connection."""
    flow = {RowKind.OPEN, RowKind.TLS, RowKind.GAP, RowKind.RESET, RowKind.CLOSE}
    return None if row.kind in flow else row.side
