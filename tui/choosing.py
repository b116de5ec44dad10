"""What the user chooses on the screen for all screens: order, columns, colours, privacy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.app import App

from dissect.analysis.model import Status
from dissect.errors import SeamarkError
from tui.columns import BY_ID
from tui.screens.menu import Choice as Item
from tui.screens.menu import Menu
from tui.screens.prompt import Prompt
from tui.screens.start import StartScreen
from tui.theme import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tui.columns import Choice
    from tui.look import Look
    from tui.session import Session
    from tui.starting import Starter
    from tui.state import State

_LETTERS: Final = "abcdefghimnoprstuvwxyz"
"""Letters for the choices of a menu that are not its keys for moving."""


class Choosing(App[int]):
    """The part of the app that asks for choices and remembers them."""

    look: Look
    session: Session
    state: State | None
    starter: Starter | None

    def repaint(self) -> None:
        """Show what has changed."""
        raise NotImplementedError

    def tell(self, words: str) -> None:
        """Say something of ours for a moment."""
        raise NotImplementedError

    def set_columns(self, columns: tuple[Choice, ...]) -> None:
        """Show other columns."""
        self.session.columns = columns
        self.session.revision += 1
        self._remember(columns=columns)

    def choose_sort(self) -> None:
        """Ask for a column to sort by."""
        items = [
            Item(letter, BY_ID[choice.column].title, value=choice.column)
            for letter, choice in zip(_LETTERS, self.session.columns, strict=False)
        ]
        menu = Menu("sort by", items, self.look, chosen=self.session.column.id)
        self.push_screen(menu, self._sort)

    def _sort(self, name: str | None) -> None:
        if name is not None:
            self.sort(name, reverse=self.session.view.reverse)

    def sort(self, name: str, *, reverse: bool) -> None:
        """Order the flows by a column."""
        self.session.sort(BY_ID[name], reverse=reverse)
        self._remember(sort=(name, reverse))
        self.repaint()

    def choose_theme(self, own: Iterable[str] = ()) -> None:
        """Ask for the colours."""
        names = [*NAMES, *own]
        letters = [*_LETTERS[: len(names)], *[""] * max(len(names) - len(_LETTERS), 0)]
        items = [
            Item(letter, name, value=name) for letter, name in zip(letters, names, strict=True)
        ]
        self.push_screen(Menu("theme", items, self.look, chosen=self.theme), self._theme)

    def _theme(self, name: str | None) -> None:
        if name is not None:
            self.theme = name
            self._remember(theme=name)

    def _remember(self, **what: Any) -> None:
        if self.state is not None:
            self.state.keep(**what)

    def toggle_privacy(self) -> None:
        """Hide names and addresses on all screens, or show them again."""
        self.look.privacy.on = not self.look.privacy.on
        self.session.revision += 1
        self.repaint()
        shown = "hidden" if self.look.privacy.on else "shown"
        self.tell(f"addresses and names are {shown}")

    def ask_start(self) -> None:
        """Ask what to capture, and begin."""
        if self.starter is None:
            self.tell("no capture can be begun here")
            return
        self.push_screen(StartScreen(self.starter, self.look))

    def ask_capture_filter(self) -> None:
        """Ask what all live sources are to capture from now on."""
        if self.starter is None or self.session.store.progress.status is not Status.LIVE:
            self.tell("nothing is being captured")
            return
        self.push_screen(
            Prompt(
                "capture filter", self.look, default=self.starter.form.bpf, do=self._recapture,
                about="What all live sources capture, in tcpdump's language. What passes while "
                "they begin anew is missing, and marked in the conversations that it cuts.",
            ),
            lambda words: self.tell("the filter is another one") if words is not None else None,
        )  # fmt: skip

    async def _recapture(self, words: str) -> str:
        """Change the capture filter; why that cannot be done."""
        assert self.starter is not None
        try:
            await self.starter.change(words)
        except SeamarkError as error:
            return str(error)
        return ""

    def ask_frame(self, go: Callable[[int], bool]) -> None:
        """Ask for a frame's number, and go there."""

        def answered(words: str | None) -> None:
            if words is not None and not go(int(words)):
                self.tell(f"frame {int(words)} is not to be found here")

        self.push_screen(Prompt("go to frame", self.look, check=_wrong_number), answered)


def _wrong_number(words: str) -> str:
    """What is wrong with a frame's number."""
    right = words.isascii() and words.isdecimal() and len(words) <= 10 and int(words)  # noqa: PLR2004 - digits
    return "" if right else "A frame's number is a whole number from 1 on."
