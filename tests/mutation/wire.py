"""Changing segments in place: other bytes, other cuts, another length.

Frames are numbered in tens, so that a segment that is cut leaves all other numbers alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from support.mangle import first_bytes, lane

from dissect.segments import SYN, Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support.mangle import Lane

SPACE: Final = 1 << 32
HALF: Final = SPACE // 2

STEP: Final = 10
"""Between the numbers of two frames."""


class Span(NamedTuple):
    """Bytes of a stream that one frame brought first."""

    start: int
    stop: int
    frame: int


class Direction(NamedTuple):
    """One direction of a conversation, and where its stream begins."""

    lane: Lane
    origin: int
    """The sequence number of stream offset 0."""

    def offset(self, sequence: int) -> int:
        """The stream offset of a sequence number."""
        return (sequence - self.origin + HALF) % SPACE - HALF

    def carries(self, segment: Segment) -> bool:
        """Whether a segment travels this way."""
        mine = self.lane.source
        return (segment.source, segment.source_port) == (mine.address, mine.port)


def numbered(segments: Iterable[Segment]) -> list[Segment]:
    """The same segments, their frames numbered in tens."""
    return [s._replace(frame=STEP * place) for place, s in enumerate(segments, start=1)]


def direction(segments: Sequence[Segment], of: Lane) -> Direction:
    """The direction of a lane whose SYN is among the segments."""
    (syn, *_) = (s for s in segments if lane(s) == of and s.flags & SYN)
    return Direction(of, (syn.seq + 1) % SPACE)


def spans(segments: Iterable[Segment], way: Direction) -> list[Span]:
    """Which frame brought which bytes of a stream first.

    Raises:
        AssertionError: where bytes came out of order or are missing: such captures are not used.
    """
    edge, found = 0, []
    for segment in segments:
        if not segment.payload or not way.carries(segment):
            continue
        start = way.offset(segment.seq)
        stop = start + len(segment.payload)
        assert start <= edge, f"frame {segment.frame} comes out of order"
        if stop > edge:
            found.append(Span(edge, stop, segment.frame))
            edge = stop
    return found


def stream(segments: Sequence[Segment], way: Direction) -> bytes:
    """All bytes of a direction in order, as ``support.mangle`` reads them."""
    read = first_bytes(segments).get(way.lane, {})
    assert sorted(read) == list(range(len(read))), "bytes are missing"
    return bytes(read[offset].value for offset in range(len(read)))


def overwrite(
    segments: Sequence[Segment], way: Direction, start: int, data: bytes
) -> list[Segment]:
    """Other bytes at a stream offset, in every copy of them; no length changes."""
    return [_overwritten(segment, way, start, data) for segment in segments]


def _overwritten(segment: Segment, way: Direction, start: int, data: bytes) -> Segment:
    if not segment.payload or not way.carries(segment):
        return segment
    begin = way.offset(segment.seq)
    left, right = max(begin, start), min(begin + len(segment.payload), start + len(data))
    if left >= right:
        return segment
    old = segment.payload
    new = old[: left - begin] + data[left - start : right - start] + old[right - begin :]
    return segment._replace(payload=new)


def cut(segments: Sequence[Segment], way: Direction, at: int) -> list[Segment]:
    """A boundary in front of a stream offset: the segment that brought it first becomes two."""
    made: list[Segment] = []
    done = False
    for segment in segments:
        begin = way.offset(segment.seq) if way.carries(segment) else at
        if done or not begin < at < begin + len(segment.payload):
            made.append(segment)
        else:
            made += _halves(segment, at - begin)
            done = True
    return made


def _halves(segment: Segment, size: int) -> tuple[Segment, Segment]:
    """The first ``size`` bytes of a segment, and the others in a frame of their own."""
    left, right = segment.payload[:size], segment.payload[size:]
    behind = (segment.seq + size) % SPACE
    return (
        segment._replace(payload=left, length=len(left), flags=segment.flags & ~1),
        segment._replace(
            payload=right, length=len(right), seq=behind, frame=segment.frame + STEP // 2
        ),
    )


def replace(
    segments: Sequence[Segment], way: Direction, span: tuple[int, int], data: bytes
) -> list[Segment]:
    """Other bytes, of any number, for a range of a stream; what lies behind moves with it."""
    made = []
    for segment in segments:
        if way.carries(segment):
            made.append(_replaced(segment, way, span, data))
        else:
            made.append(_acknowledging(segment, way, span, len(data)))
    return made


def _replaced(segment: Segment, way: Direction, span: tuple[int, int], data: bytes) -> Segment:
    """A segment of the changed stream: the first one that touches the range has the new bytes."""
    begin, (start, stop) = way.offset(segment.seq), span
    payload, end = segment.payload, begin + len(segment.payload)
    if end <= start:
        return segment
    if begin >= stop:
        return segment._replace(seq=(segment.seq + len(data) - (stop - start)) % SPACE)
    new = data if begin <= start else b""
    kept = payload[: max(0, start - begin)] + new + payload[stop - begin :] * (end > stop)
    moved = min(begin, start) if begin <= start else start + len(data)
    return segment._replace(seq=(way.origin + moved) % SPACE, payload=kept, length=len(kept))


def _acknowledging(segment: Segment, way: Direction, span: tuple[int, int], size: int) -> Segment:
    """A segment of the other side: what it acknowledges behind the range has moved."""
    acked, (start, stop) = way.offset(segment.ack), span
    if acked <= start or segment.flags & SYN:
        return segment
    moved = acked + size - (stop - start) if acked >= stop else start + size
    return segment._replace(ack=(way.origin + moved) % SPACE)
