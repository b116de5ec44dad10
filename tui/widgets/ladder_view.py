"""The ladder of one flow, with the cursor on a line and its answer marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.ladder import Ladder
from tui.lanes import Frame, Times, draw, heading
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail, Row
    from tui.line import Line
    from tui.look import Look


class LadderView(LineView):
    """A flow's rows.

    Args:
        look: how they are drawn.
    """

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._look = look
        self.ladder: Ladder | None = None
        self.times = Times.RELATIVE
        self.start = 0

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.ladder.row(self.cursor) if self.ladder and len(self.ladder) else None

    def show(self, detail: FlowDetail) -> None:
        """Show a flow, or what has become of the same flow; the cursor stays on its row."""
        row, part = self._place()
        same = self.ladder is not None and self.ladder.detail.summary.flow == detail.summary.flow
        self.ladder = Ladder(detail)
        if not same:
            self.start = 0
        self.cursor = self.ladder.line_of(row.number) + part if same and row else 0
        self.sync()

    def count(self) -> int:
        """Number of lines."""
        return len(self.ladder) if self.ladder else 0

    def draw(self, at: int) -> Line:
        """One line of the ladder."""
        return draw(self.ladder, at, self.frame()) if self.ladder else ()

    def heading(self) -> Line:
        """The columns, and the two ends over their lanes."""
        return heading(self.ladder, self.frame()) if self.ladder else ()

    def frame(self) -> Frame:
        """How the ladder is looked at."""
        return Frame(self.cells, self._look, self.times, self.start)

    def tint(self, at: int) -> str:
        """The cursor's line, the rest of its row, and its partner stand out."""
        if at == self.cursor or self.ladder is None:
            return "cursor" if at == self.cursor else ""
        here, there = self.ladder.rungs[self.cursor].row, self.ladder.rungs[at].row
        if there == here:
            return "same"
        return "partner" if there == self.ladder.partner(self.cursor) else ""

    def go_to_row(self, index: int) -> None:
        """Put the cursor on the row with that index."""
        if self.ladder is not None and index < len(self.ladder.first):
            self.jump(self.ladder.first[index])

    def scroll_words(self, step: int) -> None:
        """Shift the words sideways."""
        self.start = max(self.start + step, 0)
        self.refresh()

    def _place(self) -> tuple[Row | None, int]:
        if self.ladder is None or not len(self.ladder):
            return None, 0
        rung = self.ladder.rungs[self.cursor]
        return self.ladder.detail.rows[rung.row], self.cursor - self.ladder.first[rung.row]
