"""What Seamark reads in one frame: the rows of the ladder that lie in it, in a line.

It stands beside Wireshark's Info column of the same frame, and is written like it:
``C: MAIL, RCPT x34, XX┊ ⟵ RCPT  rows 3-38``.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import Row, RowKind
from dissect.evidence import Side
from tui import present
from tui.line import Line, Piece, Role, crop, width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui.look import Look

_MOST_VERB: Final = 12
_MOST_TEXT: Final = 44
"""Cells of the one row of a frame, which is spelled out."""
_MOST_CUT: Final = 20
"""Cells of one among several, which is spelled out because a seam cuts it."""
_MOST_ITEMS: Final = 60
_OURS: Final = {
    RowKind.OPEN: "handshake",
    RowKind.MESSAGE: "message data",
    RowKind.AUTH: "AUTH answer",
    RowKind.UNKNOWN: "bytes not read as SMTP",
    RowKind.TLS: "TLS",
    RowKind.GAP: "a gap",
    RowKind.RETRANSMISSION: "sent again",
    RowKind.RESET: "RST",
    RowKind.CLOSE: "FIN",
}
"""The kinds that have no word of their own on the wire."""


class Part(NamedTuple):
    """A row, as far as it lies in a frame."""

    row: Row
    start: int
    end: int
    """The range of the row's bytes, line end included."""

    @property
    def whole(self) -> bool:
        """Whether all of it does."""
        return self.start == 0 and self.end == max(self.row.size, len(self.row.text))


def parts(rows: Iterable[Row], frame: int) -> list[Part]:
    """The rows that lie in a frame, each with the part that does."""
    return [part for row in rows if _holds(row, frame) for part in _parts(row, frame)]


def _holds(row: Row, frame: int) -> bool:
    """Long rows name the first and the last of their frames, and those at their seams."""
    if frame in row.frames:
        return True
    return bool(row.seams) and any(frame in (seam.before, seam.after) for seam in row.seams)


def _parts(row: Row, frame: int) -> list[Part]:
    """What a frame brought of a row: between seams, it may be more than one part."""
    size = max(row.size, len(row.text))
    if not row.seams:
        return [Part(row, 0, size)]
    cuts = [0, *(seam.offset - row.offset for seam in row.seams), size]
    brought = [row.seams[0].before, *(seam.after for seam in row.seams)]
    found = [
        Part(row, low, high)
        for (low, high), by in zip(pairwise(cuts), brought, strict=True)
        if by == frame
    ]
    same = _joined(found)
    return same or [Part(row, 0, size)]


def _joined(found: list[Part]) -> list[Part]:
    """Neighbours that one frame brought, with an inferred seam between them, are one part."""
    joined = found[:1]
    for part in found[1:]:
        if part.start == joined[-1].end:
            joined[-1] = joined[-1]._replace(end=part.end)
        else:
            joined.append(part)
    return joined


def line(rows: Iterable[Row], frame: int, look: Look) -> Line:
    """What lies in a frame; nothing where no row does."""
    rows = tuple(rows)
    found = parts(rows, frame)
    if not found:
        return _inside(rows, frame)
    said: list[Piece] = []
    for side, group in groupby(found, key=lambda part: part.row.side):
        said += [Piece(" ")] if said else []
        said += [Piece(f"{side.value[0].upper()}: ", _SIDES[side])] if side else []
        said += _items(list(group), look)
    return (*said, Piece(f"  {_numbers(found)}", Role.DIM))


_SIDES: Final = {Side.CLIENT: Role.CLIENT, Side.SERVER: Role.SERVER}


def _inside(rows: tuple[Row, ...], frame: int) -> Line:
    """Long message data names its first and its last frame only."""
    around = [
        row for row in rows
        if row.kind is RowKind.MESSAGE and row.frames and row.frames[0] < frame < row.frames[-1]
    ]  # fmt: skip
    if not around:
        return ()
    row = around[0]
    span = f"{row.frames[0]}-{row.frames[-1]}"
    return (Piece(f"while message data came, frames {span}  row {row.number}", Role.DIM),)


def _items(found: list[Part], look: Look) -> Line:
    """Parts in their order; whole ones that are alike are counted."""
    said: list[Piece] = []
    alone = len(found) == 1
    groups = groupby(enumerate(found), key=lambda each: _key(*each))
    for number, (_, group) in enumerate(groups):
        if number == _MOST_ITEMS:
            return (*said, Piece(f", {look.cut}", Role.DIM))
        each = [part for _, part in group]
        said += [Piece(", ", Role.DIM)] if number else []
        said += _item(each, look, spelled=alone)
    return tuple(said)


def _key(number: int, part: Part) -> tuple[str, int]:
    """Parts with the same key stand together; one that is cut stands alone."""
    plain = part.whole and not part.row.masked
    return (_label(part.row), -1 if plain else number)


def _item(group: list[Part], look: Look, *, spelled: bool) -> Line:
    part = group[0]
    if len(group) > 1:
        return (Piece(f"{look.words(_label(part.row))} x{len(group)}"),)
    cut = not part.whole or part.row.masked
    if present.is_ours(part.row) or not (cut or spelled):
        return (Piece(look.words(_label(part.row))),)
    return _spelled(part, look, _MOST_TEXT if spelled else _MOST_CUT)


def _label(row: Row) -> str:
    if row.kind in _OURS:
        return _OURS[row.kind]
    return row.verb[:_MOST_VERB] or (str(row.code) if row.code else row.kind.value)


def _spelled(part: Part, look: Look, cells: int) -> Line:
    """The bytes, with the seams at their edges, and what they were; the edge stays in sight."""
    row = part.row
    said = present.drawn(_content(part), look)
    if width(said) > cells:
        cut = Piece(look.cut, Role.DIM)
        ends = part.start == 0 and part.end < row.size
        tail = crop(said, width(said) - cells + 1, cells - 1)
        said = (cut, *tail) if ends else (*crop(said, 0, cells - 1), cut)
    behind = [seam for seam in row.seams if seam.offset - row.offset == part.end]
    said += tuple(Piece(look.inferred if s.inferred else look.seam, Role.SEAM) for s in behind[:1])
    masked = any(low < part.end and part.start < high for low, high in row.masked)
    was = present.original(row, 0, part.end, look) if part.start == 0 and masked else ()
    return (*said, *(_closer(was) if was else ()))


def _content(part: Part) -> present.Content:
    """The part's bytes; its line end is only there where a seam cuts it."""
    row, start = part.row, part.start
    text = len(row.text)
    stop = text if part.end >= row.size and start < text else part.end
    data = (row.text + _ending(row))[start:stop]
    seams = {seam.offset - row.offset - start: seam.inferred for seam in row.seams}
    inside = {at: inferred for at, inferred in seams.items() if 0 <= at < len(data)}
    masked = [(max(low, start) - start, min(high, stop) - start) for low, high in row.masked]
    ranges = tuple((low, high) for low, high in masked if low < high)
    return present.Content(data, present.Marks(inside, ranges), len(data))


def _ending(row: Row) -> bytes:
    """The line end of a row whose text is all there."""
    return {1: b"\n", 2: b"\r\n"}.get(row.size - len(row.text), b"")


def _closer(was: Line) -> Line:
    """The original, with one blank before its arrow."""
    return (Piece(f" {was[0].text.lstrip()}", was[0].role), *was[1:])


def _numbers(found: list[Part]) -> str:
    numbers = sorted({part.row.number for part in found})
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    return f"rows {numbers[0]}-{numbers[-1]}"
