"""The flows of two captures with what became of them, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui import facing
from tui.line import Line, Piece, Role, crop, fit, width
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from dissect.compare.overview import Item
    from tui.look import Look

_NARROW, _WIDE = 21, 30
_BROAD: Final = 120
"""Cells from which on addresses have more room."""


class PairTable(LineView):
    """The list.

    Args:
        look: how it is drawn.
    """

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._look = look
        self.items: tuple[Item, ...] = ()

    @property
    def item(self) -> Item | None:
        """What is under the cursor."""
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def show(self, items: tuple[Item, ...]) -> None:
        """List them."""
        if items is not self.items:
            self.items = items
            self.sync()

    def count(self) -> int:
        """Number of flows."""
        return len(self.items)

    def draw(self, at: int) -> Line:
        """One flow: its ends as the inside has them, and what became of it."""
        item, look = self.items[at], self._look
        tape = item.one or item.two
        if tape is None:
            return ()
        room, cut = self._room, look.cut
        names = (fit(look.words(str(end)), room, cut) for end in (tape.client, tape.server))
        found = (facing.sign(item, look), *(Piece(f" {name}") for name in names), Piece(" "))
        line = (*found, *facing.fate(item))
        bytes_ = facing.brief(item, self.cells - width(line) - 2, look)
        return crop((*line, Piece("  "), *bytes_) if bytes_ else line, 0, self.cells)

    def heading(self) -> Line:
        """The titles of the columns."""
        room = self._room
        titles = f"  {'client':<{room}} {'server':<{room}} between inside and outside"
        return (Piece(fit(f" {titles}", self.cells, self._look.cut), Role.DIM),)

    @property
    def _room(self) -> int:
        return _WIDE if self.cells >= _BROAD else _NARROW

    def step(self, step: int) -> bool:
        """Go to the next or previous flow that differs; False where there is none."""
        at = self.cursor + step
        while 0 <= at < len(self.items):
            item = self.items[at]
            if item.places or item.pair < 0:
                self.jump(at)
                return True
            at += step
        return False
