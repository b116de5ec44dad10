"""A comparison as text of 80 columns, for whoever runs what is between the two captures."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from dissect.compare import words
from dissect.compare.comparison import Comparison
from dissect.compare.pair import Change, Pair
from dissect.compare.tape import Tape
from dissect.compare.view import View
from dissect.escape import cells, visible

WIDTH: Final = 80
ROW: Final = 70
"""Columns of a stretch of bytes."""

BEFORE: Final = 16
"""Bytes shown before the first one that differs, where the line is long."""

MOST: Final = 20
"""Differences shown of one flow."""

FLOWS: Final = 50
"""Flows shown."""

SEAM: Final = "|"


class Source(NamedTuple):
    """One of the two captures."""

    place: str
    """inside or outside."""
    name: str
    packets: int
    flows: int


def write(
    found: Comparison, sources: tuple[Source, Source], warnings: list[str],
    put: Callable[[str], object],
) -> None:  # fmt: skip
    """Write all of it."""
    for line in _all(found, sources, warnings):
        put(line.rstrip() + "\n")


def _all(found: Comparison, sources: tuple[Source, Source], warnings: list[str]) -> Iterator[str]:
    for source in sources:
        yield from _filled(
            f"{source.place:8} {visible(source.name)}: {source.packets:,} packets, "
            f"{source.flows:,} SMTP flows", "", 9,
        )  # fmt: skip
    yield from _filled(f"clocks   {words.clocks(found)}", "", 9)
    yield ""
    yield f"Between them: {words.name(found.family)}"
    yield from _filled(words.message(found), "  ", 2)
    yield from _filled(words.numbers(found), "  ", 2)
    for each, count in words.traits(found):
        yield from _filled(f"{words.trait(each)} ({count:,} flows)", "  ", 4)
    yield from _pairs(found)
    yield from _alone(found.only_one, "inside")
    yield from _alone(found.only_two, "outside")
    yield from _unsure(found)
    for warning in warnings:
        yield from _filled(f"Note: {warning}", "", 2)


def _pairs(found: Comparison) -> Iterator[str]:
    """The flows that differ."""
    differing = [pair for pair in found.pairs if pair.changes]
    for pair in differing[:FLOWS]:
        yield ""
        yield from _head(pair)
        for change in pair.changes[:MOST]:
            yield from _change(change, first=words.first_seen(found, change.side))
        if len(pair.changes) > MOST:
            yield f"  and {words.places(len(pair.changes) - MOST)} more in this flow"
    if len(differing) > FLOWS:
        yield ""
        yield f"and {len(differing) - FLOWS:,} more flows; --format jsonl has them all"


def _head(pair: Pair) -> Iterator[str]:
    """Which flow it is, in both captures."""
    one, two = pair.one, pair.two
    yield f"Flow {one.client} > {one.server}"
    if (one.client, one.server) != (two.client, two.server):
        yield f"  outside it is {two.client} > {two.server}"
    if pair.renumbered:
        yield "  with other sequence numbers on the two sides"
    yield f"  Wireshark: {one.filter} inside, {two.filter} outside"


def _change(change: Change, *, first: bool) -> Iterator[str]:
    """One difference: as it was sent, and as it arrived."""
    yield f"  {words.title(change)}"
    views = [("inside", change.one), ("outside", change.two)]
    for place, view in views if first else reversed(views):
        frames = ", ".join(str(frame) for frame in view.frames[:6])
        frames += ", ..." if len(view.frames) > len(view.frames[:6]) else ""
        where = f"byte {view.offset:,}, frames {frames}" if view.frames else "nothing"
        yield f"    {place:8} {where}"
        if view.text:
            yield from _stretch(view, change.runs)


def _stretch(view: View, runs: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """The bytes with their seams, and a mark under each one that differs."""
    start = max(0, (runs[0][0] if runs else 0) - BEFORE)
    start = 0 if len(view.text) <= ROW // 2 else start
    seams = set(view.seams)
    marked = {at for left, length in runs for at in range(left, left + length)}
    row, marks = ("... " if start else ""), (" " * 4 if start else "")
    for cell in cells(view.text[start:], ascii_only=True):
        at = start + cell.at
        piece = (SEAM if at in seams else "") + cell.text
        if len(row) + len(piece) > ROW:
            row += " ..."
            break
        row += piece
        marks += (" " * (len(piece) - len(cell.text))) + ("^" if at in marked else " ") * len(
            cell.text
        )
    else:
        row += " ..." if view.length > len(view.text) else ""
    yield f"      {row}"
    if marks.strip():
        yield f"      {marks}"


def _alone(tapes: tuple[Tape, ...], place: str) -> Iterator[str]:
    """Flows that only one capture has."""
    if not tapes:
        return
    yield ""
    yield f"Only {place}: {len(tapes):,} flows"
    for tape in tapes[:MOST]:
        yield f"  {tape.client} > {tape.server}  {tape.filter}"
    if len(tapes) > MOST:
        yield f"  and {len(tapes) - MOST:,} more"


def _unsure(found: Comparison) -> Iterator[str]:
    """What could not be compared."""
    unsure = [pair for pair in found.pairs if pair.unsure]
    if not unsure:
        return
    yield ""
    yield f"Not compared in {len(unsure):,} flows:"
    for pair in unsure[:MOST]:
        for why in pair.unsure[:MOST]:
            yield from _filled(f"{pair.one.client}: {why}", "  ", 4)
    if len(unsure) > MOST:
        yield f"  and {len(unsure) - MOST:,} more"


def _filled(text: str, first: str, rest: int) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=" " * rest, break_on_hyphens=False
    )
