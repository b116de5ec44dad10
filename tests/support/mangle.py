"""What a network may do to a conversation without changing a byte of what is said.

Each function takes the segments of one or more flows, and gives back other segments that carry
the same byte streams, with the seams that a reader who takes every byte from the frame that
brought it first must find.  Chance comes from a ``Random``, which ``strategies.chances`` draws.
Acknowledgments stay plausible: data never moves past a segment of the other side.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.evidence import Endpoint, Seam
from dissect.segments.segment import ACK, FIN, RST, SYN, Segment
from support.wire import SEQUENCE_SPACE, renumber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from random import Random

HALF: Final = SEQUENCE_SPACE // 2


class Lane(NamedTuple):
    """One direction of one flow."""

    source: Endpoint
    destination: Endpoint

    @property
    def back(self) -> Lane:
        """The other direction."""
        return Lane(self.destination, self.source)


class Mangled(NamedTuple):
    """Segments, and where their streams are cut now."""

    segments: list[Segment]
    seams: dict[Lane, frozenset[int]]
    """Stream offsets of the first byte behind each seam; every lane with payload has a set."""


def lane(segment: Segment) -> Lane:
    """The direction that a segment travels."""
    return Lane(
        Endpoint(segment.source, segment.source_port),
        Endpoint(segment.destination, segment.destination_port),
    )


# ---- what a correct reader must find -----------------------------------------------------------


class Byte(NamedTuple):
    """A byte of a stream, and the frame that brought it first."""

    value: int
    frame: int


def first_bytes(segments: Iterable[Segment]) -> dict[Lane, dict[int, Byte]]:
    """By lane and stream offset, each byte as it came first.

    Offset 0 is behind the SYN, or the lowest sequence number where there was none.
    """
    lanes: defaultdict[Lane, list[Segment]] = defaultdict(list)
    for segment in segments:
        lanes[lane(segment)].append(segment)
    read = ((key, _first_bytes(of_lane)) for key, of_lane in lanes.items())
    return {key: stream for key, stream in read if stream}


def _first_bytes(segments: Sequence[Segment]) -> dict[int, Byte]:
    origin = _origin(segments)
    stream: dict[int, Byte] = {}
    for segment in segments:
        start = (segment.seq - origin) % SEQUENCE_SPACE
        for offset, value in enumerate(segment.payload, start=start):
            stream.setdefault(offset, Byte(value, segment.frame))
    return stream


def _origin(segments: Sequence[Segment]) -> int:
    """The sequence number of stream offset 0."""
    for segment in segments:
        if segment.flags & SYN:
            return (segment.seq + 1) % SEQUENCE_SPACE
    starts = [s.seq for s in segments if s.payload] or [segments[0].seq]
    return (starts[0] + min(_ahead(seq, starts[0]) for seq in starts)) % SEQUENCE_SPACE


def _ahead(seq: int, of: int) -> int:
    """How far ``seq`` lies ahead of another sequence number; negative behind it."""
    return (seq - of + HALF) % SEQUENCE_SPACE - HALF


def streams(segments: Iterable[Segment]) -> dict[Lane, bytes]:
    """The bytes of each lane in order; where some are missing, those behind them close up."""
    return {
        key: bytes(byte.value for _, byte in sorted(stream.items()))
        for key, stream in first_bytes(segments).items()
    }


def evidence(segments: Iterable[Segment]) -> dict[Lane, tuple[Seam, ...]]:
    """The seams of each lane: offsets whose byte came in another frame than the one before."""
    return {key: tuple(_seams(stream)) for key, stream in first_bytes(segments).items()}


def _seams(stream: Mapping[int, Byte]) -> Iterator[Seam]:
    for offset, byte in sorted(stream.items()):
        before = stream.get(offset - 1)
        if before is not None and before.frame != byte.frame:
            yield Seam(offset, before.frame, byte.frame, inferred=False)


def seams(segments: Iterable[Segment]) -> dict[Lane, frozenset[int]]:
    """The offsets of ``evidence``."""
    found = evidence(segments)
    return {key: frozenset(seam.offset for seam in of_lane) for key, of_lane in found.items()}


# ---- what is done to them ----------------------------------------------------------------------

Flow = list[Segment]


def resegment(
    segments: Sequence[Segment], cuts: Mapping[Lane, Iterable[int]], *, mss: int = 1460
) -> Mangled:
    """Other boundaries, same bytes.

    Data that one side sends in a row is put together, then cut at the stream offsets ``cuts``
    and, between them, into pieces of at most ``mss`` bytes.  Lanes without cuts are only cut by
    the MSS.  Retransmissions must not be among ``segments``.
    """
    wanted = {key: frozenset(offsets) for key, offsets in cuts.items()}
    return _mangle(segments, lambda flow: _resegment(flow, wanted, mss))


def _resegment(flow: Flow, cuts: Mapping[Lane, frozenset[int]], mss: int) -> Flow:
    origins = {key: _origin(list(group)) for key, group in _by_lane(flow).items()}
    made: Flow = []
    for run in _runs(flow):
        if run[0].payload:
            key = lane(run[0])
            made += _recut(run, origins[key], cuts.get(key, frozenset()), mss)
        else:
            made += run
    return made


def _recut(run: Flow, origin: int, cuts: frozenset[int], mss: int) -> Iterator[Segment]:
    """The run's bytes in other pieces; all but the last without PSH, at times within the run."""
    first, last = run[0], run[-1]
    data = b"".join(segment.payload for segment in run)
    start = (first.seq - origin) % SEQUENCE_SPACE
    inner = {cut - start for cut in cuts if start < cut < start + len(data)}
    edges = sorted({0, len(data), *inner})
    edges = sorted({*edges, *(i for a, b in pairwise(edges) for i in range(a, b, mss))})
    step = (last.time - first.time) / len(edges)
    for number, (a, b) in enumerate(pairwise(edges)):
        yield first._replace(
            time=first.time + number * step,
            seq=(first.seq + a) % SEQUENCE_SPACE,
            flags=last.flags if b == len(data) else ACK,
            payload=data[a:b],
            length=b - a,
        )


def duplicate(segments: Sequence[Segment], random: Random, *, share: float = 0.3) -> Mangled:
    """Send some data segments a second time, up to three segments of the flow later."""
    return _mangle(segments, lambda flow: _repeat(flow, random, share, lambda _old, s: s))


def overlap(segments: Sequence[Segment], random: Random, *, share: float = 0.3) -> Mangled:
    """Retransmit with other boundaries: some segments reach back, others bring old bytes only.

    A segment that reaches back carries up to as many bytes again as the lane has sent before,
    and then its own; all overlapping bytes are the same.
    """
    reached = [_reach_back(flow, random, share) for flow in _flows(segments)]
    joined = _join(reached)
    return _mangle(joined, lambda flow: _repeat(flow, random, share, _Slice(random)))


def _reach_back(flow: Flow, random: Random, share: float) -> Flow:
    """Some data segments begin earlier, with the bytes sent there before."""
    known: defaultdict[Lane, _Known] = defaultdict(lambda: _Known(-1, b""))
    made = []
    for segment in flow:
        before = known[lane(segment)].before(segment)
        if segment.payload:
            known[lane(segment)] = _Known.after(segment, before)
        if segment.payload and before and random.random() < share:
            back = random.randint(1, min(len(before), 40))
            made.append(_with_payload(segment, -back, before[-back:] + segment.payload))
        else:
            made.append(segment)
    return made


class _Known(NamedTuple):
    """The bytes that a lane has sent without a break, up to a sequence number."""

    until: int
    data: bytes

    def before(self, segment: Segment) -> bytes:
        """The bytes that lie right before a segment; none if it does not continue them."""
        return self.data if segment.seq == self.until else b""

    @classmethod
    def after(cls, segment: Segment, before: bytes) -> _Known:
        """What is known when a segment has followed the bytes before it."""
        until = (segment.seq + len(segment.payload)) % SEQUENCE_SPACE
        return cls(until, before + segment.payload)


class _Slice:
    """Picks a part of a segment's bytes to send again."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __call__(self, _old: Segment, again: Segment) -> Segment:
        """Part of a segment, never empty."""
        size = len(again.payload)
        start = self._random.randrange(size)
        stop = self._random.randint(start + 1, size)
        return _with_payload(again, start, again.payload[start:stop])


def _with_payload(segment: Segment, shift: int, payload: bytes) -> Segment:
    """The segment with other bytes, ``shift`` bytes later in its stream."""
    seq = (segment.seq + shift) % SEQUENCE_SPACE
    return segment._replace(seq=seq, payload=payload, length=len(payload))


def _repeat(
    flow: Flow, random: Random, share: float, change: Callable[[Segment, Segment], Segment]
) -> Flow:
    """Put changed copies of some data segments behind them, before any FIN or RST."""
    made: Flow = []
    waiting: list[tuple[int, Segment]] = []
    for segment in flow:
        due = [copy for left, copy in waiting if left <= 0 or segment.flags & (FIN | RST)]
        waiting = [(left - 1, copy) for left, copy in waiting if copy not in due]
        made += [_now(copy, made) for copy in due]
        made.append(segment)
        if segment.payload and random.random() < share:
            waiting.append((random.randrange(3), change(segment, segment)))
    return made + [_now(copy, made) for _, copy in waiting]


def _now(copy: Segment, flow: Flow) -> Segment:
    """The copy as its sender would send it behind ``flow``: this time, all it got acknowledged."""
    ack = next(s.ack for s in reversed(flow) if s[2:6] == copy[2:6])
    return copy._replace(time=flow[-1].time, ack=ack)


def reorder(segments: Sequence[Segment], random: Random, *, window: int = 3) -> Mangled:
    """Let data segments that one side sends in a row overtake each other.

    None moves more than ``window`` places.  Where the capture has no SYN of a side, that side's
    first data segment stays the first, because it is where its stream begins.
    """
    return _mangle(segments, lambda flow: _reorder(flow, random, window))


def _reorder(flow: Flow, random: Random, window: int) -> Flow:
    begun = {lane(s) for s in flow if s.flags & SYN}
    made: Flow = []
    for run in _runs(flow):
        fixed = 0 if lane(run[0]) in begun else 1
        begun |= {lane(segment) for segment in run if segment.payload}
        made += run[:fixed] + _shuffled(run[fixed:], random, window)
    return made


def _shuffled(run: Flow, random: Random, window: int) -> Flow:
    """The run in another order, at the times of the places."""
    if not run or not run[0].payload:
        return run
    keys = [place + random.random() * window for place in range(len(run))]
    order = sorted(range(len(run)), key=keys.__getitem__)
    return [run[old]._replace(time=at.time) for old, at in zip(order, run, strict=True)]


# ---- flows, and runs within them ---------------------------------------------------------------


def _mangle(segments: Sequence[Segment], change: Callable[[Flow], Flow]) -> Mangled:
    """Change each flow on its own and join them again."""
    made = _join([change(flow) for flow in _flows(segments)])
    return Mangled(made, seams(made))


def _flows(segments: Iterable[Segment]) -> list[Flow]:
    """The flows, in the order of their first segments."""
    flows: defaultdict[frozenset[Endpoint], Flow] = defaultdict(list)
    for segment in segments:
        flows[frozenset(lane(segment))].append(segment)
    return list(flows.values())


def _join(flows: Iterable[Flow]) -> list[Segment]:
    return renumber(heapq.merge(*flows, key=lambda segment: segment.time))


def _by_lane(flow: Flow) -> dict[Lane, Flow]:
    lanes: defaultdict[Lane, Flow] = defaultdict(list)
    for segment in flow:
        lanes[lane(segment)].append(segment)
    return lanes


def _runs(flow: Flow) -> Iterator[Flow]:
    """Data that one side sends in a row; every other segment is a run of its own."""
    for key, run in groupby(enumerate(flow), key=_run_key):
        del key
        yield [segment for _, segment in run]


def _run_key(numbered: tuple[int, Segment]) -> object:
    number, segment = numbered
    plain = segment.payload and not segment.flags & (SYN | FIN | RST)
    return lane(segment) if plain else number
