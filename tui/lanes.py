"""One line of the ladder: margins, lanes, the words with their marks, and what stands beside."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import Row, RowKind
from dissect.evidence import Side
from tui import present, words
from tui.line import Line, Piece, Role, crop, fit_right, width
from tui.look import SEVERITY_ROLES, Look

if TYPE_CHECKING:
    from dissect.detect.finding import Finding
    from tui.ladder import Ladder, Rung

_NARROW: Final = 76
"""Cells from which on the lanes stand clearly apart."""
_INDENT: Final = 5
_WIDE_INDENT: Final = 24
_FRAME_CELLS: Final = 7
_LEAST_WORDS: Final = 12


class Times(Enum):
    """What the ladder's time column counts from."""

    RELATIVE = "since the start"
    DELTA = "since the row before"
    ABSOLUTE = "of day"

    @property
    def next(self) -> Times:
        """The one after this."""
        order = list(Times)
        return order[(order.index(self) + 1) % len(order)]


_TIME_CELLS: Final = {Times.RELATIVE: 8, Times.DELTA: 8, Times.ABSOLUTE: 12}


class Frame(NamedTuple):
    """How a ladder is being looked at."""

    width: int
    look: Look
    times: Times = Times.RELATIVE
    start: int = 0
    """First cell of the words that is shown."""
    margins: bool = True
    """False for a preview: without number, time and frames."""


def draw(ladder: Ladder, line: int, frame: Frame) -> Line:
    """One line of the ladder."""
    rung = ladder.rungs[line]
    row = ladder.detail.rows[rung.row]
    left = _left(ladder, rung, row, frame)
    return (*left, *_lane(ladder, rung, row, frame._replace(width=frame.width - width(left))))


def heading(ladder: Ladder, frame: Frame) -> Line:
    """What the columns are, with the two ends of the conversation over their lanes."""
    summary = ladder.detail.summary
    names = f"{'row':>{_number_cells(ladder)}} {'time':>{_TIME_CELLS[frame.times]}} "
    left = f"{names}{'frames':<{_FRAME_CELLS}}     "
    room = frame.width - len(left)
    indent = _indent(room) + 4
    client, server = (frame.look.words(str(end)) for end in (summary.client, summary.server))
    if len(client) + len(server) + len("client server    ") <= room:
        client, server = f"client {client}", f"server {server}"
    gap = max(indent - len(client), 3)
    return (
        Piece(left, Role.DIM),
        Piece(client, Role.CLIENT),
        Piece(" " * gap),
        Piece(server, Role.SERVER),
    )


def _left(ladder: Ladder, rung: Rung, row: Row, frame: Frame) -> Line:
    first = _is_first(ladder, rung)
    marks = (
        *_severity(ladder.findings.get(rung.row, []) if first else [], frame.look),
        _bracket(ladder, rung, frame.look),
        _seam_mark(row, rung, frame.look),
        Piece(" "),
    )
    if not frame.margins:
        return marks
    return (*_columns(ladder, rung, row, frame, first=first), *marks)


def _is_first(ladder: Ladder, rung: Rung) -> bool:
    return ladder.rungs[ladder.first[rung.row]].start == rung.start


def _columns(ladder: Ladder, rung: Rung, row: Row, frame: Frame, *, first: bool) -> Line:
    cells = _number_cells(ladder)
    if not first:
        return (Piece(" " * (cells + _TIME_CELLS[frame.times] + _FRAME_CELLS + 3)),)
    number = fit_right(str(row.number), cells)
    time = fit_right(_time(ladder, rung, row, frame.times), _TIME_CELLS[frame.times])
    frames = words.frames(row.frames, 2)
    return (
        Piece(f"{number} ", Role.DIM),
        Piece(f"{time} "),
        Piece(f"{frames[:_FRAME_CELLS]:<{_FRAME_CELLS}} ", Role.DIM),
    )


def _number_cells(ladder: Ladder) -> int:
    return max(len(str(ladder.detail.rows[-1].number)) if ladder.detail.rows else 1, 3)


def _time(ladder: Ladder, rung: Rung, row: Row, times: Times) -> str:
    if times is Times.ABSOLUTE:
        return words.clock(row.time, digits=3)
    if times is Times.RELATIVE:
        return f"{row.time - ladder.detail.summary.start:.3f}"
    before = ladder.detail.rows[max(rung.row - 1, 0)].time
    return f"{row.time - before:+.3f}"


def _severity(findings: list[Finding], look: Look) -> Line:
    if not findings:
        return (Piece(" "),)
    worst = max(finding.severity for finding in findings)
    return (Piece(look.glyph(worst), SEVERITY_ROLES[worst]),)


def _bracket(ladder: Ladder, rung: Rung, look: Look) -> Piece:
    part = ladder.bracket(rung.row)
    return Piece(" " if part is None else look.group[part], Role.DIM)


def _seam_mark(row: Row, rung: Rung, look: Look) -> Piece:
    seams = present.content(row, rung.start, rung.end).marks.seams
    if row.kind is RowKind.MESSAGE:
        seams = {seam.offset: seam.inferred for seam in row.seams}
    if not seams:
        return Piece(" ")
    return Piece(look.inferred if all(seams.values()) else look.seam, Role.SEAM)


def _indent(room: int) -> int:
    return _INDENT if room < _NARROW else _WIDE_INDENT


def _lane(ladder: Ladder, rung: Rung, row: Row, frame: Frame) -> Line:
    look = frame.look
    if present.is_about_flow(row):
        return _about(row, frame)
    indent = _indent(frame.width) if row.side is Side.SERVER else 0
    head = (
        Piece(" " * indent),
        present.arrow(row, look) if _is_first(ladder, rung) else Piece("   "),
        Piece(" "),
    )
    room = frame.width - width(head)
    return (*head, *_said(ladder, rung, row, frame._replace(width=room)))


def _about(row: Row, frame: Frame) -> Line:
    """A row about the flow: our own words between rules."""
    look = frame.look
    said = look.words(row.text) or row.kind.value
    line = tuple(
        Piece(part, _about_role(row)) for part in (f"{look.about} ", said, f" {look.about}")
    )
    return present.shortened(line, frame.width, look)


def _about_role(row: Row) -> Role:
    return Role.BAD if row.kind in {RowKind.RESET, RowKind.GAP} else Role.DIM


def _said(ladder: Ladder, rung: Rung, row: Row, frame: Frame) -> Line:
    look = frame.look
    what = _words(row, rung, look)
    beside = present.original(row, rung.start, rung.end, look)
    aside = _aside(ladder, rung, row, look)
    room = max(frame.width - width(beside), _LEAST_WORDS)
    shown = crop(what, frame.start, room) if frame.start else present.shortened(what, room, look)
    left = frame.width - width(shown) - width(beside)
    return (*shown, *beside, *(aside if width(aside) <= left else ()))


def _words(row: Row, rung: Rung, look: Look) -> Line:
    if row.kind is RowKind.MESSAGE:
        return (Piece(look.words(row.text), Role.DIM), *_seams_aside(row, look))
    if present.is_ours(row):
        return (Piece(look.words(row.text) or row.kind.value, _about_role(row)),)
    what = present.drawn(present.content(row, rung.start, rung.end), look)
    if rung.hidden:
        return (*what, Piece(f"  {look.cut} {words.count(rung.hidden, 'more line')}", Role.DIM))
    return what


def _seams_aside(row: Row, look: Look) -> Line:
    """Message data is folded, so its seams have no byte to stand at."""
    if not row.seams:
        return ()
    return (
        Piece(f"  {words.count(len(row.seams), 'seam')} ", Role.DIM),
        Piece(look.seam, Role.SEAM),
    )


def _aside(ladder: Ladder, rung: Rung, row: Row, look: Look) -> Line:
    """What a reply answers, and how often a row was sent again."""
    if not _is_first(ladder, rung):
        return ()
    said = ""
    if row.retransmitted:
        said += f"  sent again {row.retransmitted}x"
    at = ladder.index(row.partner) if row.partner is not None else None
    if row.kind is RowKind.REPLY and at is not None:
        partner = ladder.detail.rows[at]
        verb = look.words(partner.verb or partner.kind.value)
        said += f"  re {partner.number} {verb[:12]}"
    return (Piece(said, Role.DIM),) if said else ()
