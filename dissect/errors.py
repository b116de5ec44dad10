"""What can go wrong outside of the traffic, each with its exit code and its remedy.

    SeamarkError            3   the base: never raised as such
    ├── UsageError          2   an option or argument that cannot be meant
    ├── ToolError           3   tshark is missing, too old or cannot be run
    ├── CaptureError        3   the capture cannot be read, or only in part
    └── LogError            3   the mail log cannot be read, or only in part

Traffic never raises: odd bytes are values.  A broken assertion is a bug of ours.
"""

from __future__ import annotations


class SeamarkError(Exception):
    """The base of all errors that a user can mend.

    Args:
        what: what happened, one sentence.
        remedy: what to do about it, as a command where there is one.
    """

    exit_code = 3
    passing = False
    """Whether it may be gone by itself a little later."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


class UsageError(SeamarkError):
    """An option or argument that cannot be meant."""

    exit_code = 2


class ToolError(SeamarkError):
    """tshark is missing, too old, or cannot be run."""


class CaptureError(SeamarkError):
    """A capture that cannot be read."""


class LogError(SeamarkError):
    """A mail log that cannot be read."""
