"""From segments to the two byte streams of each connection, with every seam kept.

In: ``Segment``.  Out, per flow: ``Chunk`` (new bytes, in order, with the frame that brought them
and the seam before them), ``Hole``, ``Interruption``, ``Repeat``, ``Closing``.

A segment's payload is delivered only after the bytes that it acknowledges, so that neither
reordering nor a capture that swaps the directions changes what the dialogue reads.

**Invariant:** nothing judges here.  "Bytes 40 to 60 came twice and differ" is a fact; whether
that is an attack is for a rule to say.  Memory is bounded per flow and in the number of flows.
"""

from dissect.streams.events import (
    Chunk,
    Closing,
    Copies,
    Hole,
    Idle,
    Interruption,
    Missing,
    Repeat,
    Stall,
    StreamEvent,
)  # fmt: skip
from dissect.streams.flow import Flow
from dissect.streams.tracker import MAIL_PORTS, Tracker

__all__ = [
    "MAIL_PORTS",
    "Chunk",
    "Closing",
    "Copies",
    "Flow",
    "Hole",
    "Idle",
    "Interruption",
    "Missing",
    "Repeat",
    "Stall",
    "StreamEvent",
    "Tracker",
]
