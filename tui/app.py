"""The app: takes the feed's updates in, a few milliseconds at a time, and opens the screens."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import click
from textual.app import SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette

from dissect.analysis.model import Progress, Status, Update
from dissect.errors import SeamarkError
from tui import crash, leaving
from tui.choosing import Choosing
from tui.clipboard import Clipboard
from tui.columns import BY_ID
from tui.filtering import History, parse
from tui.keymap import actions
from tui.look import look
from tui.screens.board import Board
from tui.screens.columns import ColumnsScreen
from tui.screens.compare import CompareScreen
from tui.screens.desk import Desk
from tui.screens.failure import FailureScreen
from tui.screens.findings import FindingsScreen
from tui.screens.flows import FlowsScreen
from tui.screens.help import HelpScreen
from tui.screens.ladder import LadderScreen
from tui.screens.packet import PacketScreen
from tui.screens.pairs import PairsScreen
from tui.screens.peers import PeersScreen
from tui.screens.seam import SeamScreen
from tui.session import Session
from tui.settings import Screen
from tui.theme import DEFAULT, known, themes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen as TextualScreen

    from tui.both import Both
    from tui.feed import Feed
    from tui.notes import Notes
    from tui.starting import Starter
    from tui.state import State
    from tui.wireshark import Wireshark

_TICK: Final = 0.025
_REPAINT: Final = 4
"""Ticks between repaints: ten a second here, two a second over a slow line."""
_REPAINT_LOW_RATE: Final = 20
_NOTICE: Final = 4.0
"""Seconds that something said stays."""
_PALETTE: Final = "--command-palette"


class SeamarkApp(Choosing):
    """The interface.

    Args:
        feed: where the updates come from.
        title: the capture's name.
        screen: what the user has set.
        wireshark: asks tshark for what it shows; None leaves that out.
        notes: the user's own words on flows; None where they have no place.
        state: what was chosen on the screen before, and is now; None remembers nothing.
        both: two captures that are compared; their flows are the first screen then.
        starter: begins captures; None where none can be begun.
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
        screen: Screen | None = None,
        wireshark: Wireshark | None = None,
        notes: Notes | None = None,
        state: State | None = None,
        both: Both | None = None,
        starter: Starter | None = None,
    ) -> None:
        super().__init__()
        self.settings = screen or Screen()
        self.look = look(ascii_only=self.settings.ascii_only)
        self.look.privacy.on = self.settings.privacy
        self._title = title
        self.session = Session(notes)
        self.session.stood_on = self._stood_on
        self.wireshark = wireshark
        self.history = History()
        self.copier = Clipboard()
        self.state = state
        self.starter = starter
        self._feed = feed
        self._both = both
        self._every = _REPAINT_LOW_RATE if self.settings.low_rate else _REPAINT
        self._ticks = 0
        self._shown: tuple[int, Progress | None] = (-1, None)
        self._interrupted = False
        self._told_failure = False
        self.crashed = ""
        """What is to be said of a bug of ours that ended the app."""
        self.set_class(self.settings.ascii_only, "-ascii")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The stylesheet's own colours, for the moment before a theme of ours is chosen."""
        return dict(known(DEFAULT).variables)

    def on_load(self) -> None:
        """Before the screen is taken: a signal gives it back."""
        if not self.is_headless:
            leaving.listen(self.exit)
            leaving.watch(self.exit)

    def on_mount(self) -> None:
        """Open the first screen and begin to read."""
        for theme in themes(self.settings):
            self.register_theme(theme)
        self.theme = self.settings.theme
        self.set_keymap(self.settings.keymap)
        self._set_up()
        self.push_screen(self._first())
        self.set_interval(_TICK, self._tick)
        if self.session.notes is not None and self.session.notes.problems:
            self.panel("Notes", "\n".join(self.session.notes.problems))
        self.run_worker(self._read(), exit_on_error=False)
        if self.starter is not None and self.starter.idle:
            self.ask_start()

    def _first(self) -> Board:
        """The screen that is left last."""
        if self._both is not None:
            return PairsScreen(self._both)
        return FlowsScreen(follow=self.settings.tail)

    def _set_up(self) -> None:
        """Order, columns and filter as the user has set them."""
        self.session.columns = self.settings.columns
        column, reverse = self.settings.sort
        self.session.sort(BY_ID[column], reverse=reverse)
        if self.settings.filter:
            self.session.narrow(parse(self.settings.filter))

    async def _read(self) -> None:
        try:
            async for update in self._feed.updates():
                self.session.feed(update)
        except Exception as error:  # noqa: BLE001 - whatever ends the reading is told, and the rest stays
            last = replace(self.session.store.progress, status=Status.FAILED, error=repr(error))
            self.session.feed(Update(progress=last))

    @property
    def heading(self) -> str:
        """The names of what is shown."""
        return self.session.store.progress.capture or self._title

    def _stood_on(self) -> set[int]:
        """The flows that the screens are about."""
        desks = (board for board in self.screen_stack if isinstance(board, Desk))
        return {flow for desk in desks for flow in desk.held if flow is not None}

    def stop_capture(self) -> None:
        """End a live capture; what was seen stays."""
        live = self.session.store.progress.status is Status.LIVE
        if live:
            self._feed.stop()
        self.tell("the capture ends" if live else "nothing is being captured")

    def pause_view(self) -> None:
        """Let the view stand still while the capture goes on, or let it go on, too."""
        if self.session.paused or self.session.store.progress.status.goes_on:
            paused = self.session.pause()
            self.tell("paused: what comes is kept, and shown later" if paused else "going on")
        else:
            self.tell("nothing more is to come")

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
            flows = len(self.session.store.summaries)
            kept = f"Nothing is lost: {flows:,} flows that were read before are still there."
            self.panel("The reading stopped", progress.error, kept=kept if flows else "")

    def panel(self, title: str, error: str, *, kept: str = "") -> None:
        """Say what happened and what to do, and wait for a key."""
        self.push_screen(FailureScreen(title, error, self.look, kept=kept))

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

    def show_packet(self, flow: int, frame: int) -> None:
        """Open a frame."""
        self.push_screen(PacketScreen(flow, frame))

    def show_compare(self, left: int, right: int) -> None:
        """Lay two flows side by side."""
        self.push_screen(CompareScreen(left, right))

    def show_findings(self) -> None:
        """Open the findings, or go back to them."""
        self._show(FindingsScreen)

    def show_peers(self) -> None:
        """Open the clients, or go back to them."""
        self._show(PeersScreen)

    def show_columns(self) -> None:
        """Open the columns."""
        self.push_screen(ColumnsScreen())

    def show_help(self, where: str) -> None:
        """Open the help."""
        self.push_screen(HelpScreen(where))

    def _show(self, kind: type[Board]) -> None:
        """Open a screen of which there is one, or go back to it."""
        if not any(isinstance(screen, kind) for screen in self.screen_stack):
            self.push_screen(kind())
            return
        while not isinstance(self.screen, kind):
            self.pop_screen()

    def filter_flows(self, text: str) -> None:
        """List the flows that a filter wants, on the first screen."""
        while not isinstance(self.screen, FlowsScreen) and len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, FlowsScreen):
            self.screen.filter(parse(text))

    def copy_to_clipboard(self, text: str) -> None:
        """Send a text to the terminal's clipboard, the way it can be reached from here."""
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(self.copier.sequence(text))

    def tell(self, words: str) -> None:
        """Say something of ours for a moment."""
        if isinstance(self.screen, Board) and self.screen.ready:
            self.screen.notice(words, _NOTICE)

    def _fatal_error(self) -> None:
        """A bug of ours: no traceback on the terminal, whose values are a capture's bytes."""
        if self.return_value is None:  # otherwise it was being left, and half of it was gone
            self.crashed = crash.report(self._exception or AssertionError())
        self._close_messages_no_wait()

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

    def get_system_commands(self, screen: TextualScreen[object]) -> Iterable[SystemCommand]:
        """The palette: the actions of the screen in front, by name."""
        for action in actions(getattr(screen, "WHERE", ""), self.settings.keymap):
            if action.id != "palette":
                call = partial(screen.run_action, action.call)
                yield SystemCommand(action.title, f"{action.help}  ({action.key_words})", call)


def run_app(app: SeamarkApp, *, mouse: bool = True) -> int:
    """Run the app on the terminal; returns the exit code."""
    app.run(mouse=mouse)
    if app.crashed:
        click.echo(app.crashed, err=True)
        return SeamarkError.exit_code
    return app.return_value or app.return_code or 0
