"""Whether the lab can run here."""

from __future__ import annotations

import os
import shutil
import subprocess

_COMMANDS = ("ip", "ss", "ethtool", "tcpdump", "exim4")


def missing() -> str:
    """Why the lab cannot run here, in one sentence; empty where it can."""
    if os.geteuid() != 0:
        return "the lab needs root, for network namespaces and raw sockets"
    absent = [command for command in _COMMANDS if shutil.which(command) is None]
    if absent:
        return f"the lab needs {', '.join(absent)}"
    return _namespaces()


def _namespaces() -> str:
    name = f"seamark-{os.getpid()}-try"
    made = subprocess.run(
        ["ip", "netns", "add", name], capture_output=True, check=False, timeout=10
    )
    if made.returncode:
        return "the lab needs network namespaces, and may not make one here"
    subprocess.run(["ip", "netns", "delete", name], check=True, timeout=10)
    return ""
