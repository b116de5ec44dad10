"""The ladder of one flow, with the cursor on a line and its answer marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.ladder import Ladder
from tui.lanes import Frame, Times, draw, heading
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail, Row
    from tui.body import Body
    from tui.line import Line
    from tui.look import Look

_FARTHEST: Final = 4096
"""Cells that the words can be shifted by; no more of a line is laid out."""


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
        self.following = False
        self.bodies: dict[int, Body] = {}
        """Unfolded message data, by number of its row."""
        self._reading: frozenset[int] = frozenset()
        self._seen = 0
        """Rows that there were when the end was last in sight."""

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.ladder.row(self.cursor) if self.ladder and len(self.ladder) else None

    @property
    def body_line(self) -> int | None:
        """Which line of unfolded message data is under the cursor; None on a row itself."""
        return self.ladder.rungs[self.cursor].body if self.ladder and len(self.ladder) else None

    @property
    def new(self) -> int:
        """Rows that have come since the end was last in sight."""
        self._look_down()
        return max(len(self.ladder.detail.rows) - self._seen, 0) if self.ladder else 0

    def show(self, detail: FlowDetail) -> None:
        """Show a flow, or what has become of the same flow; the cursor stays on its row."""
        same = self.ladder is not None and self.ladder.detail.summary.flow == detail.summary.flow
        if not same:
            self.start, self.cursor, self.following = 0, 0, False
            self.bodies, self._reading = {}, frozenset()
            self._seen = len(detail.rows)
            self.ladder = Ladder(detail)
            self.sync()
            self.scroll_to(y=0, animate=False)
            return
        self._look_down()
        self.following = self.following and self._in_sight()
        self._lay(detail)
        if self.following:
            self.go(self.count() - 1)

    def unfold(self, number: int, body: Body) -> None:
        """Show the message data of a row under it, and the beginning of it in any case."""
        self.bodies[number] = body
        self.wait_for(number, reading=False)
        if self.ladder is not None and (index := self.ladder.index(number)) is not None:
            first = self.ladder.first[index]
            self.show_line(min(first + min(len(body), self.page // 2), self.count() - 1))

    def fold(self, number: int) -> None:
        """Hide the message data of a row; a cursor in it goes to the row."""
        self.bodies.pop(number, None)
        self._reading -= {number}
        self._lay()
        self.show_line(self.cursor)
        self.post_message(self.Moved(self))

    def wait_for(self, number: int, *, reading: bool) -> None:
        """Say on a row that its message data is being read, or has been."""
        self._reading = self._reading | {number} if reading else self._reading - {number}
        self._lay()

    def is_reading(self, number: int) -> bool:
        """Whether the message data of a row is being read."""
        return number in self._reading

    def follow(self) -> None:
        """Keep the cursor on the last line, or not any more."""
        self.following = not self.following
        if self.following:
            self.go(self.count() - 1)

    def go(self, at: int) -> None:
        """Put the cursor on a line; going up ends following."""
        super().go(at)
        self.following = self.following and self.cursor == max(self.count() - 1, 0)

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
            return "same" if self.ladder.rungs[at].body is None else ""
        return "partner" if there == self.ladder.partner(self.cursor) else ""

    def go_to_row(self, index: int) -> None:
        """Put the cursor on the row with that index."""
        if self.ladder is not None and index < len(self.ladder.first):
            self.jump(self.ladder.first[index])

    def scroll_words(self, step: int) -> None:
        """Shift the words sideways."""
        self.start = min(max(self.start + step, 0), _FARTHEST)
        self.refresh()

    def _lay(self, detail: FlowDetail | None = None) -> None:
        """Lay the flow out again; the cursor stays on its line, and the line where it is."""
        if self.ladder is None:
            return
        row, part = self._place()
        self.ladder = Ladder(detail or self.ladder.detail, self.bodies, self._reading)
        top, before = self.scroll_offset.y, self.cursor
        if row is not None:
            self.cursor = self._line(row, part)
        self.sync()
        if top and self.cursor != before:
            self.scroll_to(y=max(top + self.cursor - before, 0), animate=False)

    def _line(self, row: Row, part: int) -> int:
        """The line that is so far into a row, or the row's first where it has become shorter."""
        assert self.ladder is not None
        first = self.ladder.line_of(row.number)
        at = first + part
        there = at < len(self.ladder) and self.ladder.rungs[at].row == self.ladder.rungs[first].row
        return at if there else first

    def _place(self) -> tuple[Row | None, int]:
        if self.ladder is None or not len(self.ladder):
            return None, 0
        rung = self.ladder.rungs[self.cursor]
        return self.ladder.detail.rows[rung.row], self.cursor - self.ladder.first[rung.row]

    def _look_down(self) -> None:
        """Where the end is in sight, all that there is has been seen."""
        if self.ladder is not None and self.scroll_offset.y + self.page >= self.count():
            self._seen = len(self.ladder.detail.rows)

    def _in_sight(self) -> bool:
        return self.scroll_offset.y <= self.cursor < self.scroll_offset.y + self.page
