"""A view of a few lines that are made anew for every width: headers, panes, help."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from tui.line import EMPTY, Line
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from textual.events import Resize

Maker = Callable[[int], list[Line]]


class Lines(LineView):
    """Lines that a function makes for a width; without a cursor."""

    HAS_CURSOR: ClassVar[bool] = False

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=ascii_only, id=id)
        self._make: Maker = lambda _cells: []
        self._lines: list[Line] = []

    def show(self, make: Maker, *, keep_place: bool = False) -> None:
        """Show what ``make`` makes, from its top unless the place is kept."""
        self._make = make
        self.remake()
        if not keep_place and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False)

    def remake(self) -> None:
        """Make the lines for the width of now."""
        self._lines = self._make(self.cells)
        self.sync()

    def on_resize(self, _event: Resize) -> None:
        """Another width, other lines."""
        self.remake()

    def count(self) -> int:
        """Number of lines."""
        return len(self._lines)

    def draw(self, at: int) -> Line:
        """One of the lines."""
        return self._lines[at] if at < len(self._lines) else EMPTY


class Pane(Lines):
    """Lines beside or below a list, which can take the keys to be scrolled."""


class Band(Lines, can_focus=False):
    """A line or a few at an edge of the screen, as high as they are."""

    def remake(self) -> None:
        """Make the lines, and be as high as they are."""
        super().remake()
        height = max(self.count(), 1)
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
