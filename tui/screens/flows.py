"""The first screen: all flows, with a preview of the one under the cursor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from dissect.analysis.model import FlowDetail, Status
from tui import logged, told, words
from tui.actions import FLOWS, bindings
from tui.filtering import Filter, Known
from tui.groups import Grouping
from tui.ladder import Ladder, Place
from tui.lanes import Frame, draw
from tui.line import EMPTY, Line, Piece, Role, crop, fit, fit_tail, spread, width
from tui.look import SEVERITY_ROLES, SEVERITY_WORDS
from tui.out import Subject
from tui.screens.board import reasons, state
from tui.screens.desk import Desk
from tui.sources import sources
from tui.target import Target
from tui.widgets.filter_line import FilterLine
from tui.widgets.flow_table import FlowTable
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band, Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

_PREVIEW: Final = 60
_QUICK: Final = 5_000
"""Flows that are filtered between two keys."""
_PAUSE: Final = 0.15
"""Seconds without a key after which a filter is applied to more than that."""
_NAME: Final = "Seamark "
_VERDICT: Final = "verdict  "
_LOG: Final = "log      "


class FlowsScreen(Desk):
    """The flow list."""

    WHERE: ClassVar[str] = FLOWS
    BINDINGS = bindings(FLOWS)

    def __init__(self, *, follow: bool = False) -> None:
        super().__init__()
        self._follow = follow
        self._waiting: Timer | None = None
        """When a filter that was typed is applied."""
        self._laid_out: Ladder | None = None

    def content(self) -> ComposeResult:
        """The table under its titles, or a word where there is nothing to list."""
        yield Band(ascii_only=self.look.ascii_only, id="titles")
        table = FlowTable(self.session, self.look, id="main")
        table.following = self._follow
        yield table
        yield Lines(ascii_only=self.look.ascii_only, id="empty")

    def extras(self) -> ComposeResult:
        """The line in which a filter is typed."""
        yield FilterLine(self.look, self._known, self.seamark.history, id="filter")

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
            self._second(cells),
        ]
        lines += sources(session.store.progress.sources, cells, look)
        lines += reasons(session, cells, look)
        if session.store.log is not None:
            said = fit(logged.summary(session.store.log), cells - len(_LOG), look.cut)
            lines.append((Piece(f"{_LOG}{said}", Role.ACCENT),))
        verdicts = session.store.verdicts
        if verdicts:
            more = f"  +{len(verdicts) - 1}" if len(verdicts) > 1 else ""
            said = told.verdict_words(verdicts[0], cells - len(_VERDICT) - len(more), look)
            lines.append((Piece(f"{_VERDICT}{said}{more}", Role.HIGH),))
        return lines

    def _second(self, cells: int) -> Line:
        """The totals, and how the list differs; how many are how bad yields to that."""
        counts, how = self._counts(), self._narrowed()
        if width(counts) + width(how) >= cells:
            counts = counts[:2]
        if width(counts) + width(how) >= cells:
            how = crop(how, 0, cells - width(counts) - 1)
        return spread(counts, how, cells)

    def _counts(self) -> Line:
        store, look = self.session.store, self.look
        seen = len(store.summaries) + store.progress.evicted
        parts = [Piece(words.count(seen, "flow"), Role.TEXT)]
        parts.append(Piece(f"  {store.damaged:,} damaged", Role.BAD if store.damaged else Role.DIM))
        for severity, number in store.severities.items():
            if number:
                sign = f"  {look.glyph(severity)} {number:,} {SEVERITY_WORDS[severity]}"
                parts.append(Piece(sign, SEVERITY_ROLES[severity]))
        return tuple(parts)

    def _narrowed(self) -> Line:
        """How the list differs from all flows in their order, and what actions take."""
        parts = [self._listed(), *self._how(), *self._taken()]
        said = f"  {self.look.dot}  ".join(part for part in parts if part)
        return (Piece(self.look.words(said), Role.ACCENT),) if said else ()

    def _listed(self) -> str:
        session = self.session
        what = [session.filter.title] if not session.filter.matches_all else []
        what += ["damaged only"] if session.only_damaged else []
        what += [f"source {session.labels[session.only_source]}"] if session.only_source else []
        if not what:
            return ""
        rest = f" (searching {session.searching:,})" if session.searching else ""
        return f"{len(session.view):,} of them: {' '.join(what)}{rest}"

    def _how(self) -> list[str]:
        session, table = self.session, self.table
        new = f"{table.new:,} new" if table.new else ""
        grouped = session.grouping.value if session.grouping is not Grouping.NONE else ""
        return [grouped, "follow" if table.following else new]

    def _taken(self) -> list[str]:
        session = self.session
        marks = f"{len(session.marks):,} marked" if session.marks else ""
        target = session.target
        return [marks, f"actions take {target.value}" if target is not Target.CURSOR else ""]

    def _nothing(self, cells: int) -> list[Line]:
        """Never a blank screen: why nothing is listed, and what to do."""
        session = self.session
        if session.store.summaries:
            said = "No flow matches. Esc forgets the filter, f lists flows without damage again."
        else:
            said = _EMPTY[session.store.progress.status]
        lines = [EMPTY]
        for part in said.split("\n"):
            lines += told.paragraph("", part, cells, self.look) or [EMPTY]
        for warning in session.store.progress.warnings:
            lines += told.paragraph("warning", warning, cells, self.look, Role.MEDIUM)
        return lines

    @property
    def here(self) -> int | None:
        """The flow under the cursor."""
        return self.table.flow

    def taken(self) -> Subject:
        """The flows that actions take; of one alone its findings too."""
        flows = self.session.chosen(self.here)
        detail = self.session.store.detail(flows[0]) if len(flows) == 1 else None
        return self.about(flows, findings=detail.findings if detail else ())

    def action_open(self) -> None:
        """Open the ladder, or fold the group."""
        group = self.table.group
        if self.here is not None:
            self.seamark.show_ladder(self.here)
        elif group is not None:
            self.table.fold(folded=not self.session.lines.folded(group.name))
            self.changed()

    def action_finding(self, step: int) -> None:
        """Go to the next or the previous damaged flow."""
        group = self.table.group
        start = self.here
        if group is not None:  # from the head of a group, go on with what is listed behind it
            self.table.move("down" if step > 0 else "up")
            start = self.here
        flow = self.session.next_damaged(start, step)
        if flow is None:
            self.seamark.tell("no damaged flow further on")
        else:
            self.table.go_to(flow)

    def go_to_frame(self, frame: int) -> bool:
        """Go to the flow that holds a frame."""
        flows = self.session.holding(frame)
        listed = next((flow for flow in flows if self.session.view.index(flow) is not None), None)
        if listed is not None:
            self.table.go_to(listed)
        return listed is not None

    # What is listed, and how.

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterLine).open(self.session.filter.text)

    def filter(self, wanted: Filter) -> None:
        """List what a filter wants."""
        if wanted != self.session.filter:
            self.session.narrow(wanted)
            self.changed()

    @on(FilterLine.Changed)
    def _typed(self, event: FilterLine.Changed) -> None:
        """Apply what is typed: at once, or where that takes long, when the keys pause."""
        if self._waiting is not None:
            self._waiting.stop()
        if event.filter is None:
            return
        if len(self.session.store.summaries) < _QUICK:
            self.filter(event.filter)
        else:
            self._waiting = self.set_timer(_PAUSE, partial(self.filter, event.filter))

    @on(FilterLine.Submitted)
    def _entered(self, event: FilterLine.Submitted) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self.filter(event.filter)
        self.main.focus()

    @on(FilterLine.Closed)
    def _left(self, event: FilterLine.Closed) -> None:
        self.filter(event.before)
        self.main.focus()

    def _known(self) -> Known:
        """What a completion can offer from the capture."""
        return self.session.known()

    def action_clear(self) -> None:
        """Forget the filter, and list all flows."""
        if self.session.only_damaged:
            self.session.toggle_damaged()
        if self.session.only_source:
            self.session.list_source("")
        self.seamark.filter_flows("")

    def action_sort_menu(self) -> None:
        """Choose a column to sort by."""
        self.seamark.choose_sort()

    def action_group(self) -> None:
        """Group the flows by something else."""
        self.session.group(self.session.grouping.next)
        self.seamark.tell(f"flows {self.session.grouping.value}")
        self.changed()

    def action_fold(self, unfold: bool) -> None:  # noqa: FBT001 - an action's argument
        """Show or hide the flows of a group."""
        self.table.fold(folded=not unfold)
        self.changed()

    def action_columns(self) -> None:
        """Choose columns."""
        self.seamark.show_columns()

    def action_follow(self) -> None:
        """Keep the cursor on the last flow."""
        self.table.follow()
        self.changed()

    def action_mark_down(self) -> None:
        """Mark the flow under the cursor, or not any more, and go to the next."""
        if self.here is not None:
            self.session.mark((self.here,))
        self.table.move("down")
        self.changed()

    def action_damaged(self) -> None:
        """List only damaged flows, or all."""
        self.session.toggle_damaged()
        self.changed()

    def action_source(self) -> None:
        """List the flows of the next source only, or of all again."""
        labels = self.session.labels
        if len(labels) <= 1:
            self.seamark.tell("all flows come from one source")
            return
        name = self.session.next_source()
        self.seamark.tell(f"source {labels[name]}" if name else "all sources")
        self.changed()

    def action_sort(self, step: int) -> None:
        """Sort by a neighbouring column in sight."""
        shown = [placed.column for placed in self.table.placed()]
        now = self.session.column
        if not shown:
            return
        at = shown.index(now) if now in shown else 0
        self.seamark.sort(shown[(at + step) % len(shown)].id, reverse=self.session.view.reverse)
        self.changed()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.seamark.sort(self.session.column.id, reverse=not self.session.view.reverse)
        self.changed()

    def action_leave(self) -> None:
        """Quit."""
        self.app.exit(0)


_EMPTY: Final = {
    Status.IDLE: "Nothing is captured.\n\n- B begins a capture, here or on a host behind ssh\n"
    "- seamark FILE opens a capture\n- q quits",
    Status.LOADING: "Reading. The first conversations appear here as soon as they are seen.",
    Status.LIVE: "Watching. The first conversation appears here as soon as it begins.",
    Status.LOST: "The source of the packets has gone, and no SMTP conversation was seen before.",
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
