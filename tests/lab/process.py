"""Starting and ending processes, each by its own id and within a time limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TESTS = Path(__file__).resolve().parent.parent
"""The folder that `lab` is imported from."""

LIMIT_SECONDS = 20.0
"""How long anything here may take to start, to answer or to end."""


class LabError(Exception):
    """The lab did not come up, or did not do what it was told."""


def run(arguments: Sequence[str], text: str = "", limit: float = LIMIT_SECONDS) -> str:
    """Run a command to its end; gives its standard output."""
    done = subprocess.run(
        arguments, input=text, capture_output=True, text=True, timeout=limit, cwd=TESTS, check=False
    )
    if done.returncode:
        raise LabError(f"{' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs one module of the lab."""
    return [sys.executable, "-m", module, *arguments]


@contextlib.contextmanager
def running(arguments: Sequence[str], errors: Path, ready: Callable[[], bool]) -> Iterator[int]:
    """Keep a process running for a `with` block, entered when `ready` says so; gives its id.

    What the process has started ends with it, even a server's child that still has a client.
    """
    with errors.open("wb") as stream:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd=TESTS,
            umask=0o077,
            start_new_session=True,
        )
    try:
        wait(lambda: ready() or process.poll() is not None, f"start of {arguments}")
        if process.poll() is not None:
            raise LabError(f"{' '.join(arguments)}: {errors.read_text(errors='replace')}")
        yield process.pid
    finally:
        _end(process)


def wait(condition: Callable[[], bool], what: str, limit: float = LIMIT_SECONDS) -> None:
    """Wait until something is so."""
    until = time.monotonic() + limit
    while not condition():
        if time.monotonic() > until:
            raise LabError(f"waited {limit:.0f} s for: {what}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(LIMIT_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
