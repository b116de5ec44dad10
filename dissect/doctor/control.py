"""Whether several captures of a host share one login (ssh_config(5), ``ControlMaster``)."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

from dissect.doctor.check import Check, missing, ok, warning
from dissect.errors import CaptureError
from dissect.source.tap import Host

OFF: Final = frozenset({"", "no", "false"})
"""What ``ControlMaster`` says where ssh opens no socket for others."""

NONE: Final = frozenset({"", "none"})
"""What ``ControlPath`` says where there is none."""

LONGEST: Final = 103 if sys.platform == "darwin" else 107
"""Bytes of a socket's name (unix(7), ``sun_path``, without the zero at its end)."""

ASIDE: Final = 17
"""Bytes that ssh puts behind the name while it makes the socket (OpenSSH, ``mux.c``)."""

OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH

PATIENCE: Final = 30.0
"""Seconds for ssh to read its files; what they run (``Match exec``) may take its time."""

SHARE: Final = "In ~/.ssh/config, one login for all: ControlMaster auto, ControlPath ~/.ssh/%C"


def control(there: Host) -> Check | None:
    """Look at what ssh's files say of a host; None where there is no ssh to be asked.

    A socket that cannot be made ends ssh behind the login, whatever it was started for.
    """
    said = _settings(there)
    if said is None:
        return None
    master, path = said.get("controlmaster", ""), said.get("controlpath", "")
    if path in NONE:
        if master in OFF:
            return ok("shared-login", "none: each capture and each new try logs in", SHARE)
        what = "ControlMaster is on, and there is no ControlPath: nothing is shared."
        return warning("shared-login", what, SHARE)
    return _socket(Path(path), there, makes=master not in OFF)


def _settings(there: Host) -> dict[str, str] | None:
    """What holds for a host, by lower-case names."""
    user = ["-l", there.user] if there.user else []
    port = ["-p", str(there.port)] if there.port else []
    said = _ask(["-G", *user, *port, "--", there.name])
    if said is None:
        return None
    pairs = (line.partition(" ") for line in said.splitlines())
    return {name: value for name, _, value in pairs}


def _ask(words: list[str]) -> str | None:
    """What ssh answers; None where it fails."""
    try:
        ran = subprocess.run(  # noqa: S603 - a list; the host was looked at
            ["ssh", *words],  # noqa: S607 - that which captures, from PATH
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.decode("utf-8", "surrogateescape") if ran.returncode == 0 else None


def _socket(path: Path, there: Host, *, makes: bool) -> Check:
    """The socket of a login that is shared.

    Args:
        path: of the socket, as ssh has put it together.
        there: the host.
        makes: whether ssh makes it where it is not there.
    """
    folder = path.parent
    check = ["-O", "check", "-o", f"ControlPath={path}", "--", there.name]
    if path.is_socket() and _ask(check) is not None:
        return ok("shared-login", f"open at {path}: nobody is asked for a password")
    if not makes:
        return ok("shared-login", f"used where somebody opens one at {path}; none is open", SHARE)
    if (error := _unusable(path)) is not None:
        return missing("shared-login", error)
    if folder.stat().st_mode & OTHERS_WRITE and not folder.stat().st_mode & stat.S_ISVTX:
        what = f"Other users may write to {folder}, and put a socket of theirs there."
        return warning("shared-login", what, f"chmod go-w {shlex.quote(str(folder))}")
    return ok("shared-login", f"one login serves all captures, through {path}")


def _unusable(path: Path) -> CaptureError | None:
    """Why ssh could not make the socket."""
    folder, size = path.parent, len(os.fsencode(path))
    if not folder.is_dir():
        make = f"mkdir -m 700 -p {shlex.quote(str(folder))}"
        return CaptureError(f"The folder of ssh's ControlPath is not there: {folder}.", make)
    if not os.access(folder, os.W_OK | os.X_OK):
        what = f"This user may not write to the folder of ssh's ControlPath, {folder}."
        return CaptureError(what, "In ~/.ssh/config: ControlPath ~/.ssh/%C")
    if size + ASIDE > LONGEST:
        most = LONGEST - ASIDE
        what = f"ssh's ControlPath has {size} bytes, and a socket's may have {most}: {path}"
        return CaptureError(what, "In ~/.ssh/config: ControlPath ~/.ssh/%C")
    return None
