"""One flow as a ladder, with the finding of the row under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from dissect.analysis.model import RowKind
from dissect.errors import SeamarkError
from tui import body, candidates, facts, told, words
from tui.actions import LADDER, bindings
from tui.line import Line, Piece, Role, spread, width
from tui.screens.board import state
from tui.screens.desk import Desk
from tui.widgets.ladder_view import LadderView
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dissect.analysis.frame import Message
    from dissect.analysis.model import FlowDetail, Row
    from tui.ladder import Ladder
    from tui.out import Subject
    from tui.wireshark import Wireshark

_MESSAGE: Final = "message"
_ERROR_STAYS: Final = 8.0
"""Seconds that a failure is told for."""


class LadderScreen(Desk):
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
        self._sizes: dict[int, int] = {}
        """Bytes that unfolded message data had when it was read, by number of its row."""
        self._failed: dict[int, str] = {}
        """Why message data could not be read, by number of its row."""

    def content(self) -> ComposeResult:
        """The ladder under its titles."""
        yield Band(ascii_only=self.look.ascii_only, id="titles")
        yield LadderView(self.look, id="main")

    def on_mount(self) -> None:
        """Show the flow; the header tells of new rows until the end is in sight."""
        super().on_mount()
        self.watch(self.view, "scroll_y", self._scrolled, init=False)

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
        detail = self.session.store.detail(self.flow)
        shown = self.ladder.detail if self.ladder else None
        if detail is not None and detail is not shown:
            self.view.show(detail)
            self._stand()
            self._read_again(detail)
        self.view.refresh()
        self.query_one("#header", Band).show(self._header)
        self.retitle()
        self._tell()

    def retitle(self) -> None:
        """The columns' titles."""
        self.query_one("#titles", Band).show(lambda _cells: [self.view.heading()])

    def show_flow(self, flow: int, row: int | None = None) -> None:
        """Show another flow, or another row of the same."""
        if flow != self.flow:
            self.workers.cancel_group(self, _MESSAGE)
            self._sizes, self._failed = {}, {}
        self.flow, self._row, self._place = flow, row, -1
        self.changed()
        self._stand()

    def go_to_frame(self, frame: int) -> bool:
        """Go to the row that a frame brought."""
        line = self.ladder.of_frame(frame) if self.ladder else None
        if line is None:
            return False
        self.view.jump(line)
        return True

    def _stand(self) -> None:
        """Stand where the opener wanted, once."""
        if self._row is not None and self.ladder is not None:
            row, self._row = self._row, None
            self.view.jump(self.ladder.line_of(row))

    @on(LineView.Moved)
    def _moved(self) -> None:
        if self._place not in self._here():
            self._place = -1
        self._scrolled()
        self._tell()

    def _scrolled(self) -> None:
        self.query_one("#header", Band).remake()

    def _tell(self) -> None:
        row = self.view.row
        self.tell((self.flow, row and row.number, self.view.body_line, self._place), self._about)

    def _here(self) -> list[int]:
        """The findings of the row under the cursor, as positions in the ladder's list."""
        if self.ladder is None or not len(self.ladder):
            return []
        index = self.ladder.rungs[self.view.cursor].row
        found = self.ladder.findings.get(index, [])
        return [at for at, place in enumerate(self.ladder.places) if place.finding in found]

    def _about(self, cells: int) -> list[Line]:
        """The findings of the row, the one walked to first; then the row's own facts."""
        if self.ladder is None or not len(self.ladder):
            return []
        here = self._here()
        if self._place in here:
            here = [self._place, *(at for at in here if at != self._place)]
        total = len(self.ladder.places)
        lines: list[Line] = []
        if self.view.body_line is None:
            for at in here:
                place = f"{at + 1}/{total}"
                lines += told.finding(self.ladder.places[at].finding, cells, self.look, place=place)
        return [*lines, *self._failure(cells), *self._facts(cells)]

    def _facts(self, cells: int) -> list[Line]:
        assert self.ladder is not None
        return facts.lines(self.ladder, self.view.cursor, cells, self.look)

    def _failure(self, cells: int) -> list[Line]:
        row = self.view.row
        said = self._failed.get(row.number, "") if row is not None else ""
        return told.paragraph("", said, cells, self.look, Role.MEDIUM)

    def _header(self, cells: int) -> list[Line]:
        summary = self.session.store.summaries[self.flow]
        look = self.look
        parts: Line = (
            Piece(f"flow {summary.flow} ", Role.ACCENT),
            Piece(self._growth(), Role.MEDIUM),
            Piece(look.name(summary.helo) or look.words(str(summary.client)), Role.TITLE),
            Piece(f"  {summary.outcome.value} in {summary.phase}"),
            Piece(f"  rcpt {summary.recipients.accepted}/{summary.recipients.offered}"),
            Piece(f"  {words.date(summary.start)} {words.clock(summary.start)}", Role.DIM),
        )
        # How the reading stands is said at any width; the rest of the line yields to it.
        how = state(self.session)[:1]
        while len(parts) > 1 and width(parts) + width(how) >= cells:
            parts = parts[:-1]
        return [spread(parts, how, cells)]

    def _growth(self) -> str:
        """Whether new rows are followed, or how many have come unseen."""
        if self.view.following:
            return "follow "
        return f"{self.view.new:,} new " if self.view.new else ""

    @property
    def here(self) -> int | None:
        """The flow that is shown."""
        return self.flow

    def taken(self) -> Subject:
        """The row under the cursor, where the flow on the screen is all that actions take."""
        flows, row = self.session.chosen(self.flow), self.view.row
        if flows != (self.flow,) or row is None or self.ladder is None:
            return self.about(flows)
        findings = tuple(self.ladder.places[at].finding for at in self._here())
        return self.about(flows, frames=row.frames, value=row.text, findings=findings)

    def action_open(self) -> None:
        """Look closely at the row's seam, or unfold its message data."""
        row = self.view.row
        if row is not None and row.kind is RowKind.MESSAGE and self.view.body_line is None:
            self.action_unfold()
        elif row is None or not self._has_seam(row):
            self.seamark.tell("no seam in this line")
        else:
            self.seamark.show_seam(self.flow, row.number)

    def _has_seam(self, row: Row) -> bool:
        """Whether the line under the cursor has a seam that can be looked at."""
        line, unfolded = self.view.body_line, self.view.bodies.get(row.number)
        if line is None or unfolded is None or line >= len(unfolded.message.lines):
            return line is None and bool(row.seams)
        return bool(set(unfolded.message.lines[line].seams) & set(row.seams))

    def action_unfold(self) -> None:
        """Show the message data of the row, or hide it again."""
        row, detail = self.view.row, self.ladder.detail if self.ladder else None
        if row is None or detail is None or row.kind is not RowKind.MESSAGE:
            self.seamark.tell("no message data in this row")
        elif row.number in self.view.bodies:
            self.view.fold(row.number)
        elif self.seamark.wireshark is None:
            self.seamark.tell("the capture cannot be read a second time here")
        elif self.view.is_reading(row.number):
            self.view.wait_for(row.number, reading=False)
        else:
            self._read(detail, row)
        self._tell()

    def _read(self, detail: FlowDetail, row: Row) -> None:
        """Read message data again, beside everything else."""
        wireshark = self.seamark.wireshark
        if wireshark is not None:
            self.view.wait_for(row.number, reading=True)
            self.run_worker(self._unfold(wireshark, detail, row), group=_MESSAGE)

    async def _unfold(self, wireshark: Wireshark, detail: FlowDetail, row: Row) -> None:
        try:
            message = await wireshark.message(detail, row)
        except SeamarkError as error:
            self._fail(detail, row, f"{error.what.rstrip('.')}. {error.remedy}".strip())
        except Exception as error:  # noqa: BLE001 - whatever ends it is told, and the rest stays
            self._fail(detail, row, f"Reading the message again failed: {error!r}")
        else:
            self._show_message(detail, row, message)

    def _show_message(self, detail: FlowDetail, row: Row, message: Message) -> None:
        if not self._is_awaited(detail, row):
            return
        self._failed.pop(row.number, None)
        self._sizes[row.number] = row.size
        rules = frozenset(found.rule for found in detail.findings if row.number in found.rows)
        self.view.unfold(row.number, body.of(row, message, rules))
        self._tell()

    def _fail(self, detail: FlowDetail, row: Row, said: str) -> None:
        if not self._is_awaited(detail, row):
            return
        self.view.wait_for(row.number, reading=False)
        self._failed[row.number] = said
        self.notice(self.look.words(said), _ERROR_STAYS)
        self._tell()

    def _is_awaited(self, detail: FlowDetail, row: Row) -> bool:
        """False where another flow is shown now, or the row was folded again."""
        return self.flow == detail.summary.flow and self.view.is_reading(row.number)

    def _read_again(self, detail: FlowDetail) -> None:
        """Message data that has grown since it was unfolded."""
        for row in detail.rows if self.view.bodies else ():
            known = self._sizes.get(row.number) if row.number in self.view.bodies else None
            if known not in {None, row.size} and not self.view.is_reading(row.number):
                self._read(detail, row)

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
        first = self.ladder.first
        before = sum(first[place.row] < self.view.cursor for place in self.ladder.places)
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
        else:
            self.seamark.tell("nothing answers this row, and it answers nothing")

    def action_follow(self) -> None:
        """Keep the cursor on the last line as rows come, or not any more."""
        self.view.follow()
        self._scrolled()
        self._tell()

    def action_compare(self) -> None:
        """Lay this flow beside the marked one, or beside one that fared otherwise."""
        summaries = self.session.store.summaries
        marked = [flow for flow in self.session.marks if flow != self.flow and flow in summaries]
        other = marked[0] if len(marked) == 1 else None
        if other is None:
            other = candidates.partner(summaries[self.flow], summaries.values())
        if other is None:
            self.seamark.tell("no flow to compare with; mark one with m in the list")
            return
        self.seamark.show_compare(self.flow, other)

    def action_packet(self) -> None:
        """Wireshark's tree of the row's frame."""
        frame = self.ladder.frame_of(self.view.cursor) if self.ladder and len(self.ladder) else None
        if frame is None:
            self.seamark.tell("no frame brought this row")
        else:
            self.seamark.show_packet(self.flow, frame)

    def action_times(self) -> None:
        """Count times from something else."""
        self.view.times = self.view.times.next
        self.seamark.tell(f"times {self.view.times.value}")
        self.changed()

    def action_scroll(self, step: int) -> None:
        """Shift the words sideways."""
        self.view.scroll_words(step)
