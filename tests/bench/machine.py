"""What the benchmark ran on: figures of different machines are not compared."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path


def described() -> str:
    """Cores, memory, and the versions of what was measured, in one line."""
    cores = len(os.sched_getaffinity(0))
    parts = (
        f"{cores} cores",
        f"{_memory():.0f} GB of memory",
        f"tshark {_tshark()}",
        f"Python {platform.python_version()}",
        f"pyshark {version('pyshark')}",
    )
    return ", ".join(parts)


def _memory() -> float:
    """Gigabytes of memory."""
    found = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(encoding="ascii"))
    return int(found[1]) * 1024 / 1e9 if found else 0.0


def _tshark() -> str:
    """Tshark's version as it says itself, or that it is missing."""
    try:
        done = subprocess.run(("tshark", "--version"), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "missing"
    found = re.search(r"\d+\.\d+\.\d+", done.stdout)
    return found[0] if found else "of an unknown version"
