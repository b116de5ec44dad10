"""A document as text for a mail: 76 columns of whatever ``Show`` made, in practice ASCII."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from typing import Any, Final

from dissect.dossier.document import (
    Block,
    Bullets,
    Commands,
    Document,
    Facing,
    Hex,
    HexLine,
    Ladder,
    Paragraph,
    Table,
    plain,
)
from dissect.dossier.facing import diff
from dissect.dossier.hexes import printable
from dissect.dossier.steps import drawn

WIDTH: Final = 76
"""Columns that every mail program leaves alone, RFC 5322 section 2.1.1 and the signs of quoting."""

LEAST: Final = 6
"""Columns that a cell of a table keeps."""

GAP: Final = "  "


def written(document: Document) -> str:
    """The whole of it."""
    return "".join(f"{line.rstrip()}\n" for line in _lines(document))


def _lines(document: Document) -> Iterator[str]:
    yield document.title
    yield "=" * len(document.title)
    yield from _filled(document.subtitle)
    for number, section in enumerate(document.sections, 1):
        heading = f"{number}. {section.title}"
        yield from ("", "", heading, "-" * len(heading))
        for block in section.blocks:
            yield ""
            yield from block_lines(block)
    yield from ("", "-- ")
    yield from _filled(document.made)


def block_lines(block: Block) -> Iterator[str]:
    """One block."""
    return iter(WRITERS[type(block)](block))


def _filled(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """Running text in lines; what is longer than a line, such as a filter, is broken."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=first if rest is None else rest,
        break_on_hyphens=False,
    )  # fmt: skip


def _paragraph(block: Paragraph) -> list[str]:
    return _filled(plain(block.parts))


def _bullets(block: Bullets) -> Iterator[str]:
    for number, item in enumerate(block.items, 1):
        sign = f"{number:>2}. " if block.numbered else "  * "
        yield from _filled(plain(item), sign, " " * len(sign))


def _commands(block: Commands) -> Iterator[str]:
    """Lines to type; they stay whole, because they are copied."""
    if block.label:
        yield from _filled(plain(block.label))
        yield ""
    yield from (f"    {line}" for line in block.lines)


def _ladder(block: Ladder) -> Iterator[str]:
    for line in drawn(block.client, block.server, block.steps):
        yield line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}..."


def _facing(block: Facing) -> Iterator[str]:
    yield from _filled(block.title)
    yield ""
    yield from (f"  {line}" for line in diff(block))


def _hex(block: Hex) -> Iterator[str]:
    yield block.title
    yield from hex_lines(block.lines)


def hex_lines(lines: tuple[HexLine, ...]) -> Iterator[str]:
    """Offset, bytes and characters, with the marks beneath them."""
    for line in lines:
        data = line.data.hex(" ")
        yield f"  {line.offset:>6}  {data:<47}  {printable(line.data)}"
        signs = _signs(line)
        if signs:
            yield f"  {'':>6} {signs}"


def _signs(line: HexLine) -> str:
    """What stands under the bytes: ``^^`` for marked ones, a bar for the seam."""
    cells = [" "] * (len(line.data) * 3 + 1)
    for low, high in line.marks:
        for at in range(low, high):
            cells[at * 3 + 1 : at * 3 + 3] = "^^"
    if line.seam is not None:
        cells[line.seam * 3] = "|"
    return "".join(cells).rstrip()


def _table(block: Table) -> Iterator[str]:
    """Columns, with their cells filled where they are too wide together."""
    yield from _filled(block.caption)
    cells = [block.head, *(tuple(plain((cell,)) for cell in row) for row in block.rows)]
    widths = _widths(cells)
    for at, row in enumerate(cells):
        yield from _row(row, widths)
        if not at:
            yield GAP + GAP.join("-" * width for width in widths)


def _widths(cells: list[tuple[str, ...]]) -> list[int]:
    """How wide each column is: as its longest cell, but all of them no wider than a line.

    The widest column gives way first, down to its longest word where there is room for that.
    """
    widths = [max(LEAST, *map(len, column)) for column in zip(*cells, strict=True)]
    words = [
        min(32, max(len(word) for cell in column for word in (cell.split() or [""])))
        for column in zip(*cells, strict=True)
    ]
    room = WIDTH - len(GAP) * len(widths)
    for floors in (words, [LEAST] * len(widths)):
        while sum(widths) > room:
            spare = [w - max(floor, LEAST) for w, floor in zip(widths, floors, strict=True)]
            if max(spare) <= 0:
                break
            widest = max(range(len(widths)), key=lambda at: (spare[at] > 0, widths[at]))
            widths[widest] -= 1
    return widths


def _row(row: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    """A row in as many lines as its longest cell takes."""
    filled = [
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
        for cell, width in zip(row, widths, strict=True)
    ]
    for at in range(max(map(len, filled))):
        parts = [cell[at] if at < len(cell) else "" for cell in filled]
        padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
        yield GAP + GAP.join(padded)


WRITERS: Final[dict[type[Any], Callable[[Any], Any]]] = {
    Paragraph: _paragraph,
    Bullets: _bullets,
    Table: _table,
    Commands: _commands,
    Ladder: _ladder,
    Hex: _hex,
    Facing: _facing,
}
