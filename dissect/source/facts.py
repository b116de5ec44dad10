"""What a machine says of itself: a shell script is run here or behind ssh, and its lines are read.

The script needs nothing but a POSIX shell there, and changes nothing.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from dissect.errors import CaptureError, ToolError
from dissect.source.process import Ran, run
from dissect.source.refusals import refusal
from dissect.source.tap import Tap, shell

PATIENCE: Final = 120.0
"""Seconds for all questions; ssh may be asking for a password meanwhile."""

MARK: Final = "seamark\t"
"""Begins each line of ours: start files of a shell may print others."""

_BEGIN: Final = r"""
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin; export PATH; LC_ALL=C; export LC_ALL;
say() { printf 'seamark\t%s\t%s\n' "$1" "$2"; };
"""
_END: Final = "say end yes"


def script(questions: str) -> str:
    """A script of one line, which a csh passes on, too.

    Args:
        questions: what it does; ``say NAME VALUE`` tells a fact.
    """
    lines = f"{_BEGIN.strip()}\n{questions.strip()}\n{_END}".splitlines()
    return " ".join(line.strip() for line in lines)


class Facts(NamedTuple):
    """What a machine says of itself."""

    pairs: tuple[tuple[str, str], ...]
    asked: float
    """Seconds of our clock, before it was asked."""
    answered: float
    """Seconds of our clock, after the answer."""

    def one(self, name: str) -> str:
        """A fact; empty if there is none."""
        return next(self.every(name), "")

    def every(self, name: str) -> Iterator[str]:
        """All facts of a name."""
        return (value for key, value in self.pairs if key == name)

    def offset(self) -> tuple[float, float] | None:
        """How far its clock is ahead of ours, in seconds: at least, and at most.

        Its clock is read in whole seconds, at an unknown moment between question and answer.
        """
        told = self.one("time")
        if not told.isdecimal():
            return None
        return int(told) - self.answered, int(told) + 1 - self.asked


def ask(tap: Tap, text: str) -> Facts:
    """Let the machine of a capture answer a script.

    Args:
        tap: where.
        text: what ``script`` made.

    Raises:
        SeamarkError: if it cannot be reached, or has no POSIX shell.
    """
    command = shell(text, (), tap.host, batch=tap.batch)
    asked = time.time()
    try:
        ran = subprocess.run(  # noqa: S603 - a list; what the user chose was looked at
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except OSError as error:
        raise refusal(tap, 127, f"{command[0]}: not found ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise refusal(tap, 255, f"timed out after {PATIENCE:.0f} seconds") from None
    return _told(tap, Ran(ran.returncode, ran.stdout, ran.stderr), asked)


async def fetch(tap: Tap, text: str) -> Facts:
    """The same while others go on; who is not waited for any more is ended.

    ssh gets no terminal, so that it can ask nothing.

    Raises:
        SeamarkError: if it cannot be reached, or has no POSIX shell.
    """
    command = shell(text, (), tap.host, batch=True)
    asked = time.time()
    try:
        async with asyncio.timeout(PATIENCE):
            ran = await run(command, start={"start_new_session": True})
    except ToolError:
        raise refusal(tap, 127, f"{command[0]}: not found") from None
    except TimeoutError:
        raise refusal(tap, 255, f"timed out after {PATIENCE:.0f} seconds") from None
    return _told(tap, ran, asked)


def _told(tap: Tap, ran: Ran, asked: float) -> Facts:
    """What was answered.

    Raises:
        SeamarkError: if nothing was.
    """
    found = parsed(ran.out.decode("utf-8", "replace"), asked, time.time())
    if not found.one("end"):
        if ran.code == 0:
            raise CaptureError(f"The login shell of {tap.host} runs no commands.", "ssh HOST true")
        raise refusal(tap, ran.code, ran.errors.decode("utf-8", "replace"))
    return found


def parsed(said: str, asked: float, answered: float) -> Facts:
    """The facts among the lines that a machine has printed."""
    lines = (line for line in said.split("\n") if line.startswith(MARK))
    pairs = (line.removeprefix(MARK).partition("\t") for line in lines)
    return Facts(tuple((name, value.rstrip()) for name, _, value in pairs), asked, answered)
