"""An end that is no key: a signal, which gives the terminal back first."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_BY_SIGNAL: Final = 128
"""What a shell adds to the number of a signal that has ended a program."""


def listen(leave: Callable[[int], object]) -> None:
    """Call ``leave`` with the exit code when a signal says so; one that is ignored stays so."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, leave, _BY_SIGNAL + number)
