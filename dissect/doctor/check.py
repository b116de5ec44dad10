"""What was looked at, how it stands, and the command that mends it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from dissect.errors import SeamarkError


class Status(Enum):
    """How it stands."""

    OK = "ok"
    WARNING = "warning"
    """It works; what it shows may be less, or not what was on the wire."""
    MISSING = "missing"
    """It does not work without."""


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    status: Status
    what: str
    remedy: str = ""
    """What mends it, as a command where there is one."""


def ok(name: str, what: str, remedy: str = "") -> Check:
    """It is as it should be; what else could be done, where somebody may want it."""
    return Check(name, Status.OK, what, remedy)


def warning(name: str, what: str, remedy: str = "") -> Check:
    """It works, with less."""
    return Check(name, Status.WARNING, what, remedy)


def missing(name: str, error: SeamarkError) -> Check:
    """It does not work."""
    return Check(name, Status.MISSING, error.what, error.remedy)
