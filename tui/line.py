"""A line on screen: pieces of safe text, each with the role that it plays.

Roles are names, not colours: the stylesheet says how a role looks, and each look differs by more
than its colour wherever it carries meaning.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Iterable


class Role(Enum):
    """What a piece of text is; the value is the last part of its component class."""

    TEXT = "text"
    DIM = "dim"
    TITLE = "title"
    ACCENT = "accent"
    KEY = "key"
    CLIENT = "client"
    SERVER = "server"
    SEAM = "seam"
    MASK = "mask"
    ORIGINAL = "original"
    ESCAPED = "escaped"
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    GOOD = "good"
    BAD = "bad"


class Piece(NamedTuple):
    """Text that has passed the sanitiser, and its role."""

    text: str
    role: Role = Role.TEXT


Line = tuple[Piece, ...]

_LEAST_OF_BOTH = 6
"""Cells of two ends that can still tell something."""

EMPTY: Line = ()


def line(*parts: Piece | str) -> Line:
    """A line from pieces and plain words of ours."""
    return tuple(Piece(part) if isinstance(part, str) else part for part in parts)


def width(pieces: Iterable[Piece]) -> int:
    """Terminal cells that ``pieces`` occupy."""
    return sum(cell_len(piece.text) for piece in pieces)


def text(pieces: Iterable[Piece]) -> str:
    """The words alone."""
    return "".join(piece.text for piece in pieces)


def fit(words: str, cells: int, ellipsis: str = "…") -> str:
    """``words`` in exactly ``cells`` cells: padded, or cut with an ellipsis."""
    if cell_len(words) <= cells:
        return words + " " * (cells - cell_len(words))
    keep = max(cells - cell_len(ellipsis), 0)
    return set_cell_size(set_cell_size(words, keep) + ellipsis, cells)


def fit_middle(words: str, cells: int, ellipsis: str = "…") -> str:
    """``words`` in exactly ``cells`` cells, cut in the middle: for addresses, whose ends tell."""
    room = cells - cell_len(ellipsis)
    if cell_len(words) <= cells or room < _LEAST_OF_BOTH:
        return fit(words, cells, ellipsis)
    tail = room - room // 2
    return fit(words[: room // 2] + ellipsis + words[len(words) - tail :], cells, "")


def fit_right(words: str, cells: int, ellipsis: str = "…") -> str:
    """The same, with the padding on the left: for numbers."""
    return (
        " " * max(cells - cell_len(words), 0) + words
        if len(words) <= cells
        else fit(words, cells, ellipsis)
    )


def fit_tail(words: str, cells: int, ellipsis: str = "…") -> str:
    """``words`` in at most ``cells`` cells, without their beginning: for paths."""
    if cell_len(words) <= cells:
        return words
    room = cells - cell_len(ellipsis)
    start = next((at for at in range(len(words)) if cell_len(words[at:]) <= room), len(words))
    return ellipsis + words[start:] if room > 0 else ""


def spread(left: Line, right: Line, cells: int) -> Line:
    """``left`` and ``right`` at the two ends of a line; ``right`` goes first when it is tight."""
    room = cells - width(left) - width(right)
    return (*left, Piece(" " * room), *right) if room >= 1 else left


def crop(pieces: Line, start: int, cells: int) -> Line:
    """The cells from ``start`` on, at most ``cells`` of them."""
    kept: list[Piece] = []
    at = 0
    for piece in pieces:
        size = cell_len(piece.text)
        low, high = max(start - at, 0), min(start + cells - at, size)
        if low < high:
            kept.append(Piece(_slice(piece.text, size, low, high), piece.role))
        at += size
    return tuple(kept)


def _slice(words: str, size: int, low: int, high: int) -> str:
    if size == len(words):
        return words[low:high]
    left = set_cell_size(words, low)
    rest = words[len(left.rstrip(" ")) if left.endswith(" ") else len(left) :] if low else words
    return set_cell_size(rest, high - low)


def wrap(words: str, cells: int, indent: int = 0) -> list[str]:
    """``words`` in lines of at most ``cells``; lines after the first are indented."""
    lines: list[str] = []
    for word in words.split(" "):
        for part in _chop(word, max(cells - indent, 1)):
            if lines and cell_len(lines[-1]) + 1 + cell_len(part) <= cells:
                lines[-1] += " " + part
            else:
                lines.append(" " * (indent if lines else 0) + part)
    return lines


def _chop(word: str, cells: int) -> list[str]:
    return [word] if cell_len(word) <= cells else chop_cells(word, cells)
