"""The columns of the flow list: which are shown, in which order, how wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from tui.actions import COLUMNS, bindings
from tui.columns import BY_ID, USUAL, Choice, layout
from tui.line import Line, Piece, Role
from tui.screens.board import Board
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.look import Look
    from tui.session import Session

_WIDEST: Final = 80
_MEANINGS: Final = {
    "flow": "number in order of appearance",
    "severity": "the worst finding's",
    "time": "when it began, local time",
    "client": "its address",
    "port": "the client's port",
    "server": "its address",
    "helo": "what the client called itself",
    "sender": "reverse-path of the first mail transaction",
    "outcome": "what became of the mail",
    "recipients": "accepted and offered",
    "bytes": "of both directions",
    "duration": "from the first frame to the last",
    "findings": "how many rules fired, and which",
    "messages": "messages that the server took",
    "phase": "how far the dialogue came",
    "product": "the server's product, where it tells",
    "frames": "first and last frame",
    "capture": "the file that it is from",
    "verdict": "what stands between client and server",
    "note": "your own words on it",
    "log": "lines of mail logs (--log), and the worst",
}


class ColumnList(LineView):
    """One line for each column.

    Args:
        session: whose columns.
        look: how they are drawn.
    """

    def __init__(self, session: Session, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._session = session
        self._look = look

    def count(self) -> int:
        """Number of columns, shown or not."""
        return len(self._session.shown_columns)

    def draw(self, at: int) -> Line:
        """A column: whether it is shown, its title, its width, and what it tells."""
        choice = self._session.shown_columns[at]
        column = BY_ID[choice.column]
        sign = f"[{self._look.mark if choice.shown else ' '}] "
        width = f"{choice.cells:>4} cells" if choice.cells else " automatic"
        return (
            Piece(sign, Role.ACCENT),
            Piece(f"{column.title:<10}", Role.TITLE if choice.shown else Role.DIM),
            Piece(f"{width:<12}", Role.DIM),
            Piece(_MEANINGS[column.id], Role.TEXT if choice.shown else Role.DIM),
        )


class ColumnsScreen(Board):
    """The columns; what is changed is seen as soon as the list is in front again."""

    WHERE: ClassVar[str] = COLUMNS
    BINDINGS = bindings(COLUMNS)

    def content(self) -> ComposeResult:
        """The list of columns."""
        yield ColumnList(self.session, self.look, id="main")

    def on_mount(self) -> None:
        """There is no pane here."""
        self.pane.display = False
        super().on_mount()

    def changed(self) -> None:
        """Draw the list and what fits."""
        self.query_one("#header", Band).show(self._header)
        self.main.sync()

    def _header(self, cells: int) -> list[Line]:
        shown = sum(choice.shown for choice in self.session.shown_columns)
        fit = len(layout(cells, self.session.shown_columns))
        said = f"{shown} chosen" + (f", {fit} fit into {cells} cells" if fit < shown else "")
        return [(Piece("columns  ", Role.ACCENT), Piece(said, Role.TITLE))]

    def action_open(self) -> None:
        """Show the column, or hide it; one stays."""
        choice = self._choice
        shown = [each for each in self.session.shown_columns if each.shown]
        if shown == [choice]:
            self.seamark.tell("one column has to stay")
            return
        self._put(choice._replace(shown=not choice.shown))

    def action_shift(self, step: int) -> None:
        """Move the column in the order."""
        columns, at = list(self.session.shown_columns), self.main.cursor
        to = at + step
        if 0 <= to < len(columns):
            columns[at], columns[to] = columns[to], columns[at]
            self._set(tuple(columns))
            self.main.go(to)

    def action_resize(self, step: int) -> None:
        """Make it wider or narrower."""
        choice = self._choice
        column = BY_ID[choice.column]
        cells = (choice.cells or column.least) + step
        self._put(choice._replace(cells=min(max(cells, 3), _WIDEST)))

    def action_automatic(self) -> None:
        """Let it take what is there."""
        self._put(self._choice._replace(cells=0))

    def action_defaults(self) -> None:
        """As they came."""
        self._set(USUAL)

    @property
    def _choice(self) -> Choice:
        return self.session.shown_columns[self.main.cursor]

    def _put(self, choice: Choice) -> None:
        columns = list(self.session.shown_columns)
        columns[self.main.cursor] = choice
        self._set(tuple(columns))

    def _set(self, columns: tuple[Choice, ...]) -> None:
        self.seamark.set_columns(columns)
        self.changed()
