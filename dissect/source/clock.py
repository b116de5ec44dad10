"""How far the clock of a source is from another one.

A machine behind ssh is asked what time it is: its answer was true at some moment between question
and answer (RFC 5905, section 8, without the second clock's own delay), so the quickest of the
latest answers tells most.
"""

from __future__ import annotations

import re
from collections import deque
from enum import Enum
from typing import Final, NamedTuple

ANSWER: Final = re.compile(rb"seamark: clock (\d{1,9}) (\d{1,12})(?:\.(\d{1,9}))?[^\n]*\n")
"""The number of a question, and seconds since the epoch; not every ``date`` knows fractions."""

LATEST: Final = 12
"""Answers that are remembered: clocks drift."""

UNANSWERED: Final = 100
"""Questions whose answers are waited for."""


class By(Enum):
    """How it is known."""

    SAME = "same"
    """It is the same clock."""
    SSH = "ssh"
    """The machine was asked over its ssh connection."""
    PACKETS = "packets"
    """Both sources have seen packets of the same connections."""


class Offset(NamedTuple):
    """By how much a clock is ahead of another one."""

    seconds: float
    error: float
    """Seconds by which that may be wrong."""
    by: By
    against: str = ""
    """The source with the other clock; empty for this machine's."""


SAME: Final = Offset(0.0, 0.0, By.SAME)


class Clock:
    """The clock of a machine that is asked again and again."""

    def __init__(self) -> None:
        self.offset: Offset | None = None
        """Against this machine's; None as long as nothing is known."""
        self.answers = 0
        self._asked: dict[int, float] = {}
        self._number = 0
        self._bounds: deque[tuple[float, float]] = deque(maxlen=LATEST)

    def question(self, now: float) -> bytes:
        """What asks it: the number that its answer will have.

        Args:
            now: seconds since the epoch, by this machine's clock.
        """
        self._number += 1
        self._asked[self._number] = now
        while len(self._asked) > UNANSWERED:
            del self._asked[next(iter(self._asked))]
        return b"%d" % self._number

    def hear(self, said: bytes, now: float) -> bytes:
        """Take answers out of what is said; the rest of it."""
        for number, whole, fraction in ANSWER.findall(said):
            self.answers += 1
            asked = self._asked.pop(int(number), now)
            told = float(b"%s.%s" % (whole, fraction or b"0"))
            self._bound(told - now, told + (0.0 if fraction else 1.0) - asked)
        return ANSWER.sub(b"", said)

    def _bound(self, least: float, most: float) -> None:
        """One answer: the offset lies between these."""
        if most <= least:
            return  # nobody asked, or a clock was set meanwhile
        self._bounds.append((least, most))
        least, most = min(self._bounds, key=lambda bounds: bounds[1] - bounds[0])
        self.offset = Offset((least + most) / 2, (most - least) / 2, By.SSH)
