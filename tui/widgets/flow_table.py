"""The list of flows: drawn from the view, with the cursor bound to a flow and not to a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui import words
from tui.columns import GAP, Placed, layout
from tui.groups import Group
from tui.line import Line, Piece, Role, fit, fit_right, width
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tui.look import Look
    from tui.session import Session

_SIGN: Final = 1
"""Cells for the mark before a line."""


class FlowTable(LineView):
    """The flows of a session, one by one or in groups.

    Args:
        session: what is listed.
        look: how it is drawn.
    """

    def __init__(self, session: Session, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._session = session
        self._look = look
        self._bound: int | str | None = None
        """What is under the cursor: a flow, or the name of a group."""
        self.following = False
        self.seen: int | None = None
        """Lines there were when the user last looked; None until a key was pressed."""

    @property
    def flow(self) -> int | None:
        """The flow under the cursor."""
        found = self._found
        return found if isinstance(found, int) else None

    @property
    def group(self) -> Group | None:
        """The group whose head is under the cursor."""
        found = self._found
        return found if isinstance(found, Group) else None

    @property
    def new(self) -> int:
        """Lines that have come since the user last moved, where the list is not followed."""
        return max(self.count() - self.seen, 0) if self.seen is not None else 0

    @property
    def _found(self) -> Group | int | None:
        return self._session.lines[self.cursor] if self.cursor < self.count() else None

    def count(self) -> int:
        """Number of lines."""
        return len(self._session.lines)

    def placed(self) -> tuple[Placed, ...]:
        """The columns in sight."""
        return layout(self.cells - _SIGN, self._session.shown_columns)

    def draw(self, at: int) -> Line:
        """A flow, or the head of a group, in a line."""
        found = self._session.lines[at]
        return self._head(found) if isinstance(found, Group) else self._row(found)

    def heading(self) -> Line:
        """The titles; the sorted column carries an arrow."""
        return (Piece(" " * _SIGN), *(self._title(column) for column in self.placed()))

    def move(self, how: str, times: int = 1) -> None:
        """Move the cursor; that ends following, and the lines there are have been seen."""
        self.following = False
        super().move(how, times)
        self.seen = self.count()

    def go(self, at: int) -> None:
        """Put the cursor on a place, and remember whose it is."""
        self.cursor = min(max(at, 0), max(self.count() - 1, 0))
        self._bind()
        super().go(self.cursor)

    def go_to(self, flow: int) -> None:
        """Put the cursor on a flow, where it is listed; its group unfolds."""
        view = self._session.view
        if view.index(flow) is None:
            return
        if view.grouped:
            self._session.lines.fold(view.group_of(flow), folded=False)
            self.sync()
        at = self._session.lines.line(flow)
        if at is not None:
            self.jump(at)

    def fold(self, *, folded: bool) -> None:
        """Show only the head of the group under the cursor, or its flows."""
        flow, group = self.flow, self.group
        if not self._session.view.grouped or (flow is None and group is None):
            return
        name = group.name if group is not None else self._session.view.group_of(flow or 0)
        self._session.lines.fold(name, folded=folded)
        if folded:
            self._bound = name
        self.sync()
        self._bind()

    def follow(self) -> None:
        """Keep the cursor on the last line, or not any more."""
        self.following = not self.following
        if self.following:
            self.go(self.count() - 1)
        self.seen = self.count()

    def sync(self) -> None:
        """Follow what is under the cursor to its new place, without moving it on the screen."""
        at = self.count() - 1 if self.following else self._place()
        shift = 0 if at is None else at - self.cursor
        top = self.scroll_offset.y
        if at is not None:
            self.cursor = max(at, 0)
        super().sync()
        if shift and top and not self.following:
            self.scroll_to(y=max(top + shift, 0), animate=False)
        self.show_line(self.cursor)
        self._bind()

    def on_mouse_down(self) -> None:
        """A click ends following too."""
        self.following = False

    def _place(self) -> int | None:
        """The line of what is under the cursor now."""
        lines = self._session.lines
        if isinstance(self._bound, int):
            return lines.line(self._bound)
        known = self._bound is not None and self._session.view.grouped
        return lines.head(self._bound or "") if known else None

    def _bind(self) -> None:
        found = self._found
        self._bound = found.name if isinstance(found, Group) else found

    def _row(self, flow: int) -> Line:
        summary = self._session.store.summaries[flow]
        look, session = self._look, self._session
        cells = (
            piece
            for column, cells in self.placed()
            for piece in (
                column.fitted(column.cell(summary, look, session), cells, look),
                Piece(" " * GAP),
            )
        )
        return (self._sign(flow), *cells)

    def _sign(self, flow: int) -> Piece:
        """Whether the user has marked the flow, or noted something on it."""
        if self._session.marked(flow):
            return Piece(self._look.mark, Role.SEAM)
        return Piece(self._look.noted if self._session.note(flow) else " ", Role.ACCENT)

    def _head(self, group: Group) -> Line:
        look = self._look
        sign = look.closed if self._session.lines.folded(group.name) else look.opened
        counts = (
            Piece(f"  {words.count(group.flows, 'flow')}", Role.DIM),
            Piece(
                f"  {group.damaged:,} damaged" if group.damaged else "",
                Role.BAD if group.damaged else Role.DIM,
            ),
        )
        name = fit(look.words(group.name), max(self.cells - 2 - width(counts), 8), look.cut)
        return (Piece(f"{sign} ", Role.ACCENT), Piece(name.rstrip(), Role.TITLE), *counts)

    def _title(self, placed: Placed) -> Piece:
        column, cells = placed
        sorted_by = column.id == self._session.column.id
        arrow = (
            (self._look.down if self._session.view.reverse else self._look.up) if sorted_by else ""
        )
        place = fit_right if column.numeric else fit
        title = place(column.title + arrow, cells, "") + " " * GAP
        return Piece(title, Role.ACCENT if sorted_by else Role.DIM)
