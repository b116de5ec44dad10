"""The machine that Seamark runs on: what decodes, and what shows."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Final

from dissect.doctor.check import Check, missing, ok, warning
from dissect.errors import SeamarkError, ToolError, UsageError
from dissect.source import Tshark, find_tshark
from dissect.source.rights import NOBODY, unprivileged

ROOM: Final = 1 << 30
"""Bytes that should be free for temporary files."""

PLAIN: Final = frozenset({"", "dumb", "unknown"})
"""What ``TERM`` says where the screen cannot be drawn."""

WITHIN: Final = {"tmux": "TMUX", "screen": "STY", "ssh": "SSH_CONNECTION"}
"""What may stand between the program and the terminal."""

PATIENCE: Final = 30.0
"""Seconds for a program to say its version."""


def desk(environ: Mapping[str, str]) -> Iterator[Check]:
    """Look at this machine.

    Args:
        environ: the environment.
    """
    yield ok("python", platform.python_version())
    yield from _decoder()
    yield _configuration()
    yield from _terminal(environ)
    yield _room()


def _decoder() -> Iterator[Check]:
    """tshark, and as root who it runs as."""
    try:
        tshark = find_tshark()
    except SeamarkError as error:
        yield missing("tshark", error)
        return
    yield ok("tshark", f"{'.'.join(map(str, tshark.version))} at {tshark.path}")
    if os.geteuid() == 0:
        yield _as_nobody(tshark)


def _as_nobody(tshark: Tshark) -> Check:
    """Whether tshark starts as a user without rights, tried as a live capture does it."""
    start = unprivileged()
    if not start:
        what = f"There is no user {NOBODY}: tshark would decode what strangers send as root."
        return missing("nobody", ToolError(what, f"useradd --system --no-create-home {NOBODY}"))
    try:
        ran = subprocess.run(  # noqa: S603 - a path that was looked up
            [tshark.path, "-v"], **start, capture_output=True, timeout=PATIENCE, check=False
        )
        works = ran.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        works = False
    if works:
        return ok("nobody", f"tshark runs as {NOBODY}, not as root")
    what = f"tshark cannot be started as {NOBODY}."
    return missing("nobody", ToolError(what, f"chmod a+rx {tshark.path}"))


def _configuration() -> Check:
    """What ``seamark config validate`` says; apart, so that it is the same."""
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "tui", "config", "validate"],
        capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    lines = (ran.stdout or ran.stderr).decode("utf-8", "replace").splitlines()
    first = lines[0] if lines else "nothing was said"
    if ran.returncode:
        return missing("config", UsageError(first, "All of it: seamark config validate"))
    return ok("config", first)


def _terminal(environ: Mapping[str, str]) -> Iterator[Check]:
    """What the screen is drawn on."""
    term = environ.get("TERM", "")
    inside = [name for name, variable in WITHIN.items() if environ.get(variable)]
    if term in PLAIN:
        what = f"TERM is {term or 'not set'}: the screen cannot be drawn."
        yield warning("terminal", what, "export TERM=xterm-256color")
    else:
        yield ok("terminal", " in ".join([term, *inside]))
    encoding = locale.getencoding()
    if encoding.lower() != "utf-8":
        what = f"The locale's encoding is {encoding}: frames and marks need UTF-8."
        yield warning("utf-8", what, "export LC_ALL=C.UTF-8")
    if "tmux" in inside:
        yield _tmux()


def _tmux() -> Check:
    """Whether tmux hands copies on to the terminal's clipboard."""
    program = shutil.which("tmux")
    said = b""
    if program:
        command = [program, "show-options", "-gsv", "set-clipboard"]
        said = subprocess.run(  # noqa: S603 - a path that was looked up
            command, capture_output=True, timeout=PATIENCE, check=False
        ).stdout.strip()
    if said == b"on":
        return ok("clipboard", "tmux hands copies on")
    return warning(
        "clipboard", "tmux keeps copies to itself.", "tmux set-option -gs set-clipboard on"
    )


def _room() -> Check:
    """Space for temporary files."""
    place = tempfile.gettempdir()
    free = shutil.disk_usage(place).free
    words = f"{free / 2**30:.1f} GiB free in {place}"
    if free >= ROOM:
        return ok("disk", words)
    return warning("disk", f"Only {words}.", "Point TMPDIR at a disk with more: export TMPDIR=...")
