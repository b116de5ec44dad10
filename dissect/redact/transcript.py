"""Listens to a flow's dialogue, and keeps what its packets are to hold instead.

It hears the dialogue as it was, in front of ``Veil``: what a byte is (a command, a credential,
message data, TLS) is known only by the state of both sides.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from dissect.dialogue import OpaqueKind, Session, redact
from dissect.dialogue.events import END_OF_DATA, Command, DialogueEvent, Opaque, Reply
from dissect.evidence import Side
from dissect.redact.lines import Lines
from dissect.redact.spoken import Spoken
from dissect.redact.tls import Records
from dissect.streams import Chunk, Copies, Flow, Hole, Repeat, StreamEvent

LONGEST: Final = 64 << 10
"""Bytes of a line of message data that wait for its end."""

REPEATS: Final = 10_000
"""Repeats that were not what had come first, of which this is remembered: the last ones."""

PROXY2: Final = 16
"""Bytes of the head of HAProxy's binary protocol in front of its addresses."""


class Hearer:
    """What one side has said and nobody has read yet."""

    __slots__ = ("held", "in_body", "records", "spoken", "start")

    def __init__(self, most: int) -> None:
        self.spoken = Spoken(most)
        self.start = 0
        """Stream offset of the first byte that is held."""
        self.held = bytearray()
        self.in_body = False
        """Whether what is held begins with a part of a line of message data."""
        self.records = Records()

    @property
    def end(self) -> int:
        """Stream offset behind what is held."""
        return self.start + len(self.held)

    def take(self, upto: int) -> tuple[int, bytes]:
        """Offset and bytes of what is held before an offset; it is held no more."""
        start, size = self.start, max(0, upto - self.start)
        data = bytes(self.held[:size])
        del self.held[:size]
        self.start += len(data)
        return start, data


class Transcript:
    """One flow.

    Args:
        flow: while it goes on.
        lines: replaces names.
        most: bytes of a side that are remembered; 0 for all.
    """

    def __init__(self, flow: Flow, lines: Lines, most: int = 0) -> None:
        self._flow: Flow | None = flow
        self.ends = tuple(
            (ip_address(end.address).packed, end.port) for end in (flow.client, flow.server)
        )
        """Address and port of the client and of the server."""
        self._lines = lines
        self._hearers = {side: Hearer(most) for side in Side}
        self._repeats: deque[tuple[Side, int, Copies]] = deque(maxlen=REPEATS)

    def side(self, side: Side) -> Spoken:
        """What a side said."""
        return self._hearers[side].spoken

    def feed(self, session: Session, events: Iterable[StreamEvent]) -> list[DialogueEvent]:
        """Let a session read, one event after the other, and hear what it says."""
        found: list[DialogueEvent] = []
        for event in events:
            if type(event) is Chunk:
                self._chunk(event)
            elif type(event) is Repeat and event.copies is not None:
                self._repeats.append((event.side, event.frame, event.copies))
            in_body = session.client.body is not None and not session.within.starts
            told = session.feed([event])
            self._told(session, told)
            if type(event) is Hole:
                self._hole(session, event, in_body=in_body)
            elif session.client.body is not None and not session.within.starts:
                self._body(session, session.client.buffer.start, whole=False)
            found += told
        self._bases()
        return found

    def _bases(self) -> None:
        """Where the streams begin; a flow that goes on may be asked for, too."""
        for side, hearer in self._hearers.items():
            if self._flow is not None:
                hearer.spoken.base = self._flow.half(side).base

    def shed(self) -> None:
        """Forget what was said: the packets that said it are gone."""
        for hearer in self._hearers.values():
            hearer.spoken.shed()

    def end(self, session: Session, told: list[DialogueEvent]) -> None:
        """The flow is over; hear what the session says at the end."""
        self._told(session, told)
        self._bases()
        self._flow = None
        for side, hearer in self._hearers.items():
            self._flush(session, side, hearer.end)
        for side, frame, copies in self._repeats:
            shown = self._lines.unread if side is Side.CLIENT else self._lines.reply
            self.side(side).differs(frame, copies, shown)
        self._repeats.clear()

    def _chunk(self, chunk: Chunk) -> None:
        """New bytes; what a hole has cut was flushed when that was told."""
        hearer = self._hearers[chunk.side]
        if not hearer.held:
            hearer.start = chunk.offset
        hearer.held += chunk.data

    def _hole(self, session: Session, hole: Hole, *, in_body: bool) -> None:
        """What is held will never be whole."""
        hearer = self._hearers[hole.side]
        hearer.in_body = hearer.in_body or (in_body and hole.side is Side.CLIENT)
        self._flush(session, hole.side, hearer.end)
        hearer.start = hole.offset + hole.length
        hearer.records = Records()

    def _told(self, session: Session, told: list[DialogueEvent]) -> None:
        """Take the bytes of which something was told.

        What was said inside TLS has offsets of its own, and in the packets it stays encrypted.
        """
        for event in told:
            if session.within.tells(event):
                continue
            if type(event) is Command:
                self._command(session, event)
            elif type(event) is Reply:
                self._flush(session, Side.SERVER, event.offset + event.size)
            elif type(event) is Opaque:
                self._opaque(session, event)
        for side, start in session.within.starts.items():
            self._flush(session, side, start)
            self._tls(side, self._hearers[side].end)

    def _command(self, session: Session, command: Command) -> None:
        upto = command.offset + command.size
        self._flush(session, Side.CLIENT, command.offset)
        if command.verb == END_OF_DATA:
            self._body(session, upto, whole=True)
        elif command.verb:
            self._flush(session, Side.CLIENT, upto)
        else:
            start, data = self._hearers[Side.CLIENT].take(upto)
            self._hearers[Side.CLIENT].spoken.put(start, self._lines.secret(data))

    def _opaque(self, session: Session, opaque: Opaque) -> None:
        """Bytes that the session does not read; a stretch of them is told again as it grows."""
        hearer, upto = self._hearers[opaque.side], opaque.offset + opaque.size
        if opaque.kind is OpaqueKind.CHUNK:
            self._body(session, upto, whole=False)
        elif opaque.kind is OpaqueKind.TLS:
            self._flush(session, opaque.side, opaque.offset)
            self._tls(opaque.side, upto)
        elif opaque.kind is OpaqueKind.PROXY and not hearer.held.startswith(b"PROXY"):
            start, data = hearer.take(upto)
            hearer.spoken.put(start, data[:PROXY2] + bytes(len(data) - PROXY2))
        else:
            self._flush(session, opaque.side, upto)

    def _tls(self, side: Side, upto: int) -> None:
        """TLS: of its records only the heads stay."""
        hearer = self._hearers[side]
        start, data = hearer.take(upto)
        if data and hearer.spoken.encrypted is None:
            hearer.spoken.encrypted = start
        for at, head in hearer.records.heads(data):
            hearer.spoken.put(start + at, head)

    def _body(self, session: Session, upto: int, *, whole: bool) -> None:
        """Message data: line by line; a part of one waits."""
        hearer = self._hearers[Side.CLIENT]
        size = max(0, upto - hearer.start)
        end = size if whole else hearer.held.rfind(b"\n", 0, size) + 1
        if not end and size > LONGEST:
            end = size
        hearer.in_body = True
        self._flush(session, Side.CLIENT, hearer.start + end)
        hearer.in_body = not whole and size > end

    def _flush(self, session: Session, side: Side, upto: int) -> None:
        """Take what is held before an offset, whatever it is."""
        hearer = self._hearers[side]
        start, data = hearer.take(upto)
        if not data:
            return
        if hearer.in_body:
            hearer.in_body = False
            for at, line in _lines(data):
                hearer.spoken.put_body(start + at, line, self._lines.body(line))
        elif side is Side.SERVER:
            hearer.spoken.put(start, self._reply(session, data))
        else:
            hearer.spoken.put(start, self._unread(session, start, data))

    def _reply(self, session: Session, data: bytes) -> bytes:
        """A server's lines, and the credentials that they quote."""
        shown = bytearray(self._lines.reply(data))
        for left, right in redact.quoted(data, session.values):
            shown[left:right] = self._lines.secret(data[left:right])
        return bytes(shown)

    def _unread(self, session: Session, start: int, data: bytes) -> bytes:
        """A client's lines, and the credentials among them."""
        shown = bytearray(self._lines.unread(data))
        for left, right in session.secrets:
            at, end = max(0, left - start), min(len(data), right - start)
            if at < end:
                shown[at:end] = self._lines.secret(data[at:end])
        return bytes(shown)


class Transcripts:
    """Those of a capture, by the numbers of their flows.

    Args:
        lines: replaces names.
        most: bytes of each side of a flow that are remembered; 0 for all.
    """

    def __init__(self, lines: Lines, most: int = 0) -> None:
        self._lines, self._most = lines, most
        self._all: dict[int, Transcript] = {}

    def open(self, flow: Flow) -> Transcript:
        """One for a new flow."""
        made = self._all[flow.number] = Transcript(flow, self._lines, self._most)
        return made

    def only(self, numbers: Iterable[int]) -> Transcripts:
        """Those of some flows, which stay there whatever is forgotten here."""
        some = Transcripts(self._lines, self._most)
        some._all = {number: self._all[number] for number in numbers if number in self._all}
        return some

    def drop(self, number: int) -> None:
        """Forget a flow: its packets are not wanted."""
        self._all.pop(number, None)

    def shed(self, number: int) -> None:
        """Forget what a flow has said so far."""
        if number in self._all:
            self._all[number].shed()

    def get(self, number: int) -> Transcript | None:
        """The one of a flow; None where there is none."""
        return self._all.get(number)


def _lines(data: bytes) -> Iterable[tuple[int, bytes]]:
    """Lines up to their line feeds, and where they begin."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        yield at, data[at:end]
        at = end
