"""A flow's ladder as lines: which row a line belongs to, and what stands in its margins."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import FlowDetail, Row, RowKind

if TYPE_CHECKING:
    from dissect.detect.finding import Finding

_MOST_LINES: Final = 200
"""Lines shown of one reply; a hostile one could have a hundred thousand."""


class Rung(NamedTuple):
    """One display line: a part of a row."""

    row: int
    """Index of the row in the detail, not its number."""
    start: int
    end: int
    """The range of the row's text that the line shows."""
    hidden: int = 0
    """Lines of the row that are left out after this one."""


@dataclass(frozen=True, slots=True)
class Place:
    """One finding and the row where it is looked at."""

    row: int
    finding: Finding


class Ladder:
    """A flow, laid out line by line.

    Args:
        detail: the flow.
    """

    def __init__(self, detail: FlowDetail) -> None:
        self.detail = detail
        self.rungs: list[Rung] = []
        self.first: list[int] = []
        """By index of a row: its first line."""
        for index, row in enumerate(detail.rows):
            self.first.append(len(self.rungs))
            self.rungs.extend(_rungs(index, row))
        self._numbers = [row.number for row in detail.rows]
        self.places = self._put(detail.findings)
        self.findings: dict[int, list[Finding]] = defaultdict(list)
        for finding in detail.findings:
            for at in {self._row_of(number) for number in finding.rows} or {0}:
                self.findings[at].append(finding)
        self._groups = _ends(detail.rows)

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.rungs)

    def row(self, line: int) -> Row:
        """The row that a line belongs to."""
        return self.detail.rows[self.rungs[line].row]

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

    def _row_of(self, number: int) -> int:
        at = bisect_left(self._numbers, number)
        return min(at, max(len(self._numbers) - 1, 0))

    def _put(self, findings: tuple[Finding, ...]) -> list[Place]:
        places = [
            Place(self._row_of(found.rows[0] if found.rows else 0), found) for found in findings
        ]
        return sorted(places, key=lambda place: (place.row, -place.finding.severity))


def _rungs(index: int, row: Row) -> list[Rung]:
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


def _ends(rows: tuple[Row, ...]) -> dict[int, tuple[int, int]]:
    """The first and the last row of each pipelining group."""
    ends: dict[int, tuple[int, int]] = {}
    for index, row in enumerate(rows):
        if row.group is not None and row.kind is not RowKind.REPLY:
            ends[row.group] = (ends.get(row.group, (index, 0))[0], index)
    return ends
