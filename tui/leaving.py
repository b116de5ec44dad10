"""An end that is no key: a signal, or a terminal that went away; what is open is closed first."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_BY_SIGNAL: Final = 128
"""What a shell adds to the number of a signal that has ended a program."""
HUNG_UP: Final = _BY_SIGNAL + signal.SIGHUP
"""The exit code of a program that has lost its terminal."""
_STANDARD: Final = (0, 1, 2)
_PATIENCE: Final = 3.0
"""Seconds for an orderly end without a terminal."""


def listen(leave: Callable[[int], object]) -> None:
    """Call ``leave`` with the exit code when a signal says so; one that is ignored stays so."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, leave, _BY_SIGNAL + number)


def watch(leave: Callable[[int], object]) -> None:
    """Call ``leave`` when the terminal has gone; behind ``nohup`` no signal says so.

    What is written to it leads nowhere from then on: the thread of Textual's that writes would
    end at the first error, and everybody wait for it.
    """
    terminals = [descriptor for descriptor in _STANDARD if os.isatty(descriptor)]
    if not terminals:
        return
    loop = asyncio.get_running_loop()

    def wait() -> None:
        poll = select.poll()
        poll.register(terminals[0], 0)
        poll.poll()
        _lead_nowhere(terminals)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(leave, HUNG_UP)
        time.sleep(_PATIENCE)
        os._exit(HUNG_UP)

    threading.Thread(target=wait, name="seamark-terminal", daemon=True).start()


def _lead_nowhere(descriptors: list[int]) -> None:
    """Let what is written to some descriptors be thrown away."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
