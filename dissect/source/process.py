"""A program that is run once: started from a list of words, bounded, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final, NamedTuple

from dissect.errors import CaptureError, ToolError
from dissect.escape import visible
from dissect.source.outcome import judge
from dissect.source.tshark import install_command

BLOCK: Final = 1 << 16
"""Bytes read at a time."""

MOST: Final = 16 << 20
"""Bytes of output that are kept, unless told otherwise."""

ERRORS: Final = 64 << 10
"""Bytes of standard error that are kept, from its end."""

GRACE: Final = 2.0
"""Seconds that the pipes of a process may stay open behind its end."""

ASIDE: Final = "{aside}"
"""A word of a command that stands for a second output, which is read beside the first."""


class Ran(NamedTuple):
    """How a program ended, and what it wrote."""

    code: int
    out: bytes
    errors: bytes
    aside: bytes = b""
    cut: bool = False
    """Whether it was ended because it wrote more than is kept."""


async def run(
    command: Sequence[str],
    *,
    most: int = MOST,
    out: int | None = None,
    start: Mapping[str, Any] | None = None,
) -> Ran:
    """Run a program to its end.

    Args:
        command: its path and its words; ``ASIDE`` among them becomes a path to write to.
        most: bytes of an output that are kept; a program that writes more to the first is ended.
        out: a file descriptor for standard output, instead of keeping it.
        start: more for the start of its process (``CaptureFile.start``).

    Raises:
        ToolError: if it cannot be started.
    """
    how = dict(start or {})
    inherited = how.pop("pass_fds", ())
    with _aside(command) as (words, aside):
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE if out is None else out,
                pass_fds=(*inherited, *([aside.fileno()] if aside is not None else ())), **how,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise ToolError(f"{command[0]} cannot be started: {error}", install_command()) from None
        try:
            ran = await _finished(process, most)
        finally:
            await _end(process)
        return ran if aside is None else ran._replace(aside=_all(aside, most))


@contextlib.contextmanager
def _aside(command: Sequence[str]) -> Iterator[tuple[list[str], BinaryIO | None]]:
    """The words with a file in place of ``ASIDE``, and that file, which has no name.

    It is no pipe, because tshark does not print what it writes to one.
    """
    if ASIDE not in command:
        yield list(command), None
        return
    with nameless() as file:
        path = f"/dev/fd/{file.fileno()}"
        yield [path if word == ASIDE else word for word in command], file


def nameless() -> BinaryIO:
    """A file that is gone when it is closed; in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("seamark"), "w+b")
    return tempfile.TemporaryFile()


def _all(file: BinaryIO, most: int) -> bytes:
    """What another process has written to a file."""
    file.seek(0)
    return file.read(most)


async def _finished(process: asyncio.subprocess.Process, most: int) -> Ran:
    """Read both outputs side by side, so that neither of them holds the process up."""
    out, errors = bytearray(), bytearray()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(_keep(process, out, most))
        second = group.create_task(_last(process, errors))
        code = await process.wait()
        # Bounded: a child of a wrapper around the program may keep a pipe open for longer.
        _, late = await asyncio.wait([first, second], timeout=GRACE)
        for task in late:
            task.cancel()
    return Ran(code, bytes(out[:most]), bytes(errors), cut=len(out) > most)


async def _keep(process: asyncio.subprocess.Process, kept: bytearray, most: int) -> None:
    """Keep what a process writes; end it where that is too much."""
    while process.stdout is not None and (data := await process.stdout.read(BLOCK)):
        kept += data
        if len(kept) > most:
            _kill(process)
            return


async def _last(process: asyncio.subprocess.Process, kept: bytearray) -> None:
    """Keep the end of what a process says on standard error."""
    while process.stderr is not None and (data := await process.stderr.read(BLOCK)):
        kept += data
        del kept[:-ERRORS]


def _kill(process: asyncio.subprocess.Process) -> None:
    """SIGKILL: what it has written is thrown away, so that it has nothing to clean up."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave no process behind, however the waiting for it ended."""
    if process.returncode is None:
        _kill(process)
        await process.wait()


def settle(name: str, ran: Ran, got: int) -> None:
    """Accept how a reading of a capture ended, or say what was wrong with it.

    Args:
        name: the capture, as the user gave it.
        ran: tshark.
        got: packets that came out of it; where there are some, a capture may be cut short.

    Raises:
        CaptureError: if it failed.
    """
    if ran.code == 0 or ran.cut:
        return
    outcome = judge(ran.code, ran.errors, got)
    if outcome.status == "failed":
        raise CaptureError(f"{visible(name)}: {outcome.what}.", outcome.remedy)
