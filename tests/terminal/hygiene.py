"""Whether a program's output to a terminal is only what it should be.

What is allowed is named, and everything else is a stray: a list of what is forbidden would always
lack something.  Text may hold no character that steers, reorders, hides or joins.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from terminal.sequences import Kind, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

MODES: Final = frozenset({7, 25, 1000, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2026, 2048})
"""Private modes that Textual sets and resets."""
ASKED: Final = frozenset({2026, 2048})
"""Private modes that Textual asks for."""
CLIPBOARD: Final = re.compile(rb"52;c;([A-Za-z0-9+/=]*)")
"""The OSC string that fills the clipboard."""

_CSI: Final = (
    re.compile(rb"(?:\d+(?:;\d+)*)?m"),  # looks
    re.compile(rb"(?:\d+;\d+)?H"),  # the cursor's place
    re.compile(rb"[>=<]?\d*u"),  # the kitty keyboard protocol on and off
)
_LOOKS: Final = frozenset({0, 1, 2, 3, 4, 7, 9, *range(21, 30), 39, 49, 53, 55})
"""The parameters of SGR sequences that Textual may use beside colours: none blinks or conceals."""
_MODE: Final = re.compile(rb"\?(\d+)([hl]|\$p)")
_POINTER: Final = re.compile(rb"22;[a-z-]+")
_LAYOUT: Final = b"\r\n"
_BAD: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Mc", "Me"})
_COLOURS: Final = frozenset({*range(30, 39), *range(40, 49), 58, *range(90, 98), *range(100, 108)})


def strays(written: bytes, *, clipboard: bool = False) -> list[str]:
    """What is in the output and should not be, each once.

    Args:
        written: all that the program wrote.
        clipboard: whether it was asked to fill the clipboard.
    """
    found: dict[str, None] = {}
    for token in tokens(written):
        found.update(dict.fromkeys(_strays(token, clipboard=clipboard)))
    return list(found)


def _strays(token: Token, *, clipboard: bool) -> Iterator[str]:
    if token.kind is Kind.TEXT:
        yield from harmful(token.raw)
    elif not _is_allowed(token, clipboard=clipboard):
        yield f"{token.kind.value} {token.raw[:60]!r}"


def _is_allowed(token: Token, *, clipboard: bool) -> bool:
    if token.kind is Kind.CONTROL:
        return token.raw in _LAYOUT
    if token.kind is Kind.OSC:
        clip = CLIPBOARD.fullmatch(token.body)
        return bool(_POINTER.fullmatch(token.body) or (clipboard and clip))
    return token.kind is Kind.CSI and _is_allowed_csi(token.body)


def _is_allowed_csi(body: bytes) -> bool:
    if match := _MODE.fullmatch(body):
        return int(match[1]) in (ASKED if match[2] == b"$p" else MODES)
    if not any(pattern.fullmatch(body) for pattern in _CSI):
        return False
    return body[-1:] != b"m" or _are_allowed_looks(body)


def _are_allowed_looks(body: bytes) -> bool:
    """Whether an SGR sequence does no more than a colour or a weight."""
    plain = re.sub(rb"[345]8;(?:5;\d+|2;\d+;\d+;\d+)", b"0", body[:-1])
    return all(int(number or 0) in _LOOKS | _COLOURS for number in plain.split(b";"))


def harmful(text: bytes) -> list[str]:
    """What in a text steers a terminal, reorders, hides or joins, or is no UTF-8."""
    shown = text.decode("utf-8", "surrogateescape")
    if shown.isascii():
        return [f"text U+{ord(char):04X}" for char in shown if not char.isprintable()]
    return [f"text U+{ord(char):04X}" for char in shown if unicodedata.category(char) in _BAD]


def clips(written: bytes) -> list[bytes]:
    """What was put into the clipboard, in turn."""
    found = (CLIPBOARD.fullmatch(token.body) for token in tokens(written))
    with_text = (match[1] for match in found if match)
    return [_decoded(text) for text in with_text]


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise AssertionError(f"no base64 in the clipboard: {text!r}") from error


def colours(written: bytes) -> set[int]:
    """The parameters of SGR sequences that choose a colour; those of an extended one are one."""
    looks = (token for token in tokens(written) if token.kind is Kind.CSI and token.final == "m")
    return {number for token in looks for number in _chosen(token.numbers)}


def _chosen(numbers: tuple[int, ...]) -> Iterator[int]:
    rest = iter(numbers)
    for number in rest:
        if number in _COLOURS:
            yield number
        if number in {38, 48, 58}:
            for _ in range({5: 1, 2: 3}.get(next(rest, 0), 0)):
                next(rest, 0)


def unprintable_ascii(written: bytes) -> str:
    """The characters of all texts that are not printable ASCII."""
    texts = b"".join(token.raw for token in tokens(written) if token.kind is Kind.TEXT)
    shown = texts.decode("utf-8", "backslashreplace")
    return "".join(sorted({char for char in shown if not (char.isascii() and char.isprintable())}))
