"""Message data that has not ended."""

from __future__ import annotations

from typing import Final

from dissect.dialogue.buffer import Origin
from dissect.dialogue.oddities import Oddities, clean
from dissect.streams import Chunk

TAIL: Final = 8
"""Last bytes of message data that are kept."""

DOT: Final = b"\r\n.\r\n"
"""The end of mail data (RFC 5321 section 4.1.1.4)."""

HEADER: Final = 16_384
"""Bytes of a header section that are kept."""

BLANK: Final = b"\r\n\r\n"
"""What ends a header section (RFC 5322 section 2.1)."""


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
        self.header = b""
        """The header section, as far as it has come."""
        self.in_header = True
        self.oddities = Oddities()

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

    def look(self, data: bytes, offset: int, frame: int) -> None:
        """Look at bytes before they are counted: line ends, and the header section."""
        if not clean(self.tail, data):
            self.oddities.look(self.tail, data, offset, frame)
        elif self.oddities.ends:
            self.oddities.look(b"", data, offset, frame)
        if self.in_header:
            self._header(data)

    def _header(self, data: bytes) -> None:
        """More of the header section."""
        searched = max(0, len(self.header) - len(BLANK) + 1)
        header = self.header + data
        end = header.find(BLANK, searched)
        self.in_header = end < 0 and len(header) < HEADER
        self.header = header[: end + 2 if end >= 0 else HEADER]

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
        self.look(chunk.data, chunk.offset, chunk.frame)
        self.size += len(chunk.data)
        self.time = chunk.time
        self.first = self.first or chunk.frame
        self.segments += chunk.frame > self.last
        self.last = chunk.frame
        self.tail = window[-TAIL:]
        return True
