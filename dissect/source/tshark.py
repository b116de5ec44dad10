"""Where tshark is, whether it is new enough, and the command that mends it where it is not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from dissect.errors import ToolError

OLDEST: Final = (4, 0)
"""Field names and the shape of PDML are known from this version on."""

INSTALL: Final = (
    ("apt-get", "sudo apt-get install tshark"),
    ("dnf", "sudo dnf install wireshark-cli"),
    ("zypper", "sudo zypper install wireshark"),
    ("pacman", "sudo pacman -S wireshark-cli"),
    ("apk", "sudo apk add tshark"),
    ("brew", "brew install wireshark"),
)
"""The package manager that is there, and its command."""


class Tshark(NamedTuple):
    """A tshark that can be used."""

    path: str
    """Absolute, because pyshark would otherwise let a ``config.ini`` in the current folder
    choose the program that runs."""
    version: tuple[int, ...]


def install_command() -> str:
    """How tshark is installed on this system."""
    for manager, command in INSTALL:
        if shutil.which(manager):
            return f"Install it: {command}"
    return "Install tshark 4.0 or later: https://www.wireshark.org/download.html"


@cache
def find_tshark() -> Tshark:
    """The tshark on PATH, or the one that ``SEAMARK_TSHARK`` names.

    Raises:
        ToolError: if it is missing, cannot be run, or is older than ``OLDEST``.
    """
    wanted = os.environ.get("SEAMARK_TSHARK") or "tshark"
    path = shutil.which(wanted)
    if path is None:
        raise _missing(wanted)
    version = _version(path)
    if version < OLDEST:
        have = ".".join(map(str, version))
        raise ToolError(f"tshark {have} at {path} is too old: 4.0 is needed.", install_command())
    return Tshark(str(Path(path).absolute()), version)


def _missing(wanted: str) -> ToolError:
    """Not there at all, or there without the right to run it."""
    for folder in os.get_exec_path():
        candidate = Path(folder, wanted)
        if candidate.is_file():
            return ToolError(
                f"tshark at {candidate} is not executable.", f"Mend it: sudo chmod a+rx {candidate}"
            )
    return ToolError(f"tshark was not found ({wanted}).", install_command())


def _version(path: str) -> tuple[int, ...]:
    """What ``tshark -v`` says of itself."""
    try:
        said = subprocess.run(  # noqa: S603 - a path that shutil.which found, and no arguments of others
            [path, "-v"], capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"tshark at {path} cannot be run: {error}.", install_command()) from error
    match = re.search(rb"(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
    if said.returncode or not match:
        tail = said.stderr.decode(errors="replace").strip()[-300:]
        raise ToolError(f"tshark at {path} cannot be run: {tail}", install_command())
    return tuple(int(part) for part in match.groups() if part)
