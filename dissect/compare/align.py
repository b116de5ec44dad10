"""Two byte strings laid over each other: by position, or where that explains less, by line.

By position: what an in-place rewriter does.  Every octet is replaced by one octet, and the
lengths stay.  By line: what a proxy does.  Whole commands and replies come, go or are re-worded.
The explanation that needs fewer bytes is taken, by position where both need as many; one letter
that masks others can never be explained by line with fewer, so that masks are found exactly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

BLOCK: Final = 4096
CONTEXT: Final = 160
"""Bytes shown before the first and behind the last change of a long line."""

CELLS: Final = 1_000_000
"""Pairs of lines that are weighed in one direction of a flow; what is left then is one change."""

AREA: Final = 100_000
"""Pairs of lines that are weighed at once."""


class Edit(NamedTuple):
    """One difference: a range on either side; an empty one where bytes appeared or vanished."""

    start: int
    end: int
    other_start: int
    other_end: int
    runs: tuple[tuple[int, int], ...] = ()
    """Of ranges as long as each other: offset in the range and length of what differs."""

    @property
    def cost(self) -> int:
        """How many bytes it changes."""
        if self.runs:
            return sum(length for _, length in self.runs)
        return (self.end - self.start) + (self.other_end - self.other_start)


def differing(one: bytes, two: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of every run of bytes that differ, over the length of the shorter one."""
    size, start = min(len(one), len(two)), -1
    for block in range(0, size, BLOCK):
        left, right = one[block : min(size, block + BLOCK)], two[block : min(size, block + BLOCK)]
        if left == right and start < 0:
            continue
        for at, (a, b) in enumerate(zip(left, right, strict=True), start=block):
            if a != b and start < 0:
                start = at
            elif a == b and start >= 0:
                yield start, at
                start = -1
    if start >= 0:
        yield start, size


def align(one: bytes, two: bytes) -> list[Edit]:
    """Every difference between two streams, in order."""
    if one == two:
        return []
    placed = by_position(one, two)
    price = sum(edit.cost for edit in placed)
    if len(one) == len(two) and _ends(one) == _ends(two):
        return placed
    lined = by_line(one, two)
    return lined if sum(edit.cost for edit in lined) < price else placed


def _ends(data: bytes) -> list[int]:
    """Where the lines end."""
    found, at = [], data.find(b"\n")
    while at >= 0:
        found.append(at)
        at = data.find(b"\n", at + 1)
    return found


def by_position(one: bytes, two: bytes, at: int = 0, other: int = 0) -> list[Edit]:
    """Differences at the same offset, those of a line together, and what one has at its end."""
    edits: list[Edit] = []
    line: tuple[int, int] = (0, 0)
    runs: list[tuple[int, int]] = []
    for start, end in differing(one, two):
        while start < end:
            if start >= line[1]:
                edits += _line(line, runs, at, other)
                line, runs = _around(one, start, min(len(one), len(two))), []
            stop = min(end, line[1])
            runs.append((start, stop))
            start = stop  # noqa: PLW2901 - a run goes on in the next line
    edits += _line(line, runs, at, other)
    size = min(len(one), len(two))
    if len(one) != len(two):
        edits.append(Edit(at + size, at + len(one), other + size, other + len(two)))
    return edits


def _around(data: bytes, at: int, size: int) -> tuple[int, int]:
    """The line that a byte is in."""
    end = data.find(b"\n", at, size) + 1
    return data.rfind(b"\n", 0, at) + 1, end or size


def _line(line: tuple[int, int], runs: list[tuple[int, int]], at: int, other: int) -> list[Edit]:
    """The changes of one line."""
    if not runs:
        return []
    start, end = max(line[0], runs[0][0] - CONTEXT), min(line[1], runs[-1][1] + CONTEXT)
    inside = tuple((left - start, right - left) for left, right in runs)
    return [Edit(at + start, at + end, other + start, other + end, inside)]


def by_line(one: bytes, two: bytes) -> list[Edit]:
    """Lines that changed, appeared or vanished, by sequence alignment."""
    lines, others = one.splitlines(keepends=True), two.splitlines(keepends=True)
    lines, others = _joined(lines), _joined(others)
    starts, other_starts = _starts(lines), _starts(others)
    edits: list[Edit] = []
    for first, last, other_first, other_last in _Aligner(lines, others).steps():
        left, right = starts[first], starts[last]
        other_left, other_right = other_starts[other_first], other_starts[other_last]
        if right - left == other_right - other_left:
            ours, theirs = one[left:right], two[other_left:other_right]
            edits += by_position(ours, theirs, left, other_left)
        else:
            edits.append(Edit(left, right, other_left, other_right))
    return edits


def _joined(lines: list[bytes]) -> list[bytes]:
    """Lines as SMTP has them: a carriage return by itself ends none (RFC 5321 section 2.3.8)."""
    joined: list[bytes] = []
    pieces: list[bytes] = []
    for line in lines:
        pieces.append(line)
        if line.endswith(b"\n"):
            joined.append(b"".join(pieces))
            pieces = []
    return [*joined, b"".join(pieces)] if pieces else joined


def _starts(lines: list[bytes]) -> list[int]:
    """The offset of each line, and of the end."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


class _Aligner:
    """Sequence alignment: lines that are unique on both sides first, then what is between."""

    def __init__(self, one: list[bytes], two: list[bytes]) -> None:
        self.one = one
        self.two = two
        self._left = CELLS

    def steps(self) -> Iterator[tuple[int, int, int, int]]:
        """Ranges of lines that are not the same: first and behind last, here and there."""
        counts, others = Counter(self.one), Counter(self.two)
        places = {line: at for at, line in enumerate(self.two) if others[line] == 1}
        unique = [
            (at, places[line])
            for at, line in enumerate(self.one)
            if counts[line] == 1 and line in places
        ]
        anchors = [(-1, -1), *_rising(unique), (len(self.one), len(self.two))]
        for (a, b), (c, d) in pairwise(anchors):
            yield from self._between(a + 1, c, b + 1, d)

    def _between(self, a: int, b: int, c: int, d: int) -> Iterator[tuple[int, int, int, int]]:
        """Between two anchors: equal lines at both ends aside, the cheapest way."""
        while a < b and c < d and self.one[a] == self.two[c]:
            a, c = a + 1, c + 1
        while a < b and c < d and self.one[b - 1] == self.two[d - 1]:
            b, d = b - 1, d - 1
        if a == b and c == d:
            return
        area = (b - a) * (d - c)
        if a == b or c == d or area > AREA or area > self._left:
            yield a, b, c, d
            return
        self._left -= area
        yield from self._cheapest(a, b, c, d)

    def _cheapest(self, a: int, b: int, c: int, d: int) -> Iterator[tuple[int, int, int, int]]:
        """Needleman and Wunsch's alignment (J. Mol. Biol. 48, 1970), cheapest total first."""
        table = [[float(column) for column in range(d - c + 1)]]
        for row in range(1, b - a + 1):
            above, line = table[-1], [float(row)]
            for column in range(1, d - c + 1):
                pair = _apart(self.one[a + row - 1], self.two[c + column - 1])
                gap = min(above[column], line[-1]) + 1
                line.append(min(above[column - 1] + pair, gap))
            table.append(line)
        yield from reversed(list(self._back(table, a, c)))

    def _back(
        self, table: list[list[float]], a: int, c: int
    ) -> Iterator[tuple[int, int, int, int]]:
        """The way through the table, from its end."""
        row, column = len(table) - 1, len(table[0]) - 1
        while row or column:
            here, down, along = table[row][column], a + row, c + column
            if row and column:
                pair = _apart(self.one[down - 1], self.two[along - 1])
                if here == table[row - 1][column - 1] + pair:
                    if pair:
                        yield down - 1, down, along - 1, along
                    row, column = row - 1, column - 1
                    continue
            if row and here == table[row - 1][column] + 1:
                yield down - 1, down, along, along
                row -= 1
            else:
                yield down, down, along - 1, along
                column -= 1


def _apart(one: bytes, two: bytes) -> float:
    """How far two lines are from being the same: 0 to 2, the price of dropping both."""
    if one == two:
        return 0
    if len(one) == len(two):
        return 0.1 + 1.8 * sum(a != b for a, b in zip(one, two, strict=True)) / len(one)
    return 1.2 if one[:4].upper() == two[:4].upper() else 2


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs that rises on both sides (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for at, (_, other) in enumerate(pairs):
        pile = bisect_left(tops, other)
        before.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [other]
        piles[pile : pile + 1] = [at]
    found, at = [], piles[-1] if piles else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]
