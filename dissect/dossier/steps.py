"""The ladder of the decisive flow: what leads to the damage, the damage, and what came of it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from dissect.analysis.model import Row, RowKind
from dissect.detect.finding import Finding
from dissect.dossier.case import Show
from dissect.dossier.document import Span, Step
from dissect.dossier.spans import lines, side_of
from dissect.evidence import Side

FIRST: Final = 5
"""Rows of the beginning that are always shown."""

AROUND: Final = 2
"""Rows before and behind one that the finding is about."""

LAST: Final = 4
"""Rows of the end that are always shown."""

MARKED: Final = 12
"""Other rows with masks that are shown."""

MAIL: Final = 76
"""Columns of the ladder in characters."""

WIDEST: Final = 66
"""Characters of a line."""


def steps(rows: Sequence[Row], finding: Finding, start: float, show: Show) -> tuple[Step, ...]:
    """The rows that matter, and how many were left out between them.

    Args:
        rows: of the flow's ladder.
        finding: the decisive one.
        start: of the flow, in seconds since the epoch.
        show: makes bytes safe.
    """
    kept = _kept(rows, finding)
    found: list[Step] = []
    before = -1
    for at in kept:
        if at > before + 1:
            found.append(_left_out(rows[before + 1 : at]))
        found.append(_step(rows[at], finding, start, show))
        before = at
    if before + 1 < len(rows):
        found.append(_left_out(rows[before + 1 :]))
    return tuple(found)


def _kept(rows: Sequence[Row], finding: Finding) -> list[int]:
    """The rows that are shown, by their places."""
    places = {row.number: at for at, row in enumerate(rows)}
    about = [places[number] for number in finding.rows if number in places]
    partners = [rows[at].partner for at in about]
    about += [places[number] for number in partners if number is not None and number in places]
    near = {at + shift for at in about for shift in range(-AROUND, AROUND + 1)}
    ends = {*range(FIRST), *range(len(rows) - LAST, len(rows))}
    marked = [at for at, row in enumerate(rows) if row.masked][:MARKED]
    return sorted(at for at in {*near, *ends, *marked} if 0 <= at < len(rows))


def _left_out(rows: Sequence[Row]) -> Step:
    """A stretch of rows that are only counted."""
    if len(rows) == 1:
        what = "1 row"
    else:
        said = Counter(filter(None, map(_name, rows))).most_common(3)
        what = f"{len(rows)} rows: " + ", ".join(f"{count} x {name}" for name, count in said)
    return Step(None, "", "", ((Span(f"({what})"),),))


def _name(row: Row) -> str:
    """What a row is called where it is only counted: a known verb, or a reply code."""
    if row.kind is RowKind.COMMAND:
        known = row.verb.isascii() and row.verb.isalpha() and len(row.verb) <= 8  # noqa: PLR2004
        return row.verb if known else "other commands"
    return str(row.code) if row.kind is RowKind.REPLY else row.kind.value


def _step(row: Row, finding: Finding, start: float, show: Show) -> Step:
    """One row."""
    decisive = row.number in finding.rows
    first = decisive and row.number == finding.rows[0]
    seam = finding.seam.seam if first and finding.seam else None
    side = side_of(row)
    text = list(lines(row, show, WIDEST))
    if side is None and row.side is not None:
        text[0] = (Span(f"{row.side.value}: "), *text[0])
    return Step(
        side,
        f"{row.time - start:.3f}" if row.time else "",
        _frames(row.frames),
        tuple(text),
        beside=f"was {show(row.original)}" if row.original else "",
        decisive=decisive,
        seam=(seam.before, seam.after) if seam else None,
    )


def _frames(frames: tuple[int, ...]) -> str:
    if len(frames) > 2:  # noqa: PLR2004 - both ends of a run
        return f"{frames[0]}-{frames[-1]}"
    return ", ".join(map(str, frames))


def drawn(client: str, server: str, found: Sequence[Step]) -> Iterator[str]:
    """The ladder in characters, as wide as a mail; for what has no pictures."""
    yield f"   time  frames   client {client}"
    yield f"                       {server} server"
    for step in found:
        margin = f"{step.time:>7}  {step.frames:8} "
        for at, line in enumerate(step.lines):
            text = "".join(span.text for span in line)
            yield f"{margin if not at else ' ' * 18}{_arrow(step, at)}{text}".rstrip()
        if step.beside:
            indent = f"{' ' * 18}{_arrow(step, 1)}"
            yield from textwrap.wrap(
                f"({step.beside})", MAIL, initial_indent=indent, subsequent_indent=f"{indent} "
            )


ARROWS: Final = {Side.CLIENT: "-> ", Side.SERVER: "     <- "}


def _arrow(step: Step, line: int) -> str:
    """What stands before a line."""
    if step.side is None:
        return ""
    arrow = ARROWS[step.side]
    return arrow if not line else " " * len(arrow)
