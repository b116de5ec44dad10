"""What a byte stream can tell: tuples, because there is one for nearly every packet."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from dissect.evidence import Seam, Side
from dissect.segments import Segment


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


class Closing(NamedTuple):
    """A FIN or a RST."""

    side: Side
    reset: bool
    offset: int
    """Stream offset at which it stands."""
    frame: int
    time: float


StreamEvent = Chunk | Hole | Repeat | Closing
