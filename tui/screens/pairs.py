"""All flows of two captures: what was done to each between inside and outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from dissect.analysis.model import Status
from tui import facing, told
from tui.actions import PAIRS, bindings
from tui.line import Line, Piece, Role, spread
from tui.out import Subject
from tui.screens.board import reasons, state
from tui.screens.desk import Desk
from tui.screens.pair import PairScreen
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band, Lines
from tui.widgets.pair_table import PairTable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dissect.compare.overview import Item
    from tui.both import Both

_HEAD: Final = 3
"""Lines of the verdict over the list."""


class PairsScreen(Desk):
    """The list.

    Args:
        both: the comparison.
    """

    WHERE: ClassVar[str] = PAIRS
    BINDINGS = bindings(PAIRS)

    def __init__(self, both: Both) -> None:
        super().__init__()
        self.both = both

    def content(self) -> ComposeResult:
        """The verdict and the titles over the list, or a word where it is empty."""
        yield Band(ascii_only=self.look.ascii_only, id="titles")
        yield PairTable(self.look, id="main")
        yield Lines(ascii_only=self.look.ascii_only, id="empty")

    @property
    def table(self) -> PairTable:
        """The list."""
        return self.query_one("#main", PairTable)

    def changed(self) -> None:
        """The comparison is further, or done."""
        overview = self.both.overview
        self.table.show(overview.items if overview else ())
        self.table.freshen()
        self.query_one("#header", Band).show(self._header)
        self.retitle()
        empty = self.query_one("#empty", Lines)
        empty.display = not self.table.count()
        self.table.display = not empty.display
        empty.show(lambda cells: told.paragraph("", self._nothing(), cells, self.look))
        self._tell()

    def _nothing(self) -> str:
        progress = self.session.store.progress
        if progress.status is Status.LOADING:
            return "Reading both captures. Their flows appear here when they have been compared."
        if progress.status is Status.FAILED:
            return f"Nothing was compared. {progress.error}"
        return "Neither capture holds an SMTP flow; if mail has another port here, name it: --port."

    def retitle(self) -> None:
        """The verdict, what is wrong with the captures, and the titles of the columns."""
        self.query_one("#titles", Band).show(self._titles)

    def _titles(self, cells: int) -> list[Line]:
        overview = self.both.overview
        if overview is None:
            return reasons(self.session, cells, self.look)
        lines = facing.verdict(overview, cells, self.look)[:_HEAD]
        return [*lines, *reasons(self.session, cells, self.look), self.table.heading()]

    @on(LineView.Moved)
    def _moved(self) -> None:
        self._tell()

    def _tell(self) -> None:
        self.tell(self.table.item, self._about)

    def _about(self, cells: int) -> list[Line]:
        overview, item = self.both.overview, self.table.item
        return facing.details(item, overview, cells, self.look) if overview and item else []

    def _header(self, cells: int) -> list[Line]:
        items = self.table.items
        pairs = [item for item in items if item.pair >= 0]
        alone, changed = len(items) - len(pairs), sum(bool(item.places) for item in pairs)
        parts: Line = (Piece("compare ", Role.ACCENT),)
        if self.both.overview is not None:
            said = f"{changed:,} of {len(pairs):,} flows differ"
            parts = (
                *parts,
                Piece(said, Role.BAD if changed else Role.GOOD),
                Piece(f"  {alone:,} on one side only" if alone else "", Role.MEDIUM),
            )
        return [spread(parts, state(self.session)[:3], cells)]

    def taken(self) -> Subject:
        """What is said of the flow under the cursor."""
        overview, item = self.both.overview, self.table.item
        if overview is None or item is None:
            return Subject(look=self.look)
        lines = facing.details(item, overview, 76, self.look)
        said = "\n".join("".join(piece.text for piece in line).rstrip() for line in lines)
        return Subject(look=self.look, dialogue=lambda: said)

    def action_open(self) -> None:
        """Lay both sides of the flow beside each other."""
        item = self.table.item
        if item is None:
            return
        if item.pair < 0:
            self.seamark.tell(f"this flow is {facing.fate(item)[0].text}: nothing to lay beside it")
            return
        self.seamark.push_screen(PairScreen(self, item))

    def action_difference(self, step: int) -> None:
        """Go to the next or previous flow that differs."""
        if not self.table.step(step):
            self.seamark.tell("no flow that differs further on")

    def neighbour(self, item: Item, step: int) -> Item | None:
        """The next or previous flow that is on both sides; the cursor goes there."""
        items = self.table.items
        at = items.index(item) + step
        while 0 <= at < len(items) and items[at].pair < 0:
            at += step
        if not 0 <= at < len(items):
            return None
        self.table.cursor = at
        return items[at]

    def action_leave(self) -> None:
        """Quit."""
        self.app.exit(0)
