"""A flow's ladder as lines: which row a line belongs to, and what stands in its margins."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import FlowDetail, Row, RowKind
from dissect.maillog import What

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dissect.detect.finding import Finding
    from tui.body import Body

_MOST_LINES: Final = 200
"""Lines shown of one reply; a hostile one could have a hundred thousand."""
_COARSE: Final = 1.0
"""Seconds that a stamp without a fraction leaves open."""
_UNENDED: Final = b"message data without its end"


class Rung(NamedTuple):
    """One display line: a part of a row."""

    row: int
    """Index of the row in the detail, not its number."""
    start: int
    end: int
    """The range of the row's text that the line shows."""
    hidden: int = 0
    """Lines of the row that are left out after this one."""
    body: int | None = None
    """Which line of the unfolded message data this is; None for the row itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """One finding and the row where it is looked at."""

    row: int
    finding: Finding


class Ladder:
    """A flow, laid out line by line.

    Args:
        detail: the flow.
        bodies: unfolded message data, by number of its row.
        reading: numbers of the rows whose message data is being read.
    """

    def __init__(
        self,
        detail: FlowDetail,
        bodies: Mapping[int, Body] | None = None,
        reading: frozenset[int] = frozenset(),
    ) -> None:
        self.detail = detail
        self.bodies = bodies or {}
        self.reading = reading
        self.rungs: list[Rung] = []
        self.first = [0] * len(detail.rows)
        """By index of a row: its first line."""
        self.before = [0] * len(detail.rows)
        """By index of a row: index of the row that is shown before it."""
        self._lay(in_time(detail.rows))
        self._numbers = [row.number for row in detail.rows]
        self._traffic = sum(row.kind is not RowKind.LOG for row in detail.rows)
        """How many rows are no lines of a log; those stand behind them."""
        self.places = self._put(detail.findings)
        self.findings: dict[int, list[Finding]] = defaultdict(list)
        for finding in detail.findings:
            for at in {self._row_of(number) for number in finding.rows} or {0}:
                self.findings[at].append(finding)
        self._groups = _ends(detail.rows)

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.rungs)

    @property
    def last_number(self) -> int:
        """The highest number of a row that is no line of a log."""
        return self._numbers[self._traffic - 1] if self._traffic else 0

    def row(self, line: int) -> Row:
        """The row that a line belongs to."""
        return self.detail.rows[self.rungs[line].row]

    def body(self, index: int) -> Body | None:
        """The unfolded message data of the row with that index."""
        return self.bodies.get(self.detail.rows[index].number) if self.bodies else None

    def line_of(self, number: int) -> int:
        """The first line of the row with that number, or of the one that follows it."""
        return self.first[self._row_of(number)] if self.first else 0

    def partner(self, line: int) -> int | None:
        """Index of the row that answers a line's row, or that it answers."""
        number = self.row(line).partner
        return None if number is None else self.index(number)

    def index(self, number: int) -> int | None:
        """Index of the row with that number, None where it was not kept."""
        at = bisect_left(self._numbers, number)
        return at if self._numbers[at : at + 1] == [number] else None

    def bracket(self, index: int) -> int | None:
        """0, 1 or 2 for the first, a middle or the last row of a pipelining group."""
        group = self.detail.rows[index].group
        if group is None or group not in self._groups:
            return None
        first, last = self._groups[group]
        if first == last:
            return None
        return 0 if index == first else 2 if index == last else 1

    def of_frame(self, frame: int) -> int | None:
        """The line of the first row that a frame brought a part of, None where none is."""
        around: int | None = None
        for index, row in enumerate(self.detail.rows):
            if frame in row.frames:
                return self._in_body(index, frame)
            if around is None and row.frames and row.frames[0] < frame < row.frames[-1]:
                around = index
        return None if around is None else self._in_body(around, frame)

    def frame_of(self, line: int) -> int | None:
        """The frame that brought a line's beginning, None where it has none."""
        rung, row = self.rungs[line], self.row(line)
        first = row.frames[0] if row.frames else None
        body = self.body(rung.row)
        lines = body.message.lines[: rung.body + 1] if body and rung.body is not None else ()
        for each in reversed(lines):
            for seam in reversed(each.seams):
                if seam.offset <= lines[-1].offset:
                    return seam.after
        return first

    def _in_body(self, index: int, frame: int) -> int:
        """The line of message data that a frame begins with, or the row's first line."""
        first, body = self.first[index], self.body(index)
        for at, line in enumerate(body.message.lines if body else ()):
            if any(seam.after == frame for seam in line.seams):
                return first + 1 + at
        return first

    def _lay(self, order: list[int]) -> None:
        before = order[0] if order else 0
        for index in order:
            self.first[index] = len(self.rungs)
            self.before[index] = before
            before = before if self.detail.rows[index].kind is RowKind.LOG else index
            self.rungs.extend(rungs(index, self.detail.rows[index]))
            body = self.body(index)
            if body is not None:
                self.rungs.extend(Rung(index, 0, 0, 0, at) for at in range(len(body)))

    def _row_of(self, number: int) -> int:
        at = bisect_left(self._numbers, number)
        known = self._numbers[at : at + 1] == [number]
        return at if known else min(at, max(self._traffic - 1, 0))

    def _put(self, findings: tuple[Finding, ...]) -> list[Place]:
        places = [
            Place(self._row_of(found.rows[0] if found.rows else 0), found) for found in findings
        ]
        first = self.first or [0]
        return sorted(places, key=lambda place: (first[place.row], -place.finding.severity))


def rungs(index: int, row: Row) -> list[Rung]:
    """The lines of a row: one, or those of a reply."""
    if row.kind not in {RowKind.REPLY, RowKind.GREETING} or b"\r\n" not in row.text:
        return [Rung(index, 0, len(row.text))]
    found: list[Rung] = []
    start = 0
    while len(found) < _MOST_LINES and (end := row.text.find(b"\r\n", start)) >= 0:
        found.append(Rung(index, start, end))
        start = end + 2
    if len(found) < _MOST_LINES:
        return [*found, Rung(index, start, len(row.text))]
    return [*found[:-1], found[-1]._replace(hidden=row.text.count(b"\r\n", start) + 1)]


def in_time(rows: tuple[Row, ...]) -> list[int]:
    """The rows' indices as they are shown.

    Message data that never ended is known as such, and counted as a row, only when the
    connection ends; it is shown where its last byte came.  Lines of a log stand behind the
    traffic that they can be about.
    """
    order: list[int] = []
    logged: list[int] = []
    for index, row in enumerate(rows):
        if row.kind is RowKind.LOG:
            logged.append(index)
            continue
        at = len(order)
        if row.kind is RowKind.MESSAGE and row.frames and row.text.startswith(_UNENDED):
            while at and rows[order[at - 1]].time > row.time:
                at -= 1
        order.insert(at, index)
    return _with_log(order, logged, rows) if logged else order


def _with_log(order: list[int], logged: list[int], rows: tuple[Row, ...]) -> list[int]:
    """The same order with lines of a log in it, which keep their own.

    Where a stamp leaves a second open, what happened in it comes first: a server logs what it
    has seen.  That a client has connected is logged when the connection opens, before all else.
    """
    times = list(accumulate((rows[index].time for index in order), max))
    least = int(bool(order) and rows[order[0]].kind is RowKind.OPEN)
    places: list[int] = []
    for index in logged:
        line = rows[index].log
        late = line is not None and line.coarse and line.what is not What.CONNECTED
        at = bisect_right(times, rows[index].time + late * _COARSE)
        places.append(max(at, least, places[-1] if places else 0))
    merged: list[int] = []
    before = 0
    for place, index in zip(places, logged, strict=True):
        merged += [*order[before:place], index]
        before = place
    return merged + order[before:]


def _ends(rows: tuple[Row, ...]) -> dict[int, tuple[int, int]]:
    """The first and the last row of each pipelining group."""
    ends: dict[int, tuple[int, int]] = {}
    for index, row in enumerate(rows):
        if row.group is not None and row.kind is not RowKind.REPLY:
            ends[row.group] = (ends.get(row.group, (index, 0))[0], index)
    return ends
