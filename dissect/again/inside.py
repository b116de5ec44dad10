"""Message data inside TLS, which is cut into its lines as it was read in the first place."""

from __future__ import annotations

from dissect.again.message import Unfolded
from dissect.dialogue import Session
from dissect.segments import Segment
from dissect.streams import Chunk, Flow, StreamEvent
from dissect.tls import Texts


class Inside(Session):
    """A dialogue that hands on what the client says inside TLS.

    Args:
        flow: whose streams are read.
        texts: what tshark reads in them.
        unfolded: takes the client's bytes.
    """

    def __init__(self, flow: Flow, texts: Texts, unfolded: Unfolded) -> None:
        super().__init__(flow, texts)
        self._unfolded = unfolded

    def note(self, segment: Segment) -> None:
        """Nothing: of a segment only its bytes count."""

    def hear(self, events: list[StreamEvent]) -> None:
        """Read what the streams brought."""
        self.feed(events)

    def chunk(self, chunk: Chunk) -> None:
        """What was said inside TLS, by either side."""
        self._unfolded.hear([chunk])
        super().chunk(chunk)
