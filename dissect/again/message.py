"""Message data, unfolded into its lines as they were on the wire."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from dissect.analysis.frame import BodyLine, Message
from dissect.analysis.model import FlowDetail, Row, RowKind
from dissect.evidence import Seam, Side
from dissect.segments import Segment
from dissect.streams import Chunk, Repeat, StreamEvent

LINES: Final = 20_000
"""Lines that are kept."""

KEPT: Final = 2 << 20
"""Bytes that are kept."""

LONGEST: Final = 4_096
"""Bytes of a line that are kept in one piece."""

SEAMS: Final = 50_000
"""Seams that are kept."""

RETURN: Final = ord("\r")

CHUNK: Final = b"(BDAT)"
"""How the text of a row with a BDAT chunk ends."""

BEGINS: Final = frozenset({"EHLO", "HELO", "LHLO", "MAIL", "RSET", "DATA", "RCPT"})
"""Commands between the chunks of one message and those of another."""


def before(detail: FlowDetail, row: Row) -> list[Row]:
    """The chunks of the same message in front of a row, in which its header may have ended."""
    found: list[Row] = []
    if not row.text.endswith(CHUNK):
        return found
    for other in reversed([each for each in detail.rows if each.number < row.number]):
        if other.kind is RowKind.COMMAND and other.verb in BEGINS:
            break
        if other.kind is RowKind.MESSAGE and other.text.endswith(CHUNK):
            found.append(other)
    return found[::-1]


class Unfolded:
    """Cuts what streams bring into the lines of one row.

    Args:
        row: the message data.
        chunks: those of the same message in front of it, in order.
    """

    def __init__(self, row: Row, chunks: list[Row]) -> None:
        self._row = row
        self._spans = [(each.offset, each.offset + each.size) for each in (*chunks, row)]
        self._lines: list[tuple[int, bytes, bytes, bool]] = []
        """Offset, text and end of each line, and whether it is one of the header."""
        self._seams: set[Seam] = set()
        self._rest = b""
        """A line that has not ended."""
        self._next = self._spans[0][0]
        """Stream offset behind it."""
        self._fresh = True
        """Whether it has its beginning."""
        self._header = True
        self._held = 0
        self._got = 0
        self._left_out = 0

    def note(self, segment: Segment) -> None:
        """Nothing: of a segment only its bytes count."""

    def hear(self, events: list[StreamEvent]) -> None:
        """Take what segments have brought."""
        for event in events:
            if isinstance(event, Chunk | Repeat) and event.side is Side.CLIENT:
                self._mark(event.seams)
                if isinstance(event, Chunk):
                    self._chunk(event)

    def _mark(self, seams: tuple[Seam, ...]) -> None:
        """Keep the seams that lie in the row."""
        start, end = self._spans[-1]
        if seams and len(self._seams) < SEAMS:
            self._seams.update(seam for seam in seams if start <= seam.offset < end)

    def _chunk(self, chunk: Chunk) -> None:
        """Take the bytes of a chunk that lie in one of the spans."""
        offset, data = chunk.offset, chunk.data
        if offset + len(data) <= self._spans[0][0]:
            return
        for start, end in self._spans:
            left, right = max(start, offset), min(end, offset + len(data))
            if left < right:
                self._bytes(left, data[left - offset : right - offset])

    def _bytes(self, offset: int, data: bytes) -> None:
        """Bytes in order; in front of them may be a gap, or a command between two chunks."""
        if offset != self._next:
            gap = not any(start == offset for start, _ in self._spans)
            self._flush()
            self._fresh = self._fresh and not gap
        if offset >= self._row.offset:
            self._got += len(data)
        self._next = offset + len(data)
        at, data = offset - len(self._rest), self._rest + data
        begin = 0
        while (end := data.find(b"\n", begin)) >= 0:
            self._line(at + begin, data[begin : end + 1])
            begin = end + 1
        self._rest = data[begin:]
        self._cut(self._next - len(self._rest))

    def _line(self, at: int, line: bytes) -> None:
        """A line with its end, in pieces where it is long."""
        size = 2 if line.endswith(b"\r\n") else 1
        while len(line) - size > LONGEST:
            self._keep(at, line[:LONGEST], b"")
            self._fresh = False
            at, line = at + LONGEST, line[LONGEST:]
        text, ending = line[:-size], line[-size:]
        if self._header and self._fresh and not text:
            self._header = False
        self._keep(at, text, ending)
        self._fresh = True

    def _cut(self, at: int) -> None:
        """Keep what is too long of a line that has not ended; its CR may belong to its end."""
        while len(self._rest) > LONGEST + 1:
            self._keep(at, self._rest[:LONGEST], b"")
            self._fresh = False
            at, self._rest = at + LONGEST, self._rest[LONGEST:]

    def _flush(self) -> None:
        """A line ends without an end."""
        if self._rest:
            self._line_end(self._next - len(self._rest))

    def _line_end(self, at: int) -> None:
        """Keep what there is of a line, in pieces where it is long."""
        self._cut(at)
        for start in range(0, len(self._rest), LONGEST):
            self._keep(
                self._next - len(self._rest) + start, self._rest[start : start + LONGEST], b""
            )
        self._fresh = False
        self._rest = b""

    def _keep(self, at: int, text: bytes, ending: bytes) -> None:
        """Keep a line, within the bounds and where it belongs to the row."""
        size = len(text) + len(ending)
        if at < self._row.offset:
            return
        if self._left_out or len(self._lines) >= LINES or self._held + size > KEPT:
            self._left_out += size
            return
        self._held += size
        self._lines.append((at, text, ending, self._header))

    def message(self) -> Message:
        """What has come."""
        self._flush()
        seams = sorted(self._seams)
        offsets = [seam.offset for seam in seams]
        lines = []
        for at, text, ending, header in self._lines:
            end = at + len(text) + len(ending)
            inside = seams[bisect_left(offsets, at) : bisect_left(offsets, end)]
            lines.append(BodyLine(at, text, ending, tuple(inside), header))
        return Message(tuple(lines), self._left_out, max(0, self._row.size - self._got))
