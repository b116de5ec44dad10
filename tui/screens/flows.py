"""The first screen: all flows, with a preview of the one under the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.widgets import Input

from dissect.analysis.model import FlowDetail, Status
from tui import told, words
from tui.actions import FLOWS, bindings
from tui.ladder import Ladder, Place
from tui.lanes import Frame, draw
from tui.line import EMPTY, Line, Piece, Role, fit_tail, spread, width
from tui.look import SEVERITY_ROLES, SEVERITY_WORDS
from tui.screens.board import Board, reasons, state
from tui.widgets.flow_table import FlowTable
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band, Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

_PREVIEW: Final = 60
_NAME: Final = "Seamark "
_VERDICT: Final = "verdict  "


class FlowsScreen(Board):
    """The flow list."""

    WHERE: ClassVar[str] = FLOWS
    BINDINGS = bindings(FLOWS)

    def __init__(self) -> None:
        super().__init__()
        self._laid_out: Ladder | None = None

    def content(self) -> ComposeResult:
        """The table under its titles, or a word where there is nothing to list."""
        yield Band(ascii_only=self.look.ascii_only, id="titles")
        yield FlowTable(self.session, self.look, id="main")
        yield Lines(ascii_only=self.look.ascii_only, id="empty")

    def extras(self) -> ComposeResult:
        """The line in which a search is typed."""
        yield Input(
            placeholder="search: address, HELO, sender, outcome, rule, any words", id="search"
        )

    @property
    def table(self) -> FlowTable:
        """The list."""
        return self.query_one("#main", FlowTable)

    def changed(self) -> None:
        """Flows have come, changed or been narrowed."""
        self.query_one("#header", Band).show(self._header)
        self.table.sync()
        self.retitle()
        empty = not len(self.session.view)
        self.table.display = not empty
        lines = self.query_one("#empty", Lines)
        lines.display = empty
        if empty:
            lines.show(self._nothing)
        self._preview()

    @on(LineView.Moved)
    def _moved(self) -> None:
        self._preview()

    def retitle(self) -> None:
        """The columns' titles."""
        self.query_one("#titles", Band).show(lambda _cells: [self.table.heading()])

    def _preview(self) -> None:
        self.tell(self.table.flow, self._dialogue)

    def _ladder(self, detail: FlowDetail) -> Ladder:
        """The flow's ladder, laid out once."""
        if self._laid_out is None or self._laid_out.detail is not detail:
            self._laid_out = Ladder(detail)
        return self._laid_out

    def _dialogue(self, cells: int) -> list[Line]:
        """The dialogue of the flow under the cursor, around its worst finding."""
        flow = self.table.flow
        detail = None if flow is None else self.session.store.detail(flow)
        if detail is None or not detail.rows:
            return []
        ladder = self._ladder(detail)
        frame = Frame(cells, self.look, margins=False)
        height = max(self.pane.size.height, 2)
        start = _around(ladder, height)
        stop = min(start + max(_PREVIEW, height), len(ladder))
        return [
            self._pane_title(flow, cells),
            *(draw(ladder, at, frame) for at in range(start, stop)),
        ]

    def _pane_title(self, flow: int | None, cells: int) -> Line:
        summary = self.session.store.summaries[flow or 0]
        ends = self.look.words(f"{summary.client} {self.look.arrow} {summary.server}")
        title = f"flow {summary.flow}  {ends} "
        return (
            Piece(title, Role.TITLE),
            Piece(self.look.rule * max(cells - len(title), 0), Role.DIM),
        )

    def _header(self, cells: int) -> list[Line]:
        session, look = self.session, self.look
        how = state(session)
        room = cells - len(_NAME) - width(how) - 1
        path = fit_tail(look.words(self.seamark.heading), room, look.cut)
        lines = [
            spread((Piece(_NAME, Role.ACCENT), Piece(path, Role.TITLE)), how, cells),
            spread(self._counts(), self._narrowed(), cells),
        ]
        lines += reasons(session, cells, look)
        verdicts = session.store.verdicts
        if verdicts:
            more = f"  +{len(verdicts) - 1}" if len(verdicts) > 1 else ""
            said = told.verdict_words(verdicts[0], cells - len(_VERDICT) - len(more), look)
            lines.append((Piece(f"{_VERDICT}{said}{more}", Role.HIGH),))
        return lines

    def _counts(self) -> Line:
        store, look = self.session.store, self.look
        parts = [Piece(words.count(len(store.summaries), "flow"), Role.TEXT)]
        parts.append(Piece(f"  {store.damaged:,} damaged", Role.BAD if store.damaged else Role.DIM))
        for severity, number in store.severities.items():
            if number:
                sign = f"  {look.glyph(severity)} {number:,} {SEVERITY_WORDS[severity]}"
                parts.append(Piece(sign, SEVERITY_ROLES[severity]))
        return tuple(parts)

    def _narrowed(self) -> Line:
        session = self.session
        what = [f"/{session.search.words}"] if session.search.words else []
        what += ["damaged only"] if session.only_damaged else []
        if not what:
            return ()
        rest = f" (searching {session.searching:,})" if session.searching else ""
        said = f"{len(session.view):,} of them: {' '.join(what)}{rest}"
        return (Piece(self.look.words(said), Role.ACCENT),)

    def _nothing(self, cells: int) -> list[Line]:
        """Never a blank screen: why nothing is listed, and what to do."""
        session = self.session
        if session.store.summaries:
            said = "No flow matches. Esc forgets the search, f lists flows without damage again."
        else:
            said = _EMPTY[session.store.progress.status]
        lines = [EMPTY]
        for part in said.split("\n"):
            lines += told.paragraph("", part, cells, self.look) or [EMPTY]
        for warning in session.store.progress.warnings:
            lines += told.paragraph("warning", warning, cells, self.look, Role.MEDIUM)
        return lines

    def action_open(self) -> None:
        """Open the ladder."""
        flow = self.table.flow
        if flow is not None:
            self.seamark.show_ladder(flow)

    def action_finding(self, step: int) -> None:
        """Go to the next or the previous damaged flow."""
        flow = self.session.next_damaged(self.table.flow, step)
        if flow is None:
            self.seamark.tell("no damaged flow further on")
        else:
            self.table.go_to(flow)

    def action_search(self) -> None:
        """Type a search."""
        line = self.query_one("#search", Input)
        line.value = self.session.search.words
        line.display = True
        line.focus()

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        if event.value != self.session.search.words:
            self.session.find(event.value)
            self.changed()

    @on(Input.Submitted, "#search")
    def _entered(self) -> None:
        self._close_search()

    def _close_search(self) -> None:
        self.query_one("#search", Input).display = False
        self.main.focus()

    def action_clear(self) -> None:
        """Forget the search."""
        self._close_search()
        if self.session.search.words:
            self.session.find("")
            self.changed()

    def action_damaged(self) -> None:
        """List only damaged flows, or all."""
        self.session.toggle_damaged()
        self.changed()

    def action_sort(self, step: int) -> None:
        """Sort by a neighbouring column in sight."""
        shown = [placed.column for placed in self.table.placed()]
        now = self.session.column
        if not shown:
            return
        at = shown.index(now) if now in shown else 0
        self.session.sort(shown[(at + step) % len(shown)], reverse=self.session.view.reverse)
        self.changed()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.session.sort(self.session.column, reverse=not self.session.view.reverse)
        self.changed()

    def action_leave(self) -> None:
        """Quit."""
        self.app.exit(0)


_EMPTY: Final = {
    Status.LOADING: "Reading. The first conversations appear here as soon as they are seen.",
    Status.COMPLETE: "No SMTP conversation found.\n\nSeamark looks at ports 25, 587, 2525 and 465, "
    "and at any conversation that opens with a 220 greeting and EHLO or HELO.\n\n"
    "- another port: start again with --port NUMBER\n"
    "- a filter at capture time may have left SMTP out\n"
    "- encrypted from the first byte: only ports tell, see --port",
    Status.TRUNCATED: "The capture ends early, and no SMTP conversation was found before that.",
    Status.FAILED: "The capture could not be read.",
}


def _around(ladder: Ladder, height: int) -> int:
    """The first line of a preview that has the worst finding in it."""
    if not ladder.places:
        return 0
    worst = max(ladder.places, key=_telling)
    line = ladder.first[worst.row]
    return max(min(line - height // 3, len(ladder) - height + 1), 0)


def _telling(place: Place) -> tuple[int, bool]:
    """Of equally bad findings, one with a seam says the most."""
    return place.finding.severity, place.finding.seam is not None
