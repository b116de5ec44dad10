"""The user's clipboard, by OSC 52: the terminal puts it there, through ssh as well.

Nobody answers: whether the terminal has obeyed cannot be known.  So what is said afterwards is
careful, and a file can always be written instead.
"""

from __future__ import annotations

import base64
import os
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from dissect.errors import UsageError
from dissect.escape import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT: Final = 64 * 1024
"""Bytes.  As base64 they stay below the 100,000 that several terminals take and no more."""
_FILE: Final = "Y writes a file"
_WITHOUT: Final = frozenset({"linux", "vt100", "vt102", "vt220", "ansi", "dumb"})
_SCREEN_CHUNK: Final = 252
"""GNU screen passes on strings of at most 256 bytes, in its oldest releases; four are the frame."""


class Route(Enum):
    """How OSC 52 gets to the terminal."""

    DIRECT = "direct"
    TMUX = "tmux"
    SCREEN = "screen"
    NOWHERE = "nowhere"


class Terminal(Protocol):
    """What takes a text for the clipboard: the app, which sends ``Clipboard.sequence``."""

    def copy_to_clipboard(self, text: str) -> None:
        """Send it to the terminal."""
        ...


def route(environ: Mapping[str, str]) -> Route:
    """What stands between here and the clipboard."""
    term = environ.get("TERM", "")
    if environ.get("TMUX"):
        return Route.TMUX
    if environ.get("STY") or term.startswith("screen."):
        return Route.SCREEN
    if term in _WITHOUT or environ.get("TERM_PROGRAM") == "Apple_Terminal":
        return Route.NOWHERE
    return Route.DIRECT


class Clipboard:
    """Copies; what it has to say of tmux it says once.

    Args:
        environ: tells of the terminal.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._route = route(environ)
        self._told = False

    @property
    def there(self) -> bool:
        """Whether there can be one at all."""
        return self._route is not Route.NOWHERE

    def copy(self, terminal: Terminal, text: str) -> str:
        """Copy a text that is safe; returns what to tell the user.

        Raises:
            UsageError: if there is no clipboard, or the text is too long for it.
        """
        if not self.there:
            raise UsageError("This terminal has no clipboard.", f"{_FILE} with the same.")
        size = len(text.encode("utf-8", "replace"))
        if size > LIMIT:
            raise UsageError(
                f"{size:,} bytes are too long for the clipboard.", f"{_FILE} with the same."
            )
        terminal.copy_to_clipboard(text)
        return f"copied {len(text):,} characters ({self._unless()}; {_FILE})"

    def sequence(self, text: str) -> str:
        """What to send to the terminal for a text; nothing of the text can end it."""
        encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
        steering = f"\x1b]52;c;{encoded}\a"
        return _through_screen(steering) if self._route is Route.SCREEN else steering

    def _unless(self) -> str:
        if self._route is Route.TMUX and not self._told:
            self._told = True
            return "tmux: set -s set-clipboard on"
        return "if your terminal allows OSC 52"


def _through_screen(steering: str) -> str:
    """The same, wrapped so that GNU screen passes it to the terminal around it."""
    parts = range(0, len(steering), _SCREEN_CHUNK)
    return "".join(f"\x1bP{steering[at : at + _SCREEN_CHUNK]}\x1b\\" for at in parts)


def clean(text: str) -> str:
    """The last guard before a text leaves: lines of what can be shown, and nothing else."""
    return "\n".join(line if line.isprintable() else visible(line) for line in text.split("\n"))
