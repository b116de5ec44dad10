"""The facts of the line under the cursor: what it is, who waited how long, what its code means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dissect.analysis.model import LogLine, Row, RowKind
from dissect.maillog import clocks
from tui import body, present, status, told, words
from tui.line import Line, Piece, Role, text, width, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.ladder import Ladder
    from tui.look import Look

_LONG: Final = 36
"""Cells of words from which on they may be cut in the ladder, and are told whole."""
_MOST_LINES: Final = 12
_LABEL: Final = 10


def lines(ladder: Ladder, line: int, cells: int, look: Look) -> list[Line]:
    """What is known of a line of the ladder."""
    rung, row = ladder.rungs[line], ladder.row(line)
    unfolded = ladder.body(rung.row)
    if rung.body is not None and unfolded is not None:
        return _of_body(body.facts(unfolded, rung.body), row, cells, look)
    found = _joined(list(_of_row(row)), cells, look)
    found += _joined(list(_of_answer(ladder, row)), cells, look, Role.TEXT)
    found += _whole(ladder, line, cells, look)
    found += told.paragraph("", _unfolding(row, unfolded=unfolded is not None), cells, look)
    left_out = ladder.detail.left_out
    if left_out:
        said = f"{words.count(left_out, 'row')} of this flow were not kept"
        found += told.paragraph("", said, cells, look, Role.MEDIUM)
    return found


def _of_body(facts: list[str], row: Row, cells: int, look: Look) -> list[Line]:
    first = _joined([f"row {row.number}", "message data", *facts], cells, look)
    return [*first, *told.paragraph("", "e folds the message data", cells, look)]


def _joined(parts: list[str], cells: int, look: Look, role: Role = Role.DIM) -> list[Line]:
    return told.paragraph("", f" {look.dot} ".join(parts), cells, look, role)


def _of_log(line: LogLine) -> Iterator[str]:
    """Where a line of a log stands, and when it says that it was written."""
    yield f"{line.file}:{line.number}"
    yield f"{line.make}: {line.what.value.replace('-', ' ')}"
    yield f"stamped {words.date(line.stamp)} {words.clock(line.stamp)}"
    if line.stamp != line.time:
        yield clocks(line.stamp - line.time)


def _of_row(row: Row) -> Iterator[str]:
    if row.log is not None:
        yield from _of_log(row.log)
        return
    yield f"row {row.number}"
    yield row.kind.value
    if row.frames:
        yield f"frames {words.frames(row.frames)}"
    if row.size:
        yield f"{words.count(row.size, 'byte')} at offset {row.offset:,}"
    if row.seams:
        yield words.count(len(row.seams), "seam")
    if row.group is not None:
        yield "pipelined"


def _of_answer(ladder: Ladder, row: Row) -> Iterator[str]:
    """How long the server took to answer, and what its code means."""
    at = None if row.partner is None else ladder.index(row.partner)
    if at is not None:
        other = ladder.detail.rows[at]
        command, reply = (other, row) if row.kind is RowKind.REPLY else (row, other)
        which = command if row is reply else reply
        what = f"row {which.number}"
        told_by = f"answers {what}" if row is reply else f"answered by {what}"
        took = f" after {took_words(command, reply)}" if command.frames else ""
        yield told_by + took
    elif row.kind in {RowKind.COMMAND, RowKind.MESSAGE, RowKind.AUTH}:
        yield "no answer to it was seen"
    if row.kind in {RowKind.REPLY, RowKind.GREETING} and (meaning := status.meaning(row.text)):
        yield meaning


def took_words(command: Row, reply: Row) -> str:
    """The time between a command and its reply: ``35 ms``, ``12.0s``."""
    took = max(reply.time - command.time, 0)
    return f"{took * 1000:.0f} ms" if took < 1 else words.span(took)


def _whole(ladder: Ladder, line: int, cells: int, look: Look) -> list[Line]:
    """The words of a line that may be cut in the ladder, with their marks."""
    rung, row = ladder.rungs[line], ladder.row(line)
    if present.is_ours(row):
        return []
    shown = present.drawn(present.content(row, rung.start, rung.end), look)
    if width(shown) <= _LONG:
        return []
    rows = wrap(text(shown), max(cells - _LABEL, 8))[:_MOST_LINES]
    labels = ["whole", *[""] * (len(rows) - 1)]
    return [
        (Piece(f"{label:<{_LABEL}}", Role.DIM), Piece(said))
        for label, said in zip(labels, rows, strict=True)
    ]


def _unfolding(row: Row, *, unfolded: bool) -> str:
    if row.kind is not RowKind.MESSAGE or not row.size:
        return ""
    return "e folds it again" if unfolded else "e unfolds its headers and lines"
