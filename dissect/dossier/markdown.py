"""A document as Markdown (CommonMark, with the tables of GitHub): for a ticket or a wiki."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from dissect.dossier.document import (
    Block,
    Bullets,
    Code,
    Commands,
    Document,
    Facing,
    Hex,
    Inline,
    Ladder,
    Paragraph,
    Table,
)
from dissect.dossier.facing import diff
from dissect.dossier.steps import drawn
from dissect.dossier.text import hex_lines

INSIDE: Final = re.compile(r"[\\`*_\[\]<>|~&$#]")
"""Characters that mean something inside a line, to one Markdown or another."""

START: Final = re.compile(r"(\s*)([-+=]|\d+(?=[.)]))")
"""What means something at the beginning of a line."""

LINK: Final = re.compile(r"(:(?=//)|(?<=www)\.)", re.IGNORECASE)
"""What GitHub makes a link of by itself."""


def written(document: Document) -> str:
    """The whole of it."""
    return "".join(f"{line.rstrip()}\n" for line in _lines(document))


def _lines(document: Document) -> Iterator[str]:
    yield f"# {escaped(document.title)}"
    yield ""
    yield escaped(document.subtitle)
    for number, section in enumerate(document.sections, 1):
        yield ""
        yield f"## {number}. {escaped(section.title)}"
        for block in section.blocks:
            yield ""
            yield from block_lines(block)
    yield from ("", "---", "", escaped(document.made))


def block_lines(block: Block) -> list[str]:
    """One block."""
    return WRITERS[type(block)](block)


def escaped(text: str) -> str:
    """Words that Markdown shows as they are."""
    safe = LINK.sub(r"\\\1", INSIDE.sub(r"\\\g<0>", text))
    start = START.match(safe)
    if start is None:
        return safe
    at = start.end() if start[2].isdigit() else start.start(2)
    return f"{safe[:at]}\\{safe[at:]}"


def code(text: str) -> str:
    """Words in type of one width, whatever they are."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    inner = f" {text} " if text[:1] in {"`", " "} or text[-1:] in {"`", " "} else text
    return f"{fence}{inner}{fence}" if text else ""


def _inline(parts: Iterable[Inline]) -> str:
    return "".join(code(p.text) if isinstance(p, Code) else escaped(p) for p in parts)


def _paragraph(block: Paragraph) -> list[str]:
    words = _inline(block.parts)
    return [f"**{words}**" if block.lead else words]


def _bullets(block: Bullets) -> list[str]:
    return [
        f"{f'{number}.' if block.numbered else '-'} {_inline(item)}"
        for number, item in enumerate(block.items, 1)
    ]


def _commands(block: Commands) -> list[str]:
    label = [_inline(block.label), ""] if block.label else []
    return [*label, *_fenced(block.lines)]


def _fenced(lines: Iterable[str]) -> list[str]:
    """Lines as they are."""
    held = list(lines)
    longest = max((len(run) for line in held for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *held, fence]


def _ladder(block: Ladder) -> list[str]:
    return [
        escaped(block.description),
        "",
        *_fenced(drawn(block.client, block.server, block.steps)),
    ]


def _facing(block: Facing) -> list[str]:
    return [escaped(block.title), "", *_fenced(diff(block))]


def _hex(block: Hex) -> list[str]:
    return [escaped(block.title), "", *_fenced(hex_lines(block.lines))]


def _table(block: Table) -> list[str]:
    rows = [[_cell(cell) for cell in row] for row in block.rows]
    head = [escaped(name) for name in block.head]
    lines = [head, ["---"] * len(head), *rows]
    return [escaped(block.caption), "", *(f"| {' | '.join(line)} |" for line in lines)]


def _cell(cell: Inline) -> str:
    """A cell; a bar would end it, even in code."""
    if isinstance(cell, Code):
        return code(cell.text).replace("|", "\\|")
    return escaped(cell)


WRITERS: Final[dict[type[Any], Callable[[Any], list[str]]]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    Table: _table,
    Commands: _commands,
    Ladder: _ladder,
    Hex: _hex,
    Facing: _facing,
}
