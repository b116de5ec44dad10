"""A question over the screen that is answered with a line of text."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import Input

from tui import told
from tui.line import Line, Piece, Role
from tui.widgets.lines import Band

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.events import Key, Paste

    from tui.look import Look

    Check = Callable[[str], str]
    """Says what is wrong with an answer, or nothing."""

    Do = Callable[[str], Awaitable[str]]
    """Takes an answer; says what went wrong, or nothing."""

PROMPT: Final = "prompt"
MOST_CHARS: Final = 4000


class TypedLine(Input):
    """A line of text that holds nothing but what can be shown.

    What was pasted can be a packet's, with escape sequences in it.
    """

    left_out = 0
    """Characters that were not taken, since this was looked at."""

    def validate_value(self, value: str) -> str:
        """Take what can be shown, and no more of it than fits."""
        composed = unicodedata.normalize("NFC", value)
        kept = "".join(char for char in composed if char.isprintable())[:MOST_CHARS]
        self.left_out += len(composed) - len(kept)
        return kept

    async def _on_key(self, event: Key) -> None:
        """Empty it at once: a binding waits, and would take what is typed behind it as well."""
        if event.key == "ctrl+u":
            event.stop()
            event.prevent_default()
            self.action_delete_left_all()

    def _on_paste(self, event: Paste) -> None:
        """Take lines as words of one line; the base, whose turn is next, takes the first line."""
        event.text = " ".join(event.text.splitlines())


class Prompt(ModalScreen[str | None]):
    """A panel with a line to type in; it answers what was typed, or None.

    Args:
        title: what is asked for.
        look: how it is drawn.
        default: what stands there at first.
        check: says what is wrong with an answer, which is not taken then.
        about: what happens with the answer.
        do: does it, which takes a while; says what went wrong, and then it is not taken.
    """

    WHERE: ClassVar[str] = PROMPT
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding("escape", "leave", show=False, id=f"{PROMPT}.leave"),
    ]
    CSS = """
    Prompt { align: center middle; background: $background 60%; }
    Prompt #panel { border: round $accent; }
    Prompt Input { border: none; height: 1; padding: 0 1; margin: 1 0; background: $panel; }
    Prompt Input:focus { border: none; }
    .-ascii Prompt #panel { border: ascii $accent; }
    """

    def __init__(
        self,
        title: str,
        look: Look,
        *,
        default: str = "",
        check: Check | None = None,
        about: str = "",
        do: Do | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._look = look
        self._default = default
        self._check = check
        self._about = about
        self._do = do
        self._doing = False
        self._wrong = ""
        self._done = False

    def compose(self) -> ComposeResult:
        """A box with a title, the line, and what is to be said of it."""
        plain = self._look.ascii_only
        with Container(id="panel"):
            yield Band(ascii_only=plain, id="title")
            yield TypedLine(self._default, select_on_focus=False, id="answer")
            yield Band(ascii_only=plain, id="said")

    @property
    def line(self) -> TypedLine:
        """What is typed."""
        return self.query_one("#answer", TypedLine)

    def on_mount(self) -> None:
        """Ask."""
        self.query_one("#title", Band).show(self._heading)
        self.query_one("#said", Band).show(self._said)
        self.line.left_out = 0
        self.line.focus()
        self.line.action_end()

    @on(Input.Changed)
    def _typed(self) -> None:
        """What was wrong may not be wrong any more."""
        left_out, self.line.left_out = self.line.left_out, 0
        self._tell(f"{left_out} characters that cannot be shown were left out" if left_out else "")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        wrong = self._check(event.value) if self._check is not None else ""
        if wrong:
            self._tell(wrong)
        elif self._do is None:
            self._answer(event.value)
        elif not self._doing:
            self._doing = True
            self._tell("one moment...")
            self.run_worker(self._done_or_not(self._do, event.value))

    async def _done_or_not(self, do: Do, words: str) -> None:
        """Do it, and answer once it is done."""
        wrong = await do(words)
        self._doing = False
        if wrong:
            self._tell(wrong)
        else:
            self._answer(words)

    def action_leave(self) -> None:
        """Answer nothing."""
        self._answer(None)

    def _tell(self, wrong: str) -> None:
        if wrong != self._wrong:
            self._wrong = wrong
            self.query_one("#said", Band).remake()

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
        return [
            (Piece(self._look.words(self._title), Role.ACCENT),),
            *told.paragraph("", self._about, cells, self._look, Role.DIM),
        ]

    def _said(self, cells: int) -> list[Line]:
        return [
            *told.error(self._wrong, cells, self._look),
            (
                Piece("Enter", Role.KEY),
                Piece(" takes it   ", Role.DIM),
                Piece("Ctrl-U", Role.KEY),
                Piece(" empties it   ", Role.DIM),
                Piece("Esc", Role.KEY),
                Piece(" leaves it", Role.DIM),
            ),
        ]
