"""What errands ask of the app that they are run in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from textual.screen import Screen

    from tui.clipboard import Clipboard
    from tui.look import Look
    from tui.session import Session
    from tui.wireshark import Wireshark

_Result = TypeVar("_Result")


class Host(Protocol):
    """The app."""

    @property
    def look(self) -> Look:
        """How all is drawn."""
        ...

    @property
    def session(self) -> Session:
        """What is looked at."""
        ...

    @property
    def wireshark(self) -> Wireshark | None:
        """What asks tshark."""
        ...

    @property
    def copier(self) -> Clipboard:
        """The user's clipboard."""
        ...

    def tell(self, words: str) -> None:
        """Say something for a moment."""
        ...

    def panel(self, title: str, error: str) -> None:
        """Say what happened and what to do, and wait for a key."""
        ...

    def copy_to_clipboard(self, text: str) -> None:
        """Send a text to the terminal's clipboard."""
        ...

    def run_worker(self, work: Coroutine[Any, Any, None]) -> object:
        """Do something while keys are answered."""
        ...

    async def push_screen_wait(self, screen: Screen[_Result]) -> _Result:
        """Ask something with a screen, and wait for the answer."""
        ...
