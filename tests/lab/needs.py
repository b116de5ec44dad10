"""Whether the lab can run here."""

from __future__ import annotations

import os
import shutil
import subprocess

from lab.servers import MAKES

_COMMANDS = ("ip", "ss", "ethtool", "tcpdump")


def missing(*makes: str) -> str:
    """Why the lab cannot run here with some makes of server, in one sentence; empty where it can.

    Args:
        makes: of `lab.servers.MAKES`.
    """
    if os.geteuid() != 0:
        return "the lab needs root, for network namespaces and raw sockets"
    absent = [command for command in _COMMANDS if shutil.which(command) is None]
    if absent:
        return f"the lab needs {', '.join(absent)}"
    reasons = filter(None, (MAKES[make].missing() for make in makes))
    return next(reasons, "") or _namespaces()


def _namespaces() -> str:
    name = f"seamark-{os.getpid()}-try"
    made = subprocess.run(
        ["ip", "netns", "add", name], capture_output=True, check=False, timeout=10
    )
    if made.returncode:
        return "the lab needs network namespaces, and may not make one here"
    subprocess.run(["ip", "netns", "delete", name], check=True, timeout=10)
    return ""
