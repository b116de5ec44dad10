"""A command of the user's that is run for what was found: without a shell, and never waited for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import time
from collections.abc import Callable
from typing import Final

from dissect.errors import UsageError
from dissect.escape import visible

AT_ONCE: Final = 4
"""Processes that run side by side."""

BURST: Final = 10
"""Runs that may follow each other at once."""

EVERY: Final = 1.0
"""Seconds after which one more may follow."""

PATIENCE: Final = 30.0
"""Seconds that one run may take."""

LAST: Final = 5.0
"""Seconds that those which still run are given at the end."""

ERRORS: Final = 4_096
"""Bytes of what a run says on standard error that are looked at."""

SHOWN: Final = 200
"""Characters of it that are told."""


def words(command: str) -> tuple[str, ...]:
    """A command as a list of words, the first of them a program that is there.

    Raises:
        UsageError: if it is none.
    """
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--on-finding cannot be read: {error}.", "Close each quote.") from None
    if not found or "\0" in command:
        raise UsageError("--on-finding names no program.", "Example: --on-finding 'logger -t mail'")
    program = shutil.which(found[0])
    if program is None:
        raise UsageError(
            f"--on-finding: there is no program {visible(found[0])}.",
            "It is run without a shell. For one, write a script, or sh -c '...'.",
        )
    return (os.path.abspath(program), *found[1:])  # noqa: PTH100 - links stay as they are


class Hook:
    """Runs a command, as often as may be.

    Args:
        command: its words.
        tell: takes a sentence, the first time that something goes wrong.
        clock: seconds that pass.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command, self._tell, self._clock = command, tell, clock
        self._running: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._allowed = float(BURST)
        self._since = clock()
        self._has_told = False
        self.skipped = self.failed = 0
        """Runs that there was no room for, and runs that went wrong."""

    def start(self, data: bytes) -> bool:
        """Run it with ``data`` on its standard input, unless it runs too often; returns at once."""
        now = self._clock()
        self._allowed = min(float(BURST), self._allowed + (now - self._since) / EVERY)
        self._since = now
        if self._allowed < 1 or len(self._running) >= AT_ONCE + BURST:
            self.skipped += 1
            return False
        self._allowed -= 1
        task = asyncio.ensure_future(self._in_turn(data))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return True

    async def finish(self) -> None:
        """Wait a little for what still runs, and end it then."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=LAST)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _in_turn(self, data: bytes) -> None:
        async with self._places:
            await self._run(data)

    async def _run(self, data: bytes) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # the terminal's ctrl+c is not meant for it
            )  # fmt: skip
        except OSError as error:
            self._wrong(f"cannot be started: {error.strerror}")
            return
        said = b""
        try:
            async with asyncio.timeout(PATIENCE):
                said = await _talk(process, data)
                code = await process.wait()
        except TimeoutError:
            self._wrong(f"was ended: it ran for more than {PATIENCE:.0f} seconds")
        else:
            if code:
                why = visible(said.decode("utf-8", "replace").strip()[-SHOWN:])
                self._wrong(f"ended with code {code}{': ' if why else ''}{why}")
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def _wrong(self, what: str) -> None:
        self.failed += 1
        if not self._has_told:
            self._has_told = True
            self._tell(f"{visible(self._command[0])} {what}. This is told once.")


async def _talk(process: asyncio.subprocess.Process, data: bytes) -> bytes:
    """Give a process its input; the beginning of what it says on standard error, all of it read."""
    stdin, stderr = process.stdin, process.stderr
    if stdin is None or stderr is None:
        raise AssertionError("it was started with pipes")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read
        stdin.write(data)
        await stdin.drain()
    stdin.close()
    said = b""
    while piece := await stderr.read(ERRORS):
        said = (said + piece)[:ERRORS]
    return said
