"""``seamark live`` as a process, whose lines are read as they come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 30.0
"""Seconds after which what has not come will not come; nothing is measured by it."""


class Live:
    """One run.

    Args:
        words: behind ``seamark live``.
        stdin: its standard input.
        before: a program that runs it, with its words.
        module: what is run; ``live.impatient`` is the same, and waits less.
        env: what to add to the environment.
    """

    def __init__(
        self,
        *words: str,
        stdin: Any = subprocess.DEVNULL,
        before: Sequence[str] = (),
        module: str = "tui",
        **env: str,
    ) -> None:
        self.lines: list[str] = []
        every = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", **env}
        self.process = subprocess.Popen(
            (*before, sys.executable, "-P", "-m", module, "live", *words),
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=every,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def until(self, seen: Callable[[str], bool]) -> str:
        """Wait for a line; the line."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = next(filter(seen, list(self.lines)), None)
            if found is not None:
                return found
            if self.process.poll() is not None and not self._reader.is_alive():
                break
            time.sleep(0.02)
        raise AssertionError("\n".join([*self.lines, self.errors()]))

    def until_said(self, *words: str) -> str:
        """Wait for a line that has all these words."""
        return self.until(lambda line: all(word in line for word in words))

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """All objects of a type, of JSON Lines."""
        found = [json.loads(line) for line in self.lines]
        return [value for value in found if value["type"] == kind]

    def errors(self) -> str:
        """What it said on standard error, once it has ended."""
        if self.process.poll() is None:
            self.process.kill()
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Let it end; its exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Its exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code


def captures_of(port: int) -> list[str]:
    """Command lines of capturing programs whose filter names a port."""
    return list(programs_of(port).values())


def programs_of(port: int) -> dict[int, str]:
    """The same by process id."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            except OSError:
                continue
            if words[0] in {"tcpdump", "dumpcap"} and any(f"port {port}" in word for word in words):
                found[int(folder.name)] = " ".join(words)
    return found


def until_none(port: int) -> list[str]:
    """Wait until no program captures that port any more; those that still do."""
    end = time.monotonic() + PATIENCE
    while (left := captures_of(port)) and time.monotonic() < end:
        time.sleep(0.05)
    return left
