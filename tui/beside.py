"""Two flows side by side: a line of each, and between them how they compare."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import FlowDetail, Row, RowKind
from dissect.evidence import Side
from tui import difference, present, told, words
from tui.difference import Difference, Kind, Pair, Tones
from tui.ladder import Ladder, Rung
from tui.line import Line, Piece, Role, crop, fit, fit_right, text, width, wrap
from tui.look import SEVERITY_ROLES, SEVERITY_WORDS

if TYPE_CHECKING:
    from dissect.analysis.model import FlowSummary
    from dissect.detect.finding import Finding
    from tui.look import Look

DIFFERENT: Final = Role.ACCENT
"""What differs and matters stands out; what always differs is dim."""
_SPOTS: Final = frozenset({Role.SEAM, Role.MASK, DIFFERENT})
_MIDDLE: Final = {
    Kind.SAME: ("=", "="),
    Kind.CHANGED: ("≠", "#"),
    Kind.LEFT: ("<", "<"),
    Kind.RIGHT: (">", ">"),
}
"""The sign between two lines, and its twin in ASCII."""
_MIDDLE_CELLS: Final = 3
_TIME_CELLS: Final = 8
_LEAST_BESIDE_ORIGINAL: Final = 16
_LABEL: Final = 10
_MOST_LINES: Final = 6
_NOT_SHOWN: Final = frozenset({RowKind.RESET, RowKind.GAP})


class Column(Enum):
    """One of the two sides of the screen."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Column:
        """The one across."""
        return Column.RIGHT if self is Column.LEFT else Column.LEFT


class Beside:
    """Two flows, compared, with what is needed to draw them.

    Args:
        left: the flow that is looked at.
        right: the one beside it.
    """

    def __init__(self, left: FlowDetail, right: FlowDetail) -> None:
        self.difference: Difference = difference.compare(left, right)
        self.stops = self.difference.stops()
        self._ladders = {Column.LEFT: Ladder(left), Column.RIGHT: Ladder(right)}

    def __len__(self) -> int:
        """Number of lines."""
        return len(self.difference.pairs)

    def detail(self, column: Column) -> FlowDetail:
        """The flow of a side."""
        return self._ladders[column].detail

    def rung(self, at: int, column: Column) -> Rung | None:
        """The line of a side, None where it has none there."""
        pair = self.difference.pairs[at]
        return pair.left if column is Column.LEFT else pair.right

    def row(self, at: int, column: Column) -> Row | None:
        """The row of a side, None where it has none there."""
        rung = self.rung(at, column)
        return None if rung is None else self.detail(column).rows[rung.row]

    def nearest(self, at: int, column: Column) -> Row | None:
        """The row of a side at a line, or the last one before it."""
        for back in range(at, -1, -1):
            row = self.row(back, column)
            if row is not None:
                return row
        return None

    def findings(self, at: int, column: Column) -> list[Finding]:
        """The findings of a side's row."""
        rung = self.rung(at, column)
        return [] if rung is None else self._ladders[column].findings.get(rung.row, [])

    def line_of(self, number: int, column: Column) -> int:
        """The line of a row by its number, or the first line."""
        index = self._ladders[column].index(number)
        pairs = range(len(self))
        wanted = (at for at in pairs if (rung := self.rung(at, column)) and rung.row == index)
        return next(wanted, 0)


class _Half(NamedTuple):
    """One side of a line that is drawn."""

    beside: Beside
    column: Column
    at: int
    cells: int
    look: Look


def draw(beside: Beside, at: int, cells: int, look: Look) -> Line:
    """One line of both flows."""
    pair = beside.difference.pairs[at]
    room = (cells - _MIDDLE_CELLS) // 2
    mine, theirs = beside.difference.tones(at)
    left = _half(_Half(beside, Column.LEFT, at, room, look), mine)
    right = _half(_Half(beside, Column.RIGHT, at, room, look), theirs)
    sign = _MIDDLE[pair.kind][look.ascii_only]
    role = Role.DIM if pair.kind is Kind.SAME else DIFFERENT
    return (*left, Piece(" " * max(room - width(left), 0)), Piece(f" {sign} ", role), *right)


def heading(beside: Beside, side: Column, cells: int, look: Look) -> list[Line]:
    """Who is on which side, and how it fared; the side that has the keys is marked."""
    room = (cells - _MIDDLE_CELLS) // 2
    between = Piece(" " * _MIDDLE_CELLS)
    elsewhere = len({beside.detail(column).summary.capture for column in Column}) > 1
    ends: list[Piece] = []
    fates: list[Piece] = []
    for column in Column:
        summary = beside.detail(column).summary
        here = column is side
        sign = look.opened if here else " "
        name = f"{sign} flow {summary.flow}  {look.words(str(summary.client))}"
        ends += [Piece(fit(name, room, look.cut), Role.ACCENT if here else Role.TITLE), between]
        where = f"  {look.words(summary.capture.rpartition('/')[2])}" if elsewhere else ""
        fate = fit(f"  {_fate(summary)}{where}", room, look.cut)
        fates += [Piece(fate, _fate_role(summary)), between]
    return [tuple(ends[:-1]), tuple(fates[:-1])]


def about(beside: Beside, at: int, side: Column, cells: int, look: Look) -> list[Line]:
    """What differs in a line, its words on both sides, and their findings."""
    pair = beside.difference.pairs[at]
    columns = (side, side.other)
    lines = told.paragraph("", _verdict(beside, pair), cells, look, Role.TITLE)
    for column in Column:
        lines += _whole(beside, at, column, cells, look)
    for column in columns:
        place = f"flow {beside.detail(column).summary.flow}"
        for found in beside.findings(at, column):
            lines += told.finding(found, cells, look, place=place)
    return lines


def _fate(summary: FlowSummary) -> str:
    recipients = summary.recipients
    worst = "" if summary.severity is None else f"  {SEVERITY_WORDS[summary.severity]}"
    return f"{summary.outcome.value}  rcpt {recipients.accepted}/{recipients.offered}{worst}"


def _fate_role(summary: FlowSummary) -> Role:
    return Role.DIM if summary.severity is None else SEVERITY_ROLES[summary.severity]


def _half(half: _Half, tones: Tones) -> Line:
    """A side of a line: severity, time, who speaks, and the words."""
    beside, look = half.beside, half.look
    rung, row = beside.rung(half.at, half.column), beside.row(half.at, half.column)
    if rung is None or row is None:
        return ()
    start = beside.detail(half.column).summary.start
    first = not rung.start
    time = f"{row.time - start:.3f}" if first and row.frames else ""
    head = (
        _severity(beside.findings(half.at, half.column) if first else [], look),
        Piece(f"{fit_right(time, _TIME_CELLS)} ", Role.DIM),
        _who(row, look) if first else Piece("  "),
    )
    room = half.cells - width(head)
    return (*head, *crop(_said(row, rung, tones, room, look), 0, room))


def _severity(findings: list[Finding], look: Look) -> Piece:
    if not findings:
        return Piece(" ")
    worst = max(finding.severity for finding in findings)
    return Piece(look.glyph(worst), SEVERITY_ROLES[worst])


def _who(row: Row, look: Look) -> Piece:
    if row.side is None:
        return Piece(f"{look.rule} ", Role.DIM)
    if row.side is Side.CLIENT:
        return Piece("C ", Role.CLIENT)
    return Piece("S ", Role.SERVER)


def _said(row: Row, rung: Rung, tones: Tones, cells: int, look: Look) -> Line:
    what = _words(row, rung, tones, look)
    beside = present.original(row, rung.start, rung.end, look)
    room = cells - width(beside)
    if beside and room < _LEAST_BESIDE_ORIGINAL:
        beside, room = (), cells
    return (*present.shortened(what, room, look, _SPOTS), *beside)


def _words(row: Row, rung: Rung, tones: Tones, look: Look) -> Line:
    """The words with their marks; what differs has a role."""
    toned = (
        *((low, high, DIFFERENT) for low, high in tones.strong),
        *((low, high, Role.DIM) for low, high in tones.weak),
    )
    if present.is_ours(row):
        role = DIFFERENT if tones.strong else Role.BAD if row.kind in _NOT_SHOWN else Role.DIM
        return (Piece(look.words(row.text) or row.kind.value, role), *_end(row, look))
    what = present.content(row, rung.start, rung.end)
    marks = what.marks._replace(toned=toned)
    shown = present.drawn(what._replace(marks=marks), look)
    if rung.hidden:
        return (*shown, Piece(f"  {look.cut} {words.count(rung.hidden, 'more line')}", Role.DIM))
    return shown


def _end(row: Row, look: Look) -> Line:
    """The end of message data, where a seam cuts it."""
    end = present.ending(row) if row.kind is RowKind.MESSAGE else None
    return () if end is None else (Piece("  "), *present.drawn(end, look))


def _verdict(beside: Beside, pair: Pair) -> str:
    if pair.kind is Kind.SAME:
        return "the same in both, but for what always differs"
    if pair.kind is Kind.CHANGED:
        return f"differs: {', '.join(pair.why)}"
    column = Column.LEFT if pair.kind is Kind.LEFT else Column.RIGHT
    said = f"only in flow {beside.detail(column).summary.flow}"
    return ": ".join(filter(None, (said, ", ".join(pair.why))))


def _whole(beside: Beside, at: int, column: Column, cells: int, look: Look) -> list[Line]:
    """The words of a side that has some, as long as they are."""
    rung, row = beside.rung(at, column), beside.row(at, column)
    if rung is None or row is None:
        return []
    shown = text(_words(row, rung, Tones(), look))
    rows = wrap(f"row {row.number}  {shown}", max(cells - _LABEL, 8))[:_MOST_LINES]
    labels = [f"flow {beside.detail(column).summary.flow}", *[""] * (len(rows) - 1)]
    return [
        (Piece(f"{label:<{_LABEL}}", Role.DIM), Piece(said))
        for label, said in zip(labels, rows, strict=True)
    ]
