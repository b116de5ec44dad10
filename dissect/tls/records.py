"""One direction's bytes, cut into TLS records (RFC 8446 section 5.1)."""

from __future__ import annotations

from typing import Final, NamedTuple

from dissect.segments import Segment
from dissect.streams import Chunk

HEADER: Final = 5
"""Type, version and length."""

KINDS: Final = range(20, 25)
"""change_cipher_spec, alert, handshake, application_data, heartbeat."""

TEXT: Final = 23
"""application_data: since TLS 1.3 whatever is encrypted says so, handshakes and alerts as well."""

LONGEST: Final = (1 << 14) + 2048
"""Bytes of a record's content, those included that TLS 1.2 allows beside the plaintext."""

MAJOR: Final = 3
"""SSL 3.0 to TLS 1.3."""


class Record(NamedTuple):
    """One record, or a stretch of bytes that is none."""

    kind: int
    """Its content type; 0 for bytes that are no record."""
    content: bytes
    """What stands behind its header, as on the wire."""
    offset: int
    """Stream offset of its first byte, the header's."""
    size: int
    """Bytes on the wire, header included."""
    first: int
    """The frame that brought its first byte."""
    time: float
    """Seconds since the epoch, when its last byte arrived."""
    segment: Segment
    """What brought its last byte: the frame in which Wireshark shows what is inside."""


class Records:
    """Cuts a stream into records, from a boundary on.

    Args:
        start: stream offset of that boundary.
    """

    def __init__(self, start: int) -> None:
        self.offset = start
        """Stream offset behind the last record."""
        self.broken = False
        """Whether the boundaries are lost: behind a hole, or where something is no TLS."""
        self._held = bytearray()
        self._first = 0
        """The frame of the first byte held."""
        self._last: Chunk | None = None
        """What came last."""

    def add(self, chunk: Chunk) -> list[Record]:
        """New bytes; the records that they complete."""
        if not self._held:
            self._first = chunk.frame
        self._last = chunk
        self._held += chunk.data
        found: list[Record] = []
        while not self.broken and len(self._held) >= HEADER:
            kind, major = self._held[0], self._held[1]
            size = HEADER + int.from_bytes(self._held[3:HEADER])
            if kind not in KINDS or major != MAJOR or size > HEADER + LONGEST:
                self.broken = True
            elif len(self._held) < size:
                return found
            else:
                found.append(self._cut(kind, size, chunk))
        if self.broken and self._held:
            found.append(self._cut(0, len(self._held), chunk))
        return found

    def rest(self) -> Record | None:
        """The beginning of a record that will not be whole, once no more will come."""
        if self._last is None or not self._held:
            return None
        return self._cut(0, len(self._held), self._last)

    def lose(self, offset: int) -> None:
        """Bytes up to a stream offset will not come: nothing behind them can be cut any more."""
        self.broken = True
        self._held.clear()
        self.offset = offset

    def _cut(self, kind: int, size: int, chunk: Chunk) -> Record:
        """Take bytes from the front."""
        content = bytes(self._held[HEADER:size]) if kind else b""
        record = Record(kind, content, self.offset, size, self._first, chunk.time, chunk.segment)
        del self._held[:size]
        self.offset += size
        self._first = chunk.frame
        return record
