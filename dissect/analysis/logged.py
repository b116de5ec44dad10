"""Lines of mail logs in the read model: by flow, and among the rows of its ladder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, islice
from typing import Final

from dissect.analysis.model import FlowDetail, FlowLog, LogFacts, LogLine, Row, RowKind
from dissect.maillog import Line, Ties

MOST: Final = 1_000
"""Lines that are kept of one flow."""

FIRST: Final = 1 << 40
"""The number of the first row that is a line of a log: beyond those of any flow."""


def facts(ties: Ties) -> LogFacts:
    """How well it went."""
    return LogFacts(
        lines=ties.lines, tied=len(ties.tied), flows=len({tie.flow for tie in ties.tied}),
        offset=ties.offset, ambiguous=ties.ambiguous, left_out=ties.left_out,
    )  # fmt: skip


def logs(ties: Ties) -> Iterator[FlowLog]:
    """What is said of each flow, in the order of their numbers."""
    offset = ties.offset or 0.0
    for flow, tied in groupby(ties.tied, lambda tie: tie.flow):
        lines = tuple(log_line(tie.line, offset) for tie in islice(tied, MOST))
        yield FlowLog(flow, lines, sum(1 for _ in tied))


def log_line(line: Line, offset: float) -> LogLine:
    """A line, whose clock is ahead by so many seconds."""
    entry = line.entry
    return LogLine(
        line.file, line.number, entry.make, entry.said.what, entry.time - offset, entry.time,
        entry.text, entry.verb if entry.masked else "",
    )  # fmt: skip


def with_log(detail: FlowDetail, log: FlowLog | None) -> FlowDetail:
    """The flow with the lines of a log as rows behind its own; their kind is ``RowKind.LOG``.

    Rows keep their numbers, so that whatever refers to one still does.
    """
    if log is None or not log.lines:
        return detail
    rows = (_row(FIRST + at, line) for at, line in enumerate(log.lines))
    return replace(detail, rows=(*detail.rows, *rows))


def _row(number: int, line: LogLine) -> Row:
    data = line.text.encode("utf-8", "surrogateescape")
    return Row(
        number, RowKind.LOG, None, line.time, frames=(), offset=0, size=len(data), text=data,
        masked=_masked(data, line.masked), log=line,
    )  # fmt: skip


def _masked(data: bytes, verb: str) -> tuple[tuple[int, int], ...]:
    """Where the masked verb stands: behind a quotation mark, if the server has quoted it."""
    word = verb.encode("utf-8", "surrogateescape")
    at = data.find(b'"' + word) + 1 if word else 0
    at = at or (data.find(word) if word else -1)
    return ((at, at + len(word)),) if at >= 0 else ()
