r"""What a terminal says when a program asks it something.

Programs ask for the terminal's attributes, for modes (DECRQM), the cursor's place, capabilities
(XTGETTCAP), the kitty keyboard protocol and colours.  A terminal that does not know a question is
silent, so silence is what a program has to live with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from terminal.sequences import Kind, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from terminal.sequences import Token

SYNCHRONISED: Final = 2026
RESIZED_IN_BAND: Final = 2048
"""The mode in which the terminal reports a new size between the keys."""
_UNKNOWN: Final = 0
_RESET: Final = 2

Cursor = tuple[int, int]
"""Column and row, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a terminal answers."""

    attributes: bytes = b""
    """The answer to DA1; empty for silence."""
    modes: Mapping[int, int] = field(default_factory=dict)
    """The private modes that it reports, and how: 1 set, 2 reset; others are unknown to it."""
    reports_modes: bool = False
    reports_cursor: bool = True
    kitty: bool = False
    capabilities: bool = False
    """Whether it answers XTGETTCAP, if only with a no."""


MODERN: Final = Manners(
    attributes=b"\x1b[?62;22c", reports_modes=True, kitty=True, capabilities=True,
    modes={SYNCHRONISED: _RESET, RESIZED_IN_BAND: _RESET},
)  # fmt: skip
XTERM: Final = Manners(attributes=b"\x1b[?64;1;2;6;22c", reports_modes=True, capabilities=True)
PUTTY: Final = Manners(attributes=b"\x1b[?6c")
CONSOLE: Final = Manners(attributes=b"\x1b[?6c")
SILENT: Final = Manners(reports_cursor=False)


class Answers:
    """Listens to what a program writes, and answers its questions."""

    def __init__(self, manners: Manners, cursor: Callable[[], Cursor]) -> None:
        self._manners = manners
        self._cursor = cursor
        self._tokens = Tokens()

    def to(self, data: bytes) -> bytes:
        """What the terminal says to this piece of output."""
        return b"".join(
            answer(self._manners, match, self._cursor)
            for token in self._tokens.feed(data)
            for pattern, answer in _asked(token)
            if (match := pattern.fullmatch(token.body))
        )


_Answer = "Callable[[Manners, re.Match[bytes], Callable[[], Cursor]], bytes]"


def _asked(token: Token) -> Iterator[tuple[re.Pattern[bytes], Callable[..., bytes]]]:
    return iter(_QUESTIONS.get(token.kind, ()))


def _mode(manners: Manners, match: re.Match[bytes], _cursor: object) -> bytes:
    if not manners.reports_modes:
        return b""
    return b"\x1b[?%s;%d$y" % (match[1], manners.modes.get(int(match[1]), _UNKNOWN))


def _where(manners: Manners, _match: object, cursor: Callable[[], Cursor]) -> bytes:
    column, row = cursor()
    return b"\x1b[%d;%dR" % (row + 1, column + 1) if manners.reports_cursor else b""


def _capability(manners: Manners, match: re.Match[bytes], _cursor: object) -> bytes:
    return b"\x1bP0+r%s\x1b\\" % match[1] if manners.capabilities else b""


_QUESTIONS: Final[dict[Kind, tuple[tuple[re.Pattern[bytes], Callable[..., bytes]], ...]]] = {
    Kind.CSI: (
        (re.compile(rb"0?c"), lambda manners, *_: manners.attributes),
        (re.compile(rb"\?(\d+)\$p"), _mode),
        (re.compile(rb"6n"), _where),
        (re.compile(rb"\?u"), lambda manners, *_: b"\x1b[?0u" if manners.kitty else b""),
    ),
    Kind.DCS: ((re.compile(rb"\+q([0-9A-Fa-f;]*)"), _capability),),
}
