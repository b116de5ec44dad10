"""What a program's output looks like: the cells of a screen, drawn by pyte.

pyte knows neither the alternate screen nor private parameters other than ``?`` nor strings, and
would print parts of them: it is given what it knows, and the rest is looked after here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pyte
from terminal.sequences import Kind, Tokens

if TYPE_CHECKING:
    from terminal.sequences import Token

USUAL: Final = frozenset({7, 25})
"""Modes of a terminal that has just been opened: lines wrap, the cursor is shown."""
ALTERNATE: Final = frozenset({47, 1047, 1049})
"""Modes that switch to the screen without history, and back."""

_STRINGS: Final = frozenset({Kind.OSC, Kind.DCS, Kind.SOS, Kind.PM, Kind.APC, Kind.BROKEN})


class Cell(NamedTuple):
    """One place on the screen."""

    text: str
    foreground: str
    background: str
    reverse: bool


class Picture:
    """A screen of some columns and lines."""

    def __init__(self, columns: int, lines: int) -> None:
        self._tokens = Tokens()
        self._screens = (pyte.Screen(columns, lines), pyte.Screen(columns, lines))
        self._streams = tuple(pyte.ByteStream(screen) for screen in self._screens)
        self.modes = set(USUAL)
        """Private modes that are set."""

    @property
    def alternate(self) -> bool:
        """Whether the screen without history is shown."""
        return bool(self.modes & ALTERNATE)

    @property
    def _screen(self) -> pyte.Screen:
        return self._screens[self.alternate]

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row, from 0."""
        return self._screen.cursor.x, self._screen.cursor.y

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        return self._screen.columns, self._screen.lines

    def line(self, row: int) -> str:
        """One line of the screen."""
        cells = self._screen.buffer[row]
        return "".join(cells[column].data for column in range(self._screen.columns))

    @property
    def lines(self) -> list[str]:
        """The screen's lines, as wide as the screen."""
        return list(self._screen.display)

    @property
    def text(self) -> str:
        """The whole screen, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.lines)

    def cell(self, column: int, row: int) -> Cell:
        """What stands at a place."""
        found = self._screen.buffer[row][column]
        return Cell(found.data, found.fg, found.bg, found.reverse)

    def resize(self, columns: int, lines: int) -> None:
        """The window has another size now; what it shows stays, as far as there is room."""
        for screen in self._screens:
            screen.resize(lines, columns)

    def feed(self, data: bytes) -> None:
        """Draw."""
        for token in self._tokens.feed(data):
            self._draw(token)

    def _draw(self, token: Token) -> None:
        if token.kind in _STRINGS or (token.kind is Kind.CSI and self._is_ours(token)):
            return
        self._streams[self.alternate].feed(token.raw)

    def _is_ours(self, token: Token) -> bool:
        """Whether pyte is to be spared a CSI sequence; modes are remembered here."""
        if token.prefix == "?" and token.final in "hl" and not token.between:
            self._switch(token.numbers, on=token.final == "h")
            return bool(ALTERNATE.intersection(token.numbers))
        return bool(token.prefix or token.between) or token.final in "ut"

    def _switch(self, numbers: tuple[int, ...], *, on: bool) -> None:
        before = self.alternate
        (self.modes.update if on else self.modes.difference_update)(numbers)
        if self.alternate and not before:
            self._screens[1].reset()
