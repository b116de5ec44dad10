"""A menu over the screen: a few choices, each with a letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from rich.cells import cell_len
from textual.binding import Binding
from textual.containers import Container
from textual.screen import ModalScreen

from tui.line import Line, Piece, Role, fit
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.events import Click, Key

    from tui.look import Look

MENU: Final = "menu"
_FRAME: Final = 6
"""Lines of the panel beside the choices: its frame, the title, the keys and empty lines."""
_SHARE: Final = 0.9


class Choice(NamedTuple):
    """One line of a menu, in words of ours or made safe by whoever makes the menu."""

    letter: str
    """The key; empty for a choice that only the cursor reaches."""
    title: str
    about: str = ""
    """What it means, in a few words."""
    value: str = ""
    """What the menu answers; the letter if empty."""

    @property
    def answer(self) -> str:
        """What the menu answers."""
        return self.value or self.letter


class Choices(LineView):
    """The lines of a menu.

    Args:
        choices: what there is.
        look: how it is drawn.
    """

    def __init__(self, choices: Sequence[Choice], look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._choices = choices
        self._look = look
        self._room = max((cell_len(choice.title) for choice in choices), default=0)

    def count(self) -> int:
        """Number of choices."""
        return len(self._choices)

    def draw(self, at: int) -> Line:
        """A choice: its letter, its title and what it means."""
        choice = self._choices[at]
        title = fit(choice.title, min(self._room, self.cells - 4), self._look.cut)
        about = max(self.cells - 6 - cell_len(title), 0)
        return (
            Piece(f" {choice.letter or ' '}  ", Role.KEY),
            Piece(title, Role.TITLE),
            Piece(fit(f"  {choice.about}", about + 2, self._look.cut).rstrip(), Role.DIM),
        )

    def on_click(self, event: Click) -> None:
        """One click chooses: nobody walks a menu with the mouse."""
        at = event.y + self.scroll_offset.y
        if at < self.count():
            self.go(at)
            self.post_message(self.Chosen(self))


class Menu(ModalScreen[str | None]):
    """A panel with choices; it answers one of them, or None.

    Args:
        title: what is asked.
        choices: what can be chosen.
        look: how it is drawn.
        chosen: the answer that the cursor stands on at first.
    """

    WHERE: ClassVar[str] = MENU
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding(keys, call, show=False, id=f"{MENU}.{name}")
        for name, keys, call in (
            ("take", "enter", "take"),
            ("leave", "escape,q", "leave"),
            ("down", "down,j", "move('down')"),
            ("up", "up,k", "move('up')"),
            ("page-down", "pagedown", "move('page_down')"),
            ("page-up", "pageup", "move('page_up')"),
            ("home", "home", "move('home')"),
            ("end", "end", "move('end')"),
        )
    ]
    CSS = """
    Menu { align: center middle; background: $background 60%; }
    Menu #panel { border: round $accent; }
    Menu #main { margin: 1 0; }
    .-ascii Menu #panel { border: ascii $accent; }
    """

    def __init__(
        self, title: str, choices: Sequence[Choice], look: Look, *, chosen: str = ""
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._look = look
        self._start = chosen
        self._done = False

    def compose(self) -> ComposeResult:
        """A box with a title, the choices, and the keys."""
        plain = self._look.ascii_only
        with Container(id="panel"):
            yield Band(ascii_only=plain, id="title")
            yield Choices(self._choices, self._look, id="main")
            yield Band(ascii_only=plain, id="keys")

    @property
    def choices(self) -> Choices:
        """The choices."""
        return self.query_one("#main", Choices)

    def on_mount(self) -> None:
        """Show them, with the cursor where it belongs."""
        self.query_one("#title", Band).show(self._heading)
        self.query_one("#keys", Band).show(self._keys)
        self._measure()
        self.choices.focus()
        answers = [choice.answer for choice in self._choices]
        if self._start in answers:
            self.choices.go(answers.index(self._start))

    def on_resize(self) -> None:
        """Where the choices do not all fit, they scroll."""
        self._measure()

    def _measure(self) -> None:
        room = int(self.app.size.height * _SHARE) - _FRAME
        self.choices.styles.height = max(min(len(self._choices), room), 1)

    def on_key(self, event: Key) -> None:
        """A letter chooses, before it can mean anything else."""
        letter = event.character
        for choice in self._choices:
            if letter and choice.letter == letter:
                event.stop()
                self._answer(choice.answer)
                return

    def on_line_view_chosen(self, event: LineView.Chosen) -> None:
        """A click is an answer."""
        event.stop()
        self.action_take()

    def action_take(self) -> None:
        """Answer what is under the cursor."""
        if self._choices:
            self._answer(self._choices[self.choices.cursor].answer)

    def action_leave(self) -> None:
        """Answer nothing."""
        self._answer(None)

    def action_move(self, how: str) -> None:
        """Move the cursor."""
        self.choices.move(how)

    def _answer(self, answer: str | None) -> None:
        """Answer once, however fast the keys come."""
        if not self._done:
            self._done = True
            self._close(answer)

    def _close(self, answer: str | None) -> None:
        """Go with the answer, not before the panel is there: a key can be faster."""
        if self.is_mounted:
            self.dismiss(answer)
        else:
            self.call_later(self._close, answer)

    def _heading(self, cells: int) -> list[Line]:
        return [(Piece(fit(self._title, cells, self._look.cut).rstrip(), Role.ACCENT),)]

    def _keys(self, _cells: int) -> list[Line]:
        return [
            (
                Piece("Enter", Role.KEY),
                Piece(" or a letter chooses   ", Role.DIM),
                Piece("Esc", Role.KEY),
                Piece(" leaves it", Role.DIM),
            )
        ]
