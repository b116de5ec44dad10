"""One TCP connection: two halves, the order between them, and its counters."""

from __future__ import annotations

from typing import Final

from dissect.evidence import Endpoint, Side
from dissect.segments import ACK, PSH, RST, SYN, Segment
from dissect.streams.events import Closing, Idle, Interruption, StreamEvent
from dissect.streams.half import HALF, HELD_BYTES, MODULUS, Half

PATIENCE_SEGMENTS: Final = 1_024
"""Segments that wait for bytes which they acknowledge, before those count as not captured."""

PATIENCE_SECONDS: Final = 2.0

IDLE_SECONDS: Final = 200.0
"""Silence from which on it is remembered: no middlebox forgets a connection sooner."""

IDLES: Final = 8
LATE: Final = 16
"""Silences, and segments behind a RST, that are remembered of one flow."""

FAR_SACK: Final = 16 << 20
"""Bytes between the stream and a SACK block from which on the block belongs to other numbers."""

QUIET: Final = frozenset({ACK, ACK | PSH})
"""Control bits of nearly every segment."""


class Flow:
    """A connection, from its first segment to its last."""

    __slots__ = (
        "client",
        "end",
        "first_frame",
        "frames",
        "granted",
        "half_client",
        "half_server",
        "idle",
        "interrupted",
        "key",
        "last_frame",
        "midway",
        "number",
        "opened",
        "over",
        "reset",
        "server",
        "start",
        "tcp_stream",
        "waiting",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        key: tuple[str, int, str, int],
        segment: Segment,
        client: Endpoint,
        server: Endpoint,
        *,
        midway: bool,
    ) -> None:
        self.number = number
        self.key = key
        """Where the tracker keeps it."""
        self.over = False
        """Whether the tracker has ended it."""
        self.client = client
        self.server = server
        self.midway = midway
        """Whether the capture lacks its handshake."""
        self.tcp_stream = segment.tcp_stream
        self.start = self.end = segment.time
        self.first_frame = self.last_frame = segment.frame
        self.frames = 0
        self.reset = False
        self.opened = self.granted = 0.0
        """When the SYN, and the SYN that answers it, passed; 0 where they were not seen."""
        self.idle: list[Idle] = []
        self.interrupted = False
        """Whether the capture lacks what passed since the last segment."""
        v6 = ":" in client.address
        self.half_client = Half(Side.CLIENT, v6=v6)
        self.half_server = Half(Side.SERVER, v6=v6)
        self.waiting: list[tuple[Half, Half, Segment]] = []
        """Segments that acknowledge bytes not delivered yet: the sender, its peer, the segment."""

    def half(self, side: Side) -> Half:
        """The bytes that one side sends."""
        return self.half_client if side is Side.CLIENT else self.half_server

    def feed(self, segment: Segment) -> list[StreamEvent]:
        """Take a segment of this flow; give what it brings, in causal order."""
        events: list[StreamEvent] = []
        self.frames += 1
        if segment.source_port == self.client.port and segment.source == self.client.address:
            sender, peer = self.half_client, self.half_server
        else:
            sender, peer = self.half_server, self.half_client
        if segment.time - self.end > IDLE_SECONDS and not self.interrupted:
            self._silence(sender, segment)
        self.interrupted = False
        self.last_frame = segment.frame
        self.end = segment.time
        if segment.ttl != sender.ttl:
            sender.stray(segment)
        if segment.sack:
            self._sacked(sender, peer, segment)
        if self.reset and sender.reset and not segment.flags & RST:
            sender.after_reset = [*sender.after_reset[:LATE], segment.frame]
        if (
            segment.flags in QUIET
            and not self.waiting
            and self._plain(sender, peer, segment, events)
        ):
            return events
        self._count(sender, peer, segment)
        if segment.flags & ACK and self._early(peer, segment):
            self.waiting.append((sender, peer, segment))
        else:
            before = (sender.edge, sender.fin)
            self._take(sender, peer, segment, events)
            if self.waiting and before != (sender.edge, sender.fin):
                self._ready(events)
        if self.waiting or sender.held:
            self._settle(segment, events)
        return events

    def _silence(self, sender: Half, segment: Segment) -> None:
        """Remember a long silence, and what ended it."""
        frames = (self.last_frame, segment.frame)
        idle = Idle(
            segment.time - self.end, sender.side, sender.offset(segment.seq), segment.length, frames
        )
        self.idle = [*self.idle[1 - IDLES :], idle]

    @staticmethod
    def _sacked(sender: Half, peer: Half, segment: Segment) -> None:
        """Remember SACK blocks that are nowhere near what the peer has sent.

        A block below the acknowledgment is a duplicate's (RFC 2883), and one a little ahead may
        be of bytes that the capture lacks.
        """
        if peer.base is None or len(sender.sack_strays) >= LATE:
            return
        edges = [peer.offset(edge) for block in segment.sack for edge in block]
        if any(abs(edge - peer.edge) > FAR_SACK for edge in edges):
            sender.sack_strays.append(segment.frame)
        else:
            peer.sacked = (edges[0], edges[1])

    @staticmethod
    def _plain(sender: Half, peer: Half, segment: Segment, events: list[StreamEvent]) -> bool:
        """The common case: it acknowledges what is there, and brings nothing or the next bytes."""
        mine, theirs = sender.base, peer.base
        if mine is None or theirs is None or sender.held or not peer.seen:
            return False
        edge = peer.edge
        acked = edge + ((segment.ack - theirs - edge + HALF) % MODULUS) - HALF
        if acked > edge + (peer.fin is not None):
            return False
        length = segment.length
        if length:
            edge = sender.edge
            offset = edge + ((segment.seq - mine - edge + HALF) % MODULUS) - HALF
            if offset != edge or length == 1 or sender.fin is not None:
                return False
            sender.bytes += length
            sender.deliver(offset, segment, events)
        sender.seen += 1
        peer.acked = max(peer.acked, acked)
        return True

    def interrupt(self) -> list[StreamEvent]:
        """The capture was interrupted here: what is not seen from now on may have been there.

        Bytes that are missing behind it become holes, as ever.  Neither the silence until the
        next segment nor bytes that were sent in vain so far prove anything any more.
        """
        self.interrupted = True
        self.half_client.stall = self.half_server.stall = None
        return [Interruption(self.last_frame, self.end)]

    def finish(self) -> list[StreamEvent]:
        """Nothing more will come: deliver what waits, with its holes."""
        events: list[StreamEvent] = []
        self._drain(events)
        for half in (self.half_client, self.half_server):
            half.give_up(events)
        return events

    @property
    def finished(self) -> bool:
        """Whether both sides have closed, or one has reset."""
        return self.reset or (self.half_client.finished and self.half_server.finished)

    @staticmethod
    def _count(sender: Half, peer: Half, segment: Segment) -> None:
        """Counters and the options of the handshake, whatever the order of arrival."""
        sender.seen += 1
        length = segment.length
        sender.bytes += length
        if length == 1:
            sender.singles += 1
        if segment.flags & SYN:
            if segment.mss:
                peer.mss = segment.mss
            if sender.base is None:
                sender.base = (segment.seq + 1) % (1 << 32)

    @staticmethod
    def _early(peer: Half, segment: Segment) -> bool:
        """Whether a segment acknowledges bytes that have not been delivered."""
        if not peer.seen or peer.base is None:
            return False
        ahead = peer.offset(segment.ack) - peer.edge - (peer.fin is not None)
        return 0 < ahead <= HELD_BYTES  # further ahead it is no acknowledgment of this stream

    def _take(self, sender: Half, peer: Half, segment: Segment, events: list[StreamEvent]) -> None:
        """Let a segment act whose causes have been delivered."""
        flags, had = segment.flags, peer.acked
        if flags & ACK and peer.base is not None:
            acked = peer.offset(segment.ack)
            if acked <= peer.edge + HELD_BYTES:  # further ahead it is none of this stream
                peer.acked = max(peer.acked, acked)
        if flags & SYN:
            self._shaken(segment)
            if segment.length:
                segment = segment._replace(seq=(segment.seq + 1) % (1 << 32), flags=flags & ~SYN)
                sender.accept(segment, events)
            return
        if flags & RST:
            self._reset(sender, segment, had, events)
            return
        sender.accept(segment, events)
        stall = sender.stall
        if stall is not None and not stall.heard:
            sender.stall = stall._replace(heard=peer.seen)

    def _shaken(self, segment: Segment) -> None:
        """Remember when the handshake passed, from which follows the time to the server."""
        if segment.flags & ACK:
            self.granted = self.granted or segment.time
        else:
            self.opened = self.opened or segment.time

    def _reset(self, sender: Half, segment: Segment, acked: int, events: list[StreamEvent]) -> None:
        """A RST; the bytes of its payload, if any, are a diagnostic (RFC 9293 section 3.5.3)."""
        offset = sender.offset(segment.seq) if sender.base is not None else 0
        self.reset = sender.reset = True
        frame, time, ttl = segment.frame, segment.time, segment.ttl
        edge = sender.edge
        events.append(Closing(sender.side, True, offset, frame, time, ttl, edge, acked))  # noqa: FBT003

    def _settle(self, latest: Segment, events: list[StreamEvent]) -> None:
        """Deliver what has waited long enough."""
        while self.waiting and self._impatient(latest):
            self._force(events)
            self._ready(events)
        for half in (self.half_client, self.half_server):
            if half.held and (half.overflowing() or self._overdue(half, latest)):
                offset, frame, segment = half.held[0]
                half.skip(offset, frame, segment.time, events)
                self._ready(events)

    def _ready(self, events: list[StreamEvent]) -> None:
        """Let act all waiting segments whose causes are there, oldest first."""
        progress = True
        while progress and self.waiting:
            progress = False
            for index, (sender, peer, segment) in enumerate(self.waiting):
                if not (segment.flags & ACK and self._early(peer, segment)):
                    del self.waiting[index]
                    self._take(sender, peer, segment, events)
                    progress = True
                    break

    def _impatient(self, latest: Segment) -> bool:
        """Whether the oldest waiting segment has waited too long."""
        waited = latest.time - self.waiting[0][2].time
        return len(self.waiting) > PATIENCE_SEGMENTS or waited > PATIENCE_SECONDS

    def _overdue(self, half: Half, latest: Segment) -> bool:
        """Whether the peer has acknowledged what is missing, and time has passed since."""
        offset, _, segment = half.held[0]
        return half.acked >= offset and latest.time - segment.time > PATIENCE_SECONDS

    def _force(self, events: list[StreamEvent]) -> None:
        """Give up the bytes that the oldest waiting segment acknowledges."""
        sender, peer, segment = self.waiting.pop(0)
        upto = peer.offset(segment.ack)
        if peer.fin is not None and not peer.finished:
            upto = min(upto, peer.fin[0])
        peer.acked = max(peer.acked, upto)
        while peer.edge < upto:
            peer.skip(upto, segment.frame, segment.time, events)
        self._take(sender, peer, segment, events)

    def _drain(self, events: list[StreamEvent]) -> None:
        """Deliver everything that waits."""
        self._ready(events)
        while self.waiting:
            self._force(events)
            self._ready(events)
