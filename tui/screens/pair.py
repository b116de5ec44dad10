"""One flow from both sides: what the inside has beside what the outside has."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from dissect.errors import SeamarkError
from tui import facing, told
from tui.actions import PAIR, bindings
from tui.line import Line, Piece, Role, spread, text
from tui.out import Subject
from tui.screens.desk import Desk
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band
from tui.widgets.pair_view import PairView
from tui.words import count

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dissect.compare.ladder import Step
    from dissect.compare.overview import Item
    from tui.screens.pairs import PairsScreen

_WRITTEN: Final = 160
"""Columns of a ladder that is copied."""


class PairScreen(Desk):
    """The two-column ladder.

    Args:
        pairs: the list that it was opened from.
        item: the flow.
    """

    WHERE: ClassVar[str] = PAIR
    BINDINGS = bindings(PAIR)
    CSS = """
    PairScreen #pane { height: 7; }
    PairScreen.-wide #body { layout: vertical; }
    PairScreen.-wide #pane { height: 8; width: 1fr; }
    PairScreen.-tall #pane { height: 14; }
    """

    def __init__(self, pairs: PairsScreen, item: Item) -> None:
        super().__init__()
        self.pairs = pairs
        self.item = item
        self.digits = False
        """Whether the pane shows bytes."""
        self._wrong = ""

    def content(self) -> ComposeResult:
        """Both columns under their titles."""
        yield Band(ascii_only=self.look.ascii_only, id="titles")
        yield PairView(self.look, id="main")

    @property
    def view(self) -> PairView:
        """Both columns."""
        return self.query_one("#main", PairView)

    @property
    def step(self) -> Step | None:
        """The row under the cursor."""
        laid = self.view.laid
        return laid.steps[self.view.cursor] if laid and laid.steps else None

    def on_mount(self) -> None:
        """Show the titles, and ask for the rows."""
        super().on_mount()
        self._ask()

    def _ask(self) -> None:
        self.run_worker(self._load(self.item), exclusive=True)

    async def _load(self, item: Item) -> None:
        """Get the rows; keys are answered meanwhile."""
        try:
            laid = await self.pairs.both.laid(item.pair)
        except SeamarkError as error:
            self._wrong, laid = str(error), None
        if item is self.item:
            self.view.show(laid)
            self.changed()

    def changed(self) -> None:
        """Paint all."""
        self.query_one("#header", Band).show(self._header)
        self.view.freshen()
        self.retitle()
        self._tell()

    def retitle(self) -> None:
        """Both ends over their columns."""
        titles = self.query_one("#titles", Band)
        titles.show(lambda cells: facing.heading(self.item, min(cells, self.view.cells), self.look))

    @on(LineView.Moved)
    def _moved(self) -> None:
        self.query_one("#header", Band).remake()
        self._tell()

    def _tell(self) -> None:
        self.tell((self.item, self.view.cursor, self.digits), self._about)

    def _about(self, cells: int) -> list[Line]:
        laid, step = self.view.laid, self.step
        if laid is None:
            said = self._wrong or "laying both sides beside each other"
            return told.paragraph("", said, cells, self.look, Role.MEDIUM)
        if step is None:
            return told.paragraph("", "neither side says anything in this flow", cells, self.look)
        return facing.about(step, laid, cells, self.look, digits=self.digits)

    def _header(self, cells: int) -> list[Line]:
        view = self.view
        fate = facing.fate(self.item)
        if view.stops:
            at = sum(stop <= view.cursor for stop in view.stops)
            where = f"difference {at} of {count(len(view.stops), 'place')}  "
        else:
            where = ""
        rows = Piece(f"{where}row {min(view.cursor + 1, view.count()):,}/{view.count():,}",
                     Role.DIM)  # fmt: skip
        return [spread((Piece("both sides  ", Role.ACCENT), *fate), (rows,), cells)]

    def taken(self) -> Subject:
        """The row's words, and the whole ladder."""
        laid, step = self.view.laid, self.step
        if laid is None or step is None:
            return Subject(look=self.look)
        part = step.one or step.two
        value = part.view.text if part else b""
        return Subject(look=self.look, value=value, dialogue=self._text)

    def _text(self) -> str:
        """Both columns as a text."""
        steps = self.view.laid.steps if self.view.laid else ()
        lines = [text(line) for line in facing.heading(self.item, _WRITTEN, self.look)]
        lines += [text(facing.draw(step, _WRITTEN, self.look)) for step in steps]
        return "\n".join(line.rstrip() for line in lines)

    def action_open(self) -> None:
        """Show the row's bytes, or its words again."""
        self.digits = not self.digits
        self._tell()

    def action_difference(self, step: int) -> None:
        """Go to the next or the previous difference."""
        if not self.view.step(step):
            self.seamark.tell("no difference further on" if self.view.stops else
                              "nothing differs in this flow")  # fmt: skip

    def action_pair(self, step: int) -> None:
        """Go to the next or the previous flow."""
        item = self.pairs.neighbour(self.item, step)
        if item is None:
            self.seamark.tell("no flow further on")
            return
        self.item, self._wrong = item, ""
        self.view.show(None)
        self.changed()
        self._ask()
