"""Whose a RST is: what speaks against the side in whose name it came (NET-05).

An injector on the way does not know everything that the real host knows: how far away it is (the
TTL), where the stream stands, and that the host will go on talking.  Weaver, Sommer and Paxson,
"Detecting Forged TCP Reset Packets", NDSS 2009.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Final, NamedTuple

from dissect.detect.context import Context
from dissect.dialogue import Ended, Reset, Tail
from dissect.evidence import Side

TTL, AFTER, PLACE = 0.7, 0.8, 0.6
"""How much each sign proves when it stands alone."""

SLIGHT: Final = 0.2
"""How much proves what real hosts do as well: it adds to other signs, and is none alone."""

INITIAL: Final = (32, 64, 128, 255)
"""What hosts begin to count down from."""

APART: Final = 2
"""Hops by which a TTL must differ: routes change by one."""

KNOWN: Final = 3
"""Segments of a side from which on its usual TTL is known."""

SHARED: Final = 3
"""Other segments with the same TTL from which on the side simply has two paths, or two hosts."""

IN_FLIGHT: Final = 3
"""Segments behind a RST, in the name of the side that reset, that can have overtaken it."""

WINDOW: Final = 65_535
"""Bytes ahead of the stream in which a RST stands that lost segments may have preceded."""


class Sign(NamedTuple):
    """Something that speaks against the side in whose name a RST came."""

    weight: float
    words: str

    @property
    def strong(self) -> bool:
        """Whether it is a sign by itself."""
        return self.weight > SLIGHT


def tail(ended: Ended, side: Side) -> Tail:
    """What TCP saw of a side."""
    return ended.client if side is Side.CLIENT else ended.server


def combined(weights: Iterable[float]) -> float:
    """The confidence of independent signs together: 1 - (1 - a)(1 - b)…, at most 0.99."""
    return min(0.99, 1.0 - prod(1.0 - weight for weight in weights))


def hops(ttl: int) -> int:
    """How far away the sender of a segment is, if it began with one of the usual values."""
    return next(initial for initial in INITIAL if initial >= ttl) - ttl


def foreign(side: Tail, frame: int, own: frozenset[int]) -> Sign | None:
    """What the TTL of a frame says.

    Args:
        side: in whose name the frame came.
        frame: with the RST, or a reply.
        own: all frames that may have the same source as that one.
    """
    strays = dict(side.strays)
    ttl = strays.get(frame, side.ttl)
    if abs(ttl - side.ttl) < APART or side.seen < KNOWN:
        return None
    if sum(other == ttl for number, other in side.strays if number not in own) > SHARED:
        return None
    words = f"its TTL is {ttl}, while that of the others is {side.ttl}"
    return Sign(SLIGHT if hops(ttl) == hops(side.ttl) else TTL, words)


def signs(context: Context, ended: Ended, reset: Reset) -> list[Sign]:
    """All that speaks against the side in whose name a RST came."""
    side = tail(ended, reset.note.side)
    own = frozenset(f for r in ended.resets for f in r.note.frames)
    own |= frozenset(f for reply in context.suspects for f in reply.frames)
    found = [foreign(side, reset.note.frames[0], own), _after(ended, reset, side)]
    if not (context.unsure or ended.partial or ended.midway):
        found.append(_place(ended, reset, side))
    return [sign for sign in found if sign is not None]


def _after(ended: Ended, reset: Reset, side: Tail) -> Sign | None:
    """The host goes on talking, as if it knew of no reset."""
    frame = reset.note.frames[0]
    resets = {f for r in ended.resets for f in r.note.frames}
    later = [number for number in side.after_reset if number > frame and number not in resets]
    if not later:
        return None
    words = f"{reset.note.side.value} segments go on behind it, {len(later)} of them"
    return Sign(AFTER if len(later) >= IN_FLIGHT else SLIGHT, words)


def _place(ended: Ended, reset: Reset, side: Tail) -> Sign | None:
    """It stands where the stream is not: behind what was acknowledged, or far ahead.

    A host that has closed answers each segment that was still under way with a RST at the place
    which that one acknowledges (RFC 9293 section 3.5.2): so behind is no sign then.
    """
    at, frame, name = reset.note.offset, reset.note.frames[0], reset.note.side
    closed = any(note.side is name and note.frames[0] < frame for note in ended.closed)
    lowest = 0 if closed else min(side.acked, reset.edge)
    if lowest <= at <= reset.edge + WINDOW:
        return None
    return Sign(PLACE, f"it stands at byte {at:,} of a stream that is at byte {reset.edge:,}")


def forged(found: list[Sign]) -> bool:
    """Whether the signs are enough to say that the host did not send the RST."""
    return any(sign.strong for sign in found)
