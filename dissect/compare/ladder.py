"""A pair of flows as the rows of a ladder: what one capture has beside what the other has.

The rows of both directions stand in the order of the inside's clock.  Long stretches in which
nothing differs are folded, so that a ladder is as long as its differences and not as its mail.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from dissect.compare.pair import Change, Pair
from dissect.compare.rows import CHANGED, INSIDE, OUTSIDE, SAME, UNSURE, Direction, Span
from dissect.compare.tape import Track
from dissect.compare.view import View, both_shown, secrets, view
from dissect.evidence import Side

HEAD: Final = 20
"""Rows without a difference that are kept at either end of a fold."""

FEW: Final = 60
"""Rows beside those that are not worth a fold."""

STEPS: Final = 20_000
"""Rows of one ladder."""


class Part(NamedTuple):
    """What one capture holds in a row."""

    view: View
    marks: tuple[tuple[int, int], ...] = ()
    """Ranges of the text that the other capture does not have so."""
    about: str = ""
    """Our words, where there is nothing to be read."""


class Step(NamedTuple):
    """One row."""

    side: Side
    """Who sent it, or in whose name it was sent."""
    kind: str
    time: float
    """Seconds since the epoch, by the clock of the inside."""
    one: Part | None
    two: Part | None
    change: int = -1
    """Which of the pair's changes it shows; -1 for none."""
    folded: int = 0
    """Rows that this one stands for."""


class Laid(NamedTuple):
    """A pair, row by row."""

    pair: int
    """Its number."""
    steps: tuple[Step, ...]
    changes: tuple[Change, ...]


def ladder(pair: Pair, offset: float = 0.0) -> tuple[Step, ...]:
    """The rows of a pair, at most ``STEPS``; the last one then says how many more there are.

    Args:
        pair: the pair.
        offset: seconds that the clock of the outside is ahead.
    """
    hidden = [secret for tape in (pair.one, pair.two) for secret in secrets(tape)]
    spans = _folded(_in_order(pair, offset))
    steps: list[Step] = []
    for span in spans:
        if len(steps) == STEPS - 1:
            rest = 1 + sum(max(each.folded, 1) for each in spans)
            steps.append(Step(span.side, UNSURE, span.time, None, None, folded=rest))
            break
        steps.append(_step(pair, span, hidden))
    return tuple(steps)


def _in_order(pair: Pair, offset: float) -> Iterator[Span]:
    """The rows of both directions by time."""
    each = [Direction(pair, side, offset).spans() for side in Side]
    resets = _resets(pair, offset)
    return heapq.merge(*each, resets, key=lambda span: span.time)


def _resets(pair: Pair, offset: float) -> list[Span]:
    """The RST that only one capture has."""
    found = []
    for index, change in enumerate(pair.changes):
        if not change.reset:
            continue
        tape, seen, late = pair.one, change.one, 0.0
        if not seen.frames:
            tape, seen, late = pair.two, change.two, offset
        marks = tape.tracks[change.side].resets
        time = min((mark.time for mark in marks if mark.frame in seen.frames), default=tape.end)
        place, kind = (seen.offset, seen.offset), OUTSIDE if seen is change.two else INSIDE
        one, two = (None, place) if kind == OUTSIDE else (place, None)
        found.append(Span(time - late, change.side, kind, one, two, change=index, about="RST"))
    return sorted(found, key=lambda span: span.time)


def _folded(spans: Iterable[Span]) -> Iterator[Span]:
    """The same with long stretches of rows that are alike in both made one."""
    kept = 0
    waiting: deque[Span] = deque()
    gone = 0
    first: Span | None = None
    for span in spans:
        if span.kind != SAME:
            yield from _unfolded(waiting, first, gone)
            waiting.clear()
            kept, gone, first = 0, 0, None
            yield span
        elif kept < HEAD:
            kept += 1
            yield span
        else:
            waiting.append(span)
            if len(waiting) > HEAD + FEW:
                first = first or waiting[0]
                waiting.popleft()
                gone += 1
    yield from _unfolded(waiting, first, gone)


def _unfolded(waiting: deque[Span], first: Span | None, gone: int) -> Iterator[Span]:
    """The end of a stretch: a row for those that are gone, and the last ones."""
    if first is not None:
        while len(waiting) > HEAD:
            waiting.popleft()
            gone += 1
        yield Span(first.time, first.side, SAME, None, None, folded=gone)
    yield from waiting


def _step(pair: Pair, span: Span, hidden: list[bytes]) -> Step:
    """A row with its bytes, credentials masked."""
    parts: list[Part | None] = []
    for tape, place, marks in (
        (pair.one, span.one, span.marks[0]),
        (pair.two, span.two, span.marks[1]),
    ):
        parts.append(None if place is None else _part(tape.tracks[span.side], place, marks, span,
                                                      hidden))  # fmt: skip
    one, two = parts
    if one and two and span.kind in {SAME, CHANGED}:
        track = pair.one.tracks[span.side]
        views = both_shown(track, one.view, two.view, span.marks)
        one, two = one._replace(view=views[0]), two._replace(view=views[1])
    if span.about == "RST" and span.change >= 0:
        change = pair.changes[span.change]
        one = one and one._replace(view=change.one)
        two = two and two._replace(view=change.two)
    return Step(span.side, span.kind, span.time, one, two, span.change, span.folded)


def _part(
    track: Track, place: tuple[int, int], marks: tuple[tuple[int, int], ...], span: Span,
    hidden: list[bytes],
) -> Part:  # fmt: skip
    start, end = place
    if span.about:
        frames = track.frames(start, end) if end > start else ()
        said = span.about
        return Part(View(start, end - start, b"", (), frames), about=said)
    return Part(view(track, start, end - start, hidden), marks)
