"""What one capture holds of each flow: two byte streams, their seams, and the facts of TCP."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from dissect.dialogue import Command, Opaque, OpaqueKind, Reply, Session
from dissect.dialogue.events import DialogueEvent
from dissect.dialogue.grammar import KEPT as LINE_KEPT
from dissect.evidence import Endpoint, Side
from dissect.redact import Redactor, Transcripts
from dissect.redact.spoken import Spoken
from dissect.segments import SYN, Segment
from dissect.streams import (
    Chunk,
    Closing,
    Flow,
    Hole,
    Interruption,
    Missing,
    Repeat,
    StreamEvent,
    Tracker,
)  # fmt: skip

DIRECTION: Final = 8 << 20
"""Bytes of one direction of a flow that are compared."""

KEPT: Final = 256 << 20
"""Bytes of all flows of both captures that are compared."""

COST: Final = 128
"""Bytes that remembering one segment takes, beside its payload."""

RESETS: Final = 64
"""RST of one side that are remembered."""

SYNS: Final = 20_000
"""Handshake segments that wait for their flow to end."""


class Mark(NamedTuple):
    """Where the bytes of one frame begin."""

    offset: int
    frame: int
    time: float


class Gap(NamedTuple):
    """Bytes that a capture does not hold."""

    start: int
    end: int
    missing: Missing


@dataclass(slots=True)
class Track:
    """One direction of a flow."""

    data: bytearray = field(default_factory=bytearray)
    """The stream from offset 0, with zeros in its gaps."""
    size: int = 0
    """Bytes of the stream; more than ``data`` holds where the limit cut it."""
    marks: list[Mark] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """Offsets of the seams, those inferred from the MSS included."""
    gaps: list[Gap] = field(default_factory=list)
    secrets: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of ``data`` that hold credentials."""
    tls: int = -1
    """Offset at which TLS begins; -1 without it."""
    resets: list[Mark] = field(default_factory=list)
    """The RST in this side's name, at most ``RESETS``."""
    conflicts: int = 0
    """Bytes that came twice, and not the same."""
    seen: int = 0
    """Segments from this side."""
    base: int | None = None
    """Raw sequence number of offset 0."""
    ttl: int = 0
    syn: Segment | None = None
    spoken: Spoken | None = None
    """What is shown in place of ``data``, where names are replaced."""

    def shown(self, start: int, end: int) -> bytes:
        """The bytes of a range as they may be shown; credentials are still among them."""
        data = bytes(self.data[start:end])
        return data if self.spoken is None else bytes(self.spoken.laid(start, data))

    def mark(self, offset: int) -> Mark | None:
        """What brought the byte at an offset."""
        at = bisect_right(self.marks, offset, key=lambda mark: mark.offset)
        return self.marks[at - 1] if at else None

    def frames(self, start: int, end: int) -> tuple[int, ...]:
        """The frames that brought a range."""
        first = max(0, bisect_right(self.marks, start, key=lambda mark: mark.offset) - 1)
        last = bisect_right(self.marks, max(start, end - 1), key=lambda mark: mark.offset)
        return tuple(mark.frame for mark in self.marks[first:last])

    def seams(self, start: int, end: int) -> tuple[int, ...]:
        """The seams inside a range, as offsets from its start."""
        first, last = bisect_right(self.cuts, start), bisect_right(self.cuts, end - 1)
        return tuple(sorted({cut - start for cut in self.cuts[first:last]}))


@dataclass(slots=True)
class Tape:
    """One flow of one capture."""

    number: int
    client: Endpoint
    server: Endpoint
    start: float
    end: float
    tcp_stream: int
    midway: bool
    opened: float
    """When the SYN passed, seconds since the epoch; 0 where it was not seen."""
    granted: float
    """When the SYN that answers it passed; 0 where it was not seen."""
    tracks: dict[Side, Track]
    closed: bool
    """Whether the capture saw its end: then it missed nothing by being over too soon."""

    @property
    def filter(self) -> str:
        """A Wireshark display filter for the flow."""
        return f"tcp.stream eq {self.tcp_stream}"

    @property
    def bare(self) -> Tape:
        """The same without its bytes."""
        return replace(self, tracks={})


class Budget:
    """How many bytes may still be kept; shared by the captures that are compared."""

    def __init__(self, left: int = KEPT) -> None:
        self.left = left

    def take(self, wanted: int) -> bool:
        """Whether so many bytes may be kept; then they count."""
        if wanted > self.left:
            return False
        self.left -= wanted
        return True


class _Open:
    """A flow that is not over."""

    def __init__(self, flow: Flow, transcripts: Transcripts | None) -> None:
        self.session = Session(flow)
        self.tracks = {side: Track() for side in Side}
        self.transcript = transcripts.open(flow) if transcripts else None

    def feed(self, events: list[StreamEvent]) -> list[DialogueEvent]:
        """What was said."""
        if self.transcript is None:
            return self.session.feed(events)
        return self.transcript.feed(self.session, events)

    def finish(self) -> list[DialogueEvent]:
        """What was said last."""
        told = self.session.finish()
        if self.transcript is not None:
            self.transcript.end(self.session, told)
            for side, track in self.tracks.items():
                track.spoken = self.transcript.side(side)
        return told


class Recorder:
    """Makes a tape of every flow of one capture.

    Args:
        ports: TCP ports that speak SMTP, beside the usual ones.
        budget: how many bytes may be kept.
        redactor: replaces names in what is shown; None leaves them.
    """

    def __init__(
        self,
        ports: Iterable[int] = (),
        budget: Budget | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.tracker = Tracker(ports)
        self.tapes: list[Tape] = []
        """The flows that are over."""
        self.last = 0.0
        """Time of the latest segment."""
        self._budget = budget or Budget()
        self._transcripts = redactor.transcripts() if redactor else None
        self._open: dict[int, _Open] = {}
        self._syns: OrderedDict[tuple[str, int, str, int], Segment] = OrderedDict()

    def segments(self, segments: Iterable[Segment]) -> None:
        """Take a batch of segments."""
        for segment in segments:
            self._take(self.tracker.feed(segment))
            self.last = max(self.last, segment.time)
            if segment.flags & SYN:
                self._syns[segment[2:6]] = segment
                if len(self._syns) > SYNS:
                    self._syns.popitem(last=False)
        self._take(self.tracker.expire(self.last))

    def finish(self) -> list[Tape]:
        """The capture is over: its flows, in order of appearance."""
        self._take(self.tracker.finish())
        self.tapes.sort(key=lambda tape: tape.number)
        return self.tapes

    def _take(self, results: Iterable[tuple[Flow, list[StreamEvent]]]) -> None:
        for flow, events in results:
            known = self._open.get(flow.number)
            if known is None:
                known = self._open[flow.number] = _Open(flow, self._transcripts)
            for event in events:
                if not isinstance(event, Interruption):  # only live sources are interrupted
                    self._record(known.tracks[event.side], event)
            if events:
                _read(known, known.feed(events))
            if flow.over:
                _read(known, known.finish())
                del self._open[flow.number]
                if self._transcripts is not None:
                    self._transcripts.drop(flow.number)
                self.tapes.append(self._tape(flow, known))

    def _record(self, track: Track, event: Chunk | Hole | Repeat | Closing) -> None:
        """Keep what one event brings, as far as the limits allow."""
        if isinstance(event, Chunk):
            self._keep(track, event.offset, event.data, event)
        elif isinstance(event, Hole):
            track.gaps.append(Gap(event.offset, event.offset + event.length, event.missing))
            self._keep(track, event.offset, None, event)
        elif isinstance(event, Repeat):
            track.conflicts += event.length if event.differs else 0
        elif event.reset:
            track.resets.append(Mark(event.offset, event.frame, event.time))
            del track.resets[RESETS:]

    def _keep(self, track: Track, offset: int, data: bytes | None, event: Chunk | Hole) -> None:
        """Bytes of the stream, or zeros for those that are missing."""
        length = event.length if isinstance(event, Hole) else len(event.data)
        whole = track.size == offset and len(track.data) == offset
        track.size = offset + length
        if not whole or track.size > DIRECTION or not self._budget.take(length + COST):
            return
        track.data += bytes(length) if data is None else data
        track.marks.append(Mark(offset, event.frame, event.time))
        if isinstance(event, Chunk):
            track.cuts += [seam.offset for seam in event.seams]

    def _tape(self, flow: Flow, known: _Open) -> Tape:
        """A flow that is over."""
        for side, here, there in (
            (Side.CLIENT, flow.client, flow.server),
            (Side.SERVER, flow.server, flow.client),
        ):
            track, half = known.tracks[side], flow.half(side)
            track.seen, track.base, track.ttl = half.seen, half.base, half.usual_ttl
            track.syn = self._syns.pop((*here, *there), None)
        return Tape(
            flow.number, flow.client, flow.server, flow.start, flow.end, flow.tcp_stream,
            flow.midway, flow.opened, flow.granted, known.tracks, flow.finished,
        )  # fmt: skip


def _read(known: _Open, events: Iterable[DialogueEvent]) -> None:
    """Remember where credentials are and where TLS begins, as the dialogue reads it."""
    for event in events:
        if isinstance(event, Command):
            _hide(known.tracks[Side.CLIENT], event.offset, event.line, event.size)
        elif isinstance(event, Reply):
            _hide(known.tracks[Side.SERVER], event.offset, event.text, event.size)
        elif isinstance(event, Opaque) and event.kind is OpaqueKind.TLS:
            track = known.tracks[event.side]
            track.tls = event.offset if track.tls < 0 else track.tls


def _hide(track: Track, offset: int, shown: bytes, size: int) -> None:
    """What the dialogue masked of a line is where it differs from the stream."""
    raw = bytes(track.data[offset : offset + len(shown)])
    if raw == shown or not raw:
        return
    for start, end in _masked(raw, shown):
        cut = end == len(shown) >= LINE_KEPT
        track.secrets.append((offset + start, offset + (size if cut else end)))


def _masked(raw: bytes, shown: bytes) -> Iterator[tuple[int, int]]:
    """The runs of ``#`` that the stream does not have there."""
    start = -1
    for at, (one, two) in enumerate(zip(raw, shown, strict=False)):
        hidden = two == ord("#") and (one != two or start >= 0)
        if hidden and start < 0:
            start = at
        elif not hidden and start >= 0:
            yield start, at
            start = -1
    if start >= 0:
        yield start, min(len(raw), len(shown))
