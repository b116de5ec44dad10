"""What the client's next bytes are, and which reply decides it."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class Mode(Enum):
    """What the client's next bytes are."""

    COMMAND = auto()
    WAIT = auto()
    BODY = auto()
    CHUNK = auto()
    ANSWER = auto()
    LOST = auto()
    TLS_START = auto()
    OPAQUE = auto()


AFTER: Final = {
    ("DATA", 3): Mode.BODY,
    ("STARTTLS", 2): Mode.TLS_START,
    ("AUTH", 3): Mode.ANSWER,
    ("X-EXPS", 3): Mode.ANSWER,
    ("", 3): Mode.ANSWER,
    ("XEXCH50", 3): Mode.CHUNK,
}
"""Verb and first digit of its reply to what the client sends next; else commands."""
