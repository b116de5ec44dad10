"""The list of flows: drawn from the view, with the cursor bound to a flow and not to a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.columns import GAP, Placed, layout
from tui.line import Line, Piece, Role, fit, fit_right
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tui.look import Look
    from tui.session import Session


class FlowTable(LineView):
    """The flows of a session.

    Args:
        session: what is listed.
        look: how it is drawn.
    """

    def __init__(self, session: Session, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._session = session
        self._look = look
        self._flow: int | None = None

    @property
    def flow(self) -> int | None:
        """The flow under the cursor."""
        view = self._session.view
        return view[self.cursor] if self.cursor < len(view) else None

    def count(self) -> int:
        """Number of listed flows."""
        return len(self._session.view)

    def placed(self) -> tuple[Placed, ...]:
        """The columns in sight."""
        return layout(self.cells)

    def draw(self, at: int) -> Line:
        """A flow in a line."""
        summary = self._session.store.summaries[self._session.view[at]]
        look = self._look
        return tuple(
            piece
            for column, cells in self.placed()
            for piece in (column.fitted(column.cell(summary, look), cells, look), Piece(" " * GAP))
        )

    def heading(self) -> Line:
        """The titles; the sorted column carries an arrow."""
        return tuple(self._title(column) for column in self.placed())

    def go(self, at: int) -> None:
        """Put the cursor on a place, and remember whose it is."""
        self.cursor = min(max(at, 0), max(self.count() - 1, 0))
        self._flow = self.flow
        super().go(self.cursor)

    def go_to(self, flow: int) -> None:
        """Put the cursor on a flow, where it is listed."""
        at = self._session.view.index(flow)
        if at is not None:
            self.go(at)

    def sync(self) -> None:
        """Follow the flow under the cursor to its new place, without moving it on the screen."""
        at = None if self._flow is None else self._session.view.index(self._flow)
        shift = 0 if at is None else at - self.cursor
        top = self.scroll_offset.y
        if at is not None:
            self.cursor = at
        super().sync()
        if shift and top:
            self.scroll_to(y=max(top + shift, 0), animate=False)
        self.show_line(self.cursor)
        self._flow = self.flow

    def _title(self, placed: Placed) -> Piece:
        column, cells = placed
        sorted_by = column.id == self._session.column.id
        arrow = (
            (self._look.down if self._session.view.reverse else self._look.up) if sorted_by else ""
        )
        place = fit_right if column.numeric else fit
        words = place(column.title + arrow, cells, "") + " " * GAP
        return Piece(words, Role.ACCENT if sorted_by else Role.DIM)
