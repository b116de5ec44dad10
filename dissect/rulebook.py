"""The rules as they are explained: to people by ``seamark rules`` and in docs, and to programs.

In: the registry and the table of the policy.  Out: ``Page``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from dissect.detect.policy import DEFAULT, Table, Treatment
from dissect.detect.registry import RULES
from dissect.detect.rule import HEADINGS, Info, text

DIALOGUE: Final = "Example dialogue"
"""The heading whose text is a transcript; its lines stay as they are."""

INDENT: Final = "    "
"""What stands before each line of a transcript in a docstring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands under one heading."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    """Running text, each in one line; ``code`` stands between backticks."""
    transcript: tuple[str, ...] = ()
    """Lines of a dialogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One rule."""

    info: Info
    treatment: Treatment
    text: dict[str, str]
    """By heading, as it is in the docstring."""

    @property
    def name(self) -> str:
        """What it is called everywhere."""
        return self.info.name

    def sections(self) -> Iterator[Section]:
        """Its text, in the order of the headings."""
        for heading, body in self.text.items():
            if heading == DIALOGUE:
                lines = tuple(line.removeprefix(INDENT) for line in body.splitlines())
                yield Section(heading=heading, transcript=lines)
            else:
                paragraphs = (" ".join(part.split()) for part in body.split("\n\n"))
                yield Section(heading=heading, paragraphs=tuple(paragraphs))


def pages(table: Table = DEFAULT) -> list[Page]:
    """All rules, in the order of the registry."""
    return [
        Page(
            info=rule.info,
            treatment=table[rule.info.name],
            text={head: body for head, body in text(rule).items() if head in HEADINGS},
        )
        for rule in RULES
    ]


@cache
def page(name: str) -> Page | None:
    """A rule by its name, as it is by default; None for a name that no rule has."""
    return next((each for each in pages() if each.name == name), None)


def rule_object(page: Page) -> dict[str, Any]:
    """A rule for programs; keys come in a fixed order."""
    return {
        "type": "rule",
        "rule": page.name,
        "group": page.info.group,
        "severity": str(page.treatment.severity),
        "default_severity": str(page.info.severity),
        "once": page.treatment.once,
        "mute": page.treatment.mute,
        "summary": page.info.summary,
        "sources": list(page.info.sources),
        "text": {section.heading: _plain(section) for section in page.sections()},
    }


def _plain(section: Section) -> str:
    """A section as one string: a line for each paragraph, or for each line of a dialogue."""
    return "\n".join(section.paragraphs or section.transcript)
