"""What the mail server itself wrote about it."""

from __future__ import annotations

from typing import Final

from dissect.dossier.case import Case, clock, many
from dissect.dossier.document import Block, Code, Inline, Section, Table, said
from dissect.maillog import Tie, Ties, clocks

LINES: Final = 40
"""Lines that are shown, those of the decisive conversation first."""

TEXT: Final = 300
"""Characters of a line."""


def section(case: Case) -> Section | None:
    """The lines about conversations with findings; nothing where no log was read."""
    ties = case.gathered.ties
    if ties is None:
        return None
    return Section("log", "What the mail log says", (said(_fit(ties)), *_lines(case)))


def _fit(ties: Ties) -> str:
    """How well the logs fit the captures."""
    flows = len({tie.flow for tie in ties.tied})
    text = (
        f"{len(ties.tied):,} of {many(ties.lines, 'line')} with a client belong to "
        f"{many(flows, 'conversation')}; {clocks(ties.offset)}."
    )
    if ties.ambiguous:
        text += f" {many(ties.ambiguous, 'line')} without a port fit several and are left out."
    if ties.left_out:
        text += f" {many(ties.left_out, 'line')} were too many to keep."
    return text


def _lines(case: Case) -> tuple[Block, ...]:
    """The lines themselves."""
    first = case.decisive.finding.flow if case.decisive else None
    lines = sorted(case.gathered.lines, key=lambda tie: tie.flow != first)
    if not lines:
        return (said("None of them is about a conversation in which something was found."),)
    rows = tuple(_row(case, tie) for tie in lines[:LINES])
    caption = "Lines about conversations with findings"
    if len(lines) > LINES:
        caption += f"; the first {LINES} of {len(lines):,}"
    return (Table(caption, ("flow", "time (UTC)", "line"), rows, named=True),)


def _row(case: Case, tie: Tie) -> tuple[Inline, ...]:
    """One line, at the time of the log's own clock."""
    entry = tie.line.entry
    text = case.show(entry.text)
    shown = text if len(text) <= TEXT else f"{text[: TEXT - 3]}..."
    return (str(tie.flow), clock(entry.time)[5:], Code(shown))
