"""The panel for failures: what happened and what to do; what was read before stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container
from textual.screen import ModalScreen

from tui import told
from tui.actions import FAILURE, bindings
from tui.line import EMPTY, Line, Piece, Role
from tui.widgets.lines import Band

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.look import Look


class FailureScreen(ModalScreen[None]):
    """A panel over the screen.

    Args:
        title: what went wrong, in a few words.
        error: what happened, and on further lines what to do.
        look: how it is drawn.
        kept: what is not lost by it.
    """

    WHERE: ClassVar[str] = FAILURE
    BINDINGS = bindings(FAILURE)

    def __init__(self, title: str, error: str, look: Look, *, kept: str = "") -> None:
        super().__init__()
        self._title = title
        self._error = error
        self._look = look
        self._kept = kept

    def compose(self) -> ComposeResult:
        """A box with lines."""
        with Container(id="panel"):
            yield Band(ascii_only=self._look.ascii_only, id="main")

    def on_mount(self) -> None:
        """Show them."""
        lines = self.query_one("#main", Band)
        lines.show(self._lines)

    def action_back(self) -> None:
        """Close the panel."""
        self.app.pop_screen()

    def action_move(self, how: str) -> None:
        """Scroll."""
        self.query_one("#main", Band).move(how)

    def _lines(self, cells: int) -> list[Line]:
        what, *more = self._error.split("\n")
        lines: list[Line] = [(Piece(self._title, Role.BAD),), EMPTY]
        lines += told.paragraph("", what, cells, self._look)
        for part in more:
            lines += told.paragraph("", part.strip(), cells, self._look, Role.DIM)
        lines += [EMPTY, *told.paragraph("", self._kept, cells, self._look)]
        return [*lines, EMPTY, (Piece("Enter", Role.KEY), Piece(" go on"))]
