"""Starts ``seamark`` as a user's shell would, and keeps what it said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parent.parent.parent
CAPTURES: Final = ROOT / "captures"
FOUNDING: Final = CAPTURES / "founding-behind.pcap"
TWIN: Final = CAPTURES / "clean-twin-behind.pcap"

COMMAND: Final = (sys.executable, "-P", "-m", "tui")
"""``-P`` as for the installed command: nothing is imported from the current folder."""

PATIENCE: Final = 180
"""Seconds after which a command hangs."""

OURS: Final = ("SEAMARK_", "NO_COLOR", "COLUMNS", "LINES", "SSH_")


class Ran(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    raw_out: bytes
    raw_err: bytes

    @property
    def out(self) -> str:
        """Standard output; it must be UTF-8."""
        return self.raw_out.decode()

    @property
    def err(self) -> str:
        """Standard error; it must be UTF-8."""
        return self.raw_err.decode()


def environment(**more: str) -> dict[str, str]:
    """The environment without the settings of whoever runs the tests, and with ``more``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    fixed = {
        "XDG_CONFIG_HOME": "/nonexistent", "XDG_STATE_HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8", "TERM": "xterm-256color",
    }  # fmt: skip
    return kept | fixed | more


def seamark(
    *words: str | Path,
    env: Mapping[str, str] | None = None,
    stdin: IO[bytes] | bytes | None = None,
    cwd: Path | None = None,
    before: tuple[str, ...] = (),
) -> Ran:
    """Run ``seamark`` to its end.

    Args:
        words: its command line.
        env: what to add to the environment.
        stdin: a file to redirect, or bytes to send through a pipe.
        cwd: the current folder.
        before: a command that runs it, such as ``setpriv``.
    """
    given: dict[str, Any] = {"stdin": stdin or subprocess.DEVNULL}
    if isinstance(stdin, bytes):
        given = {"input": stdin}
    done = subprocess.run(
        [*before, *COMMAND, *map(str, words)],
        capture_output=True, check=False, timeout=PATIENCE,
        env=environment(**(env or {})), cwd=cwd, **given,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def scan(*words: str | Path, **how: Any) -> Ran:
    """Run ``seamark scan`` to its end."""
    return seamark("scan", *words, **how)


def start(*words: str | Path, env: Mapping[str, str] | None = None, **how: Any) -> Popen:
    """Start ``seamark``, in a process group of its own; the caller ends it."""
    streams: dict[str, Any] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    streams["stdin"] = subprocess.DEVNULL
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        env=environment(**(env or {})), start_new_session=True, **(streams | how),
    )  # fmt: skip


Popen = subprocess.Popen[bytes]
