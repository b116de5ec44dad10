"""What a report consists of, whatever it is written as."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from dissect.evidence import Side


class Code(NamedTuple):
    """Words for a machine, or bytes from the wire: shown in type of one width."""

    text: str


Inline = str | Code


class Paragraph(NamedTuple):
    """Running text."""

    parts: tuple[Inline, ...]
    lead: bool = False
    """Whether it is what everybody has to read."""


class Bullets(NamedTuple):
    """A list."""

    items: tuple[tuple[Inline, ...], ...]
    numbered: bool = False


class Table(NamedTuple):
    """Rows and columns."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]
    named: bool = False
    """Whether the first column names its row."""


class Commands(NamedTuple):
    """What to type, line by line."""

    lines: tuple[str, ...]
    label: tuple[Inline, ...] = ()
    """Who has to type it, and where."""


class Tone(Enum):
    """What a few characters are, beside what they say."""

    PLAIN = "plain"
    MASK = "mask"
    """Written over by something on the way, or not the same on its two sides."""
    SEAM = "seam"
    """The sign of a segment boundary."""


class Span(NamedTuple):
    """Characters of one tone; those of a seam stand between two bytes."""

    text: str
    tone: Tone = Tone.PLAIN


class Step(NamedTuple):
    """One row of a ladder."""

    side: Side | None
    """Who sent it; None for what happened to the connection, or was left out."""
    time: str
    frames: str
    lines: tuple[tuple[Span, ...], ...]
    beside: str = ""
    """What stands next to it: what the masked bytes were."""
    decisive: bool = False
    """Whether the report is about it."""
    seam: tuple[int, int] | None = None
    """The frames on both sides of the seam that decides."""


class Ladder(NamedTuple):
    """A conversation between two hosts, from top to bottom."""

    title: str
    description: str
    """What it shows, for those who do not see it."""
    client: str
    server: str
    steps: tuple[Step, ...]


class HexLine(NamedTuple):
    """Up to 16 bytes."""

    offset: int
    """Of the first byte, in the stream of its direction."""
    data: bytes
    marks: tuple[tuple[int, int], ...] = ()
    """Ranges of ``data`` that something wrote over, or that the finding is about."""
    seam: int | None = None
    """The seam is before this byte; behind the last one where it is the length."""


class Hex(NamedTuple):
    """Bytes of one frame."""

    title: str
    lines: tuple[HexLine, ...]


class Row(NamedTuple):
    """One row of two columns."""

    side: Side | None
    """Who sent it; None for rows that are left out."""
    what: str
    """What it is: the same, changed, only on one side; or how many rows are left out."""
    one: tuple[Span, ...] = ()
    """What the inside has; nothing where it has none."""
    two: tuple[Span, ...] = ()


class Facing(NamedTuple):
    """A conversation as two captures have it, one beside the other."""

    title: str
    one: str
    """Client and server as the inside has them."""
    two: str
    rows: tuple[Row, ...]


Block = Paragraph | Bullets | Table | Commands | Ladder | Hex | Facing


class Section(NamedTuple):
    """One part of a report."""

    key: str
    """A word, for links to it."""
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    made: str
    """What made it, of what."""


def said(*parts: Inline, lead: bool = False) -> Paragraph:
    """A paragraph."""
    return Paragraph(parts, lead)


def plain(parts: tuple[Inline, ...]) -> str:
    """The words of some text, without what they are."""
    return "".join(part.text if isinstance(part, Code) else part for part in parts)
