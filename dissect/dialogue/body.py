"""Message data that has not ended."""

from __future__ import annotations

from typing import Final

from dissect.dialogue.buffer import Origin
from dissect.streams import Chunk

TAIL: Final = 8
"""Last bytes of message data that are kept."""

DOT: Final = b"\r\n.\r\n"
"""The end of mail data (RFC 5321 section 4.1.1.4)."""


class Body:
    """Message data that has not ended."""

    def __init__(self, start: int, time: float) -> None:
        self.start = start
        self.size = 0
        self.first = 0
        self.last = 0
        self.time = time
        self.segments = 0
        self.tail = b"\r\n"
        """The last bytes; at first the line end in front of it."""
        self._missing = 0
        self.broken = False
        """Whether a hole lies inside."""

    def missed(self, size: int) -> None:
        """Bytes will not come; only where others come behind them do they count."""
        self.broken = True
        self._missing += size

    def resume(self) -> None:
        """Bytes come behind what was missed: what the last ones were is no longer known."""
        if self._missing:
            self.size += self._missing
            self._missing = 0
            self.tail = b""

    def add(self, size: int, origin: Origin) -> None:
        """Count consumed bytes."""
        self.size += size
        self.time = origin.time
        for frame in origin.frames:
            self.first = self.first or frame
            self.segments += frame > self.last
            self.last = max(self.last, frame)

    def more(self, chunk: Chunk) -> bool:
        """Take a chunk that does not end it, if it does not."""
        self.resume()
        window = self.tail + chunk.data
        if DOT in window:
            return False
        self.size += len(chunk.data)
        self.time = chunk.time
        self.first = self.first or chunk.frame
        self.segments += chunk.frame > self.last
        self.last = chunk.frame
        self.tail = window[-TAIL:]
        return True
