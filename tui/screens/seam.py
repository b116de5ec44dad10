"""A seam from close by, beside what Wireshark makes of the same frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from dissect.errors import SeamarkError
from tui import closeup
from tui.actions import SEAM, bindings
from tui.line import Line, Piece, Role, spread
from tui.screens.desk import Desk
from tui.widgets.lines import Band, Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from dissect.analysis.frame import WireFacts
    from dissect.analysis.model import Row
    from tui.out import Subject

_SETTLE: Final = 0.05
"""Seconds that the keys rest before tshark is asked; who runs through seams starts none."""
_MOST_KEPT: Final = 512
"""Frames whose facts are kept."""
_NO_CAPTURE: Final = (
    "there is no capture file to read again, so Wireshark's columns and some headers are missing",
    "write the capture to a file, and open that",
)
_GONE: Final = (
    "tshark does not find these frames in the capture",
    "see whether the file was written anew, and open it again",
)


class SeamScreen(Desk):
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
        self._wire: dict[int, WireFacts] = {}
        self._asked: set[int] = set()
        """Frames that tshark has answered for, with facts or without."""
        self._missing = ("", "")
        self._shown: object = None
        self._rest: Timer | None = None

    def content(self) -> ComposeResult:
        """The close-up's lines."""
        yield Lines(ascii_only=self.look.ascii_only, id="main")

    def on_mount(self) -> None:
        """Show what is known, and ask for the rest."""
        self.pane.display = False
        super().on_mount()
        self._ask()

    def changed(self) -> None:
        """Show the seam; the same one keeps its place."""
        here = (self.row, self._position)
        self.query_one("#header", Band).show(self._header)
        self.query_one("#main", Lines).show(self._lines, keep_place=here == self._shown)
        self._shown = here

    def subject(self) -> closeup.Subject | None:
        """What is looked at."""
        detail = self.session.store.detail(self.flow)
        row = next((row for row in detail.rows if row.number == self.row), None) if detail else None
        if detail is None or row is None or not row.seams:
            return None
        position = min(self._position, len(row.seams) - 1)
        return closeup.Subject(detail, row, position, self._wire, self._missing)

    @property
    def here(self) -> int | None:
        """The flow that the seam is in."""
        return self.flow

    def taken(self) -> Subject:
        """The row with its seam, and the frames on both sides."""
        subject = self.subject()
        if subject is None:
            return self.about((self.flow,))
        frames = (subject.seam.before, subject.seam.after)
        found = subject.findings
        return self.about((self.flow,), frames=frames, value=subject.row.text, findings=found)

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

    def action_packet(self) -> None:
        """Open the frame before the seam, as Wireshark dissects it."""
        subject = self.subject()
        if subject is not None:
            self.seamark.show_packet(self.flow, subject.seam.before)

    def _rows(self) -> list[Row]:
        detail = self.session.store.detail(self.flow)
        return [row for row in detail.rows if row.seams] if detail else []

    def _ask(self) -> None:
        """Ask tshark for the frames' facts; what was asked before is not waited for."""
        self.workers.cancel_group(self, "seam")
        self._missing = _NO_CAPTURE if self.seamark.wireshark is None else self._unknown()
        if self._rest is not None:
            self._rest.stop()
        if self._wanted():
            self._rest = self.set_timer(_SETTLE, self._start)

    def _wanted(self) -> tuple[int, ...]:
        """The frames that tshark was not asked for yet."""
        subject = self.subject()
        if subject is None or self.seamark.wireshark is None:
            return ()
        return tuple(frame for frame in subject.frames if frame not in self._asked)

    def _start(self) -> None:
        self.run_worker(self._learn(), exclusive=True, group="seam", exit_on_error=False)

    async def _learn(self) -> None:
        frames, wireshark = self._wanted(), self.seamark.wireshark
        if not frames or wireshark is None:
            return
        flow = self.session.store.summaries[self.flow]
        try:
            self._keep(frames, await wireshark.facts(flow, frames))
        except SeamarkError as error:
            self._missing = (error.what, error.remedy)
        except Exception as error:  # noqa: BLE001 - whatever ends it is told, and the rest stays
            self._missing = (f"reading the frames again failed: {error!r}", "")
        self.changed()

    def _keep(self, frames: tuple[int, ...], found: dict[int, WireFacts]) -> None:
        if len(self._asked) > _MOST_KEPT:
            self._asked.clear()
            self._wire.clear()
        self._asked.update(frames)
        self._wire.update(found)
        self._missing = self._unknown()

    def _unknown(self) -> tuple[str, str]:
        """Nothing while tshark may still answer; what is wrong where it knows neither frame."""
        subject = self.subject()
        here = {subject.seam.before, subject.seam.after} if subject is not None else set()
        if here & self._wire.keys() or not here <= self._asked:
            return ("", "")
        return _GONE

    def _lines(self, cells: int) -> list[Line]:
        subject = self.subject()
        return closeup.lines(subject, cells, self.look) if subject else []

    def _header(self, cells: int) -> list[Line]:
        subject = self.subject()
        said = closeup.heading(subject, self.look) if subject else ""
        title = (Piece(f"flow {self.flow} ", Role.ACCENT), Piece(said, Role.TITLE))
        summary = self.session.store.summaries[self.flow]
        return [spread(title, (Piece(self.look.words(str(summary.client)), Role.DIM),), cells)]
