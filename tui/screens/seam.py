"""A seam from close by, beside what Wireshark makes of the same frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui import closeup
from tui.actions import SEAM, bindings
from tui.line import Line, Piece, Role, spread
from tui.screens.board import Board
from tui.widgets.lines import Band, Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dissect.analysis.model import Row


class SeamScreen(Board):
    """The close-up.

    Args:
        flow: the flow.
        row: number of the row with the seam.
    """

    WHERE: ClassVar[str] = SEAM
    BINDINGS = bindings(SEAM)

    def __init__(self, flow: int, row: int) -> None:
        super().__init__()
        self.flow = flow
        self.row = row
        self._position = 0
        self._info: dict[int, str] = {}

    def content(self) -> ComposeResult:
        """The close-up's lines."""
        yield Lines(ascii_only=self.look.ascii_only, id="main")

    def on_mount(self) -> None:
        """Show what is known, and ask for the rest."""
        self.pane.display = False
        super().on_mount()
        self._ask()

    def changed(self) -> None:
        """Show the seam."""
        self.query_one("#header", Band).show(self._header)
        self.query_one("#main", Lines).show(self._lines, keep_place=True)

    def subject(self) -> closeup.Subject | None:
        """What is looked at."""
        detail = self.session.store.detail(self.flow)
        row = next((row for row in detail.rows if row.number == self.row), None) if detail else None
        if detail is None or row is None or not row.seams:
            return None
        position = min(self._position, len(row.seams) - 1)
        about = [found for found in detail.findings if self.row in found.rows]
        findings = tuple(sorted(about, key=lambda found: (found.seam is None, -found.severity)))
        return closeup.Subject(row, position, detail.summary.start, findings, self._info)

    def action_seam(self, step: int) -> None:
        """Go to the next or the previous seam of the row, then of the flow."""
        seams = [(row, at) for row in self._rows() for at in range(len(row.seams))]
        here = [(row.number, at) for row, at in seams]
        to = here.index((self.row, self._position)) + step
        if not 0 <= to < len(here):
            self.seamark.tell("no seam further on")
            return
        self.row, self._position = here[to]
        self._ask()
        self.changed()

    def _rows(self) -> list[Row]:
        detail = self.session.store.detail(self.flow)
        return [row for row in detail.rows if row.seams] if detail else []

    def _ask(self) -> None:
        """Ask tshark for the Info column of both frames; the answer is shown when it comes."""
        subject, lookup = self.subject(), self.seamark.wireshark
        if subject is None or lookup is None:
            return
        frames = {subject.seam.before, subject.seam.after} - self._info.keys()
        if frames:
            self.run_worker(self._learn(tuple(sorted(frames))), exit_on_error=False)

    async def _learn(self, frames: tuple[int, ...]) -> None:
        lookup = self.seamark.wireshark
        if lookup is not None:
            self._info.update(await lookup.lookup(frames))
            self.changed()

    def _lines(self, cells: int) -> list[Line]:
        subject = self.subject()
        return closeup.lines(subject, cells, self.look) if subject else []

    def _header(self, cells: int) -> list[Line]:
        subject = self.subject()
        said = closeup.heading(subject, self.look) if subject else ""
        title = (Piece(f"flow {self.flow} ", Role.ACCENT), Piece(said, Role.TITLE))
        summary = self.session.store.summaries[self.flow]
        return [spread(title, (Piece(self.look.words(str(summary.client)), Role.DIM),), cells)]
