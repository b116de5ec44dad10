"""A pair of flows in two columns, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissect.compare.rows import SAME, UNSURE
from tui import facing
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from dissect.compare.ladder import Laid
    from tui.line import Line
    from tui.look import Look


class PairView(LineView):
    """The rows of both captures.

    Args:
        look: how they are drawn.
    """

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._look = look
        self.laid: Laid | None = None
        self.stops: list[int] = []
        """Rows at which a difference begins."""

    def show(self, laid: Laid | None) -> None:
        """Show a pair, from its first difference on."""
        self.laid, self.stops, before = laid, [], -1
        for at, step in enumerate(laid.steps if laid else ()):
            differs = step.kind not in {SAME, UNSURE}
            if differs and step.change != before:
                self.stops.append(at)
            before = step.change if differs else -1
        self.cursor = self.stops[0] if self.stops else 0
        self.sync()
        self.jump(self.cursor)

    def count(self) -> int:
        """Number of rows."""
        return len(self.laid.steps) if self.laid else 0

    def draw(self, at: int) -> Line:
        """One row."""
        return facing.draw(self.laid.steps[at], self.cells, self._look) if self.laid else ()

    def step(self, step: int) -> bool:
        """Go to the next or the previous difference; False where there is none."""
        further = [at for at in self.stops if (at > self.cursor if step > 0 else at < self.cursor)]
        if not further:
            return False
        self.jump(further[0] if step > 0 else further[-1])
        return True
