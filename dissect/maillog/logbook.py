"""Ties lines of logs to the connections that they are about.

By the client's address and port, where the log has the port, else by its address alone; and by
time.  The clock of the log may differ from that of the capture: each line that can belong to a
connection allows a range of offsets, and the offset that most lines allow is taken.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from dissect.maillog.entry import Entry

SLACK: Final = 0.5
"""Seconds by which a line may be early or late: servers write behind the last packet."""

COARSE: Final = 1.0
"""Seconds that a stamp without a fraction leaves open."""

FARTHEST: Final = 15 * 3600.0
"""Seconds that clocks may differ, a wrong time zone included; beyond it a port was used again."""

MOST: Final = 200_000
"""Lines that are kept."""

MOST_TEXT: Final = 64 << 20
"""Characters of theirs that are kept; lines can be long, and a hostile client can make them so."""

NEAREST: Final = 25
"""Connections that a line is compared with: so many that begin before it, and behind it."""

ENOUGH: Final = 3
"""Lines that must agree before an offset that is not 0, or of lines without a port, is taken."""

QUARTER: Final = 900.0
"""Seconds by which time zones differ, or a multiple of it: such an offset is the likeliest."""


class Span(NamedTuple):
    """A connection, in the capture's time."""

    flow: int
    address: str
    port: int
    start: float
    end: float


class Line(NamedTuple):
    """A line of a log."""

    file: str
    number: int
    entry: Entry


class Tie(NamedTuple):
    """A line and its connection."""

    flow: int
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """All ties, and how well it went."""

    tied: tuple[Tie, ...]
    """By connection, then by the log's time."""
    offset: float | None
    """Seconds by which the clock of the log is ahead; None where nothing tells, taken as 0."""
    lines: int
    """Lines that name a client."""
    ambiguous: int
    """Lines without a port that fit several connections."""
    left_out: int
    """Lines of clients of the connections beyond ``MOST`` and ``MOST_TEXT``."""


@dataclass(slots=True)
class Logbook:
    """Takes connections, then lines, then ties them.

    Lines of other clients are counted and not kept, so that a busy server's log leaves room for
    those that matter.
    """

    named: int = 0
    """Lines that name a client, whoever it is."""
    left_out: int = 0
    _text: int = 0
    _lines: list[Line] = field(default_factory=list)
    _exact: defaultdict[tuple[str, int], list[Span]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _loose: defaultdict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def take(self, entry: Entry, file: str, number: int) -> None:
        """Keep a line that names the client of a connection, all of which were taken before."""
        if entry.said.client is None:
            return
        self.named += 1
        if entry.said.client.address not in self._loose:
            return
        if len(self._lines) >= MOST or self._text >= MOST_TEXT:
            self.left_out += 1
            return
        self._text += len(entry.text)
        self._lines.append(Line(file, number, entry))

    def flow(self, span: Span) -> None:
        """Keep a connection."""
        self._exact[span.address, span.port].append(span)
        self._loose[span.address].append(span)

    def ties(self) -> Ties:
        """Tie what was taken."""
        for spans in (*self._exact.values(), *self._loose.values()):
            spans.sort(key=_start)
        offset = self._offset()
        tied: list[Tie] = []
        ambiguous = 0
        for line in self._lines:
            fits = [span for span in self._near(line, offset or 0.0) if _fits(line, span, offset)]
            if len(fits) == 1 or (fits and _port(line)):
                tied.append(Tie(fits[0].flow, line))
            else:
                ambiguous += bool(fits)
        return Ties(
            tied=tuple(sorted(tied, key=lambda tie: (tie.flow, tie.line.entry.time))),
            offset=offset, lines=self.named, ambiguous=ambiguous,
            left_out=self.left_out,
        )  # fmt: skip

    def _near(self, line: Line, offset: float) -> list[Span]:
        """The connections that a line can belong to, the nearest in time first."""
        client = line.entry.said.client
        assert client is not None
        spans = self._exact.get(client, []) if client.port else self._loose.get(client.address, [])
        time = line.entry.time - offset
        at = bisect_right(spans, time, key=_start)
        near = spans[max(0, at - NEAREST) : at + NEAREST]
        return sorted(near, key=lambda span: _distance(span, time))

    def _offset(self) -> float | None:
        """The offset that most lines allow: of those with a port, where there are such."""
        for exact in (True, False):
            lines = (line for line in self._lines if bool(_port(line)) is exact)
            ranges = (_range(line, span) for line in lines for span in self._near(line, 0.0))
            found = _most_allowed(each for each in ranges if _near_enough(each))
            if found and (found[1] >= ENOUGH or (exact and not found[0])):
                return found[0]
        return None


def clocks(offset: float | None) -> str:
    """How the clock of the log differs, in words."""
    if offset is None:
        return "nothing tells how the clocks differ"
    if not offset:
        return "the clocks agree"
    way = "ahead" if offset > 0 else "behind"
    return f"the log's clock (or its time zone) is {abs(offset):,.1f} s {way}"


def _port(line: Line) -> int:
    return line.entry.said.client.port if line.entry.said.client else 0


def _start(span: Span) -> float:
    return span.start


def _distance(span: Span, time: float) -> float:
    """Seconds between a time and a connection; 0 within it."""
    return max(span.start - time, time - span.end, 0.0)


def _range(line: Line, span: Span) -> tuple[float, float]:
    """The least and the largest offset with which a line falls into a connection."""
    time = line.entry.time
    open_ = 0.0 if time % 1 else COARSE
    return time - span.end - SLACK, time + open_ - span.start + SLACK


def _near_enough(allowed: tuple[float, float]) -> bool:
    return allowed[0] <= FARTHEST and allowed[1] >= -FARTHEST


def _fits(line: Line, span: Span, offset: float | None) -> bool:
    """Whether a line falls into a connection."""
    least, largest = _range(line, span)
    return least <= (offset or 0.0) <= largest


def _most_allowed(ranges: Iterable[tuple[float, float]]) -> tuple[float, int] | None:
    """The number in most ranges, a likely one where many are, and in how many it is."""
    best: tuple[int, float, float] | None = None
    for begin, end, count in _stretches(ranges):
        value = _likeliest(begin, end)
        if best is None or (count, -abs(value)) > best[:2]:
            best = (count, -abs(value), value)
    return (best[2], best[0]) if best else None


def _likeliest(begin: float, end: float) -> float:
    """A whole number of quarters of an hour, else the number nearest to 0."""
    zone = round((begin + end) / 2 / QUARTER) * QUARTER
    return zone if begin <= zone <= end else min(max(0.0, begin), end)


def _stretches(ranges: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float, int]]:
    """Stretches of the number line, and how many ranges cover each."""
    edges = sorted(
        edge for begin, end in ranges for edge in ((begin, 0, 1), (end, 1, -1))
    )  # a range that begins where another ends overlaps it
    depth = 0
    for (place, _, change), (following, _, _) in pairwise(edges):
        depth += change
        if depth > 0:
            yield place, following, depth
