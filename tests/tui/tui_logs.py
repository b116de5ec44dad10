"""Captures with the mail logs of the same runs, read by the real worker."""

from __future__ import annotations

import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from dissect import worker
from dissect.pipeline import Settings

if TYPE_CHECKING:
    from dissect.analysis.model import Update

ROOT: Final = Path(__file__).parents[2]
LOGS: Final = ROOT / "captures" / "logs"
EXIM: Final = LOGS / "exim-sync-error.mainlog"
EXIM_CAPTURE: Final = LOGS / "exim-sync-error.pcap"
POSTFIX: Final = LOGS / "postfix-split.maillog"
POSTFIX_CAPTURE: Final = LOGS / "postfix-split.pcap"

needs_tshark = pytest.mark.tshark


def command(capture: Path, *logs: Path, timezone: str = "UTC") -> list[str]:
    """What starts the worker."""
    names = [str(log) for log in logs]
    return [sys.executable, *worker.arguments([str(capture)], Settings(), names, timezone)]


@cache
def updates(capture: Path, *logs: Path, timezone: str = "UTC") -> tuple[Update, ...]:
    """All that the worker tells."""
    words = command(capture, *logs, timezone=timezone)
    said = subprocess.run(words, stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout
    found: list[Update] = []
    while said:
        size = int.from_bytes(said[:4], "big")
        found.append(pickle.loads(said[4 : 4 + size]))  # noqa: S301 - our own child's
        said = said[4 + size :]
    return tuple(found)
