"""Two flows side by side, with what tells them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from tui import beside, candidates, told, words
from tui.actions import COMPARE, bindings
from tui.beside import Column
from tui.line import Line, Piece, Role, spread, width
from tui.screens.board import state
from tui.screens.desk import Desk
from tui.widgets.compare_view import CompareView
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dissect.analysis.model import FlowDetail
    from tui.out import Subject


class CompareScreen(Desk):
    """The side-by-side view.

    Args:
        left: the flow that is looked at.
        right: the flow beside it at first.
    """

    WHERE: ClassVar[str] = COMPARE
    BINDINGS = bindings(COMPARE)
    CSS = """
    CompareScreen #pane { height: 8; }
    CompareScreen.-wide #body { layout: vertical; }
    CompareScreen.-wide #pane { height: 8; width: 1fr; }
    CompareScreen.-tall #pane { height: 14; }
    """

    def __init__(self, left: int, right: int) -> None:
        super().__init__()
        self.flows = {Column.LEFT: left, Column.RIGHT: right}
        self._shown: tuple[FlowDetail, FlowDetail] | None = None
        self._partners: list[int] = []

    def content(self) -> ComposeResult:
        """Both flows under their titles."""
        yield Band(ascii_only=self.look.ascii_only, id="titles")
        yield CompareView(self.look, id="main")

    @property
    def view(self) -> CompareView:
        """The view of both."""
        return self.query_one("#main", CompareView)

    def changed(self) -> None:
        """A flow may have grown."""
        details = [self.session.store.detail(self.flows[column]) for column in Column]
        left, right = details
        if left is not None and right is not None and not self._is_shown(left, right):
            self._shown = (left, right)
            self.view.show(left, right)
        self.view.refresh()
        self.query_one("#header", Band).show(self._header)
        self.retitle()
        self._tell()

    def retitle(self) -> None:
        """The two flows over their columns."""
        self.query_one("#titles", Band).show(self.view.heading)

    def _is_shown(self, left: FlowDetail, right: FlowDetail) -> bool:
        return self._shown is not None and self._shown[0] is left and self._shown[1] is right

    @on(LineView.Moved)
    def _moved(self) -> None:
        self.retitle()
        self._tell()

    def _tell(self) -> None:
        where = (*self.flows.values(), self.view.cursor, self.view.side)
        self.tell(where, self._about)

    def _about(self, cells: int) -> list[Line]:
        view = self.view
        if view.beside is None:
            said = "one of the two has no dialogue yet"
            return told.paragraph("", said, cells, self.look, Role.MEDIUM)
        if not len(view.beside):
            return []
        return beside.about(view.beside, view.cursor, view.side, cells, self.look)

    def _header(self, cells: int) -> list[Line]:
        left, right = self.flows.values()
        summaries = self.session.store.summaries
        stops = len(self.view.beside.stops) if self.view.beside else 0
        parts: Line = (
            Piece(f"flow {left} beside {right}", Role.ACCENT),
            Piece(f"  {words.count(stops, 'difference')}", Role.TITLE),
            Piece(f"  {candidates.reason(summaries[left], summaries[right])}", Role.DIM),
        )
        how = state(self.session)[:1]
        while len(parts) > 1 and width(parts) + width(how) >= cells:
            parts = parts[:-1]
        return [spread(parts, how, cells)]

    @property
    def held(self) -> tuple[int | None, ...]:
        """Both."""
        return tuple(self.flows.values())

    def taken(self) -> Subject:
        """Both flows."""
        return self.about(self.flows.values())

    def action_open(self) -> None:
        """Open the ladder of the side that has the keys, at this row."""
        side, shown = self.view.side, self.view.beside
        row = shown.nearest(self.view.cursor, side) if shown and len(shown) else None
        self.seamark.show_ladder(self.flows[side], None if row is None else row.number)

    def action_difference(self, step: int) -> None:
        """Go to the next or the previous difference."""
        if not self.view.step(step):
            self.seamark.tell("no difference further on")

    def action_side(self, side: str) -> None:
        """Give the keys to a side."""
        self.view.side = Column(side)
        self._moved()

    def action_partner(self, step: int) -> None:
        """Lay the next or the previous flow beside the left one."""
        left = self.flows[Column.LEFT]
        if not self._partners:
            summaries = self.session.store.summaries
            self._partners = candidates.partners(summaries[left], summaries.values())
        right = self.flows[Column.RIGHT]
        at = self._partners.index(right) + step if right in self._partners else max(step - 1, 0)
        if not 0 <= at < len(self._partners):
            self.seamark.tell("no flow further on")
            return
        self.flows[Column.RIGHT] = self._partners[at]
        self.changed()
