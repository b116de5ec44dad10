"""All findings in groups, the worst first, with what each means and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from dissect import rulebook
from tui import told, words
from tui.actions import FINDINGS, bindings
from tui.line import Line, Piece, Role, spread
from tui.screens.board import state
from tui.screens.desk import Desk
from tui.widgets.findings_list import FindingsList
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band, Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.out import Subject


class FindingsScreen(Desk):
    """The findings."""

    WHERE: ClassVar[str] = FINDINGS
    BINDINGS = bindings(FINDINGS)

    def content(self) -> ComposeResult:
        """The list, or a word where there is nothing to list."""
        yield FindingsList(self.session, self.look, id="main")
        yield Lines(ascii_only=self.look.ascii_only, id="empty")

    @property
    def table(self) -> FindingsList:
        """The list of findings."""
        return self.query_one("#main", FindingsList)

    def changed(self) -> None:
        """Findings have come."""
        self.query_one("#header", Band).show(self._header)
        self.table.sync()
        empty = not self.table.count()
        self.table.display = not empty
        lines = self.query_one("#empty", Lines)
        lines.display = empty
        lines.show(lambda cells: told.paragraph("", _NOTHING, cells, self.look))
        self._tell()

    @on(LineView.Moved)
    def _moved(self) -> None:
        self._tell()

    def _tell(self) -> None:
        self.tell((self.table.verdict, self.table.entry), self._about)

    def _about(self, cells: int) -> list[Line]:
        """The verdict, the finding or the rule under the cursor; for others the first finding."""
        entry, verdict = self.table.entry, self.table.verdict
        if verdict is not None:
            return told.verdict(verdict, cells, self.look)
        if entry is None:
            return []
        page = rulebook.page(entry.group.name) if entry.ref is None else None
        if page is not None:
            return told.rule(page, cells, self.look)
        ref = entry.ref or entry.group.refs[0]
        found = self.session.evidence.finding(ref)
        lines = told.finding(found, cells, self.look) if found else []
        summary = self.session.store.summaries.get(ref.flow)
        if summary is not None:
            ends = f"{summary.client} {self.look.arrow} {summary.server}"
            lines += told.paragraph("flow", f"{summary.flow}  {ends}", cells, self.look, Role.DIM)
        return lines

    def _header(self, cells: int) -> list[Line]:
        session = self.session
        total = words.count(session.evidence.total, "finding")
        title = (Piece("findings ", Role.ACCENT), Piece(total, Role.TITLE))
        rest = f"  {session.indexing:,} flows to read" if session.indexing else ""
        how = Piece(f"  {session.evidence.by.value}", Role.ACCENT)
        return [spread((*title, how, Piece(rest, Role.DIM)), state(session), cells)]

    @property
    def here(self) -> int | None:
        """The flow of the finding under the cursor."""
        entry = self.table.entry
        return entry.ref.flow if entry is not None and entry.ref is not None else None

    def taken(self) -> Subject:
        """The verdict or the finding under the cursor."""
        entry, verdict = self.table.entry, self.table.verdict
        ref = entry.ref if entry is not None else None
        found = self.session.evidence.finding(ref) if ref is not None else None
        if ref is None or found is None:
            return self.about((), verdict=verdict)
        return self.about((ref.flow,), frames=found.frames, findings=(found,))

    def action_open(self) -> None:
        """Go to the evidence, or fold the rule."""
        entry = self.table.entry
        if entry is None:
            return
        if entry.ref is None:
            self.table.fold(unfold=not entry.group.open)
            return
        found = self.session.evidence.finding(entry.ref)
        row = found.rows[0] if found and found.rows else None
        self.seamark.show_ladder(entry.ref.flow, row)

    def action_finding(self, step: int) -> None:
        """Go to the next or the previous finding."""
        self.table.step(step)

    def action_group(self) -> None:
        """Group the findings by something else; the cursor stays on its finding."""
        self.table.regroup()
        self.seamark.tell(f"findings {self.session.evidence.by.value}")
        self.changed()

    def action_fold(self, unfold: bool) -> None:  # noqa: FBT001 - an action's argument
        """Show or hide the findings of a rule."""
        self.table.fold(unfold=unfold)


_NOTHING = (
    "No finding so far. That does not prove that nothing is in between: see the help (?) for what "
    "a capture cannot show."
)
