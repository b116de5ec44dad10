"""Two flows in two columns, with one cursor and the keys on one side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import beside
from tui.beside import Beside, Column
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from textual.events import Click

    from dissect.analysis.model import FlowDetail
    from tui.line import Line
    from tui.look import Look


class CompareView(LineView):
    """The lines of two flows.

    Args:
        look: how they are drawn.
    """

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._look = look
        self.beside: Beside | None = None
        self.side = Column.LEFT

    def show(self, left: FlowDetail, right: FlowDetail) -> None:
        """Lay two flows side by side; the cursor stays on its row of the left one."""
        row = None
        if self.beside is not None and self.cursor < len(self.beside):
            row = self.beside.nearest(self.cursor, Column.LEFT)
        self.beside = Beside(left, right)
        self.cursor = self.beside.line_of(row.number, Column.LEFT) if row is not None else 0
        self.sync()
        self.show_line(self.cursor)

    def count(self) -> int:
        """Number of lines."""
        return len(self.beside) if self.beside else 0

    def draw(self, at: int) -> Line:
        """One line of both flows."""
        return beside.draw(self.beside, at, self.cells, self._look) if self.beside else ()

    def heading(self, cells: int) -> list[Line]:
        """The two flows, each over its column."""
        if self.beside is None:
            return []
        return beside.heading(self.beside, self.side, min(cells, self.cells), self._look)

    def step(self, step: int) -> bool:
        """Go to the next or the previous difference; False where there is none."""
        stops = self.beside.stops if self.beside else []
        further = [at for at in stops if (at > self.cursor if step > 0 else at < self.cursor)]
        if not further:
            return False
        self.jump(further[0] if step > 0 else further[-1])
        return True

    def on_click(self, event: Click) -> None:
        """A click gives the keys to the side under it; on that side it moves or opens."""
        side = Column.LEFT if event.x <= self.cells // 2 else Column.RIGHT
        at = event.y + self.scroll_offset.y
        if side is not self.side and at < self.count():
            event.prevent_default()
            self.side = side
            self.go(at)
