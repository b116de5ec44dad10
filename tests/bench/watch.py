"""Watches a screen: when it first showed something, and how long a key took to be seen there.

Every piece of output has the time at which it arrived; the picture is drawn piece by piece, and
what it shows is dated by the piece that made it show that.  How often one looks changes nothing.
"""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from terminal.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.pty_terminal import PtyTerminal

    from bench.apps import App

GLANCE: Final = 0.004
"""Seconds between two looks."""
SEED: Final = 2009
_SETTLED: Final = 1.0
_PAUSE: Final = (0.08, 0.25)
"""Seconds between the answer to a key and the next one, so that keys do not march in step."""


class Press(NamedTuple):
    """A key, and when it was seen on the screen."""

    at: float
    took: float
    """Seconds; infinite where it was never seen."""


class Watch:
    """The screen of a program, followed piece by piece.

    Args:
        terminal: where it runs.
        app: how it shows what is looked for.
        size: of the screen.
    """

    def __init__(self, terminal: PtyTerminal, app: App, size: tuple[int, int]) -> None:
        self.terminal = terminal
        self.app = app
        self.picture = Picture(*size)
        self.loaded: float | None = None
        """Since when the program says that there is no more to come."""
        self._at = 0
        self._random = Random(SEED)
        self._down = True

    def _pieces(self) -> Iterator[float]:
        """Draw what has arrived, piece by piece; the time of each."""
        chunks = self.terminal.chunks
        while self._at < len(chunks):
            chunk = chunks[self._at]
            self.picture.feed(chunk.data)
            self._at += 1
            done = self.app.has_loaded(self.picture)
            self.loaded = (self.loaded or chunk.time) if done else None
            yield chunk.time

    @property
    def is_loaded(self) -> bool:
        """Whether it has said so for long enough to be believed."""
        return self.loaded is not None and time.perf_counter() - self.loaded > _SETTLED

    def until_loaded(self, patience: float) -> float | None:
        """When all had been read; None if that was never said."""
        end = time.perf_counter() + patience
        while not self.is_loaded and time.perf_counter() < end:
            self.idle(GLANCE)
        return self.loaded

    def until(self, seen: Callable[[Picture], bool], patience: float) -> float | None:
        """When the screen first shows something, by ``perf_counter``; None if it never does."""
        end = time.perf_counter() + patience
        while time.perf_counter() < end:
            for at in self._pieces():
                if seen(self.picture):
                    return at
            time.sleep(GLANCE)
        return None

    def idle(self, seconds: float) -> None:
        """Follow the screen for a while, and do nothing."""
        self.until(lambda _picture: False, seconds)

    def pause(self) -> None:
        """Wait for as long as a person would, more or less."""
        self.idle(self._random.uniform(*_PAUSE))

    def press(self, patience: float) -> Press:
        """Move the cursor to the line below or, the next time, back, and wait to see it there."""
        before = self.app.cursor(self.picture)
        key, step = ("j", 1) if self._down else ("k", -1)
        pressed = time.perf_counter()
        self.terminal.press(key)
        seen = self.until(lambda picture: self._has_moved(picture, before, step), patience)
        self._down = not self._down
        return Press(pressed, float("inf") if seen is None else seen - pressed)

    def _has_moved(self, picture: Picture, before: int | None, step: int) -> bool:
        now = self.app.cursor(picture)
        return now is not None and before is not None and now == before + step

    def bytes_since(self, begin: float, end: float) -> int:
        """Bytes that arrived between two times."""
        return sum(len(data) for at, data in self.terminal.chunks if begin <= at < end)
