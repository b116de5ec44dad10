"""Findings and verdicts in words, for a pane of any width."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tui import words
from tui.line import EMPTY, Line, Piece, Role, fit, wrap
from tui.look import SEVERITY_ROLES, Look

if TYPE_CHECKING:
    from dissect.analysis.model import Verdict
    from dissect.detect.finding import Finding
    from dissect.detect.policy import Treatment
    from dissect.rulebook import Page, Section

_LABEL: Final = 10
_MOST_CHARS: Final = 2000
_MARK: Final = re.compile(r" *\^~*")
"""A line that points at something in the line above."""
_MOST_RECIPIENTS: Final = 5


def finding(found: Finding, cells: int, look: Look, *, place: str = "") -> list[Line]:
    """A finding: what it is, what it costs and what mends it, the dearest words first."""
    return [
        _head(found, place, look),
        *paragraph("", found.message, cells, look),
        *_evidence(found, cells, look),
        *paragraph("impact", found.impact, cells, look),
        *_recipients(found, cells, look),
        *_list("remedy", found.remedy, cells, look),
        *paragraph("Wireshark", found.filter, cells, look, Role.DIM),
        *paragraph("sources", ", ".join(found.sources), cells, look, Role.DIM),
    ]


def rule(page: Page, cells: int, look: Look) -> list[Line]:
    """A rule: what it reports, and everything that its page says but the example."""
    treatment = page.treatment
    return [
        (
            Piece(f"{look.glyph(treatment.severity)} {treatment.severity} ", _role(treatment)),
            Piece(page.name, Role.TITLE),
            Piece(f"  {page.info.group}", Role.DIM),
        ),
        *paragraph("", _plain(page.info.summary), cells, look),
        *(line for section in page.sections() for line in _section(section, cells, look)),
        *paragraph("sources", ", ".join(page.info.sources), cells, look, Role.DIM),
    ]


def _role(treatment: Treatment) -> Role:
    return SEVERITY_ROLES[treatment.severity]


def _section(section: Section, cells: int, look: Look) -> list[Line]:
    """What stands under a heading; an example dialogue is in the flows themselves."""
    if not section.paragraphs:
        return []
    words = "\n".join(_plain(part) for part in section.paragraphs)
    return [EMPTY, (Piece(section.heading, Role.ACCENT),), *paragraph("", words, cells, look)]


def _plain(words: str) -> str:
    """Running text without the marks of its code."""
    return words.replace("`", "")


def verdict(told: Verdict, cells: int, look: Look) -> list[Line]:
    """A verdict with the counts that prove it."""
    counts = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in told.counts)
    return [
        (
            Piece("verdict  ", Role.ACCENT),
            Piece(verdict_words(told, cells - _LABEL, look), Role.TITLE),
        ),
        *_labelled("between", _ends(told, look), cells, Role.TEXT),
        *paragraph("", told.message, cells, look),
        *paragraph("proof", counts, cells, look, Role.DIM),
        *_list("remedy", told.remedy, cells, look),
        *_list("confirm", told.confirm, cells, look),
    ]


def verdict_words(told: Verdict, cells: int, look: Look) -> str:
    """A verdict in a line; the two ends yield to the device where both do not fit."""
    what = f"{look.words(told.title)} ({told.confidence:.2f})"
    both = f"{what}  {_ends(told, look)}"
    return both if cell_len(both) <= cells else fit(what, cells, look.cut).rstrip()


def _ends(told: Verdict, look: Look) -> str:
    return f"{look.words(told.client)} {look.between} {look.words(told.server)}"


def paragraph(label: str, said: str, cells: int, look: Look, role: Role = Role.TEXT) -> list[Line]:
    """A labelled text, wrapped beside its label; nothing where there is nothing to say."""
    if not said:
        return []
    indent = _LABEL if label else 0
    lines = [
        row for part in said[:_MOST_CHARS].split("\n")
        for row in wrap(look.words(part), max(cells - indent, 8))
    ]  # fmt: skip
    margins = [f"{label:<{indent}}", *[" " * indent] * (len(lines) - 1)]
    return [
        (Piece(margin, Role.DIM), Piece(row, role))
        for margin, row in zip(margins, lines, strict=True)
    ]


def error(said: str, cells: int, look: Look) -> list[Line]:
    """An error, wrapped; a line with a mark beneath it is cut instead, so that the mark fits."""
    lines = said[:_MOST_CHARS].split("\n") if said else []
    marks = [bool(_MARK.fullmatch(line)) for line in lines]
    rows: list[Line] = []
    for at, line in enumerate(lines):
        if marks[at] or any(marks[at + 1 : at + 2]):
            rows.append((Piece(fit(look.words(line), cells, look.cut).rstrip(), Role.BAD),))
        else:
            rows += paragraph("", line.strip(), cells, look, Role.BAD)
    return rows


def _head(found: Finding, place: str, look: Look) -> Line:
    role = SEVERITY_ROLES[found.severity]
    return (
        Piece(f"{look.glyph(found.severity)} {found.severity} ", role),
        Piece(look.words(found.rule), Role.TITLE),
        Piece(
            f"  confidence {found.confidence:.2f}  frames {words.frames(found.frames)}", Role.DIM
        ),
        Piece(f"  {place}" if place else "", Role.DIM),
    )


def _evidence(found: Finding, cells: int, look: Look) -> list[Line]:
    """The bytes as they were seen, with their seam, and what they were."""
    if not found.observed and not found.original:
        return []
    seen = found.observed[:_MOST_CHARS]
    inside = found.seam
    if inside is not None and 0 <= inside.offset <= len(seen):
        mark = look.inferred if inside.seam.inferred else look.seam
        shown = look.words(seen[: inside.offset]) + mark + look.words(seen[inside.offset :])
    else:
        shown = look.words(seen)
    was = look.words(found.original)
    first = _labelled("observed", shown, cells, Role.TEXT)
    return [*first, *_labelled("original", was, cells, Role.ORIGINAL)]


def _labelled(label: str, shown: str, cells: int, role: Role) -> list[Line]:
    """Like a paragraph, of words that have passed the sanitiser."""
    if not shown:
        return []
    lines = wrap(shown, max(cells - _LABEL, 8))
    labels = [label, *[""] * (len(lines) - 1)]
    return [
        (Piece(f"{head:<{_LABEL}}", Role.DIM), Piece(row, role))
        for head, row in zip(labels, lines, strict=True)
    ]


def _recipients(found: Finding, cells: int, look: Look) -> list[Line]:
    if not found.recipients:
        return []
    some = ", ".join(found.recipients[:_MOST_RECIPIENTS])
    rest = len(found.recipients) - _MOST_RECIPIENTS
    more = f" and {rest} more" if rest > 0 else ""
    return paragraph("no mail", some + more, cells, look)


def _list(label: str, items: tuple[str, ...], cells: int, look: Look) -> list[Line]:
    lines: list[Line] = []
    for item in items:
        lines += paragraph(label if not lines else " ", item, cells, look)
    return lines
