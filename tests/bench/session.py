"""What is done with a program before its screen, and what is measured of it."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from terminal.pty_terminal import PtyTerminal, home

from bench.sample import Tree
from bench.watch import Press, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.apps import App

SIZE: Final = (160, 45)
SLOW_SIZE: Final = (80, 24)
SLOW_RATE: Final = 9_600
"""Bytes a second of the slow line."""
SSH: Final[dict[str, str | None]] = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
"""What a program sees of a remote line."""

PATIENCE: Final = 600.0
"""Seconds for a capture to be read."""
ANSWER: Final = 5.0
"""Seconds after which a key is taken as not answered."""
SLOW_ANSWER: Final = 20.0
SLOW_PATIENCE: Final = 90.0
"""Seconds for the line to carry what a program says while it reads."""
LOOK: Final = 3.0
"""Seconds without keys, in which output is counted while a capture loads."""
_LOOSE: Final = 0.001
"""Seconds for which a thread of ours may keep another one from dating what arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was measured before a screen."""

    first: float | None
    """Seconds from the start to the first line; None where none came."""
    loaded: float | None = None
    """Seconds from the start until all was there."""
    loading: tuple[Press, ...] = ()
    """Keys pressed while it loaded."""
    listed: tuple[Press, ...] = ()
    """Keys pressed when all was there."""
    rate: float = 0.0
    """Bytes a second while it loaded, and nobody pressed a key."""
    peak: int = 0
    """Bytes: the highest resident sets of its processes beside tshark."""
    tshark_peak: int = 0


@dataclass(slots=True)
class Session:
    """One program with one capture.

    Args:
        app: the program.
        capture: what it opens.
        keys: how many are pressed once all is there; while it loads, at most as many.
        size: of the window.
        rate: bytes a second of the line; 0 for any.
        env: what to add to the environment.
    """

    app: App
    capture: Path
    keys: int
    size: tuple[int, int] = SIZE
    rate: int = 0
    env: dict[str, str | None] = field(default_factory=dict)

    def run(self, folder: Path) -> Seen:
        """Start it, wait, press keys, and end it.

        Args:
            folder: where it may keep what it keeps.
        """
        sys.setswitchinterval(_LOOSE)
        tree = Tree()
        with self._terminal(folder) as terminal, tree.watched(terminal.process.pid):
            seen = self._measure(Watch(terminal, self.app, self.size), terminal.started)
        peak, tshark_peak = tree.peaks()
        return replace(seen, peak=peak, tshark_peak=tshark_peak)

    @contextmanager
    def _terminal(self, folder: Path) -> Iterator[PtyTerminal]:
        env = {**home(folder), **self.app.env, **self.env}
        command = self.app.command(self.capture)
        with PtyTerminal(command, size=self.size, env=env, rate=self.rate, cwd=folder) as terminal:
            yield terminal

    def _measure(self, watch: Watch, start: float) -> Seen:
        begun = watch.until(self.app.has_begun, SLOW_PATIENCE if self.rate else PATIENCE)
        if begun is None:
            return Seen(first=None)
        watch.idle(LOOK)
        looked = time.perf_counter()
        rate = watch.bytes_since(begun, looked) / (looked - begun)
        loading = self._while_loading(watch)
        loaded = watch.until_loaded(SLOW_PATIENCE if self.rate else PATIENCE)
        watch.idle(LOOK)
        return Seen(
            first=begun - start,
            loaded=None if loaded is None else loaded - start,
            loading=loading,
            listed=tuple(self._press(watch) for _ in range(self.keys)),
            rate=rate,
        )

    def _while_loading(self, watch: Watch) -> tuple[Press, ...]:
        pressed: list[Press] = []
        while len(pressed) < self.keys and not watch.is_loaded:
            pressed.append(self._press(watch))
        return tuple(pressed)

    def _press(self, watch: Watch) -> Press:
        watch.pause()
        return watch.press(SLOW_ANSWER if self.rate else ANSWER)


def trouble(app: App, capture: Path) -> str:
    """Why a program cannot be measured here, tried on a small capture; empty if it can."""
    command = app.command(capture)
    if shutil.which(command[0]) is None:
        return f"{command[0]} is missing"
    with TemporaryDirectory() as folder:
        seen = Session(app, capture, keys=1).run(Path(folder))
    if seen.first is None:
        return "nothing was listed"
    return "" if seen.listed[0].took < ANSWER else "the cursor did not move"
