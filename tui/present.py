"""The words of a row, with its seams and masks at their exact bytes.

A seam is drawn before the byte that follows it; where it cuts a character of several bytes, the
halves are shown as bytes.  A line too long for its place is cut so that its first seam or mask
stays in sight.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect import escape
from dissect.analysis.model import Row, RowKind
from dissect.evidence import Side
from tui.line import Line, Piece, Role, crop, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.look import Look

_MOST_BYTES: Final = 4096
"""Bytes of a line that are laid out: more than any terminal shows, little enough to be quick."""
_AROUND: Final = 256
_HEAD: Final = 12
"""Cells kept of a line's beginning where its middle is cut out."""
_SAID: Final = {
    RowKind.GREETING,
    RowKind.COMMAND,
    RowKind.REPLY,
    RowKind.AUTH,
    RowKind.UNKNOWN,
    RowKind.LOG,
}
"""The kinds whose text is somebody else's: the bytes on the wire, or a line of a log.

The others say in our words what happened.
"""
_IN_OUR_WORDS: Final = frozenset(set(RowKind) - _SAID)
_UNREADABLE: Final = b" bytes that cannot be read as SMTP here"
_TERMINATOR: Final = b"\r\n.\r\n"
_SPOTS: Final = frozenset({Role.SEAM, Role.MASK})
"""What stays in sight where a line is cut."""
_ABOUT_FLOW: Final = frozenset(
    {RowKind.OPEN, RowKind.TLS, RowKind.GAP, RowKind.RESET, RowKind.CLOSE}
)


class Marks(NamedTuple):
    """What is marked in some bytes, by position."""

    seams: dict[int, bool]
    """Positions of seams; True where one is inferred."""
    masked: tuple[tuple[int, int], ...]
    toned: tuple[tuple[int, int, Role], ...] = ()
    """Ranges that play another role than plain text; the first one that holds a byte counts."""


class Content(NamedTuple):
    """Some bytes of a row with their marks."""

    data: bytes
    marks: Marks
    ending: int
    """Where the line end begins, if it is shown because a seam lies in it."""


def content(row: Row, start: int = 0, end: int | None = None) -> Content:
    """A range of a row's text; its line end is only there where a seam lies in it."""
    stop = len(row.text) if end is None else end
    if is_ours(row):
        return Content(row.text[start:stop], Marks({}, ()), stop - start)
    seams = {seam.offset - row.offset - start: seam.inferred for seam in row.seams}
    length = stop - start
    ending = _line_end(row, stop) if any(length <= at < length + 2 for at in seams) else b""
    shown = {at: inferred for at, inferred in seams.items() if 0 <= at < length + len(ending)}
    masked = [(max(low, start) - start, min(high, stop) - start) for low, high in row.masked]
    ranges = tuple((low, high) for low, high in masked if low < high)
    return Content(row.text[start:stop] + ending, Marks(shown, ranges), length)


def _line_end(row: Row, stop: int) -> bytes:
    if stop < len(row.text):
        return row.text[stop : stop + 2]
    if row.size > len(row.text) + 2:
        return b""  # the text is capped here, and goes on
    return b"\n" if row.size == len(row.text) + 1 else b"\r\n"


def ending(row: Row) -> Content | None:
    """The end of some message data, where a seam lies in it; None where there is none to show."""
    start = row.offset + row.size - len(_TERMINATOR)
    seams = {seam.offset - start: seam.inferred for seam in row.seams}
    if not seams or not all(0 < at < len(_TERMINATOR) for at in seams):
        return None
    return Content(_TERMINATOR, Marks(seams, ()), 0)


def drawn(what: Content, look: Look) -> Line:
    """The bytes in their visible form with their marks."""
    pieces: list[Piece] = []
    for start, end in _ranges(len(what.data), what.marks):
        if pieces or start:
            pieces.append(Piece(look.cut, Role.DIM))
        data = _shown(what.data, start, end, look)
        pieces.extend(_pieces(data, start, end, what.marks, look))
    return tuple(pieces)


def _shown(data: bytes, start: int, end: int, look: Look) -> bytes:
    """A range of the data; names are hidden before it is cut at its marks, if they are hidden."""
    hide = look.privacy
    if not hide.on:
        return data[start:end]
    low, high = max(start - _AROUND, 0), end + _AROUND
    return hide.hide_bytes(data[low:high])[start - low : end - low]


def _ranges(length: int, found: Marks) -> list[tuple[int, int]]:
    """The parts of long data that are laid out: its beginning and the surroundings of marks."""
    if length <= _MOST_BYTES:
        return [(0, length)]
    ranges = [(0, _MOST_BYTES // 2)]
    spots = sorted({*found.seams, *(low for low, _ in found.masked)})
    for spot in spots[: _MOST_BYTES // 2 // _AROUND]:
        start, end = max(spot - _AROUND // 2, ranges[-1][1]), min(spot + _AROUND // 2, length)
        if start < end:
            ranges.append((start, end))
    return _joined(ranges)


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined = [ranges[0]]
    for start, end in ranges[1:]:
        if start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _pieces(data: bytes, start: int, end: int, found: Marks, look: Look) -> Iterator[Piece]:
    """The pieces of a range; ``data`` begins where the range does."""
    for low, high in pairwise(_cuts(start, end, found)):
        if low in found.seams:
            yield _seam(low, found, look)
        yield from _spelled(data[low - start : high - start], _role(low, found), look)


def _cuts(start: int, end: int, found: Marks) -> list[int]:
    edges = {*found.seams, *(edge for pair in found.masked for edge in pair)}
    edges.update(edge for low, high, _ in found.toned for edge in (low, high))
    return sorted({start, end, *(edge for edge in edges if start < edge < end)})


def _role(at: int, found: Marks) -> Role:
    if any(low <= at < high for low, high in found.masked):
        return Role.MASK
    return next((role for low, high, role in found.toned if low <= at < high), Role.TEXT)


def _seam(at: int, found: Marks, look: Look) -> Piece:
    return Piece(look.inferred if found.seams[at] else look.seam, Role.SEAM)


def _spelled(data: bytes, role: Role, look: Look) -> Iterator[Piece]:
    """Runs of plain and of escaped characters; what is marked looks marked either way."""
    if data.isascii() and data.decode("ascii").isprintable():
        yield Piece(escape.visible(data, ascii_only=look.ascii_only), role)
        return
    for cell in escape.cells(data, ascii_only=look.ascii_only):
        yield Piece(cell.text, Role.ESCAPED if cell.escaped and role is Role.TEXT else role)


def original(row: Row, start: int, end: int, look: Look) -> Line:
    """What the masked part in a range of the text was, as it stands beside it."""
    each = row.original.split(", ") if row.original else []
    if len(each) == len(row.masked):
        inside = [start <= low <= end for low, _ in row.masked]
        each = [was for was, here in zip(each, inside, strict=True) if here]
    elif start:
        each = []
    if not each:
        return ()
    was = look.words(", ".join(each))
    return (Piece(f"  {look.original} ", Role.DIM), Piece(was, Role.ORIGINAL))


def shortened(words: Line, cells: int, look: Look, spots: frozenset[Role] = _SPOTS) -> Line:
    """``words`` in at most ``cells``, with the first piece of one of the roles in sight."""
    total = width(words)
    if total <= cells:
        return words
    spot = _first_mark(words, spots)
    cut = Piece(look.cut, Role.DIM)
    if spot is None or spot + _HEAD < cells:
        return (*crop(words, 0, cells - 1), cut)
    room = max(cells - _HEAD - 2, 4)
    start = max(spot - room // 3, _HEAD)
    tail = crop(words, start, room + 1 if start + room + 1 >= total else room)
    end = () if start + room + 1 >= total else (cut,)
    return (*crop(words, 0, _HEAD), cut, *tail, *end)


def _first_mark(words: Line, spots: frozenset[Role]) -> int | None:
    at = 0
    for piece in words:
        if piece.role in spots:
            return at
        at += width((piece,))
    return None


def arrow(row: Row, look: Look) -> Piece:
    """The row's arrow: by its side, doubled where it was sent again; ``log`` for no traffic."""
    if row.kind is RowKind.LOG:
        return Piece("log", Role.ACCENT)
    if row.side is None:
        return Piece(look.about, Role.DIM)
    again = row.kind is RowKind.RETRANSMISSION
    if row.side is Side.CLIENT:
        return Piece(look.again_to_server if again else look.to_server, Role.CLIENT)
    return Piece(look.again_to_client if again else look.to_client, Role.SERVER)


def is_about_flow(row: Row) -> bool:
    """True where the row is no side's: the handshake, TLS, a gap, a reset, the close."""
    return row.side is None and row.kind in _ABOUT_FLOW


def is_ours(row: Row) -> bool:
    """True where the text is not what was said, but our words for what happened."""
    if row.kind is RowKind.UNKNOWN:
        return row.text.endswith(_UNREADABLE)
    return row.kind in _IN_OUR_WORDS
