"""The app: takes the feed's updates in, a few milliseconds at a time, and opens the screens."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette

from dissect.analysis.model import Progress, Status, Update
from tui.actions import actions
from tui.look import look
from tui.screens.board import Board
from tui.screens.failure import FailureScreen
from tui.screens.findings import FindingsScreen
from tui.screens.flows import FlowsScreen
from tui.screens.help import HelpScreen
from tui.screens.ladder import LadderScreen
from tui.screens.seam import SeamScreen
from tui.session import Session
from tui.theme import THEME, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen

    from tui.feed import Feed

_TICK: Final = 0.025
_REPAINT: Final = 4
"""Ticks between repaints: ten a second here, two a second over a slow line."""
_REPAINT_LOW_RATE: Final = 20
_NOTICE: Final = 2.0
_PALETTE: Final = "--command-palette"


class WiresharkLookup(Protocol):
    """Asks tshark what its Info column says of some frames."""

    async def lookup(self, frames: tuple[int, ...]) -> dict[int, str]:
        """The Info column by frame; frames that tshark does not know are left out."""
        ...


class SeamarkApp(App[int]):
    """The interface.

    Args:
        feed: where the updates come from.
        title: the capture's name.
        ascii_only: draw with printable ASCII.
        low_rate: repaint seldom, for slow lines.
        wireshark: asks tshark for what it shows; None leaves that out.
    """

    CSS_PATH = "styles/seamark.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding("ctrl+c", "interrupt", show=False, priority=True, id="app.interrupt")
    ]

    def __init__(
        self,
        feed: Feed,
        *,
        title: str,
        ascii_only: bool = False,
        low_rate: bool = False,
        wireshark: WiresharkLookup | None = None,
    ) -> None:
        super().__init__()
        self.look = look(ascii_only=ascii_only)
        self.heading = title
        self.session = Session()
        self.wireshark = wireshark
        self._feed = feed
        self._every = _REPAINT_LOW_RATE if low_rate else _REPAINT
        self._ticks = 0
        self._shown: tuple[int, Progress | None] = (-1, None)
        self._interrupted = False
        self._told_failure = False
        self.set_class(ascii_only, "-ascii")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The stylesheet's own colours."""
        return VARIABLES

    def on_mount(self) -> None:
        """Open the first screen and begin to read."""
        self.register_theme(THEME)
        self.theme = THEME.name
        self.push_screen(FlowsScreen())
        self.set_interval(_TICK, self._tick)
        self.run_worker(self._read(), exit_on_error=False)

    async def _read(self) -> None:
        try:
            async for update in self._feed.updates():
                self.session.feed(update)
        except Exception as error:  # noqa: BLE001 - whatever ends the reading is told, and the rest stays
            last = replace(self.session.store.progress, status=Status.FAILED, error=repr(error))
            self.session.feed(Update(progress=last))

    async def on_unmount(self) -> None:
        """Leave no process behind."""
        await self._feed.close()

    def _tick(self) -> None:
        self.session.work()
        self._ticks += 1
        if self._ticks % self._every == 0 or self._shown[0] < 0:
            self.repaint()

    def repaint(self) -> None:
        """Show what has changed since the last time, on the screen in front."""
        if not self.screen_stack:  # at the very end there is none
            return
        now = (self.session.revision, self.session.store.progress)
        front = self.screen
        if now == self._shown or (isinstance(front, Board) and not front.ready):
            return
        self._shown = now
        if isinstance(front, Board):
            front.changed()
        self._fail(now[1])

    def _fail(self, progress: Progress) -> None:
        if progress.status is Status.FAILED and not self._told_failure:
            self._told_failure = True
            self.push_screen(
                FailureScreen(progress.error, len(self.session.store.summaries), self.look)
            )

    def show_ladder(self, flow: int, row: int | None = None) -> None:
        """Open a flow; the ladder in the stack is used again."""
        ladder = next((each for each in self.screen_stack if isinstance(each, LadderScreen)), None)
        if ladder is None:
            self.push_screen(LadderScreen(flow, row))
            return
        while self.screen is not ladder:
            self.pop_screen()
        ladder.show_flow(flow, row)

    def show_seam(self, flow: int, row: int) -> None:
        """Open a seam."""
        self.push_screen(SeamScreen(flow, row))

    def show_findings(self) -> None:
        """Open the findings, or go back to them."""
        if any(isinstance(screen, FindingsScreen) for screen in self.screen_stack):
            while not isinstance(self.screen, FindingsScreen):
                self.pop_screen()
            return
        self.push_screen(FindingsScreen())

    def show_help(self, where: str) -> None:
        """Open the help."""
        self.push_screen(HelpScreen(where))

    def tell(self, words: str) -> None:
        """Say something of ours for a moment."""
        if isinstance(self.screen, Board) and self.screen.ready:
            self.screen.notice(words, _NOTICE)

    def action_interrupt(self) -> None:
        """The first Ctrl-C asks, the second one quits."""
        if self._interrupted:
            self.exit(130)
            return
        self._interrupted = True
        self.tell("press Ctrl-C again to quit")
        self.set_timer(_NOTICE, self._forget_interrupt)

    def _forget_interrupt(self) -> None:
        self._interrupted = False

    def action_command_palette(self) -> None:
        """Open the palette, with words that any terminal can show."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="name of an action", id=_PALETTE))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the actions of the screen in front, by name."""
        for action in actions(getattr(screen, "WHERE", "")):
            if action.id != "palette":
                call = partial(screen.run_action, action.call)
                yield SystemCommand(action.title, f"{action.help}  ({action.key_words})", call)


def run_app(app: SeamarkApp, *, mouse: bool = True) -> int:
    """Run the app on the terminal; returns the exit code."""
    app.run(mouse=mouse)
    return app.return_value or app.return_code or 0
