"""A line that is being typed: its text and the cursor in it, and what keys do to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect import escape
from tui.filtering.parse import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WORD_BEFORE: Final = re.compile(r"\S*\s*$")
_WORD_AFTER: Final = re.compile(r"\s*\S*")


class Typed(NamedTuple):
    """A text, and the place in it at which typing goes on."""

    text: str = ""
    cursor: int = 0

    def insert(self, words: str) -> Typed:
        """Put words at the cursor: what of them can be shown, as far as there is room."""
        return self.replace(self.cursor, self.cursor, clean(words))

    def replace(self, start: int, end: int, words: str) -> Typed:
        """Put words in the place of others, and the cursor behind them."""
        room = LONGEST - len(self.text) + end - start
        kept = words[: max(room, 0)]
        return Typed(self.text[:start] + kept + self.text[end:], start + len(kept))

    def go(self, cursor: int) -> Typed:
        """Put the cursor somewhere else."""
        return Typed(self.text, min(max(cursor, 0), len(self.text)))

    @property
    def word_before(self) -> int:
        """Where the word before the cursor begins."""
        match = _WORD_BEFORE.search(self.text[: self.cursor])
        return match.start() if match else 0

    @property
    def word_after(self) -> int:
        """Where the word behind the cursor ends."""
        match = _WORD_AFTER.match(self.text, self.cursor)
        return match.end() if match else len(self.text)


def clean(words: str) -> str:
    """Typed or pasted words as one line, without characters that steer a terminal or hide."""
    spaced = re.sub(r"[\r\n\t]+", " ", words)
    return "".join(char for char in spaced if char == "\\" or escape.visible(char) == char)


EDITS: Final[Mapping[str, Callable[[Typed], Typed]]] = {
    "left": lambda now: now.go(now.cursor - 1),
    "right": lambda now: now.go(now.cursor + 1),
    "home": lambda now: now.go(0),
    "end": lambda now: now.go(len(now.text)),
    "word_left": lambda now: now.go(now.word_before),
    "word_right": lambda now: now.go(now.word_after),
    "backspace": lambda now: now.replace(max(now.cursor - 1, 0), now.cursor, ""),
    "delete": lambda now: now.replace(now.cursor, min(now.cursor + 1, len(now.text)), ""),
    "erase_word": lambda now: now.replace(now.word_before, now.cursor, ""),
    "erase_left": lambda now: now.replace(0, now.cursor, ""),
    "erase_right": lambda now: now.replace(now.cursor, len(now.text), ""),
}
"""What can be done to the line, by name."""

KEYS: Final[Mapping[str, str]] = {
    "left": "left",
    "ctrl+b": "left",
    "right": "right",
    "ctrl+f": "right",
    "home": "home",
    "ctrl+a": "home",
    "end": "end",
    "ctrl+e": "end",
    "ctrl+left": "word_left",
    "ctrl+right": "word_right",
    "backspace": "backspace",
    "ctrl+h": "backspace",
    "delete": "delete",
    "ctrl+d": "delete",
    "ctrl+w": "erase_word",
    "ctrl+u": "erase_left",
    "ctrl+k": "erase_right",
}
"""The key of each, as shells have them."""
