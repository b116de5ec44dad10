"""The rows of one direction of a pair, as ranges of both streams, before their bytes are read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final, NamedTuple

from dissect.compare.pair import Change, Pair, shift
from dissect.compare.tape import Gap, Track
from dissect.compare.view import SHOWN
from dissect.evidence import Side

SAME: Final = "same"
CHANGED: Final = "changed"
INSIDE: Final = "inside"
OUTSIDE: Final = "outside"
UNSURE: Final = "unsure"
"""A row that one capture lacks for reasons of its own: never called the same, nor changed."""


class Span(NamedTuple):
    """A row before its bytes are looked at: ranges of both streams."""

    time: float
    side: Side
    kind: str
    one: tuple[int, int] | None
    two: tuple[int, int] | None
    marks: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] = ((), ())
    change: int = -1
    about: str = ""
    folded: int = 0


class Direction:
    """One direction of a pair, row by row."""

    def __init__(self, pair: Pair, side: Side, offset: float) -> None:
        self.side, self.offset = side, offset
        self.one, self.two = pair.one.tracks[side], pair.two.tracks[side]
        self.changes = [
            (index, change)
            for index, change in enumerate(pair.changes)
            if change.side is side and not change.reset
        ]
        self.shift = shift(pair.one, pair.two, side)
        self._time = 0.0

    def spans(self) -> Iterator[Span]:
        """All rows."""
        ends = len(self.one.data), len(self.two.data)
        if not self.one.seen or not self.two.seen or self.shift is None:
            yield from self._alone((0, ends[0]), (0, ends[1]), UNSURE)
            return
        here, there = max(0, self.shift), max(0, -self.shift)
        yield from self._alone((0, here), (0, there), UNSURE)
        runs: list[tuple[int, int, int]] = []
        for index, change in self.changes:
            if change.runs:
                start = change.one.offset
                runs += [(start + at, start + at + size, index) for at, size in change.runs]
                continue
            yield from self._together((here, change.one.offset), (there, change.two.offset), runs)
            yield from self._apart(index, change)
            runs = []
            here = max(here, change.one.offset + change.one.length)
            there = max(there, change.two.offset + change.two.length)
        here, there = _behind(self.one, here), _behind(self.two, there)
        size = max(0, min(ends[0] - here, ends[1] - there))
        yield from self._together((here, here + size), (there, there + size), runs)
        yield from self._alone((here + size, ends[0]), (there + size, ends[1]), UNSURE)

    def _together(
        self, one: tuple[int, int], two: tuple[int, int], runs: list[tuple[int, int, int]]
    ) -> Iterator[Span]:
        """Ranges as long as each other, row by row; what one has too much is a gap before it."""
        size = min(one[1] - one[0], two[1] - two[0])
        if size <= 0:
            return
        here, there = one[1] - size, two[1] - size
        at = 0
        for start, end in _rows(self.one, here, one[1]):
            inside = []
            while at < len(runs) and runs[at][0] < end:
                inside.append(runs[at])
                if runs[at][1] > end:
                    break
                at += 1
            yield self._pair_of((start, end), there - here, inside)

    def _pair_of(self, one: tuple[int, int], by: int, runs: list[tuple[int, int, int]]) -> Span:
        """A row that both have, with what differs in it."""
        start, end = one
        two = (start + by, end + by)
        about = f"{end - start:,} bytes of TLS" if 0 <= self.one.tls <= start else ""
        lacks = _lacks(self.one, *one), _lacks(self.two, *two)
        if any(lacks):
            ends = (None if lacks[0] else one), (None if lacks[1] else two)
            return self._span(UNSURE, *ends, about=about)
        inside = tuple((max(a, start) - start, min(b, end) - start) for a, b, _ in runs)
        kind, change = (CHANGED, runs[0][2]) if runs else (SAME, -1)
        return self._span(kind, one, two, (inside, inside), change, about)

    def _apart(self, index: int, change: Change) -> Iterator[Span]:
        """A change that is not octet by octet: whole lines, one beside the other."""
        one = change.one.offset, change.one.offset + change.one.length
        two = change.two.offset, change.two.offset + change.two.length
        if change.kind == "tls":
            yield self._span(CHANGED, one, two, change=index, about="another TLS session")
            return
        both = zip_longest(_rows(self.one, *one), _rows(self.two, *two))
        for ours, theirs in both:
            kind = CHANGED if ours and theirs else INSIDE if ours else OUTSIDE
            yield self._span(kind, ours, theirs, self._differing(ours, theirs), index)

    def _differing(
        self, one: tuple[int, int] | None, two: tuple[int, int] | None
    ) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
        """What is marked in two lines: all but how they begin and end alike."""
        ours = bytes(self.one.data[slice(*one)]) if one else b""
        theirs = bytes(self.two.data[slice(*two)]) if two else b""
        size = min(len(ours), len(theirs))
        head = next((at for at in range(size) if ours[at] != theirs[at]), size)
        left = range(size - head)
        tail = next((at for at in left if ours[-1 - at] != theirs[-1 - at]), len(left))
        marks = [((head, len(each) - tail),) if len(each) - tail > head else ()
                 for each in (ours, theirs)]  # fmt: skip
        return marks[0], marks[1]

    def _alone(self, one: tuple[int, int], two: tuple[int, int], kind: str) -> Iterator[Span]:
        """Ranges that have nothing to be compared with."""
        for each in _rows(self.one, *one):
            yield self._span(kind, each, None)
        for each in _rows(self.two, *two):
            yield self._span(kind, None, each)

    def _span(
        self,
        kind: str,
        one: tuple[int, int] | None,
        two: tuple[int, int] | None,
        marks: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] = ((), ()),
        change: int = -1,
        about: str = "",
    ) -> Span:
        """A row with its time; later rows of a direction are never earlier."""
        mark = self.one.mark(one[0]) if one else self.two.mark(two[0]) if two else None
        if mark is not None:
            self._time = max(self._time, mark.time - (0.0 if one else self.offset))
        return Span(self._time, self.side, kind, one, two, marks, change, about)


def _rows(track: Track, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines of a range, in pieces of at most ``SHOWN``; TLS is one piece, and so is a gap."""
    data, gaps = track.data, track.gaps
    while start < end:
        if 0 <= track.tls <= start:
            yield start, end
            return
        stop = min(end, track.tls) if track.tls > start else end
        gap = _gap(gaps, start, stop)
        if gap is not None and gap.start <= start:
            stop = min(stop, gap.end)
            yield start, stop
        else:
            stop = min(stop, gap.start) if gap is not None else stop
            line = data.find(b"\n", start, stop) + 1 or stop
            stop = min(line, start + SHOWN)
            yield start, stop
        start = stop


def _gap(gaps: list[Gap], start: int, end: int) -> Gap | None:
    """The first gap that holds some of a range."""
    at = bisect_left(gaps, start + 1, key=lambda gap: gap.end)
    return gaps[at] if at < len(gaps) and gaps[at].start < end else None


def _lacks(track: Track, start: int, end: int) -> bool:
    """Whether a capture does not hold all of a range."""
    return _gap(track.gaps, start, end) is not None


def _behind(track: Track, at: int) -> int:
    """The end of a gap that begins at an offset, or the offset."""
    gap = _gap(track.gaps, at, at + 1)
    return gap.end if gap is not None and gap.start == at else at
