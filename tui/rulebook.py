"""``seamark rules`` on a terminal, or in a pipe without style."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from dissect.detect.finding import Severity
from dissect.report.text import COLOURS
from dissect.rulebook import Page, Section

NARROWEST: Final = 60
"""Columns that the list needs."""

WIDEST: Final = 100
"""Columns beyond which running text is hard to read."""

HEADINGS: Final = ("rule", "group", "severity", "what it reports")
MUTED: Final = "(muted) "
GAP: Final = "  "


def listing(pages: list[Page], width: int, *, colour: bool) -> str:
    """All rules in columns, in lines of at most ``width`` cells."""
    console = _console(width, colour=colour)
    rows = [_row(page) for page in pages]
    heading = tuple(Text(word, "bold") for word in HEADINGS)
    widths = [max(len(row[at]) for row in (heading, *rows)) for at in range(3)]
    for row in (heading, *rows):
        console.print(*_columns(console, row, widths), sep="\n")
    return _written(console)


def page(page: Page, width: int, *, colour: bool) -> str:
    """One rule with its whole text."""
    console = _console(width, colour=colour)
    console.print(Text(page.name, "bold"))
    console.print(*_filled(console, Text(page.info.summary), Text()), sep="\n")
    console.print()
    facts = _facts(page)
    longest = max(map(len, facts))
    for name, value in facts.items():
        first = Text(f"{name:{longest}}{GAP}")
        console.print(*_filled(console, value, first), sep="\n")
    for section in page.sections():
        console.print()
        console.print(Text(section.heading, "bold"))
        console.print(*_section(console, section), sep="\n")
    return _written(console)


def _row(page: Page) -> tuple[Text, ...]:
    """The cells of a rule, in the order of ``HEADINGS``."""
    muted = Text(MUTED if page.treatment.mute else "")
    return (
        Text(page.name, "bold"),
        Text(page.info.group),
        _severity(page.treatment.severity),
        muted.append(page.info.summary),
    )


def _columns(console: Console, row: tuple[Text, ...], widths: list[int]) -> Iterator[Text]:
    """A row of the list; its last cell is wrapped within its column."""
    first = Text()
    for cell, width in zip(row, widths, strict=False):
        first += cell + Text(" " * (width - len(cell)) + GAP)
    return _filled(console, row[-1], first)


def _facts(page: Page) -> dict[str, Text]:
    """What is said of a rule before its text."""
    treatment, own = page.treatment, page.info.severity
    severity = _severity(treatment.severity)
    if treatment.fixed:
        severity += Text(f" for all its findings, by your configuration; its own is {own}")
    reported = "not at all: muted by your configuration" if treatment.mute else ""
    if treatment.once and not treatment.mute:
        reported = "once a flow, by your configuration"
    facts = {"severity": severity, "group": Text(page.info.group), "reported": Text(reported)}
    facts["sources"] = Text(", ".join(page.info.sources))
    return {name: value for name, value in facts.items() if value}


def _section(console: Console, section: Section) -> Iterator[Text]:
    """What stands under a heading."""
    for number, paragraph in enumerate(section.paragraphs):
        if number:
            yield Text()
        yield from _filled(console, _marked(paragraph), Text(GAP))
    for line in section.transcript:
        yield Text(GAP + GAP + line)


def _marked(paragraph: str) -> Text:
    """A paragraph whose code stands out; the backticks stay for those who see no style."""
    text = Text(paragraph)
    for code in re.finditer(r"`[^`]*`", paragraph):
        text.stylize("cyan", *code.span())
    return text


def _filled(console: Console, text: Text, first: Text) -> Iterator[Text]:
    """Text in lines behind ``first``, and from the second line on as far from the edge.

    A word that is longer than a line, such as an address on the web, stays whole: it is copied.
    """
    line = Text()
    for word in text.split(" "):
        if line and len(first) + len(line) + 1 + len(word) > console.width:
            yield first + line
            first, line = Text(" " * len(first)), word
        else:
            line = line + Text(" ") + word if line else word
    yield first + line


def _severity(severity: Severity) -> Text:
    """Its name; what is added to it has no colour."""
    return Text.assemble((str(severity), COLOURS[severity] or ""))


def _console(width: int, *, colour: bool) -> Console:
    """A console that writes into memory; without colour it has no style at all."""
    return Console(
        file=io.StringIO(),
        width=max(NARROWEST, min(width, WIDEST)),
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        soft_wrap=True,
    )


def _written(console: Console) -> str:
    """What the console got."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
