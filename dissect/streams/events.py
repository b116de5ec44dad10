"""What a byte stream can tell: tuples, because there is one for nearly every packet."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from dissect.evidence import Seam, Side
from dissect.segments import Segment

COPIED: Final = 64
"""Bytes of two copies that are kept."""


class Missing(Enum):
    """Why bytes are not there."""

    UNSEEN = "unseen"
    """The peer acknowledged them: they were on the wire, and the capture lost them."""
    CUT = "cut"
    """The snap length cut them off."""
    LOST = "lost"
    """Nobody acknowledged them: they did not arrive at the peer."""


class Chunk(NamedTuple):
    """New bytes of one direction, in order."""

    side: Side
    offset: int
    data: bytes
    frame: int
    time: float
    seams: tuple[Seam, ...]
    """The seam before the first byte, and seams inferred inside."""
    segment: Segment
    """What brought it."""


class Hole(NamedTuple):
    """Bytes of one direction that will not come."""

    side: Side
    offset: int
    length: int
    frame: int
    """The frame that showed it: the first behind the hole."""
    time: float
    missing: Missing


class Interruption(NamedTuple):
    """The capture was interrupted: what passed until the next frame is not known."""

    frame: int
    """The last frame before it."""
    time: float


class Copies(NamedTuple):
    """Two copies of the same bytes that are not the same."""

    offset: int
    """Stream offset of the first byte that differs."""
    one: bytes
    """As it came first; at most ``COPIED`` bytes."""
    two: bytes
    """As it came again; as long."""


class Repeat(NamedTuple):
    """Bytes that had come before."""

    side: Side
    offset: int
    length: int
    frame: int
    time: float
    differs: bool
    """True where they are not what came the first time (of what is still remembered)."""
    seams: tuple[Seam, ...]
    """Boundaries that the first transmission did not have."""
    copies: Copies | None = None
    """Where it differs: from the first byte that does."""


class Closing(NamedTuple):
    """A FIN or a RST."""

    side: Side
    reset: bool
    offset: int
    """Stream offset at which it stands."""
    frame: int
    time: float
    ttl: int = 0
    """Of a RST."""
    edge: int = 0
    """Of a RST: stream offset up to which its side's bytes had come."""
    acked: int = 0
    """Of a RST: stream offset up to which its side had acknowledged the peer's bytes before."""


class Stall(NamedTuple):
    """Bytes at the edge of what the peer has acknowledged, sent again and again."""

    offset: int
    """Stream offset of the first byte that was not acknowledged."""
    size: int
    """Payload bytes of the segment that was sent again last."""
    largest: int
    """Payload bytes of the largest one that was sent again at this offset."""
    repeats: int
    frames: tuple[int, ...]
    """The first transmission, and the latest repeat."""
    time: float
    """Seconds since the epoch of the first repeat."""
    heard: int = 0
    """Segments of the peer that had been seen at the first repeat."""
    room: int = 0
    """Payload bytes that the peer's MSS leaves to a segment with the options of the last one."""


class Idle(NamedTuple):
    """Silence in both directions, and what ended it."""

    seconds: float
    side: Side
    """Who spoke first again."""
    offset: int
    """Stream offset of the bytes that this side sent then."""
    length: int
    """How many payload bytes it sent."""
    frames: tuple[int, ...]
    """The last frame before it and the first behind it."""


StreamEvent = Chunk | Hole | Interruption | Repeat | Closing
