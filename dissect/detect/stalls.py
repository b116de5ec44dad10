"""Where a connection stopped, and whether the size of a segment is why.

A path that takes only smaller packets than its ends believe, and whose ICMP errors are filtered,
swallows exactly the segments of full size (NET-01; RFC 2923 section 2.1).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dissect.detect.context import Context
from dissect.dialogue import Command, Ended, Note, NoteKind, Reset, Tail
from dissect.evidence import Side

FULL: Final = 0.9
"""Share of the MSS from which on a segment is of full size: options take some of it."""

REPEATS: Final = 2
"""Repeats from which on a segment is lost for good: it was sent three times."""

CLOSING: Final = frozenset({221, 421, 554})
"""Replies with which a server ends a connection: a RST behind them is its own."""


class Stuck(NamedTuple):
    """The client's segment at which a connection stopped."""

    start: int
    """Stream offset of its first byte, the first that was not acknowledged."""
    stop: int
    repeats: int
    """How often it was sent again."""
    reset: Reset | None
    """The RST that answered it; None where nothing did."""
    frames: tuple[int, ...]

    @property
    def words(self) -> str:
        """What became of it."""
        if self.reset is not None:
            return "was answered with a reset"
        return f"was sent {self.repeats + 1} times and never acknowledged"


def stuck(context: Context, ended: Ended) -> Stuck | None:
    """The client's segment at which a connection stopped; None where it did not."""
    if not ended.server_seen:
        return None
    client, stall = ended.client, ended.client.stall
    if stall is not None and stall.repeats >= REPEATS:
        stop = stall.offset + stall.largest
        return Stuck(stall.offset, stop, stall.repeats, None, stall.frames)
    reset = answer(context, ended)
    if reset is None or reset.acked >= client.sent:
        return None
    stop = min(client.sent, reset.acked + max(1, client.limit))
    return Stuck(reset.acked, stop, 0, reset, reset.note.frames)


def answer(context: Context, ended: Ended) -> Reset | None:
    """A RST in the server's name that ended the connection, and that no reply announced."""
    if context.last is not None and context.last.code in CLOSING:
        return None
    first = ended.closed[:1]
    if not first or first[0].kind is not NoteKind.RESET or first[0].side is Side.CLIENT:
        return None
    return ended.resets[0]


def place(ended: Ended, offset: int) -> Command | Note | None:
    """The row to look at for bytes of the client: what they belong to, or else the end."""
    waiting = [*ended.pending, *((ended.body,) if ended.body else ())]
    there = (c for c in waiting if c.offset <= offset < c.offset + c.size)
    return next(there, next(iter(ended.closed), None))


def full_size(ended: Ended) -> float:
    """Payload bytes from which on a segment of either side is of full size.

    What a side announces is what its own interface can take, so that the smaller one counts.
    """
    return FULL * max(1, min(ended.client.limit, ended.server.limit))


def oversized(ended: Ended, side: Tail) -> bool:
    """Whether the segment at which a side stopped is longer than the peer's MSS allows (NET-02).

    Not where segments as long were acknowledged: then the network card cuts them.
    """
    stall = side.stall
    if stall is None or not side.mss or stall.repeats < REPEATS:
        return False
    offload = ended.client.offloaded or ended.server.offloaded
    return stall.size > stall.room and side.passed <= stall.room and not offload


def swallowed(ended: Ended, side: Tail) -> bool:
    """Whether a side's segments of full size were swallowed, and shorter ones before were not.

    Not where its last repeat was shorter: then the size is not why.
    """
    stall, full = side.stall, full_size(ended)
    if stall is None or stall.repeats < REPEATS or stall.offset <= 0:
        return False
    return stall.size >= full > side.passed


def hole(ended: Ended, note: Note) -> bool:
    """Whether a hole is where segments of full size should be, and shorter ones came behind it.

    That is how a black hole looks from the receiver's side.
    """
    side = ended.client if note.side is Side.CLIENT else ended.server
    full, end = full_size(ended), note.offset + note.size
    if note.kind is not NoteKind.LOST or note.size < full or note.offset <= 0:
        return False
    return side.acked <= note.offset and side.sent > end and 0 < side.largest < full
