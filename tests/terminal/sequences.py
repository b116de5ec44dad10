r"""What a program writes to a terminal, taken apart: text, and each escape sequence by its kind.

The grammar is that of ECMA-48 and of xterm's control sequences: ``ESC [`` begins a CSI sequence,
``ESC ]`` an OSC string, ``ESC P``, ``X``, ``^`` and ``_`` the other strings, which end with
``ESC \`` (an OSC string with BEL as well).  Bytes from 0x80 on are text: where a terminal speaks
UTF-8, an 8-bit control is the two bytes of its character, and is left to whoever reads the text.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(Enum):
    """What a piece of output is."""

    TEXT = "text"
    CONTROL = "control"
    ESCAPE = "escape"
    CSI = "CSI"
    OSC = "OSC"
    DCS = "DCS"
    SOS = "SOS"
    PM = "PM"
    APC = "APC"
    BROKEN = "broken"
    """An ESC that begins nothing, or a sequence that never ends."""


class Token(NamedTuple):
    """One piece of output."""

    kind: Kind
    raw: bytes
    body: bytes = b""
    """Of a sequence: what stands between its first bytes and its end; of CSI, with the final."""

    @property
    def final(self) -> str:
        """The letter that says what a CSI sequence does."""
        return chr(self.body[-1])

    @property
    def prefix(self) -> str:
        """``?``, ``>``, ``<`` or ``=`` in front of a CSI sequence's parameters, or nothing."""
        first = chr(self.body[0])
        return first if first in "<=>?" else ""

    @property
    def between(self) -> str:
        """The intermediate bytes of a CSI sequence: ``$`` in ``ESC [ ? 2026 $ p``."""
        return "".join(chr(byte) for byte in self.body[:-1] if byte in range(0x20, 0x30))

    @property
    def numbers(self) -> tuple[int, ...]:
        """A CSI sequence's parameters; an empty one is 0."""
        found = re.split(rb"[;:]", self.body.lstrip(b"<=>?").rstrip(_NO_NUMBERS))
        return tuple(int(number or 0) for number in found)


_NO_NUMBERS: Final = bytes(byte for byte in range(0x20, 0x7F) if not 0x30 <= byte <= 0x3B)

_WHOLE: Final = re.compile(
    rb"(?P<text>[^\x00-\x1f\x7f]+)"
    rb"|\x1b\[(?P<csi>[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e])"
    rb"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    rb"|\x1b(?P<string>[PX^_])(?P<body>[^\x1b]*)\x1b\\"
    rb"|\x1b(?P<escape>[\x20-\x2f]+[\x30-\x7e]|[\x30-\x4f\x51-\x57\x59\x5a\x5c\x60-\x7e])"
    rb"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
)
_BEGUN: Final = re.compile(
    rb"\x1b(?:\[[\x30-\x3f]*[\x20-\x2f]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[\x20-\x2f]*)\Z"
)
_STRINGS: Final = {b"P": Kind.DCS, b"X": Kind.SOS, b"^": Kind.PM, b"_": Kind.APC}
_KINDS: Final = {
    "text": Kind.TEXT, "csi": Kind.CSI, "osc": Kind.OSC, "escape": Kind.ESCAPE,
    "control": Kind.CONTROL,
}  # fmt: skip


class Tokens:
    """Takes output apart as it comes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Token]:
        """The tokens that are complete now; a sequence that is not yet waits for more."""
        data, self._rest, at = self._rest + data, b"", 0
        while at < len(data):
            if match := _WHOLE.match(data, at):
                yield _token(match)
                at = match.end()
            elif _BEGUN.match(data, at):
                self._rest = data[at:]
                return
            else:
                yield Token(Kind.BROKEN, data[at : at + 1])
                at += 1

    def end(self) -> Iterator[Token]:
        """What waited in vain."""
        if self._rest:
            yield Token(Kind.BROKEN, self._rest)
        self._rest = b""


def _token(match: re.Match[bytes]) -> Token:
    name = match.lastgroup or ""
    if name == "body":
        return Token(_STRINGS[match["string"]], match[0], match["body"])
    return Token(_KINDS[name], match[0], match[name])


def tokens(data: bytes) -> Iterator[Token]:
    """All of a program's output, taken apart."""
    parser = Tokens()
    yield from parser.feed(data)
    yield from parser.end()
