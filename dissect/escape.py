r"""The one sanitiser: bytes from a packet become text that is safe to show, and still evidence.

In: bytes (or text) that an attacker chose.  Out: text in which every character occupies one or
two cells and nothing steers a terminal, reorders, hides or joins what stands beside it.
**Invariant:** the output never holds a control, format, combining, surrogate or unassigned
character; in ASCII mode it is printable ASCII.

The forms cannot be forged: a backslash that was in the data is doubled, and a control picture
that was in the data is written as an escape.

    CR LF TAB NUL DEL    ␍ ␊ ␉ ␀ ␡       in ASCII mode \r \n \t \x00 \x7f
    invalid UTF-8        \xff
    U+202E, U+0301       \u202e \u0301
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

_NAMED: Final = {9: "\\t", 10: "\\n", 13: "\\r"}
_LAST_C0: Final = 0x1F
_DELETE: Final = 0x7F
_BMP_END: Final = 0xFFFF
_PICTURES: Final = 0x2400
_BYTE_SURROGATES: Final = range(0xDC80, 0xDD00)
_UNSURE: Final = (
    range(0x1160, 0x1200),  # Hangul vowels and finals that join the letter before them
    range(0x2400, 0x2440),  # control pictures, which would look like ours
    range(0x2800, 0x2801),  # the empty Braille pattern
    range(0x3164, 0x3165),  # the Hangul filler, an invisible letter
    range(0xD7B0, 0xD800),  # more joining Hangul
    range(0xFFA0, 0xFFA1),  # the half-width filler
    range(0x1F1E6, 0x1F200),  # regional indicators, which join into flags
    range(0x1F3FB, 0x1F400),  # skin tones, which join the picture before them
)


class Cell(NamedTuple):
    """One unit of the input in its visible form."""

    text: str
    at: int
    """Where it begins in the input: a byte, or a character of a str."""
    escaped: bool
    """True where ``text`` stands for something else."""


def visible(data: bytes | str, *, ascii_only: bool = False) -> str:
    """``data`` as text that is safe to show anywhere.

    Args:
        data: bytes from a packet, read as UTF-8 where they are, or text made from them.
        ascii_only: use printable ASCII and nothing else.
    """
    text = data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join([_form(char, ascii_only)[0] for char in text])


def cells(data: bytes | str, *, ascii_only: bool = False) -> list[Cell]:
    """The same as ``visible``, unit by unit, so that a mark can be set at its exact byte."""
    if isinstance(data, str):
        return [Cell(*_split(char, at, ascii_only)) for at, char in enumerate(data)]
    found, at = [], 0
    for char in data.decode("utf-8", "surrogateescape"):
        found.append(Cell(*_split(char, at, ascii_only)))
        at += _width_in_bytes(char)
    return found


def _split(char: str, at: int, ascii_only: bool) -> tuple[str, int, bool]:  # noqa: FBT001
    text, escaped = _form(char, ascii_only)
    return text, at, escaped


def _width_in_bytes(char: str) -> int:
    return 1 if ord(char) in _BYTE_SURROGATES else len(char.encode("utf-8"))


@lru_cache(maxsize=4096)
def _form(char: str, ascii_only: bool) -> tuple[str, bool]:  # noqa: FBT001
    """The visible form of one character, and whether it differs from the character."""
    code = ord(char)
    if char == "\\":
        return "\\\\", True
    if code <= _LAST_C0 or code == _DELETE:
        return _control(code, ascii_only), True
    if code < _DELETE or (not ascii_only and _is_plain(char)):
        return char, False
    return _escape(code), True


def _control(code: int, ascii_only: bool) -> str:  # noqa: FBT001
    if ascii_only:
        return _NAMED.get(code, f"\\x{code:02x}")
    return chr(_PICTURES + (0x21 if code == _DELETE else code))


def _is_plain(char: str) -> bool:
    """True for a character that shows itself, and nothing more, in cells of its own."""
    code = ord(char)
    if not char.isprintable() or unicodedata.category(char).startswith("M"):
        return False
    return not any(code in unsure for unsure in _UNSURE)


def _escape(code: int) -> str:
    if code in _BYTE_SURROGATES:
        return f"\\x{code - 0xDC00:02x}"
    if code <= _BMP_END:
        return f"\\u{code:04x}"
    return f"\\U{code:08x}"
