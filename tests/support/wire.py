r"""One TCP conversation, spoken by hand, as the segments that a capture of it would hold.

    wire = Conversation()
    wire.open()
    wire.server.send(b"220 mx.example.net ESMTP\r\n")
    wire.client.send(b"RCPT TO:<a@example.net>\r\n", cuts=(2,))
    wire.client.fin()
    segments = wire.segments

Data is acknowledged by the next segment of the other side; ``Setting.acks`` adds a bare
acknowledgment behind every data segment.  Offsets count payload bytes of one side from 0.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dissect.evidence import Endpoint, Side
from dissect.segments.segment import ACK, FIN, PSH, RST, SYN, Segment
from support.pcap import snap, to_pcap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "IPV6",
    "NEAR_WRAP",
    "Conversation",
    "Fate",
    "Setting",
    "Speaker",
    "interleave",
    "renumber",
    "snap",
    "to_pcap",
]

SEQUENCE_SPACE: Final = 1 << 32
"""TCP sequence numbers count modulo this (RFC 9293 section 3.4)."""

START: Final = 1_795_330_288.0
"""Seconds since the epoch at which every conversation starts unless told otherwise."""


class Fate(Enum):
    """What becomes of a segment between its sender, the capture and its receiver."""

    NORMAL = "captured and received"
    LOST = "captured, but never received: it stays unacknowledged until it is sent again"
    MISSED = "received and acknowledged, but not in the capture"


CLIENT: Final = Endpoint("192.0.2.10", 33738)
SERVER: Final = Endpoint("192.0.2.25", 25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The hosts of a conversation, and how it is captured."""

    client: Endpoint = CLIENT
    server: Endpoint = SERVER
    client_isn: int = 1_000_000
    """Initial sequence number of the client; its first byte has the next one."""
    server_isn: int = 5_000_000
    handshake: bool = True
    """False: the capture began later, ``open`` leaves no segments."""
    mss: int = 1460
    """Payload bytes of the largest segment, and both sides' MSS option."""
    offload: bool = False
    """True: segments larger than the MSS stay whole, as a sender with TSO shows them."""
    acks: bool = False
    """True: a bare acknowledgment follows every data segment."""
    only: Side | None = None
    """The one side that the capture has."""
    snaplen: int = 0
    """Bytes of an Ethernet frame that the capture keeps; 0 keeps all."""
    start: float = START
    """Seconds since the epoch."""
    rtt: float = 0.02
    """Seconds between one side's segment and the other's answer."""
    step: float = 0.0001
    """Seconds between two segments of one side."""
    client_ttl: int = 64
    server_ttl: int = 57
    tcp_stream: int = 0

    def endpoint(self, side: Side) -> Endpoint:
        """Where ``side`` sits."""
        return self.client if side is Side.CLIENT else self.server

    def isn(self, side: Side) -> int:
        """The initial sequence number of ``side``."""
        return self.client_isn if side is Side.CLIENT else self.server_isn

    def ttl(self, side: Side) -> int:
        """The TTL or hop limit of ``side`` at the place of capture."""
        return self.client_ttl if side is Side.CLIENT else self.server_ttl


NEAR_WRAP: Final = Setting(client_isn=SEQUENCE_SPACE - 20, server_isn=SEQUENCE_SPACE - 10)
"""Sequence numbers that pass through zero within the first commands."""

IPV6: Final = Setting(
    client=Endpoint("2001:db8::10", 33738), server=Endpoint("2001:db8::25", 25), mss=1440
)


class Speaker:
    """One side of a conversation: what it sent, and what of that has arrived."""

    def __init__(self, wire: Conversation, side: Side) -> None:
        self._wire = wire
        self._setting = wire.setting
        self._side = side
        self._isn = wire.setting.isn(side)
        self._sent = bytearray()
        self._out = 0
        """Bytes that are on the wire by now: an answer to the first segment of several acknowledges
        no more."""
        self._lost: list[tuple[int, int]] = []
        self._finished = False
        self._last: list[tuple[int, int]] = []
        self.ttl = 0
        """TTL of what is sent next; 0 for that of the setting."""
        self._ip_id = -1 if ":" in wire.setting.endpoint(side).address else self._isn & 0x7FFF

    @property
    def peer(self) -> Speaker:
        """The other side."""
        return self._wire.speaker(self._side.other)

    @property
    def sent(self) -> bytes:
        """Every byte sent so far, whatever became of it."""
        return bytes(self._sent)

    @property
    def received_until(self) -> int:
        """The acknowledgment number that the peer would send now."""
        if self._lost:
            return self._sequence(min(self._lost)[0])
        return self._sequence(self._out + self._finished)

    def send(self, data: bytes, cuts: Iterable[int] = (), fate: Fate = Fate.NORMAL) -> None:
        """Send ``data``, cut at its offsets ``cuts`` and, without offload, by the MSS.

        Args:
            data: the bytes to send; none are no segment.
            cuts: offsets within ``data``; those outside of it are ignored.
            fate: what becomes of all its segments.
        """
        start = len(self._sent)
        self._sent += data
        edges = [start + edge for edge in self._edges(len(data), cuts)]
        self._last = list(pairwise(edges))
        for number, span in enumerate(self._last, start=2):
            self._data(*span, push=number == len(edges), fate=fate)

    def resend(self, start: int | None = None, stop: int | None = None) -> None:
        """Send bytes again: the last ``send`` cut as it was, or ``[start, stop)`` in one piece."""
        spans = self._last
        if start is not None:
            spans = [(start, len(self._sent) if stop is None else stop)]
        for span in spans:
            self._data(*span, push=True, fate=Fate.NORMAL)

    def forge(self, offset: int, data: bytes) -> None:
        """Send ``data`` at a stream offset whatever was sent there before."""
        self._emit(ACK | PSH, self._sequence(offset), data)

    def ack(self) -> None:
        """Send a bare acknowledgment."""
        self._emit(ACK, self._sequence(len(self._sent) + self._finished))

    def fin(self) -> None:
        """End this side."""
        self._emit(ACK | FIN, self._sequence(len(self._sent)))
        self._finished = True

    def rst(self, offset: int | None = None) -> None:
        """Reset the connection, where the stream is or at another stream offset."""
        here = len(self._sent) + self._finished
        self._emit(ACK | RST, self._sequence(here if offset is None else offset))

    def sack(self, start: int, stop: int) -> None:
        """Acknowledge, with a SACK block of the peer's stream offsets ``[start, stop)``."""
        block = (self.peer._sequence(start), self.peer._sequence(stop))
        self._emit(ACK, self._sequence(len(self._sent) + self._finished), sack=(block,))

    def syn(self) -> None:
        """Ask for the connection, or grant it."""
        granting = ACK if self._side is Side.SERVER else 0
        self._emit(SYN | granting, self._isn, mss=self._setting.mss)

    def _sequence(self, offset: int) -> int:
        return (self._isn + 1 + offset) % SEQUENCE_SPACE

    def _edges(self, size: int, cuts: Iterable[int]) -> list[int]:
        """Where segments begin, and where the last one ends."""
        edges = sorted({0, size, *(cut for cut in cuts if 0 < cut < size)})
        if self._setting.offload:
            return edges
        mss = self._setting.mss
        return sorted({*edges, *(i for a, b in pairwise(edges) for i in range(a, b, mss))})

    def _data(self, start: int, stop: int, *, push: bool, fate: Fate) -> None:
        if fate is Fate.LOST:
            self._lost.append((start, stop))
        else:
            self._lost = _without(self._lost, start, stop)
        self._out = max(self._out, stop)
        flags = ACK | PSH if push else ACK
        if fate is not Fate.MISSED:
            self._emit(flags, self._sequence(start), bytes(self._sent[start:stop]))
        if self._setting.acks and fate is not Fate.LOST:
            self.peer.ack()

    def _emit(
        self,
        flags: int,
        seq: int,
        payload: bytes = b"",
        mss: int = 0,
        sack: tuple[tuple[int, int], ...] = (),
    ) -> None:
        setting, side = self._setting, self._side
        if self._ip_id >= 0:
            self._ip_id = (self._ip_id + 1) % 0x10000
        self._wire.record(
            side,
            Segment(
                0,
                0.0,
                *setting.endpoint(side),
                *setting.endpoint(side.other),
                seq=seq,
                ack=self.peer.received_until if flags & ACK else 0,
                flags=flags,
                payload=payload,
                length=len(payload),
                window=64240,
                mss=mss,
                header=20 + 4 * bool(mss) + (4 + 8 * len(sack) if sack else 0),
                ttl=self.ttl or setting.ttl(side),
                ip_id=self._ip_id,
                tcp_stream=setting.tcp_stream,
                sack=sack,
            ),
        )


class Conversation:
    """Two speakers, a clock, and what a capture between them holds so far."""

    def __init__(self, setting: Setting | None = None) -> None:
        self.setting = setting or Setting()
        self.client = Speaker(self, Side.CLIENT)
        self.server = Speaker(self, Side.SERVER)
        self._clock = self.setting.start
        self._turn: Side | None = None
        self._recorded: list[Segment] = []

    @property
    def segments(self) -> list[Segment]:
        """What the capture holds, numbered from 1."""
        kept = renumber(s for s in self._recorded if self._captured(s))
        return snap(kept, self.setting.snaplen) if self.setting.snaplen else kept

    def speaker(self, side: Side) -> Speaker:
        """The speaker on ``side``."""
        return self.client if side is Side.CLIENT else self.server

    def open(self) -> None:
        """Shake hands; without ``Setting.handshake`` the capture does not see it."""
        if self.setting.handshake:
            self.client.syn()
            self.server.syn()
            self.client.ack()

    def close(self) -> None:
        """End both sides in good order, the client first."""
        self.client.fin()
        self.server.fin()
        self.client.ack()

    def wait(self, seconds: float) -> None:
        """Let the clock go on."""
        self._clock += seconds

    def record(self, side: Side, segment: Segment) -> None:
        """Put a segment that ``side`` sends into the capture, at its time."""
        if self._turn is not None:
            self._clock += self.setting.step if side is self._turn else self.setting.rtt
        self._turn = side
        self._recorded.append(segment._replace(time=round(self._clock, 6)))

    def _captured(self, segment: Segment) -> bool:
        only = self.setting.only
        here = (segment.source, segment.source_port)
        return only is None or here == self.setting.endpoint(only)


def renumber(segments: Iterable[Segment]) -> list[Segment]:
    """The same segments, their frames numbered from 1."""
    return [s._replace(frame=frame) for frame, s in enumerate(segments, start=1)]


def interleave(flows: Sequence[Sequence[Segment]]) -> list[Segment]:
    """One capture of several flows: ordered by time, renumbered, tshark's label set by flow.

    A flow's own order is kept where its times are ascending.
    """
    labelled = ([s._replace(tcp_stream=label) for s in flow] for label, flow in enumerate(flows))
    return renumber(heapq.merge(*labelled, key=lambda s: s.time))


def _without(spans: list[tuple[int, int]], start: int, stop: int) -> list[tuple[int, int]]:
    """What is left of ``spans`` when ``[start, stop)`` is taken out."""
    pieces = ((a, min(b, start)) for a, b in spans), ((max(a, stop), b) for a, b in spans)
    return sorted((a, b) for side in pieces for a, b in side if a < b)
