"""A dialogue as plain text: for the clipboard, the pager and a file.

All of it has passed the sanitiser and can be shown on any terminal.  ``C:`` and ``S:`` stand
before what was said; ``(C)`` and ``(S)`` before what was done, in words of ours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dissect.analysis.model import RowKind
from dissect.evidence import Side
from dissect.maillog import clocks
from tui import look as looks
from tui import present, told, words
from tui.ladder import in_time, rungs
from tui.line import Role
from tui.line import text as plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.analysis.model import FlowDetail, FlowSummary, Row
    from tui.ladder import Rung
    from tui.look import Look
    from tui.privacy import Privacy

_LABEL: Final = 10
_WIDTH: Final = 100
"""Columns of the findings' running text."""
_NAMES: Final = {Side.CLIENT: "C", Side.SERVER: "S", None: "-"}


def text(
    detail: FlowDetail, *, ascii_only: bool, seams: bool = True, privacy: Privacy | None = None
) -> str:
    """The whole dialogue, its head and its findings, in lines that end in a newline.

    Args:
        detail: the flow.
        ascii_only: use printable ASCII and nothing else.
        seams: whether packet boundaries are marked inside the words.
        privacy: hides names and addresses while it is on.
    """
    look = looks.look(ascii_only=ascii_only)
    look = look if privacy is None else replace(look, privacy=privacy)
    lines = [
        *_head(detail.summary, look),
        *(_legend(detail, look) if seams else ()),
        *_log_legend(detail.rows, look),
        "",
        *_dialogue(detail, look, seams=seams),
        *_findings(detail, look),
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _head(summary: FlowSummary, look: Look) -> Iterator[str]:
    client, server = (look.words(str(end)) for end in (summary.client, summary.server))
    yield _labelled(f"flow {summary.flow}", f"{client} {look.arrow} {server}")
    yield _labelled("capture", f"{look.words(summary.capture)}  {summary.filter}")
    when = f"{words.date(summary.start)} {words.clock(summary.start, digits=3)}"
    yield _labelled("start", f"{when}  {summary.start:.6f} s since 1970")
    if summary.helo:
        yield _labelled("helo", look.name(summary.helo))
    recipients = f"recipients {summary.recipients.accepted}/{summary.recipients.offered}"
    messages = words.count(summary.messages, "message") + " accepted"
    fate = f"{summary.outcome.value} in {summary.phase}, {messages}, {recipients}"
    yield _labelled("outcome", fate)


def _legend(detail: FlowDetail, look: Look) -> Iterator[str]:
    """What the marks stand for, where there are any."""
    seams = [seam for row in detail.rows for seam in row.seams]
    if any(not seam.inferred for seam in seams):
        yield _labelled(look.seam, "a packet ends here and the next one begins")
    if any(seam.inferred for seam in seams):
        yield _labelled(look.inferred, "the same, inferred from the segment size")


def _log_legend(rows: tuple[Row, ...], look: Look) -> Iterator[str]:
    """Which logs there are lines of, and how their clock differs."""
    lines = [row.log for row in rows if row.log is not None]
    if lines:
        files = ", ".join(dict.fromkeys(look.words(line.file) for line in lines))
        ahead = lines[0].stamp - lines[0].time
        how = f"; {clocks(ahead)}" if ahead else ""
        yield _labelled("log", f"a line of {files}, at its time by the capture's clock{how}")


def _labelled(label: str, said: str) -> str:
    return f"{label:<{_LABEL}}{said}"


def _dialogue(detail: FlowDetail, look: Look, *, seams: bool) -> Iterator[str]:
    rows = detail.rows
    latest = max((row.time - detail.summary.start for row in rows), default=0.0)
    cells = max(len(f"{latest:.3f}"), _LABEL - 2)
    for index in in_time(rows):
        row = rows[index]
        time = _time(row, detail.summary.start)
        for number, rung in enumerate(rungs(index, row)):
            head = f"{time:>{cells}}  {_speaker(row)} " if not number else " " * (cells + 6)
            yield head + _said(row, rung, look, seams=seams)
    if detail.left_out:
        yield f"{look.cut} {words.count(detail.left_out, 'row')} of this flow were not kept"


def _time(row: Row, start: float) -> str:
    """Seconds since the start; the time of day where more is not known."""
    if row.log is not None and row.log.coarse:
        return words.clock(row.time)
    return f"{row.time - start:.3f}" if row.frames or row.time else ""


def _speaker(row: Row) -> str:
    if row.kind is RowKind.LOG:
        return "log"
    name = _NAMES[row.side]
    return f"({name})" if present.is_ours(row) else f"{name}: "


def _said(row: Row, rung: Rung, look: Look, *, seams: bool) -> str:
    pieces = present.drawn(present.content(row, rung.start, rung.end), look)
    said = plain(piece for piece in pieces if seams or piece.role is not Role.SEAM)
    was = plain(piece for piece in present.original(row, rung.start, rung.end, look)[1:])
    again = _again(row)
    hidden = f"  {look.cut} {words.count(rung.hidden, 'more line')}" if rung.hidden else ""
    return said + (f"  [was {was}]" if was else "") + again + hidden


def _again(row: Row) -> str:
    if row.kind is RowKind.RETRANSMISSION:
        return f"  [{row.retransmitted} times]" if row.retransmitted > 1 else ""
    return f"  [sent again {row.retransmitted}x]" if row.retransmitted else ""


def _findings(detail: FlowDetail, look: Look) -> Iterator[str]:
    if not detail.findings:
        return
    yield ""
    yield "findings"
    for found in sorted(detail.findings, key=lambda found: -found.severity):
        yield ""
        yield from (plain(line) for line in told.finding(found, _WIDTH, look))
