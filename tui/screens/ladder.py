"""One flow as a ladder, with the finding of the row under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from tui import told, words
from tui.actions import LADDER, bindings
from tui.line import Line, Piece, Role, spread, width
from tui.screens.board import Board, state
from tui.widgets.ladder_view import LadderView
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.ladder import Ladder


class LadderScreen(Board):
    """The ladder.

    Args:
        flow: the flow to show first.
        row: number of the row to stand on, where it is known.
    """

    WHERE: ClassVar[str] = LADDER
    BINDINGS = bindings(LADDER)

    def __init__(self, flow: int, row: int | None = None) -> None:
        super().__init__()
        self.flow = flow
        self._row = row
        self._place = -1
        """Which of the ladder's findings is shown, -1 for the first of the row."""

    def content(self) -> ComposeResult:
        """The ladder under its titles."""
        yield Band(ascii_only=self.look.ascii_only, id="titles")
        yield LadderView(self.look, id="main")

    @property
    def view(self) -> LadderView:
        """The ladder's view."""
        return self.query_one("#main", LadderView)

    @property
    def ladder(self) -> Ladder | None:
        """What is shown."""
        return self.view.ladder

    def changed(self) -> None:
        """The flow may have grown."""
        self.query_one("#header", Band).show(self._header)
        detail = self.session.store.detail(self.flow)
        shown = self.ladder.detail if self.ladder else None
        if detail is not None and detail is not shown:
            self.view.show(detail)
            self._stand()
        self.retitle()
        self._tell()

    def retitle(self) -> None:
        """The columns' titles."""
        self.query_one("#titles", Band).show(lambda _cells: [self.view.heading()])

    def show_flow(self, flow: int, row: int | None = None) -> None:
        """Show another flow, or another row of the same."""
        self.flow, self._row, self._place = flow, row, -1
        self.changed()
        self._stand()

    def _stand(self) -> None:
        """Stand where the opener wanted, once."""
        if self._row is not None and self.ladder is not None:
            row, self._row = self._row, None
            self.view.jump(self.ladder.line_of(row))

    @on(LineView.Moved)
    def _moved(self) -> None:
        if self._place not in self._here():
            self._place = -1
        self._tell()

    def _tell(self) -> None:
        row = self.view.row
        self.tell((self.flow, row and row.number, self._place), self._about)

    def _here(self) -> list[int]:
        """The findings of the row under the cursor, as positions in the ladder's list."""
        if self.ladder is None or not len(self.ladder):
            return []
        index = self.ladder.rungs[self.view.cursor].row
        found = self.ladder.findings.get(index, [])
        return [at for at, place in enumerate(self.ladder.places) if place.finding in found]

    def _about(self, cells: int) -> list[Line]:
        """The findings of the row, the one walked to first; or the row's own facts."""
        here = self._here()
        if self._place in here:
            here = [self._place, *(at for at in here if at != self._place)]
        if not here or self.ladder is None:
            return self._facts(cells)
        total = len(self.ladder.places)
        lines: list[Line] = []
        for at in here:
            place = f"{at + 1}/{total}"
            lines += told.finding(self.ladder.places[at].finding, cells, self.look, place=place)
        return lines

    def _facts(self, cells: int) -> list[Line]:
        row = self.view.row
        if row is None:
            return []
        parts = [f"row {row.number}", row.kind.value, f"frames {words.frames(row.frames)}"]
        parts += [f"{row.size:,} bytes at offset {row.offset:,}"] if row.size else []
        parts += [words.count(len(row.seams), "seam")] if row.seams else []
        parts += ["pipelined"] if row.group is not None else []
        lines = told.paragraph("", f" {self.look.dot} ".join(parts), cells, self.look, Role.DIM)
        left_out = self.ladder.detail.left_out if self.ladder else 0
        if left_out:
            said = f"{words.count(left_out, 'row')} of this flow were not kept"
            lines += told.paragraph("", said, cells, self.look, Role.MEDIUM)
        return lines

    def _header(self, cells: int) -> list[Line]:
        summary = self.session.store.summaries[self.flow]
        look = self.look
        parts: Line = (
            Piece(f"flow {summary.flow} ", Role.ACCENT),
            Piece(look.words(summary.helo or str(summary.client)), Role.TITLE),
            Piece(f"  {summary.outcome.value} in {summary.phase}"),
            Piece(f"  rcpt {summary.recipients.accepted}/{summary.recipients.offered}"),
            Piece(f"  {words.date(summary.start)} {words.clock(summary.start)}", Role.DIM),
        )
        # How the reading stands is said at any width; the rest of the line yields to it.
        how = state(self.session)[:1]
        while len(parts) > 1 and width(parts) + width(how) >= cells:
            parts = parts[:-1]
        return [spread(parts, how, cells)]

    def action_open(self) -> None:
        """Look closely at the row's seam."""
        row = self.view.row
        if row is None or not row.seams:
            self.seamark.tell("no seam in this row")
            return
        self.seamark.show_seam(self.flow, row.number)

    def action_finding(self, step: int) -> None:
        """Go to the next finding, in this flow or the next damaged one."""
        places = self.ladder.places if self.ladder else []
        at = self._from(step) + step
        if self.ladder is not None and 0 <= at < len(places):
            self._go_to_place(at)
            return
        flow = self.session.next_damaged(self.flow, step)
        if flow is None:
            self.seamark.tell("no finding further on")
            return
        self.show_flow(flow)
        self._go_to_place(0 if step > 0 else -1)

    def _go_to_place(self, at: int) -> None:
        if self.ladder is None or not self.ladder.places:
            return
        self._place = at % len(self.ladder.places)
        self.view.go_to_row(self.ladder.places[self._place].row)
        self._tell()

    def _from(self, step: int) -> int:
        """The finding that a step starts from: the one shown, or the cursor's neighbour."""
        here = self._here()
        if self._place in here:
            return self._place
        if here:
            return here[0]
        return self._between(step)

    def _between(self, step: int) -> int:
        if self.ladder is None or not len(self.ladder):
            return -1
        index = self.ladder.rungs[self.view.cursor].row
        before = sum(place.row < index for place in self.ladder.places)
        return before - 1 if step > 0 else before

    def action_flow(self, step: int) -> None:
        """Go to the next or the previous flow of the list."""
        flow = self.session.neighbour(self.flow, step)
        if flow is None:
            self.seamark.tell("no flow further on")
        else:
            self.show_flow(flow)

    def action_partner(self) -> None:
        """Go to the answer, or to what this answers."""
        partner = (
            self.ladder.partner(self.view.cursor) if self.ladder and len(self.ladder) else None
        )
        if partner is not None:
            self.view.go_to_row(partner)

    def action_times(self) -> None:
        """Count times from something else."""
        self.view.times = self.view.times.next
        self.seamark.tell(f"times {self.view.times.value}")
        self.changed()
        self.view.refresh()

    def action_scroll(self, step: int) -> None:
        """Shift the words sideways."""
        self.view.scroll_words(step)
