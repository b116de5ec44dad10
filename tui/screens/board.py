"""What all screens have in common: bands above and below, a list, and a pane beside or below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.containers import Container
from textual.screen import Screen

from dissect.analysis.model import Status
from tui.keymap import actions
from tui.line import Line, Piece, Role, fit, width
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band, Maker, Pane
from tui.words import count

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key
    from textual.timer import Timer
    from textual.widget import Widget

    from tui.actions import Action
    from tui.app import SeamarkApp
    from tui.look import Look
    from tui.session import Session


class Board(Screen[None]):
    """A screen made of lines.

    Subclasses compose ``content``, and repaint on ``changed``.
    """

    WHERE: ClassVar[str] = ""
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own name and type
        (0, "-narrow"),
        (120, "-wide"),
        (190, "-broad"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own name and type
        (0, "-low"),
        (40, "-tall"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.ready = False
        """True once its widgets are there; updates may come before that."""
        self._told: object = None
        self._notice = ""
        self._notice_ends: Timer | None = None
        self._count = ""

    @property
    def seamark(self) -> SeamarkApp:
        """The app, by its type."""
        return cast("SeamarkApp", self.app)

    @property
    def session(self) -> Session:
        """What is looked at."""
        return self.seamark.session

    @property
    def look(self) -> Look:
        """How it is drawn."""
        return self.seamark.look

    def compose(self) -> ComposeResult:
        """Bands around the content."""
        plain = self.look.ascii_only
        yield Band(ascii_only=plain, id="header")
        with Container(id="body"):
            with Container(id="list"):
                yield from self.content()
            yield Pane(ascii_only=plain, id="pane")
        yield from self.extras()
        yield Band(ascii_only=plain, id="footer")

    def content(self) -> ComposeResult:
        """The main view."""
        raise NotImplementedError

    def extras(self) -> ComposeResult:
        """What stands between the body and the footer."""
        yield from ()

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one("#footer", Band).show(self._footer)
        self.main.focus()
        self.ready = True
        self.changed()

    def on_line_view_resized(self) -> None:
        """Titles follow the width of the list below them."""
        self.retitle()

    def on_screen_resume(self) -> None:
        """Something may have changed while another screen was in front."""
        if self.ready:
            self.changed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action can be done: none but to go back before the widgets are there."""
        del parameters
        return self.ready or action == "back"

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can be done here, with the user's keys."""
        return actions(self.WHERE, self.seamark.settings.keymap)

    @property
    def main(self) -> LineView:
        """The view that has the keys at first."""
        return self.query_one("#main", LineView)

    @property
    def pane(self) -> Pane:
        """The pane with the details."""
        return self.query_one("#pane", Pane)

    def changed(self) -> None:
        """The session has changed: repaint."""

    def retitle(self) -> None:
        """Write the titles over the list's columns."""

    def tell(self, about: object, make: Maker) -> None:
        """Fill the pane; what it told of the same thing before keeps its place."""
        self.pane.show(make, keep_place=about == self._told)
        self._told = about

    def on_line_view_chosen(self, event: LineView.Chosen) -> None:
        """A second click opens, like Enter."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Open what is under the cursor."""

    def action_move(self, how: str) -> None:
        """Move the cursor of the view that has the keys, as often as a number typed before says."""
        view = self.focused if isinstance(self.focused, LineView) else self.main
        count = self._take_count()
        if how == "end" and count:
            view.move("home")
            how, count = "down", count - 1
            if not count:
                return
        view.move(how, count or 1)

    async def action_repeat(self, call: str) -> None:
        """Do something as often as a number typed before says."""
        for _ in range(min(self._take_count() or 1, _MOST_REPEATED)):
            await self.run_action(call)

    def on_key(self, event: Key) -> None:
        """Digits are collected: they count for the key that follows."""
        if event.character is not None and event.character in _DIGITS:
            self._count = (self._count + event.character)[-_COUNT_DIGITS:]
            self.notice(self._count, _COUNT_STAYS)
            event.stop()

    def _take_count(self) -> int:
        """The number that was typed, once; 0 where none was."""
        count, self._count = int(self._count or 0), ""
        if count:
            self._forget_notice()
        return count

    def action_other(self) -> None:
        """Move the keys to the pane, or back."""
        target: Widget = self.main if self.focused is self.pane else self.pane
        if target.display:
            target.focus()

    def action_pane(self) -> None:
        """Show or hide the pane."""
        self.pane.display = not self.pane.display
        self.main.focus()

    def action_back(self) -> None:
        """Back to the screen before; not before this one is there, as a key can be faster."""
        if not self.ready:
            self.call_later(self.action_back)
        elif self.is_current:
            self.app.pop_screen()

    def action_help(self) -> None:
        """Keys, glyphs and limits."""
        self.seamark.show_help(self.WHERE)

    def action_findings(self) -> None:
        """All findings by rule."""
        self.seamark.show_findings()

    def action_peers(self) -> None:
        """All clients."""
        self.seamark.show_peers()

    def action_privacy(self) -> None:
        """Hide names and addresses, or show them again."""
        self.seamark.toggle_privacy()

    def action_theme(self) -> None:
        """Choose the colours."""
        self.seamark.choose_theme()

    def action_repaint(self) -> None:
        """Paint everything again, whatever has written into the terminal."""
        self.app.refresh(layout=True)
        for view in self.query(LineView):
            view.refresh()

    def action_suspend(self) -> None:
        """Back to the shell for a while."""
        self.app.action_suspend_process()

    def action_frame(self) -> None:
        """Ask for a frame's number, and go there."""
        self.seamark.ask_frame(self.go_to_frame)

    def go_to_frame(self, frame: int) -> bool:
        """Go to a frame; False where it is not to be found here."""
        del frame
        return False

    def action_palette(self) -> None:
        """Find an action by name."""
        self.app.action_command_palette()

    def notice(self, words: str, seconds: float) -> None:
        """Say something in the place of the keys, for a moment."""
        if self._notice_ends is not None:
            self._notice_ends.stop()
        self._notice = words
        self._notice_ends = self.set_timer(seconds, self._forget_notice)
        self.query_one("#footer", Band).remake()

    def _forget_notice(self) -> None:
        self._notice = self._count = ""
        self.query_one("#footer", Band).remake()

    def _footer(self, cells: int) -> list[Line]:
        """The keys, as many as fit; help stays whatever the width."""
        if self._notice:
            return [(Piece(self._notice, Role.MEDIUM),)]
        shown = [action for action in self.actions if action.hint]
        room = cells
        hints: dict[str, Line] = {}
        for action in sorted(shown, key=lambda action: action.id not in _ALWAYS):
            keys, _, label = action.hint.partition("|")
            hint = (Piece(keys, Role.KEY), Piece(f" {label}  ", Role.DIM))
            if width(hint) <= room:
                room -= width(hint)
                hints[action.id] = hint
        return [tuple(piece for action in shown for piece in hints.get(action.id, ()))]


_DIGITS: Final = frozenset("0123456789")
_COUNT_DIGITS: Final = 6
_COUNT_STAYS: Final = 5.0
"""Seconds that a number waits for its key."""
_MOST_REPEATED: Final = 999

_ALWAYS: Final = frozenset({"help", "quit", "leave"})


def state(session: Session) -> Line:
    """How the reading stands, in a word and numbers, and what the capture lacks."""
    progress = session.store.progress
    role, words = _STATES[progress.status.value]
    share = ""
    if progress.status.value == "loading" and progress.bytes_total:
        share = f" {min(progress.bytes_read * 100 // progress.bytes_total, 99)}%"
    if progress.reading:
        words, share = "reading the mail log", ""
    dropped = f"  {progress.dropped:,} dropped" if progress.dropped else ""
    if session.paused:
        role, words = Role.MEDIUM, f"paused, {session.waiting:,} waiting"
    evicted = f"  {progress.evicted:,} evicted" if progress.evicted else ""
    notes = f"  {count(len(progress.warnings), 'note')}" if progress.warnings else ""
    return (
        Piece(f"{words}{share}", role),
        Piece(dropped, Role.BAD),
        Piece(notes, Role.MEDIUM),
        Piece(f"{evicted}  {progress.packets:,} packets", Role.DIM),
    )


def reasons(session: Session, cells: int, look: Look) -> list[Line]:
    """Why the reading ended early, and what the capture cannot tell: a line each."""
    progress = session.store.progress
    lines: list[Line] = []
    if progress.error and progress.status is not Status.COMPLETE:
        why = progress.error.split("\n")[0].removeprefix(f"{progress.capture}: ")
        said = f"{progress.status.value}: {look.words(why)}"
        lines.append((Piece(fit(said, cells, look.cut), Role.MEDIUM),))
    if progress.warnings:
        more = f"  +{len(progress.warnings) - 1}" if len(progress.warnings) > 1 else ""
        said = f"note: {look.words(progress.warnings[0])}"
        lines.append((Piece(fit(said, cells - len(more), look.cut) + more, Role.MEDIUM),))
    return lines


_STATES: Final = {
    "idle": (Role.DIM, "nothing is captured"),
    "loading": (Role.ACCENT, "loading"),
    "complete": (Role.GOOD, "complete"),
    "truncated": (Role.MEDIUM, "truncated"),
    "failed": (Role.BAD, "failed"),
    "live": (Role.GOOD, "live"),
    "lost": (Role.BAD, "lost"),
}
