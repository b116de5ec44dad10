"""The packets of flows, kept in memory for as long as somebody may want them.

A packet waits under its frame number until the streams say whose it is.  Memory is bounded for
one flow and for all of them: of a long flow the middle goes, and of many flows the oldest clean
one; what went is counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from dissect.analysis.frame import Kept
from dissect.escape import visible
from dissect.live.hidden import Hide, Hiding
from dissect.redact import Redactor, Transcripts
from dissect.segments.decode import Row
from dissect.segments.fragments import Fragments
from dissect.source import blocks
from dissect.source.pcapng import Packet, pcapng
from dissect.source.records import INTERFACE, PCAP, Record

MOST: Final = 256 << 20
"""Bytes of all flows."""

PER_FLOW: Final = 32 << 20
"""Bytes of one flow: more than servers take as one message, as a rule."""

WAITING: Final = 32 << 20
"""Bytes of packets of a source that belong to no flow, or not yet."""

OVERHEAD: Final = 200
"""Bytes that a packet costs beside its own."""

Owners = Iterable[tuple[int, int]]
"""Frames and the flows to which they belong."""


class Origin(NamedTuple):
    """A source, for as long as it numbers its packets on."""

    name: str
    serial: int


class Frame(NamedTuple):
    """A packet by its number."""

    number: int
    packet: Packet


class Contents(NamedTuple):
    """The packets of a flow, as they were at a moment."""

    name: str
    """The source's."""
    packets: tuple[Packet, ...]
    missing: int
    """Packets that are not here."""
    size: int
    """Bytes, with what a packet costs beside its own."""
    hide: Hide | None = None
    """Replaces what they say, if anything does."""

    def pcapng(self) -> bytes:
        """A file with them; empty where there are none.

        It says in a comment how many are missing, if any are.

        Raises:
            CaptureError: if what they say has to be replaced and cannot be.
        """
        said = f"Seamark had no room for {self.missing:,} packets of this connection."
        said = said if self.missing else ""
        if self.hide is not None:
            return self.hide(pcapng(self.packets), said)
        return pcapng(self.packets, name=self.name, comment=said)


class _Kept:
    """The packets of one flow: the first ones, and the last ones."""

    __slots__ = ("first", "full", "last", "missing", "origin", "size")

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.missing = 0
        """Packets that are not here any more, or never were."""
        self.first: list[Frame] = []
        self.last: deque[Frame] = deque()
        self.full = False
        self.size = 0

    def drop(self) -> None:
        """Forget all packets."""
        self.missing += len(self.first) + len(self.last)
        self.first.clear()
        self.last.clear()
        self.full = False
        self.size = 0

    def add(self, frame: Frame, most: int) -> None:
        """Take a packet; beyond half of what may be, the oldest behind that half go."""
        size = _cost(frame.packet)
        self.full = self.full or self.size + size > most // 2
        if not self.full:
            self.first.append(frame)
        else:
            self.last.append(frame)
        self.size += size
        while self.size > most and self.last:
            self.size -= _cost(self.last.popleft().packet)
            self.missing += 1

    def frames(self) -> list[Frame]:
        """Its packets in the order of their numbers."""
        return sorted((*self.first, *self.last), key=_number)


class Memory:
    """The packets of all flows of all sources.

    Args:
        most: bytes of all flows.
        per_flow: bytes of one of them.
        lasting: keep the packets of flows that are over, until there is no room or ``forget``.
        redactor: replaces what packets say before they are given to anybody; None shows it.
    """

    def __init__(
        self,
        most: int = MOST,
        per_flow: int = PER_FLOW,
        *,
        lasting: bool = False,
        redactor: Redactor | None = None,
    ) -> None:
        self._hiding = Hiding(redactor) if redactor else None
        self._most, self._per_flow, self._lasting = most, per_flow, lasting
        self._flows: dict[int, _Kept] = {}
        self._clean: dict[int, None] = {}
        self._damaged: dict[int, None] = {}
        """Flows that have packets here, the oldest first."""
        self._marked: set[int] = set()
        self._sources = 0
        self.size = 0
        """Bytes of all flows, with what a packet costs beside its own."""

    @property
    def transcripts(self) -> Transcripts | None:
        """What has to hear the dialogues, if what packets say is to be replaced."""
        return self._hiding.transcripts if self._hiding else None

    def source(self, name: str) -> Inbox:
        """A source whose packets come here."""
        self._sources += 1
        return Inbox(self, Origin(visible(name), self._sources))

    def mark(self, flow: int) -> None:
        """A flow is damaged: it goes last."""
        self._marked.add(flow)
        if flow in self._clean:
            del self._clean[flow]
            self._damaged[flow] = None

    def frames(self, flow: int) -> tuple[int, ...]:
        """The numbers of a flow's packets that are here, ascending; ``pcapng`` has this order."""
        kept = self._flows.get(flow)
        return tuple(map(_number, kept.frames())) if kept else ()

    def missing(self, flow: int) -> int:
        """How many packets of a flow are not here."""
        kept = self._flows.get(flow)
        return kept.missing if kept else 0

    def contents(self, flow: int) -> Contents | None:
        """The packets of a flow; None where there never were any."""
        kept = self._flows.get(flow)
        if kept is None:
            return None
        frames = kept.frames()
        packets = tuple(frame.packet for frame in frames)
        hide = self._hide((frame.number, flow) for frame in frames)
        return Contents(kept.origin.name, packets, kept.missing, kept.size, hide)

    def _hide(self, frames: Iterable[tuple[int, int]]) -> Hide | None:
        """What hides what these packets of these flows say."""
        return self._hiding.of(tuple(frames)) if self._hiding else None

    def pcapng(self, flow: int) -> bytes:
        """A file with the packets of a flow; empty where there are none."""
        contents = self.contents(flow)
        return contents.pcapng() if contents else b""

    def kept(self, flows: Sequence[int]) -> Kept:
        """The packets of some flows together, those of a source in the order of their numbers.

        Raises:
            CaptureError: if what they say has to be replaced and cannot be.
        """
        sources: dict[Origin, list[tuple[Frame, int]]] = {}
        for flow in flows:
            if (held := self._flows.get(flow)) is not None:
                mine = ((frame, flow) for frame in held.frames())
                sources.setdefault(held.origin, []).extend(mine)
        files, frames = [], list[int]()
        for origin, each in sources.items():
            each.sort(key=lambda one: one[0].number)
            frames += (frame.number for frame, _ in each)
            packets = tuple(frame.packet for frame, _ in each)
            hide = self._hide((frame.number, flow) for frame, flow in each)
            files.append(Contents(origin.name, packets, 0, 0, hide).pcapng())
        missing = sum(map(self.missing, flows))
        return Kept(tuple(flows), tuple(frames), missing, b"".join(files))

    def over(self, flow: int) -> None:
        """A flow has ended."""
        if not self._lasting:
            self.forget(flow)

    def forget(self, flow: int) -> None:
        """Nobody wants the packets of a flow any more."""
        kept = self._flows.pop(flow, None)
        if self._hiding:
            self._hiding.transcripts.drop(flow)
        self._marked.discard(flow)
        self._clean.pop(flow, None)
        self._damaged.pop(flow, None)
        self.size -= kept.size if kept else 0

    def add(self, flow: int, origin: Origin, frame: int, packet: Packet | None) -> None:
        """A packet of a flow; None for one that is not here any more."""
        kept = self._flows.get(flow)
        if kept is None:
            kept = self._flows[flow] = _Kept(origin)
        if packet is None:
            kept.missing += 1
            return
        before = kept.size
        kept.add(Frame(frame, packet), self._per_flow)
        self.size += kept.size - before
        (self._damaged if flow in self._marked else self._clean)[flow] = None
        if self.size > self._most:
            self._make_room()

    def _make_room(self) -> None:
        """Let go of the oldest clean flows, and where there is none, of the oldest."""
        while self.size > self._most:
            oldest = self._clean or self._damaged
            flow = next(iter(oldest))
            del oldest[flow]
            kept = self._flows[flow]
            self.size -= kept.size
            kept.drop()
            if self._hiding:
                self._hiding.transcripts.shed(flow)


class Inbox:
    """The packets of one source, until it is known whose they are.

    Args:
        memory: where they go then.
        origin: the source.
    """

    def __init__(self, memory: Memory, origin: Origin) -> None:
        self._memory = memory
        self._origin = origin
        self._head = b""
        self._count = 0
        self._waiting: dict[int, Packet] = {}
        self._size = 0
        self._loose = Fragments()

    @property
    def held(self) -> int:
        """Bytes of what belongs to no flow, or not yet."""
        return self._size

    @property
    def fragments(self) -> int:
        """Fragments that wait for the last one of their datagram."""
        return self._loose.held

    def put(self, head: bytes, records: Iterable[Record]) -> None:
        """Take records as they are handed to the decoder, which numbers them in the same way.

        Args:
            head: ``Records.head``.
            records: in their order, those that are no packets too.
        """
        if head[:4] in PCAP:
            self._head = head
        for data, is_packet in records:
            if is_packet:
                self._count += 1
                self._waiting[self._count] = packet = Packet(self._head, data)
                self._size += _cost(packet)
            else:
                self._describe(data)
        while self._size > WAITING:
            self._take(next(iter(self._waiting)))

    def _describe(self, data: bytes) -> None:
        """A block of a pcapng that is no packet, and may tell of those behind it."""
        if data[:4] == blocks.SECTION.to_bytes(4, "big"):
            self._head = data
        elif INTERFACE in {int.from_bytes(data[:4], "little"), int.from_bytes(data[:4], "big")}:
            self._head += data

    def claim(self, rows: Iterable[Row], owners: Owners) -> None:
        """Give packets to their flows.

        Args:
            rows: what tshark says of them.
            owners: to which flows they belong (``Pipeline.owners``).
        """
        known = dict(owners)
        for frame, flow in known.items():
            self._memory.add(flow, self._origin, frame, self._take(frame))
        for piece, flow in self._loose.claim(rows, known):
            self._memory.add(flow, self._origin, piece, self._take(piece))

    def _take(self, frame: int) -> Packet | None:
        packet = self._waiting.pop(frame, None)
        if packet is not None:
            self._size -= _cost(packet)
        return packet


def _cost(packet: Packet) -> int:
    return len(packet.data) + OVERHEAD


def _number(frame: Frame) -> int:
    return frame.number
