"""A terminal that a command writes to, and whatever it wrote."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.command import PATIENCE, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Shown(NamedTuple):
    """How a command ended, and what its terminal got."""

    code: int
    screen: bytes


def on_terminal(
    *words: str | Path,
    streams: tuple[str, ...] = ("stdin", "stdout", "stderr"),
    env: Mapping[str, str] | None = None,
    until: Callable[[bytes], bool] | None = None,
    keys: bytes = b"",
    **how: Any,
) -> Shown:
    """Run ``seamark`` with some of its streams on a terminal of 100 by 30.

    Args:
        words: its command line.
        streams: those that are on the terminal.
        env: what to add to the environment.
        until: given all output so far, says when to type ``keys``.
        keys: what to type then.
        how: the other streams, the current folder.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = start(*words, env=env, **(how | dict.fromkeys(streams, theirs)))
    os.close(theirs)
    screen = b""
    try:
        for piece in _pieces(ours):
            screen += piece
            if until is not None and until(screen):
                os.write(ours, keys)
                until = None
        return Shown(process.wait(PATIENCE), screen)
    finally:
        os.close(ours)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _pieces(terminal: int) -> Any:
    """What arrives, until all that write to it have ended, or for as long as is bearable."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.2)[0]:
            yield b""
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            return
        yield piece
