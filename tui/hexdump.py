"""Bytes as a hex dump: offsets, pairs of digits and text, with ranges marked and seams in both.

In the text column each byte has one cell, whatever it is, and hostile bytes are never raw.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect import escape
from tui.line import Line, Piece, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tui.look import Look

    Hidden = Callable[[bytes], Sequence[tuple[int, int]]] | None
    """Says which ranges of some bytes are not to be shown."""

PER_LINE: Final = 16
_NARROW: Final = 8
_DIGITS: Final = 4
_MOST_DIGITS: Final = 9
_BESIDE: Final = 6
"""Cells of a line beside its offset, its bytes and its gap: blanks, and slots for seams."""


class Mark(NamedTuple):
    """A range of bytes that stands out."""

    start: int
    end: int
    role: Role
    bracketed: bool = False
    """Whether brackets in the hex column tell its ends, for eyes and terminals without colour."""


class Form(NamedTuple):
    """How a dump is laid out."""

    per_line: int = PER_LINE
    digits: int = _DIGITS
    """Cells of the offset column."""
    decimal: bool = False
    """Whether offsets are decimal, as a stream's are, or hexadecimal, as a frame's are."""

    @property
    def width(self) -> int:
        """Cells of a full line."""
        return self.digits + 4 * self.per_line + self.gap + _BESIDE

    @property
    def gap(self) -> int:
        """Cells between the two halves of a line."""
        return 1 if self.per_line == PER_LINE else 0


class Dump(NamedTuple):
    """Some bytes, and what is marked in them."""

    data: bytes
    form: Form = Form()
    start: int = 0
    """What the offset column says of ``data[0]``."""
    marks: tuple[Mark, ...] = ()
    """Later ones win."""
    seams: Mapping[int, bool] = {}
    """Positions in ``data`` before which a seam is drawn; True where it is inferred."""
    hidden: tuple[tuple[int, int], ...] = ()
    """Ranges of which only the length is shown."""

    @property
    def height(self) -> int:
        """Number of lines."""
        return -(-len(self.data) // self.form.per_line)


def form(cells: int, size: int, *, decimal: bool = False) -> Form:
    """The widest form that fits into some cells.

    Args:
        cells: what there is.
        size: the largest offset.
        decimal: how offsets are written.
    """
    digits = max(len(str(size) if decimal else f"{size:x}"), _DIGITS)
    full = Form(PER_LINE, digits, decimal)
    found = full if full.width <= cells else full._replace(per_line=_NARROW)
    if not decimal:
        return found
    return found._replace(digits=max(digits, min(_MOST_DIGITS, digits + cells - found.width)))


def hide(data: bytes, hidden: Hidden) -> tuple[tuple[int, int], ...]:
    """The ranges that are not to be shown."""
    return tuple(hidden(data)) if hidden is not None else ()


def lines(dump: Dump, look: Look) -> list[Line]:
    """All lines of a dump."""
    return [line(dump, number, look) for number in range(dump.height)]


def line(dump: Dump, number: int, look: Look) -> Line:
    """One line of a dump."""
    per_line, digits, decimal = dump.form
    low = number * per_line
    high = min(low + per_line, len(dump.data))
    hidden = tuple(each for each in dump.hidden if each[0] < high and low < each[1])
    dump = dump._replace(hidden=hidden)
    offset = dump.start + low
    shown = f"{offset:>{digits}} " if decimal else f"{offset:0{digits}x} "
    rest = per_line - (high - low)
    missing = 3 * rest + (dump.form.gap if high - low <= _NARROW else 0)
    return (
        Piece(shown, Role.DIM),
        *_digits(dump, low, high, look),
        Piece(" " * (missing + 1)),
        *_text(dump, low, high, look),
    )


def byte_at(dump: Dump, number: int, column: int) -> int | None:
    """The byte that is drawn at a column of a line; None beside the bytes."""
    low = number * dump.form.per_line
    shown = range(low, min(low + dump.form.per_line, len(dump.data)))
    for at in shown:
        start = _column(dump.form, at - low)
        if start <= column < start + 2:
            return at
    text = _column(dump.form, dump.form.per_line) + 2
    passed = 0
    for at in shown:
        passed += at in dump.seams and at > low
        if column == text + (at - low) + passed:
            return at
    return None


def plain(data: bytes, *, text: bool = True, hidden: Hidden = None) -> str:
    """The same for other programs: ``0000  02 18 …  ..`` with printable ASCII and nothing else.

    Args:
        data: a frame.
        text: whether the text stands beside the digits.
        hidden: what is not to be shown.
    """
    secret = hide(data, hidden)
    digits = max(len(f"{len(data):x}"), _DIGITS)
    found = []
    for low in range(0, len(data), PER_LINE):
        part = range(low, min(low + PER_LINE, len(data)))
        gone = [any(start <= at < end for start, end in secret) for at in part]
        pairs = ["--" if no else f"{data[at]:02x}" for at, no in zip(part, gone, strict=True)]
        chars = ["." if no else _plain(data[at]) for at, no in zip(part, gone, strict=True)]
        beside = f"{' '.join(pairs):<{3 * PER_LINE}}  {''.join(chars)}" if text else " ".join(pairs)
        found.append(f"{low:0{digits}x}  {beside}\n")
    return "".join(found)


def _plain(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F else "."  # noqa: PLR2004 - printable ASCII


def _column(form: Form, at: int) -> int:
    """Where the digits of a line's byte begin."""
    return form.digits + 2 + 3 * at + (form.gap if at >= _NARROW else 0)


def _digits(dump: Dump, low: int, high: int, look: Look) -> list[Piece]:
    """The pairs of digits, each behind a slot for what stands between it and the one before."""
    found: list[Piece] = []
    for at in range(low, high):
        found.append(_slot(dump, at, look, opens=True, closes=at > low))
        if dump.form.gap and at - low == _NARROW:
            found.append(Piece(" "))
        role = _role(dump, at)
        gone = _is_hidden(dump, at)
        found.append(Piece(look.dot * 2 if gone else f"{dump.data[at]:02x}", role))
    return [*found, _slot(dump, high, look, opens=False, closes=True)]


def _slot(dump: Dump, at: int, look: Look, *, opens: bool, closes: bool) -> Piece:
    """A seam, an end of a marked range, or a blank."""
    if at in dump.seams and (opens or at == len(dump.data)):
        return _seam(dump, at, look)
    for mark in reversed(dump.marks):
        if mark.bracketed and opens and mark.start == at < mark.end:
            return Piece("[", mark.role)
        if mark.bracketed and closes and mark.end == at > mark.start:
            return Piece("]", mark.role)
    return Piece(" ")


def _seam(dump: Dump, at: int, look: Look) -> Piece:
    return Piece(look.inferred if dump.seams[at] else look.seam, Role.SEAM)


def _text(dump: Dump, low: int, high: int, look: Look) -> list[Piece]:
    """The text: slots at both ends, so that lines keep step, and one cell for each byte."""
    found: list[Piece] = []
    for at in range(low, high):
        if at in dump.seams:
            found.append(_seam(dump, at, look))
        elif at == low:
            found.append(Piece(" "))
        found.append(_char(dump, at, look))
    if high == len(dump.data) and high in dump.seams:
        found.append(_seam(dump, high, look))
    return found


def _char(dump: Dump, at: int, look: Look) -> Piece:
    role = _role(dump, at)
    if _is_hidden(dump, at):
        return Piece(".", role)
    shown, escaped = _chars(look.ascii_only)[dump.data[at]]
    return Piece(shown, Role.ESCAPED if escaped and role is Role.TEXT else role)


def _role(dump: Dump, at: int) -> Role:
    for mark in reversed(dump.marks):
        if mark.start <= at < mark.end:
            return mark.role
    return Role.DIM if _is_hidden(dump, at) else Role.TEXT


def _is_hidden(dump: Dump, at: int) -> bool:
    return any(start <= at < end for start, end in dump.hidden)


@lru_cache(maxsize=2)
def _chars(ascii_only: bool) -> tuple[tuple[str, bool], ...]:  # noqa: FBT001 - the cache's key
    """By byte: its one cell, and whether that stands for something else."""
    return tuple(_cell(byte, ascii_only=ascii_only) for byte in range(256))


def _cell(byte: int, *, ascii_only: bool) -> tuple[str, bool]:
    """Printable ASCII is itself; of the others only those that end lines or fields have a sign."""
    if 0x20 <= byte < 0x7F:  # noqa: PLR2004 - printable ASCII
        return chr(byte), False
    shown = escape.visible(bytes((byte,)), ascii_only=ascii_only)
    return (shown if byte in b"\t\r\n" and len(shown) == 1 else ".", True)
