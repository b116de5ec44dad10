"""How far behind what passes the telling of it is."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from dissect.source.clock import Offset

RECENT: Final = 5.0
"""Seconds for which a batch says how it goes; behind that, where nothing waits, nothing lags."""

BEHIND, CAUGHT_UP = 5.0, 1.0
"""Seconds from which on it is said that a source is behind, and below which that it is not."""


class Now(NamedTuple):
    """A moment."""

    steady: float
    """Seconds that no setting of a clock changes."""
    clock: float
    """Seconds since the epoch."""


class Lag:
    """The lag of one source.

    A packet is late by what has passed since it was captured, if the source's clock is known, or
    else since it arrived.

    Attributes:
        seconds: how late the newest packets are, or those that wait.
        most: how late any packet was.
        behind: whether that is worth to be told.
        since: ``capture`` or ``arrival``, from which it counts.
    """

    def __init__(self) -> None:
        self.seconds = self.most = 0.0
        self.behind = False
        self.since = "arrival"
        self._last = (-RECENT, 0.0)
        """When a batch was decoded, and how late it was."""
        self._arrived: deque[tuple[int, float]] = deque()
        """How many packets had come, and when, as far as they are not decoded."""

    def arrived(self, packets: int, now: Now) -> None:
        """Packets have come, so many with those before."""
        self._arrived.append((packets, now.steady))

    def decoded(self, packets: int, stamp: float, clock: Offset | None, now: Now) -> None:
        """Packets are decoded, so many with those before.

        Args:
            packets: done with, in the order in which they came.
            stamp: when the last of them was captured, seconds since the epoch.
            clock: the clock that says so.
            now: the moment.
        """
        late = now.steady - self._arrival(packets, now)
        self.since = "arrival" if clock is None else "capture"
        if clock is not None:
            late = max(now.clock - stamp + clock.seconds, 0.0)
        self._last = (now.steady, late)
        self.most = max(self.most, late)

    def _arrival(self, packets: int, now: Now) -> float:
        """When the last packet came of those that are done; they are forgotten."""
        came = self._arrived[0][1] if self._arrived else now.steady
        while self._arrived and self._arrived[0][0] <= packets:
            _, came = self._arrived.popleft()
        return came

    def look(self, packets: int, now: Now) -> None:
        """See how it stands, where so many packets are done with."""
        self._arrival(packets, now)
        waiting = now.steady - self._arrived[0][1] if self._arrived else 0.0
        at, late = self._last
        self.seconds = max(waiting, late if now.steady - at <= RECENT else 0.0)
        self.most = max(self.most, waiting)
        self.behind = self.seconds > (CAUGHT_UP if self.behind else BEHIND)
