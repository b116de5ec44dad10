"""Silences that a middlebox did not survive: it forgot the connection (NET-04).

A firewall, an address translator or a load balancer drops an idle connection from its tables and
tells neither end.  The next segment meets a RST, or nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dissect.detect import resets
from dissect.detect.context import Context
from dissect.dialogue import Ended, Reset
from dissect.streams import Idle

SHORTEST: Final = 240.0
"""Seconds: no idle timer of a middlebox that is known is shorter."""

TIMERS: Final = (240, 300, 350, 600, 3600)
"""Seconds after which middleboxes forget connections, as administrators report them.  Microsoft
documents 4 minutes as the shortest of Azure's."""

NEAR: Final = 1.25
"""A silence of up to so many times a timer fits it."""

GIVEN_UP: Final = 2
"""Repeats from which on a segment was sent in vain."""

CLOSING: Final = 421
"""A server that says so has waited long enough itself (RFC 5321 section 3.8)."""


class Fatal(NamedTuple):
    """A silence behind which the first segment met a reset or nothing."""

    idle: Idle
    reset: Reset | None
    """None where the segment was sent again in vain."""
    repeats: int


def fatal(context: Context, ended: Ended) -> Fatal | None:
    """The silence that ended a flow; None where none did."""
    if context.last is not None and context.last.code == CLOSING:
        return None
    found = (_judged(ended, idle) for idle in long(ended))
    return next((silence for silence in found if silence is not None), None)


def long(ended: Ended) -> list[Idle]:
    """The silences that a middlebox may not survive, each ended by bytes of a dialogue.

    A keep-alive probe brings none: it stands one byte behind (RFC 9293 section 3.8.4).
    """
    return [idle for idle in ended.idle if idle.seconds >= SHORTEST and idle.length]


def survived(ended: Ended, idle: Idle) -> bool:
    """Whether the peer acknowledged what was said behind a silence."""
    return resets.tail(ended, idle.side).acked > idle.offset


def timer(seconds: float) -> int:
    """The timer that a silence fits, in seconds; 0 for none."""
    fits = [known for known in TIMERS if known <= seconds <= known * NEAR]
    return max(fits, default=0)


def _judged(ended: Ended, idle: Idle) -> Fatal | None:
    """What became of the first segment behind a silence."""
    resumed = idle.frames[1]
    if any(note.frames[0] < resumed for note in ended.closed):
        return None
    met = (
        reset
        for reset in ended.resets
        if reset.note.side is not idle.side
        and reset.note.frames[0] > resumed
        and reset.acked <= idle.offset
    )
    reset = next(met, None)
    if reset is not None:
        return Fatal(idle, reset, 0)
    side = resets.tail(ended, idle.side)
    stall = side.stall
    vain = stall is not None and stall.offset == idle.offset and not side.answered
    if stall is None or not vain or stall.repeats < GIVEN_UP or not _both_seen(ended):
        return None
    return Fatal(idle, None, stall.repeats)


def _both_seen(ended: Ended) -> bool:
    """Whether the capture has both sides, so that no answer means none."""
    return ended.client_seen and ended.server_seen
