"""One flow's dialogue: stream events in, dialogue events out."""

from __future__ import annotations

from collections import deque
from typing import Final

from dissect.dialogue import redact
from dissect.dialogue.buffer import Origin, behind, pieces
from dissect.dialogue.client import ClientReader
from dissect.dialogue.ending import first, tail
from dissect.dialogue.events import (
    END_OF_DATA,
    Command,
    DialogueEvent,
    Ended,
    Exchange,
    Note,
    NoteKind,
    Opaque,
    OpaqueKind,
    Reply,
    Reset,
    TransactionEnd,
)  # fmt: skip
from dissect.dialogue.grammar import AFFINITY, MOST, PHASES
from dissect.dialogue.listener import Said
from dissect.dialogue.mode import Mode
from dissect.dialogue.pending import Pending
from dissect.dialogue.server import GO_AHEAD, RECENT, ServerReader, make
from dissect.dialogue.transactions import Transactions
from dissect.dialogue.within import Within
from dissect.evidence import FrameFacts, Side
from dissect.streams import (
    Chunk,
    Closing,
    Copies,
    Flow,
    Hole,
    Interruption,
    Missing,
    Repeat,
    StreamEvent,
)  # fmt: skip
from dissect.tls import Texts

SECRETS: Final = 16
"""Credentials remembered, to find them where a server quotes them."""

UNHEARD: Final = 16
"""Segments of the client after which a server that has not been seen will not be."""

ONLY: Final = frozenset({220, 235, 334, 354})
"""Codes that answer nothing else; 221 may be said to anything by a server that has enough."""

CHALLENGE: Final = 334
"""RFC 4954 section 4."""

PAUSED: Final = frozenset({Mode.WAIT, Mode.LOST})
"""Modes of the client's reader that a reply ends."""

NOTES: Final = {
    Missing.UNSEEN: NoteKind.UNSEEN,
    Missing.CUT: NoteKind.CUT,
    Missing.LOST: NoteKind.LOST,
}


class Session:
    """Reads one flow.

    Args:
        flow: whose counters and remembered segments are looked at, never changed.
        texts: what tshark reads in TLS records; None where it has no keys.
    """

    def __init__(self, flow: Flow, texts: Texts | None = None) -> None:
        self.flow = flow
        self.within = Within(texts)
        self.out: list[DialogueEvent] = []
        self.number = 0
        self.phase = "greeting"
        self.client = ClientReader(self, midway=flow.midway)
        self.server = ServerReader(self)
        self.pending = Pending()
        self.transactions = Transactions()
        self.secrets: list[tuple[int, int]] = []
        self.values: list[bytes] = []
        self.midway = flow.midway
        self.replied = flow.midway
        """Whether a reply has come; the first one is the greeting."""
        self.group = 0
        self.early: Reply | None = None
        """A refusal that came while message data was still on its way."""
        self.notes: list[Note] = []
        self.resets: list[Reset] = []
        self.last_header = (b"", 0)
        """The header section of the last message, and its stream offset."""
        self.opaque_row: Opaque | None = None
        self.tail = 0
        """Stream offset of the client's last bytes."""
        self.tail_repeats = 0
        self.holes = 0
        self.interrupted = False
        self.recent: deque[Chunk] = deque(maxlen=RECENT)
        """What was read last, to show at a seam."""
        self.encrypted = False

    def feed(self, events: list[StreamEvent]) -> list[DialogueEvent]:
        """Take what the streams brought; give what it says."""
        out = self.out = []
        within = self.within
        for event in events:
            if within.streams is not None:
                within.feed(self, event)
            elif type(event) is Chunk:
                if event.side is Side.CLIENT:
                    self._client(event)
                else:
                    self.server.add(event)
            else:
                self.other(event)
        return out

    def other(self, event: StreamEvent) -> None:
        """Anything but new bytes."""
        if type(event) is Hole:
            self._hole(event)
        elif type(event) is Repeat:
            self._repeat(event)
        elif type(event) is Closing:
            self._closing(event)
        elif type(event) is Interruption:
            self.interrupted = True
            self.tell(NoteKind.INTERRUPTED, Side.CLIENT, event.time, self.tail, 0, event.frame)

    def chunk(self, chunk: Chunk) -> None:
        """New bytes of either side."""
        if chunk.side is Side.CLIENT:
            self._client(chunk)
        else:
            self.server.add(chunk)

    def tls_of_server(self, start: int) -> None:
        """The server's first record stands at a stream offset."""
        self.within.answer(self, start, behind(self.server.recent, start))

    # The client's bytes, and what its reader tells.

    def _client(self, chunk: Chunk) -> None:
        """New bytes from the client."""
        self.recent.append(chunk)
        self.tail = chunk.offset
        self.tail_repeats = 0
        reader = self.client
        if reader.body is not None and reader.more(chunk):
            return
        reader.buffer.add(chunk)
        flow = self.flow
        reader.blind = not flow.half_server.seen and flow.half_client.seen > UNHEARD
        reader.read()

    def command(self, said: Said, origin: Origin) -> None:
        """A command line, an AUTH answer, or message data, from the client's reader."""
        verb, line, ending, start, size, segments, strict, oddity = said
        if not self.pending.queue:
            self.group += 1
        number = self.number
        self.number = number + 1
        facts: tuple[FrameFacts, ...] = ()
        if origin.seams:
            facts = pieces(origin.seams, self.recent, start + size, self.secrets)
        command = Command(
            number, verb, line, origin.time, start, size, ending, origin.frames, origin.seams,
            facts, self.group, self.phase, 0, segments, strict, oddity,
        )  # fmt: skip
        self.phase = PHASES.get(verb, self.phase)
        self.out.append(command)
        if verb == END_OF_DATA and self.early is not None:
            early, self.early = self.early, None
            self._paired(Exchange(command, early))
            return
        self.pending.push(command)
        if len(self.pending) > MOST:
            self._paired(Exchange(self.pending.queue.popleft(), None, unseen=True))

    def plain(self, verb: str, line: bytes, start: int, frame: int, time: float) -> None:
        """A command line of an envelope, in one segment: most commands are such."""
        queue = self.pending.queue
        if not queue:
            self.group += 1
        number = self.number
        self.number = number + 1
        command = make(
            Command,
            (
                number, verb, line, time, start, len(line) + 2, b"\r\n", (frame,), (), (),
                self.group, self.phase, 0, 1, True, None,
            ),
        )  # fmt: skip
        self.phase = PHASES[verb]
        self.out.append(command)
        queue.append(command)
        if len(queue) > MOST:
            self._paired(Exchange(queue.popleft(), None, unseen=True))

    def header(self, header: bytes, start: int) -> None:
        """Remember the header section of the last message."""
        self.last_header = (header, start)

    def secret(self, start: int, value: bytes) -> None:
        """A credential stands at a stream offset of the client."""
        self.secrets = [*self.secrets[-SECRETS:], (start, start + len(value))]
        self.values = [*self.values[-SECRETS:], value]

    def opaque(
        self,
        kind: OpaqueKind,
        offset: int,
        size: int,
        origin: Origin,
        side: Side = Side.CLIENT,
        feeds: int = 0,
    ) -> None:
        """Bytes that are not read; a stretch of them is one event that grows."""
        last = self.opaque_row
        goes_on = last is not None and last.offset + last.size == offset
        if last is not None and goes_on and (last.kind, last.side) == (kind, side):
            frames = tuple(sorted({last.frames[0], origin.frames[-1]}))
            row = last._replace(
                size=last.size + size, time=origin.time, frames=frames, feeds=last.feeds + feeds
            )
        else:
            row = Opaque(self.next(), kind, side, origin.time, offset, size, origin.frames, feeds)
        self.opaque_row = row
        self.out.append(row)

    def tls(self) -> None:
        """From here on both sides speak TLS."""
        self.encrypted = True
        self.phase = "tls"
        self.server.opaque = True
        if self.within.texts is None:
            self.client.mode = Mode.OPAQUE
        else:
            start = self.client.buffer.start
            self.client.mode = Mode.COMMAND
            self.client.buffer.clear()
            self.within.begin(self, start, behind(self.recent, start))
        self.server.read()

    # What the server's reader tells.

    def plain_reply(self, reply: Reply) -> None:
        """A reply of one line that answers the command in front: most replies are such."""
        self.out.append(reply)
        command = self.pending.queue.popleft()
        self._paired(make(Exchange, (command, reply, False)))
        if self.client.mode in PAUSED:
            self.client.answered(command, reply)
            self.client.found()
            self.client.read()

    def reply(self, reply: Reply, together: int) -> None:
        """A reply; find the command that it answers.

        Args:
            reply: any.
            together: how many replies, this one included, are there to be read.
        """
        self.out.append(reply)
        if reply.greeting:
            self._paired(Exchange(None, reply))
            return
        if self.client.body is not None and not self.pending:
            if not self._reply_in_data(reply):
                return
        elif reply.code in AFFINITY:
            self._foothold(reply.code)
        missed, command = self.pending.take(reply.code, together)
        for lost in missed:
            self._paired(Exchange(lost, None, unseen=True))
        self._paired(Exchange(command, reply, unseen=command is None and self._half_blind()))
        if command is not None:
            if command.verb == "XEXCH50" and reply.code == GO_AHEAD:
                self.pending.queue.appendleft(command)  # its blob is answered too
            self.client.answered(command, reply)
        self.client.found()
        self.client.read()

    def _foothold(self, code: int) -> None:
        """A code that can answer only some verbs: whether one of them waits, and in front.

        Where none does it was missed; where another stands in front, that one's reply was.
        """
        waiting = [command.verb for command in self.pending.queue]
        places = [at for at, verb in enumerate(waiting) if verb in AFFINITY[code]]
        if places and places[0] and code in ONLY:
            self.pending.doubtful = True
        elif not places and self.flow.half_client.seen:
            self._expect(code)

    def _expect(self, code: int) -> None:
        """What the client's next bytes must be after a reply to a command that was missed."""
        if code == GO_AHEAD:
            self.client.data_expected()
        elif code == CHALLENGE:
            self.client.answer_expected()

    def _reply_in_data(self, reply: Reply) -> bool:
        """A reply while message data is on its way; whether it ended the data."""
        body = self.client.body
        assert body is not None
        if reply.positive or body.broken:
            return self.client.end_body()
        self.early = self.early or reply
        self._paired(Exchange(None, reply, unseen=True))  # its data is still to come
        return False

    def _half_blind(self) -> bool:
        """Whether the client's side is not, or not wholly, in the capture."""
        partial = bool(self.holes) or self.interrupted
        return not self.flow.half_client.seen or self.flow.midway or partial

    def _paired(self, exchange: Exchange) -> None:
        """An exchange is complete."""
        self.out.append(exchange)
        ended = self.transactions.exchange(exchange)
        if ended:
            self.out.extend(ended)

    # What TCP did.

    def _hole(self, hole: Hole) -> None:
        """Bytes that will not come."""
        self.holes += hole.length
        if not self.encrypted:
            self.forget(hole.side, hole.length)
        self.tell(NOTES[hole.missing], hole.side, hole.time, hole.offset, hole.length, hole.frame)

    def forget(self, side: Side, length: int) -> None:
        """Bytes of one side will not be read, and what was begun is not whole."""
        if side is Side.SERVER:
            self.server.buffer.clear()
            self.pending.doubtful = True
            self.replied = True
        else:
            self._client_hole(length)

    def _client_hole(self, length: int) -> None:
        """Bytes of the client that will not come: inside message data they only count."""
        reader = self.client
        if reader.mode is Mode.CHUNK:
            reader.chunk = max(0, reader.chunk - length)
            reader.buffer.clear()
            reader.mode = Mode.CHUNK if reader.chunk else Mode.LOST
            return
        if reader.body is not None:
            reader.body.missed(length)
        reader.hole(inside_data=reader.body is not None)

    def _repeat(self, repeat: Repeat) -> None:
        """Bytes that came again."""
        if repeat.side is Side.CLIENT:
            self.pending.repeat(repeat)
            if repeat.seams:
                self.client.buffer.mark(repeat.seams)
            if repeat.offset <= self.tail < repeat.offset + repeat.length:
                self.tail_repeats += 1
        elif repeat.seams:
            self.server.buffer.mark(repeat.seams)
        kind, copies = NoteKind.REPEAT, None
        if repeat.copies is not None:
            kind, copies = NoteKind.CONFLICT, self._copies(repeat.side, repeat.copies)
        self.tell(
            kind, repeat.side, repeat.time, repeat.offset, repeat.length, repeat.frame, copies
        )

    def _copies(self, side: Side, copies: Copies) -> Copies | None:
        """Two copies that may be shown: not encrypted, and of the client's only what was read.

        What was not read yet may hold credentials.
        """
        if self.encrypted or self.within.streams is not None:
            return None
        if side is Side.SERVER:
            return redact.copies(copies, [], self.values)
        size = max(0, self.client.buffer.start - copies.offset)
        read = Copies(copies.offset, copies.one[:size], copies.two[:size])
        if not size or redact.authenticates(read):
            return None
        return redact.copies(read, self.secrets, self.values)

    def _closing(self, closing: Closing) -> None:
        """A FIN or a RST."""
        kind = NoteKind.RESET if closing.reset else NoteKind.FIN
        note = self.tell(kind, closing.side, closing.time, closing.offset, 0, closing.frame)
        self.notes = [*self.notes[:15], note]
        if closing.reset:
            self.resets = [
                *self.resets[:15], Reset(note, closing.ttl, closing.edge, closing.acked)
            ]  # fmt: skip

    def tell(
        self, kind: NoteKind, side: Side, time: float, offset: int, size: int, frame: int,
        copies: Copies | None = None,
    ) -> Note:  # fmt: skip
        """Tell of something that TCP did."""
        note = Note(self.next(), kind, side, time, offset, size, (frame,), copies)
        self.out.append(note)
        return note

    # The end.

    def finish(self) -> list[DialogueEvent]:
        """The flow is over: settle what is open."""
        out = self.out = []
        self.within.finish(self)
        if not self.flow.half_server.seen:
            self.client.blind = True
            self.client.read()
        pending = tuple(self.pending.queue)
        self.pending.queue.clear()
        unseen = not self.flow.half_server.seen
        body = self._unfinished()
        if body is not None:
            out.append(body)
        self.client.leave()
        unfinished = self.server.leave()
        if unfinished is not None:
            out.append(unfinished)
        for command in pending:
            self._paired(Exchange(command, None, unseen))
        self.out.extend(self.transactions.end(TransactionEnd.LOST))
        self.out.append(self._ended(pending, body, unfinished))
        del self.client, self.server  # they refer back here: without the circle all go at once
        return out

    def _ended(
        self, pending: tuple[Command, ...], body: Command | None, unfinished: Reply | None
    ) -> Ended:
        """Everything that a rule needs in order to say why it ended."""
        flow, client = self.flow, self.flow.half_client
        header, header_start = self.last_header
        return Ended(
            number=self.next(), time=flow.end, frame=flow.last_frame, phase=self.phase,
            closed=tuple(self.notes), pending=pending, body=body,
            tail_repeats=self.tail_repeats,
            client_seen=bool(client.seen), server_seen=bool(flow.half_server.seen),
            midway=flow.midway, offloaded=first(client.offloaded, flow.half_server.offloaded),
            cut=first(client.cut, flow.half_server.cut), singles=client.singles,
            tls=self.encrypted, holes=self.holes,
            client=self.within.tail(Side.CLIENT, tail(client, flow.half_server)),
            server=self.within.tail(Side.SERVER, tail(flow.half_server, client)),
            resets=tuple(self.resets), idle=tuple(flow.idle),
            rtt=max(0.0, flow.granted - flow.opened) if flow.opened and flow.granted else 0.0,
            chunk=self.client.chunk if self.client.mode is Mode.CHUNK else 0,
            header=header, header_start=header_start,
            unfinished=unfinished, head=self.client.head, interrupted=self.interrupted,
        )  # fmt: skip

    def _unfinished(self) -> Command | None:
        """Message data that never ended."""
        body = self.client.body
        if body is None:
            return None
        frames = tuple(sorted({frame for frame in (body.first, body.last) if frame}))
        self.header(body.header, body.start)
        return Command(
            number=self.next(), verb=END_OF_DATA, line=body.tail, time=body.time,
            offset=body.start, size=body.size, ending=b"", frames=frames, seams=(), pieces=(),
            group=self.group, phase=self.phase, segments=body.segments,
            oddity=body.oddities.told(),
        )  # fmt: skip

    def next(self) -> int:
        """The next number in the dialogue."""
        self.number += 1
        return self.number - 1
