"""One line of the ladder: margins, lanes, the words with their marks, and what stands beside."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import Row, RowKind
from dissect.evidence import Side
from tui import body, present, words
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
_LEAST_BESIDE_ASIDE: Final = 20
"""Cells of words from which on what stands aside may shorten them."""


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
    left = f"{names}{'frames':<{_frame_cells(ladder)}}     "
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
    first = is_first(ladder, rung)
    marks = (
        *_severity(ladder.findings.get(rung.row, []) if first else [], frame.look),
        _bracket(ladder, rung, frame.look),
        _seam_mark(ladder, rung, row, frame.look),
        Piece(" "),
    )
    if not frame.margins:
        return marks
    return (*_columns(ladder, rung, row, frame, first=first), *marks)


def is_first(ladder: Ladder, rung: Rung) -> bool:
    """Whether a line is the first of its row."""
    return rung.body is None and ladder.rungs[ladder.first[rung.row]].start == rung.start


def _columns(ladder: Ladder, rung: Rung, row: Row, frame: Frame, *, first: bool) -> Line:
    cells, frame_cells = _number_cells(ladder), _frame_cells(ladder)
    if not first:
        return (Piece(" " * (cells + _TIME_CELLS[frame.times] + frame_cells + 3)),)
    number = fit_right("" if row.log else str(row.number), cells)
    time = fit_right(_time(ladder, rung, row, frame.times), _TIME_CELLS[frame.times])
    return (
        Piece(f"{number} ", Role.DIM),
        Piece(f"{time} "),
        Piece(f"{_frames(row, frame_cells):<{frame_cells}} ", Role.DIM),
    )


def _number_cells(ladder: Ladder) -> int:
    return max(len(str(ladder.last_number)), 3)


def _frame_cells(ladder: Ladder) -> int:
    """Room for the flow's longest frame number, and a sign that there are more."""
    return max(len(str(ladder.detail.summary.last_frame)) + 1, _FRAME_CELLS)


def _frames(row: Row, cells: int) -> str:
    """A row's frames: all of them, their ends, or the first one, whatever there is room for."""
    if len(row.frames) <= 1:
        return words.frames(row.frames)
    first, last = row.frames[0], row.frames[-1]
    run = row.kind is RowKind.MESSAGE or last - first == len(row.frames) - 1 > 1
    said = (f"{first}-{last}",) if run else (words.frames(row.frames, 2),)
    return next((each for each in said if len(each) <= cells), f"{first}+")


def _time(ladder: Ladder, rung: Rung, row: Row, times: Times) -> str:
    if not row.frames and not row.time:
        return ""  # nothing of it is in the capture
    if row.log is not None and row.log.coarse:
        return words.clock(row.time)
    if times is Times.ABSOLUTE:
        return words.clock(row.time, digits=3)
    if times is Times.RELATIVE:
        return f"{row.time - ladder.detail.summary.start:.3f}"
    before = ladder.detail.rows[ladder.before[rung.row]].time
    return f"{row.time - before:+.3f}" if before else ""


def _severity(findings: list[Finding], look: Look) -> Line:
    if not findings:
        return (Piece(" "),)
    worst = max(finding.severity for finding in findings)
    return (Piece(look.glyph(worst), SEVERITY_ROLES[worst]),)


def _bracket(ladder: Ladder, rung: Rung, look: Look) -> Piece:
    """The group's bracket goes on beside unfolded message data, unless that is the last of it."""
    part = ladder.bracket(rung.row)
    if rung.body is not None:
        part = None if part == _LAST else _MIDDLE if part is not None else None
    return Piece(" " if part is None else look.group[part], Role.DIM)


_MIDDLE: Final = 1
_LAST: Final = 2


def _seam_mark(ladder: Ladder, rung: Rung, row: Row, look: Look) -> Piece:
    seams = _seams(ladder, rung, row)
    if not seams:
        return Piece(" ")
    return Piece(look.inferred if all(seams.values()) else look.seam, Role.SEAM)


def _seams(ladder: Ladder, rung: Rung, row: Row) -> dict[int, bool]:
    """The seams of a line, by position; those of message data are counted where it is folded."""
    unfolded = ladder.body(rung.row)
    if unfolded is not None:
        return {} if rung.body is None else body.seams(unfolded, rung.body)
    if row.kind is RowKind.MESSAGE:
        return {seam.offset: seam.inferred for seam in row.seams}
    return present.content(row, rung.start, rung.end).marks.seams


def _indent(room: int) -> int:
    return _INDENT if room < _NARROW else _WIDE_INDENT


def _lane(ladder: Ladder, rung: Rung, row: Row, frame: Frame) -> Line:
    look = frame.look
    if present.is_about_flow(row):
        return _about(row, frame)
    indent = _indent(frame.width) if row.side is Side.SERVER else 0
    head = (Piece(" " * indent), *_head(ladder, rung, row, look), Piece(" "))
    room = frame._replace(width=frame.width - width(head))
    return (*head, *_said(ladder, rung, row, room))


def _head(ladder: Ladder, rung: Rung, row: Row, look: Look) -> Line:
    """What stands before the words: an arrow, or the edge of unfolded message data."""
    if rung.body is not None:
        return (Piece("  "), Piece(look.bar, Role.DIM))
    return (present.arrow(row, look) if is_first(ladder, rung) else Piece("   "),)


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
    what = _words(ladder, rung, row, look)
    beside = present.original(row, rung.start, rung.end, look) if rung.body is None else ()
    aside = _aside(ladder, rung, row, look)
    room = max(frame.width - width(beside), _LEAST_WORDS)
    if width(aside) <= room - min(width(what), _LEAST_BESIDE_ASIDE):
        room -= width(aside)
    else:
        aside = ()
    shown = crop(what, frame.start, room) if frame.start else present.shortened(what, room, look)
    return (*shown, *beside, *aside)


def _words(ladder: Ladder, rung: Rung, row: Row, look: Look) -> Line:
    unfolded = ladder.body(rung.row)
    if rung.body is not None and unfolded is not None:
        return body.drawn(unfolded, rung.body, look)
    if row.kind is RowKind.MESSAGE:
        sign = look.closed if unfolded is None else look.opened
        said = (Piece(f"{sign} ", Role.ACCENT), Piece(look.words(row.text), Role.DIM))
        return (*said, *(_folded(ladder, row, look) if unfolded is None else ()))
    if present.is_ours(row):
        return (Piece(look.words(row.text) or row.kind.value, _about_role(row)),)
    what = present.drawn(present.content(row, rung.start, rung.end), look)
    if row.kind is RowKind.LOG:
        what = tuple(
            piece._replace(role=Role.DIM) if piece.role is Role.TEXT else piece for piece in what
        )
    if rung.hidden:
        return (*what, Piece(f"  {look.cut} {words.count(rung.hidden, 'more line')}", Role.DIM))
    return what


def _folded(ladder: Ladder, row: Row, look: Look) -> Line:
    """What of folded message data matters most: its end where that is cut, and other seams."""
    if row.number in ladder.reading:
        return (Piece(f"  reading{look.cut}", Role.ACCENT),)
    end = present.ending(row)
    if end is not None:
        return (Piece("  ends ", Role.DIM), *present.drawn(end, look))
    if not row.seams:
        return ()
    return (
        Piece(f"  {words.count(len(row.seams), 'seam')} ", Role.DIM),
        Piece(look.seam, Role.SEAM),
    )


def _aside(ladder: Ladder, rung: Rung, row: Row, look: Look) -> Line:
    """What a reply answers, how often a row was sent again, what is odd about a line."""
    unfolded = ladder.body(rung.row)
    if rung.body is not None and unfolded is not None:
        return body.notes(unfolded, rung.body)
    if not is_first(ladder, rung):
        return ()
    said = ""
    if row.kind is RowKind.RETRANSMISSION:
        said = f"  {row.retransmitted} times" if row.retransmitted > 1 else ""
    elif row.retransmitted:
        said = f"  sent again {row.retransmitted}x"
    at = ladder.index(row.partner) if row.partner is not None else None
    if row.kind is RowKind.REPLY and at is not None:
        partner = ladder.detail.rows[at]
        verb = look.words(partner.verb or partner.kind.value)
        said += f"  re {partner.number} {verb[:12]}"
    return (Piece(said, Role.DIM),) if said else ()
