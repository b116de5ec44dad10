"""Which segment belongs to which flow; when a flow begins, ends, and is forgotten.

Flow identity is ours: addresses, ports and order of appearance.  Ports that mail uses are
followed from their first byte; a connection on any other port is followed once it opens with a
220 greeting and an EHLO or HELO.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

from dissect.evidence import Endpoint
from dissect.segments import ACK, SYN, Segment
from dissect.streams.events import StreamEvent
from dissect.streams.flow import Flow

MAIL_PORTS: Final = frozenset({25, 465, 587, 2525})
"""smtp, submissions (TLS), submission (RFC 8314, RFC 6409), and the common alternative."""

OPEN_FLOWS: Final = 20_000
"""Flows followed at once; beyond it the one silent for longest is ended."""

LINGERING: Final = 1_000
"""Closed flows that may still get a late segment."""

LINGER_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 4 * 3600.0
LOOK_SECONDS: Final = 600.0
"""How often silent flows are looked for, by the clock of the capture."""

PROBATION_SEGMENTS: Final = 24
PROBATION_FLOWS: Final = 2_000
REMEMBERED_ENDS: Final = 10_000

GREETING: Final = re.compile(rb"220[ -]")
HELLO: Final = re.compile(rb"(?:EHLO|HELO)[ \r\n]", re.IGNORECASE)

Key = tuple[str, int, str, int]
Result = tuple[Flow, list[StreamEvent]]


def _key(segment: Segment) -> Key:
    """The same key for both directions."""
    one = (segment.source, segment.source_port)
    two = (segment.destination, segment.destination_port)
    return one + two if one < two else two + one


class Tracker:
    """All flows that are open.

    Args:
        ports: that speak SMTP, beside the usual ones.
        first_flow: number of the first flow.
        numbers: where numbers of flows come from, if others make flows at the same time.
    """

    def __init__(
        self,
        ports: Iterable[int] = (),
        first_flow: int = 0,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self.ports = MAIL_PORTS | set(ports)
        self.open: dict[Key, Flow] = {}
        self.ways: dict[Key, Flow] = {}
        """The open flows by source and destination, each in both directions."""
        self.closing: OrderedDict[Key, float] = OrderedDict()
        """Flows that have closed, with the time when they did."""
        self.ended: OrderedDict[Key, int] = OrderedDict()
        """Flows that are gone, so that their last acknowledgments do not look like new ones."""
        self.probation: OrderedDict[Key, list[Segment]] = OrderedDict()
        self._numbers = numbers if numbers is not None else count(first_flow)
        self.flows = first_flow
        """Flows so far, those before the first one included."""
        self.tcp_segments = 0
        self._looked = 0.0

    def feed(self, segment: Segment) -> Iterable[Result]:
        """Each flow that a segment moves, with what it brings."""
        self.tcp_segments += 1
        flow = self.ways.get(segment[2:6])
        if flow is None:
            return self._begin(_key(segment), segment)
        if segment.flags & (SYN | ACK) == SYN and self._reused(flow, segment):
            return [self._end(flow.key), *self._begin(flow.key, segment)]
        events = flow.feed(segment)
        if flow.finished:
            self.closing.setdefault(flow.key, segment.time)
        return ((flow, events),)

    def expire(self, now: float) -> Iterator[Result]:
        """End the flows whose time is over; ``now`` is the time of the latest segment.

        Called once for a batch, not for a packet.
        """
        while self.closing:
            key, since = next(iter(self.closing.items()))
            if len(self.closing) <= LINGERING and now - since < LINGER_SECONDS:
                break
            yield self._end(key)
        if len(self.open) > OPEN_FLOWS or now - self._looked > LOOK_SECONDS:
            self._looked = now
            for key in self._silent(now):
                yield self._end(key)

    def _silent(self, now: float) -> list[Key]:
        """Flows that have said nothing for too long, or for longest where there are too many."""
        ages = sorted((flow.end, key) for key, flow in self.open.items())
        many = len(ages) - OPEN_FLOWS
        spare = many + OPEN_FLOWS // 10 if many > 0 else 0
        return [
            key
            for place, (end, key) in enumerate(ages)
            if place < spare or now - end >= IDLE_SECONDS
        ]

    def interrupt(self) -> Iterator[Result]:
        """The capture was interrupted: the flows that it cuts, those that have not closed."""
        for flow in self.open.values():
            if not flow.finished:
                yield flow, flow.interrupt()

    def finish(self) -> Iterator[Result]:
        """End all flows: those that have closed in that order, the others as they appeared.

        So the order does not depend on where a batch ended.
        """
        for key in list(self.closing):
            yield self._end(key)
        for key in sorted(self.open, key=lambda k: self.open[k].number):
            yield self._end(key)

    def _end(self, key: Key) -> Result:
        """Forget a flow; what it still had to give."""
        flow = self.open.pop(key)
        self.ways.pop(key, None)
        self.ways.pop(key[2:] + key[:2], None)
        self.closing.pop(key, None)
        self.ended[key] = flow.number
        self.ended.move_to_end(key)
        if len(self.ended) > REMEMBERED_ENDS:
            self.ended.popitem(last=False)
        events = flow.finish()
        flow.over = True
        return flow, events

    @staticmethod
    def _reused(flow: Flow, segment: Segment) -> bool:
        """Whether a SYN opens another connection between the same ports."""
        opener = (segment.source, segment.source_port) == flow.client
        half = flow.half_client if opener else flow.half_server
        return flow.midway or half.base != (segment.seq + 1) % (1 << 32) or not opener

    def _begin(self, key: Key, segment: Segment) -> Iterator[Result]:
        """The first segment of a flow, or one that belongs to none."""
        syn = segment.flags & SYN
        if segment.source_port not in self.ports and segment.destination_port not in self.ports:
            yield from self._probe(key, segment)
        elif syn or (segment.length and key not in self.ended):
            yield from self._follow(key, (segment,))

    def _follow(self, key: Key, segments: Iterable[Segment]) -> Iterator[Result]:
        """Make a flow and feed it what has been seen of it."""
        flow: Flow | None = None
        for segment in segments:
            if flow is None:
                flow = self._make(key, segment)
                self.open[key] = self.ways[key] = self.ways[key[2:] + key[:2]] = flow
                self.ended.pop(key, None)
            yield flow, flow.feed(segment)

    def _make(self, key: Key, segment: Segment) -> Flow:
        """A flow whose client is the one that sent the SYN, or does not have the mail port."""
        one = Endpoint(segment.source, segment.source_port)
        two = Endpoint(segment.destination, segment.destination_port)
        syn = bool(segment.flags & SYN)
        if syn:
            backwards = bool(segment.flags & ACK)
        else:
            backwards = one.port in self.ports and two.port not in self.ports
        client, server = (two, one) if backwards else (one, two)
        self.flows += 1
        return Flow(next(self._numbers), key, segment, client, server, midway=not syn)

    def _probe(self, key: Key, segment: Segment) -> Iterator[Result]:
        """Wait for the greeting and the hello of a connection on a port that is no mail port."""
        held = self.probation.get(key)
        if held is None:
            if segment.flags & (SYN | ACK) != SYN:
                return
            held = self.probation[key] = []
            if len(self.probation) > PROBATION_FLOWS:
                self.probation.popitem(last=False)
        held.append(segment)
        spoken = self._spoken(held)
        if spoken is None and len(held) <= PROBATION_SEGMENTS:
            return
        del self.probation[key]
        if spoken:
            yield from self._follow(key, held)

    @staticmethod
    def _spoken(held: list[Segment]) -> bool | None:
        """Whether the first bytes of both sides are SMTP; None while they cannot tell."""
        opener = (held[0].source, held[0].source_port)
        server = b"".join(s.payload for s in held if (s.source, s.source_port) != opener)
        client = b"".join(s.payload for s in held if (s.source, s.source_port) == opener)
        if (client and len(server) < len(b"220 ")) or (
            len(server) >= len(b"220 ") and not GREETING.match(server)
        ):
            return False if client or server else None
        if len(client) < len(b"EHLO "):
            return None
        return bool(HELLO.match(client))
