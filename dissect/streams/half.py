"""One direction of a connection: bytes put into order, with the seams between them.

Sequence numbers are unwrapped into stream offsets (RFC 9293 section 3.4): offset 0 is the byte
after the SYN, or the first byte seen.  The first copy of a byte wins, as in most receivers; what
comes again is compared with it as long as it is remembered.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from typing import Final

from dissect.evidence import Seam, Side
from dissect.segments import FIN, Segment
from dissect.streams.events import (
    COPIED,
    Chunk,
    Closing,
    Copies,
    Hole,
    Missing,
    Repeat,
    Stall,
    StreamEvent,
)  # fmt: skip

REMEMBERED: Final = 24
"""Segments kept behind the delivered edge, to compare retransmissions with."""

HELD_BYTES: Final = 4 << 20
"""Bytes kept ahead of a hole before it is given up: larger than common receive windows."""

HELD_SEGMENTS: Final = 4096

STRAYS: Final = 64
"""Segments of another TTL that are remembered."""

FAR: Final = 1 << 28
"""Bytes ahead of the edge from which on a segment is no part of this stream."""

make: Final = tuple.__new__
"""Makes a named tuple at half the cost; for the one that there is for nearly every packet."""

MODULUS: Final = 1 << 32
HALF: Final = 1 << 31


class Half:
    """The bytes that one side sends."""

    __slots__ = (
        "acked", "after_reset", "base", "bytes", "cut", "edge", "fin", "held", "held_bytes",
        "last_frame", "mss", "offloaded", "offloaded_end", "other_ttls", "recent", "reset",
        "sack_strays", "sacked", "seen", "side", "singles", "stall", "strays", "ttl", "v6",
    )  # fmt: skip

    def __init__(self, side: Side, *, v6: bool) -> None:
        self.side = side
        self.v6 = v6
        self.base: int | None = None
        """Raw sequence number of offset 0."""
        self.edge = 0
        """Offset of the next byte to deliver."""
        self.acked = 0
        """Offset up to which the peer has acknowledged."""
        self.seen = 0
        """Segments seen from this side."""
        self.bytes = 0
        """Payload bytes on the wire, repeats included."""
        self.singles = 0
        """Segments of one byte: somebody typing."""
        self.mss = 0
        """MSS that the peer announced for this side's segments; 0 while unknown."""
        self.offloaded = 0
        """Frame of the first segment larger than the MSS; 0 without one."""
        self.offloaded_end = 0
        """Stream offset behind that segment."""
        self.ttl = 0
        """TTL or hop limit of the first segment."""
        self.strays: list[tuple[int, int]] = []
        """Frame and TTL of the first segments with another one."""
        self.other_ttls: dict[int, int] = {}
        """How many segments had each other TTL."""
        self.sack_strays: list[int] = []
        """Frames whose SACK blocks are far from anything that the peer has sent."""
        self.sacked: tuple[int, int] = (0, 0)
        """Stream offsets of the last block that the peer acknowledged selectively."""
        self.stall: Stall | None = None
        self.reset = False
        """Whether a RST came in its name."""
        self.after_reset: list[int] = []
        """Frames with other segments in its name that came behind that RST."""
        self.cut = 0
        """Frame of the first payload cut by the snap length; 0 without one."""
        self.fin: tuple[int, int, float] | None = None
        """Offset, frame and time of a FIN that has not been delivered."""
        self.last_frame = 0
        self.held: list[tuple[int, int, Segment]] = []
        self.held_bytes = 0
        self.recent: deque[tuple[int, Segment]] = deque(maxlen=REMEMBERED)

    def offset(self, seq: int) -> int:
        """The stream offset of a raw sequence number, nearest to the delivered edge."""
        base = self.base
        if base is None:
            self.base = base = seq
        return self.edge + ((seq - base - self.edge + HALF) % MODULUS) - HALF

    def limit(self, header: int) -> int:
        """The longest payload that a segment on the wire can have, in bytes."""
        return (self.mss or (1440 if self.v6 else 1460)) - (header - 20)

    def accept(self, segment: Segment, events: list[StreamEvent]) -> None:
        """Take one segment and append what follows from it."""
        offset = self.offset(segment.seq)
        if segment.payload or segment.length:
            if offset == self.edge:
                self.deliver(offset, segment, events)
                self.release(events)
            elif offset > self.edge:
                if offset - self.edge < FAR:
                    self._hold(offset, segment)
            else:
                self._overlap(offset, segment, events)
                self.release(events)
        if segment.flags & FIN and self.fin is None:
            self.fin = (offset + segment.length, segment.frame, segment.time)
        if self.fin is not None:
            self._close(events)

    def deliver(self, offset: int, segment: Segment, events: list[StreamEvent]) -> None:
        """Bytes that continue the stream."""
        data = segment.payload
        frame = segment.frame
        seams: tuple[Seam, ...] = ()
        if self.last_frame and offset:
            seams = (make(Seam, (offset, self.last_frame, frame, False, False)),)
        if segment.length > 536 and segment.length > self.limit(segment.header):  # noqa: PLR2004
            seams += self._inferred(offset, segment)
        self.last_frame = frame
        self.recent.append((offset, segment))
        self.edge = offset + len(data)
        if data:
            events.append(
                make(Chunk, (self.side, offset, data, frame, segment.time, seams, segment))
            )
        if len(data) < segment.length:
            self._cut(segment, events)

    def _inferred(self, offset: int, segment: Segment) -> tuple[Seam, ...]:
        """Where the wire cut what segmentation offload shows as one segment."""
        if not self.offloaded:
            self.offloaded, self.offloaded_end = segment.frame, offset + segment.length
        step = self.limit(segment.header)
        if step <= 0:
            return ()
        cuts = range(offset + step, offset + len(segment.payload), step)
        return tuple(Seam(cut, segment.frame, segment.frame, True) for cut in cuts)  # noqa: FBT003

    def _cut(self, segment: Segment, events: list[StreamEvent]) -> None:
        """The rest of a segment that the snap length cut off."""
        self.cut = self.cut or segment.frame
        length = segment.length - len(segment.payload)
        hole = Hole(self.side, self.edge, length, segment.frame, segment.time, Missing.CUT)
        events.append(hole)
        self.edge += length

    def _hold(self, offset: int, segment: Segment) -> None:
        """Bytes ahead of what is missing."""
        insort(self.held, (offset, segment.frame, segment))
        self.held_bytes += len(segment.payload)

    def _overlap(self, offset: int, segment: Segment, events: list[StreamEvent]) -> None:
        """Bytes that came before, perhaps with new ones behind them."""
        old = min(segment.length, self.edge - offset)
        if old == 1 and segment.length == 1 and segment.payload == b"\0":
            return  # a keep-alive probe carries one garbage byte (RFC 9293 section 3.8.4)
        if offset <= self.acked < offset + old:
            self._stalled(segment)
        copies = self._copies(offset, segment.payload[:old])
        seams = self._new_seams(offset, segment)
        frame, time, differs = segment.frame, segment.time, copies is not None
        events.append(Repeat(self.side, offset, old, frame, time, differs, seams, copies))
        if segment.length > old:
            rest = segment._replace(
                seq=(segment.seq + old) % MODULUS,
                payload=segment.payload[old:],
                length=segment.length - old,
            )
            self.deliver(self.edge, rest, events)

    def _stalled(self, segment: Segment) -> None:
        """The first bytes that the peer has not acknowledged have come again."""
        known, size = self.stall, segment.length
        if known is None or known.offset != self.acked:
            first = (self._brought(self.acked),)
            known = Stall(self.acked, 0, 0, 0, first, segment.time)
        self.stall = known._replace(
            size=size,
            largest=max(size, known.largest),
            repeats=known.repeats + 1,
            room=self.limit(segment.header),
            frames=(known.frames[0], segment.frame),
        )

    def stray(self, segment: Segment) -> None:
        """Look at a segment whose TTL is not that of the first one."""
        if not self.ttl:
            self.ttl = segment.ttl
            return
        self.other_ttls[segment.ttl] = self.other_ttls.get(segment.ttl, 0) + 1
        if len(self.strays) < STRAYS:
            self.strays.append((segment.frame, segment.ttl))

    @property
    def usual_ttl(self) -> int:
        """The TTL or hop limit of most segments."""
        first = {self.ttl: self.seen - sum(self.other_ttls.values())}
        counts = first | self.other_ttls
        return max(counts, key=counts.__getitem__)

    @property
    def passed(self) -> int:
        """Payload bytes of the largest segment, of those remembered, that the peer has got.

        Of one that it has got in part, as under segmentation offload, that part.
        """
        left, right = self.sacked
        there = (
            max(min(end, self.acked) - start, min(end, right) - max(start, left))
            for start, end in ((start, start + s.length) for start, s in self.recent)
        )
        return max(0, *there, 0)

    @property
    def largest(self) -> int:
        """Payload bytes of the largest segment of those remembered."""
        return max((segment.length for _, segment in self.recent), default=0)

    def _copies(self, offset: int, data: bytes) -> Copies | None:
        """Where remembered bytes are not what comes again; None where they are."""
        for start, segment in self.recent:
            left, right = max(start, offset), min(start + len(segment.payload), offset + len(data))
            if left >= right:
                continue
            one = segment.payload[left - start : right - start]
            two = data[left - offset : right - offset]
            if one != two:
                at = next(
                    at for at, pair in enumerate(zip(one, two, strict=True)) if len({*pair}) > 1
                )
                return Copies(left + at, one[at : at + COPIED], two[at : at + COPIED])
        return None

    def _new_seams(self, offset: int, segment: Segment) -> tuple[Seam, ...]:
        """Boundaries of a repeated segment that lie inside segments delivered before."""
        frame = segment.frame
        edges = {offset: (0, frame), offset + segment.length: (frame, 0)}
        known = {start for start, _ in self.recent} | {self.edge}
        seams = []
        for cut, (before, after) in edges.items():
            if cut in known or not 0 < cut < self.edge:
                continue
            brought = self._brought(cut)
            seams.append(Seam(cut, before or brought, after or brought, False))  # noqa: FBT003
        return tuple(seams)

    def _brought(self, offset: int) -> int:
        """The frame that first brought the byte at an offset, as far as is remembered."""
        for start, segment in self.recent:
            if start <= offset < start + segment.length:
                return segment.frame
        return self.last_frame

    def release(self, events: list[StreamEvent]) -> None:
        """Deliver what was held and now continues the stream."""
        while self.held and self.held[0][0] <= self.edge:
            offset, _, segment = self.held.pop(0)
            self.held_bytes -= len(segment.payload)
            if offset == self.edge:
                self.deliver(offset, segment, events)
            else:
                self._overlap(offset, segment, events)
        if self.fin is not None:
            self._close(events)

    def overflowing(self) -> bool:
        """Whether more is held than one hole is worth."""
        return self.held_bytes > HELD_BYTES or len(self.held) > HELD_SEGMENTS

    def skip(self, upto: int, frame: int, time: float, events: list[StreamEvent]) -> None:
        """Give up the bytes from the edge to ``upto``, and deliver what lies behind them."""
        if self.held:
            upto = min(upto, self.held[0][0])
        if upto > self.edge:
            missing = Missing.UNSEEN if self.acked >= upto else Missing.LOST
            events.append(Hole(self.side, self.edge, upto - self.edge, frame, time, missing))
            self.edge = upto
            self.last_frame = 0
        self.release(events)

    def give_up(self, events: list[StreamEvent]) -> None:
        """The end of the capture, or of the connection: nothing missing will come."""
        while self.held:
            offset, frame, segment = self.held[0]
            self.skip(offset, frame, segment.time, events)
        if self.fin is not None and self.fin[0] > self.edge:
            self.skip(*self.fin, events)

    def _close(self, events: list[StreamEvent]) -> None:
        """Deliver the FIN, once all bytes before it are."""
        assert self.fin is not None
        offset, frame, time = self.fin
        if 0 <= offset <= self.edge:
            self.fin = (-1, frame, time)
            events.append(Closing(self.side, False, offset, frame, time))  # noqa: FBT003

    @property
    def finished(self) -> bool:
        """Whether the FIN was delivered."""
        return self.fin is not None and self.fin[0] < 0
