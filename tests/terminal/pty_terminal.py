"""A terminal for a program to run in: a pseudo-terminal with somebody at the other end.

A thread reads what the program writes, keeps every byte of it with its time, and answers what it
asks.  The picture is drawn when somebody looks at it, so that drawing costs no time while times
are taken.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from terminal.answers import RESIZED_IN_BAND, XTERM, Answers, Manners
from terminal.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 30.0
"""Seconds after which what has not come will not come; nothing is measured by it."""
_MARK: Final = "PTY_TERMINAL"
_PIECE: Final = 1 << 16
_GLANCE: Final = 0.05
_PROC: Final = Path("/proc")

KEYS: Final = {
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "space": b" ", "backspace": b"\x7f",
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D",
    "home": b"\x1b[H", "end": b"\x1b[F", "pageup": b"\x1b[5~", "pagedown": b"\x1b[6~",
    "f1": b"\x1bOP", "f2": b"\x1bOQ", "f10": b"\x1b[21~", "ctrl+c": b"\x03", "ctrl+l": b"\x0c",
}  # fmt: skip
"""Named keys as xterm sends them; every other key is its own character."""

_INTO_THE_TERMINAL: Final = 'exec "$@" <"$PTY_DEVICE" >"$PTY_DEVICE" 2>&1'
"""A new session's first terminal that is opened becomes the one that controls it."""


class Chunk(NamedTuple):
    """What arrived at once."""

    time: float
    """By ``time.perf_counter``."""
    data: bytes


class PtyTerminal:
    """A program in a terminal.

    Args:
        command: the program and its arguments.
        size: columns and lines.
        term: TERM.
        env: what to add to the environment; None takes a variable out of it.
        manners: what the terminal answers.
        rate: bytes a second that the line carries; 0 for as many as come.
        cwd: the program's folder.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        size: tuple[int, int] = (80, 24),
        term: str = "xterm-256color",
        env: Mapping[str, str | None] | None = None,
        manners: Manners = XTERM,
        rate: int = 0,
        cwd: Path | None = None,
    ) -> None:
        self.chunks: list[Chunk] = []
        self.rate = rate
        self.mark = uuid.uuid4().hex
        """Stands in the environment of all that is started in here."""
        self._picture = Picture(*size)
        self._drawn = 0
        self._lock = threading.Lock()
        self._answers = Answers(manners, lambda: self.picture.cursor)
        self._ours, theirs = pty.openpty()
        self._over = threading.Event()
        self._size(*size)
        self.before = self.attributes()
        """How the line was set up when the program came."""
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            ("sh", "-c", _INTO_THE_TERMINAL, "sh", *map(str, command)),
            stdin=subprocess.DEVNULL,
            env=self._environment(term, os.ttyname(theirs), env or {}),
            cwd=cwd,
            start_new_session=True,
        )
        self._theirs = theirs
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _environment(
        self, term: str, device: str, more: Mapping[str, str | None]
    ) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OTHERS)}
        own = {"PTY_DEVICE": device, _MARK: self.mark}
        every = {**kept, "LC_ALL": "C.UTF-8", "TERM": term, **more, **own}
        return {name: value for name, value in every.items() if value is not None}

    # What the program writes.

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # of a terminal that was hung up
            while not self._over.is_set():
                if not select.select([self._ours], [], [], _GLANCE)[0]:
                    continue
                data = os.read(self._ours, self._piece())
                self._carry(len(data))
                self.chunks.append(Chunk(time.perf_counter(), data))
                if answer := self._answers.to(data):
                    self.type(answer)

    def _piece(self) -> int:
        """How much to take at once: on a slow line, what passes in a glance."""
        return max(int(self.rate * _GLANCE), 1) if self.rate else _PIECE

    def _carry(self, size: int) -> None:
        """Take as long as the line takes."""
        if self.rate:
            time.sleep(size / self.rate)

    @property
    def written(self) -> bytes:
        """Every byte so far."""
        return b"".join(chunk.data for chunk in self.chunks)

    def output(self) -> bytes:
        """Every byte, once the program has stopped to write: no sequence is cut in the middle."""
        self.quiet()
        return self.written

    @property
    def picture(self) -> Picture:
        """The screen, with all on it that has arrived."""
        with self._lock:
            ready = len(self.chunks)
            for chunk in self.chunks[self._drawn : ready]:
                self._picture.feed(chunk.data)
            self._drawn = ready
            return self._picture

    @property
    def text(self) -> str:
        """The screen's text."""
        return self.picture.text

    def until(self, *words: str, gone: Sequence[str] = ()) -> str:
        """Wait until the screen shows all these words, and none that are to go; the screen."""
        return self.until_seen(
            lambda text: all(word in text for word in words) and not any(w in text for w in gone),
            f"{words!r} did not appear",
        )

    def until_seen(self, seen: Callable[[str], bool], otherwise: str = "never seen") -> str:
        """Wait until the screen is as it should be; the screen.

        Raises:
            AssertionError: if it never is.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.text
            if seen(text):
                return text
            if self.process.poll() is not None and self._drawn == len(self.chunks):
                self._settle()
                break
            time.sleep(_GLANCE)
        if seen(self.text):
            return self.text
        raise AssertionError(f"{otherwise}; the screen is:\n{self.text}")

    def quiet(self, seconds: float = 0.3) -> None:
        """Wait until nothing has been written for a while, counted from now."""
        now = time.perf_counter()
        end = now + PATIENCE
        while time.perf_counter() < end:
            last = self.chunks[-1].time if self.chunks else now
            if time.perf_counter() - max(last, now) >= seconds:
                return
            time.sleep(seconds / 10)

    def _settle(self) -> None:
        """Wait for what is still under way from a program that has ended."""
        self.quiet(2 * _GLANCE)

    # What the program is told.

    def type(self, data: bytes) -> None:
        """Send bytes to the program."""
        while data:
            data = data[os.write(self._ours, data) :]

    def press(self, *keys: str) -> None:
        """Press keys, by their names."""
        for key in keys:
            self.type(KEYS.get(key, key.encode()))

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size; the kernel tells the program."""
        with self._lock:
            self._picture.resize(columns, lines)
        self._size(columns, lines)
        if RESIZED_IN_BAND in self.picture.modes:
            self.type(b"\x1b[48;%d;%d;0;0t" % (lines, columns))

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the window while the program runs; the kernel tells the program."""
        self._over.set()
        self._reader.join()
        os.close(self._theirs)
        os.close(self._ours)
        self._ours = self._theirs = -1

    # How it ends.

    def wait(self) -> int:
        """Wait for the program to end; its exit code, negative for a signal.

        Raises:
            AssertionError: if it does not end.
        """
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end; the screen is:\n{self.text}") from None
        if self._ours >= 0:
            self._settle()
        return code

    def attributes(self) -> list[Any]:
        """How the line is set up: echo, line editing, special characters."""
        return termios.tcgetattr(self._ours)

    def processes(self) -> dict[int, str]:
        """All processes that were started in here and still run, whatever session they are in."""
        return dict(_marked(self.mark))

    def until_alone(self) -> dict[int, str]:
        """Wait for all processes to end; those that do not."""
        end = time.monotonic() + PATIENCE / 4
        while (left := self.processes()) and time.monotonic() < end:
            time.sleep(_GLANCE)
        return left

    def close(self) -> None:
        """End all that is still there."""
        for pid in (self.process.pid, *self.processes()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._over.set()
        self._reader.join()
        for descriptor in {self._ours, self._theirs} - {-1}:
            os.close(descriptor)
        self._ours = self._theirs = -1


_OTHERS: Final = (
    "COLORTERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM_PROGRAM", "TMUX", "STY",
    "SSH_",    "LANG", "LC_", "XDG_", "SEAMARK_", "TEXTUAL_",
)  # fmt: skip
"""What the terminal around this one says of itself, and what its user has set."""


def _marked(mark: str) -> list[tuple[int, str]]:
    wanted = f"{_MARK}={mark}".encode()
    found = []
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and wanted in _bytes(folder / "environ").split(b"\0"):
            words = _bytes(folder / "cmdline").replace(b"\0", b" ")
            found.append((int(folder.name), words.decode("utf-8", "replace").strip()))
    return found


def _bytes(path: Path) -> bytes:
    """A file of a process; nothing where that has gone, or is not ours to look at."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def home(folder: Path) -> dict[str, str | None]:
    """An environment in which a program keeps what it keeps in a folder."""
    names = ("CONFIG", "STATE", "DATA", "CACHE")
    return {"HOME": str(folder), **{f"XDG_{name}_HOME": str(folder / name) for name in names}}


def python(*arguments: str | Path, **how: Any) -> PtyTerminal:
    """A terminal with a Python in it that finds what is in this checkout."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    env = {"PYTHONPATH": path, **(how.pop("env", None) or {})}
    return PtyTerminal((sys.executable, "-P", *arguments), env=env, **how)


def seamark(*arguments: str | Path, **how: Any) -> PtyTerminal:
    """A terminal with ``seamark`` of this checkout in it."""
    return python("-m", "tui", *arguments, **how)
