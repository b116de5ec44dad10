"""One flow's dialogue: stream events in, dialogue events out."""

from __future__ import annotations

from typing import Final

from dissect.dialogue import redact
from dissect.dialogue.buffer import Buffer, Origin, pieces
from dissect.dialogue.client import ClientReader, Mode
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
    TransactionEnd,
)  # fmt: skip
from dissect.dialogue.grammar import KEPT, MOST, PHASES
from dissect.dialogue.pending import Pending
from dissect.dialogue.replies import Whole, count, next_reply
from dissect.dialogue.transactions import Transactions
from dissect.evidence import FrameFacts, Side
from dissect.streams import Chunk, Closing, Flow, Hole, Missing, Repeat, StreamEvent

SECRETS: Final = 16
"""Credentials remembered, to find them where a server quotes them."""

NOTES: Final = {
    Missing.UNSEEN: NoteKind.UNSEEN,
    Missing.CUT: NoteKind.CUT,
    Missing.LOST: NoteKind.LOST,
}


class Session:
    """Reads one flow.

    Args:
        flow: whose counters and remembered segments are looked at, never changed.
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.out: list[DialogueEvent] = []
        self.number = 0
        self.phase = "greeting"
        self.client = ClientReader(self, midway=flow.midway)
        self.server = Buffer()
        self.server_mode = Mode.COMMAND
        self.pending = Pending()
        self.transactions = Transactions()
        self.secrets: list[tuple[int, int]] = []
        self.values: list[bytes] = []
        self.replied = flow.midway
        """Whether a reply has come; the first one is the greeting."""
        self.group = 0
        self.early: Reply | None = None
        """A refusal that came while message data was still on its way."""
        self.notes: list[Note] = []
        self.opaque_row: Opaque | None = None
        self.tail = (0, 0)
        self.tail_repeats = 0
        self.holes = 0
        self.encrypted = False

    def feed(self, events: list[StreamEvent]) -> list[DialogueEvent]:
        """Take what the streams brought; give what it says."""
        out = self.out = []
        for event in events:
            if type(event) is Chunk:
                if event.side is Side.CLIENT:
                    self._client(event)
                else:
                    self._server(event)
            elif type(event) is Hole:
                self._hole(event)
            elif type(event) is Repeat:
                self._repeat(event)
            elif type(event) is Closing:
                self._closing(event)
        return out

    # The client's bytes, and what its reader tells.

    def _client(self, chunk: Chunk) -> None:
        """New bytes from the client."""
        self.tail = (chunk.frame, chunk.offset)
        self.tail_repeats = 0
        reader = self.client
        reader.buffer.add(chunk)
        reader.blind = not self.flow.half_server.seen
        reader.read()

    def command(
        self, verb: str, line: bytes, ending: bytes, origin: Origin, **more: object
    ) -> None:
        """A command line, an AUTH answer, or message data, from the client's reader."""
        start, size = more["start"], more.get("size", len(line) + len(ending))
        assert isinstance(start, int)  # noqa: S101 - the reader gives numbers
        assert isinstance(size, int)  # noqa: S101
        if not self.pending:
            self.group += 1
        command = Command(
            number=self._next(), verb=verb, line=line, time=origin.time, offset=start, size=size,
            ending=ending, frames=origin.frames, seams=origin.seams,
            pieces=self._pieces(Side.CLIENT, origin, start + size), group=self.group,
            phase=self.phase, segments=int(str(more.get("segments", len(origin.frames)))),
            strict=bool(more.get("strict", True)),
        )  # fmt: skip
        self.phase = PHASES.get(verb, self.phase)
        self.out.append(command)
        if verb == END_OF_DATA and self.early is not None:
            early, self.early = self.early, None
            self._paired(Exchange(command, early))
            return
        self.pending.push(command)
        if len(self.pending) > MOST or self.client.blind:
            self._paired(Exchange(self.pending.queue.popleft(), None, unseen=True))

    def secret(self, start: int, value: bytes) -> None:
        """A credential stands at a stream offset of the client."""
        self.secrets = [*self.secrets[-SECRETS:], (start, start + len(value))]
        self.values = [*self.values[-SECRETS:], value]

    def opaque(
        self, kind: OpaqueKind, offset: int, size: int, origin: Origin, side: Side = Side.CLIENT
    ) -> None:
        """Bytes that are not read; a stretch of them is one event that grows."""
        last = self.opaque_row
        if last and (last.kind, last.side, last.number) == (kind, side, self.number - 1):
            frames = (last.frames[0], origin.frames[-1])
            row = last._replace(size=last.size + size, time=origin.time, frames=frames)
        else:
            row = Opaque(self._next(), kind, side, origin.time, offset, size, origin.frames)
        self.opaque_row = row
        self.out.append(row)

    def tls(self) -> None:
        """From here on both sides speak TLS."""
        self.encrypted = True
        self.phase = "tls"
        self.client.mode = self.server_mode = Mode.OPAQUE
        self._read_server()

    # The server's bytes.

    def _server(self, chunk: Chunk) -> None:
        """New bytes from the server."""
        self.server.add(chunk)
        self._read_server()

    def _read_server(self) -> None:
        """Read all replies that are complete."""
        buffer = self.server
        while len(buffer):
            if self.server_mode is Mode.OPAQUE:
                size, start = len(buffer), buffer.start
                self.opaque(OpaqueKind.TLS, start, size, buffer.consume(size), Side.SERVER)
                return
            whole = next_reply(buffer)
            if whole is None:
                return
            self._whole(whole)

    def _whole(self, whole: Whole) -> None:
        """A reply, or a line that is none."""
        start = self.server.start
        together = count(self.server) if self.pending.doubtful else 1
        origin = self.server.consume(whole.size)
        if not whole.code:
            self.opaque(OpaqueKind.UNKNOWN, start, whole.size, origin, Side.SERVER)
            return
        lines = tuple(redact.reply(line[:KEPT], self.values) for line in whole.lines)
        reply = Reply(
            self._next(), whole.code, lines, origin.time, start, whole.size, origin.frames,
            origin.seams, self._pieces(Side.SERVER, origin, start + whole.size),
            greeting=not self.replied, acked=self.client.buffer.end,
        )  # fmt: skip
        self.replied = True
        self.out.append(reply)
        self._reply(reply, together)

    def _reply(self, reply: Reply, together: int) -> None:
        """Find the command that a reply answers."""
        if reply.greeting:
            self._paired(Exchange(None, reply))
            return
        if self.client.body is not None and not self.pending:
            if not self._reply_in_data(reply):
                return
        elif reply.code == 354 and not self._awaits_data():  # noqa: PLR2004
            self.client.data_expected()
        missed, command = self.pending.take(reply.code, together)
        for lost in missed:
            self._paired(Exchange(lost, None, unseen=True))
        self._paired(Exchange(command, reply, unseen=command is None and self._half_blind()))
        if command is not None:
            self.client.answered(command, reply)
        self.client.found()
        self.client.read()

    def _awaits_data(self) -> bool:
        """Whether a command waits that a 354 can answer."""
        return any(command.verb in ("DATA", "XEXCH50") for command in self.pending.queue)

    def _reply_in_data(self, reply: Reply) -> bool:
        """A reply while message data is on its way; whether it ended the data."""
        body = self.client.body
        assert body is not None  # noqa: S101 - asked before the call
        if reply.positive or body.broken:
            return self.client.end_body()
        self.early = reply
        self._paired(Exchange(None, reply))
        return False

    def _half_blind(self) -> bool:
        """Whether the client's side is not, or not wholly, in the capture."""
        return not self.flow.half_client.seen or self.flow.midway or bool(self.holes)

    def _paired(self, exchange: Exchange) -> None:
        """An exchange is complete."""
        self.out.append(exchange)
        self.out.extend(self.transactions.exchange(exchange))

    # What TCP did.

    def _hole(self, hole: Hole) -> None:
        """Bytes that will not come."""
        self.holes += hole.length
        if not self.encrypted:
            if hole.side is Side.SERVER:
                self.server.clear()
                self.pending.doubtful = True
                self.replied = True
            else:
                self._client_hole(hole)
        self._note(NOTES[hole.missing], hole.side, hole.time, hole.offset, hole.length, hole.frame)

    def _client_hole(self, hole: Hole) -> None:
        """Bytes of the client that will not come: inside message data they only count."""
        reader = self.client
        if reader.mode is Mode.CHUNK:
            reader.chunk = max(0, reader.chunk - hole.length)
            reader.buffer.clear()
            reader.mode = Mode.CHUNK if reader.chunk else Mode.LOST
            return
        if reader.body is not None:
            reader.body.size += hole.length
        reader.hole(inside_data=reader.body is not None)

    def _repeat(self, repeat: Repeat) -> None:
        """Bytes that came again."""
        if repeat.side is Side.CLIENT:
            self.pending.repeat(repeat)
            if repeat.seams:
                self.client.buffer.seams.extend(repeat.seams)
            if repeat.offset <= self.tail[1] < repeat.offset + repeat.length:
                self.tail_repeats += 1
        elif repeat.seams:
            self.server.seams.extend(repeat.seams)
        kind = NoteKind.CONFLICT if repeat.differs else NoteKind.REPEAT
        self._note(kind, repeat.side, repeat.time, repeat.offset, repeat.length, repeat.frame)

    def _closing(self, closing: Closing) -> None:
        """A FIN or a RST."""
        kind = NoteKind.RESET if closing.reset else NoteKind.FIN
        note = self._note(kind, closing.side, closing.time, closing.offset, 0, closing.frame)
        self.notes = [*self.notes[:15], note]

    def _note(
        self, kind: NoteKind, side: Side, time: float, offset: int, size: int, frame: int
    ) -> Note:
        """Tell of something that TCP did."""
        note = Note(self._next(), kind, side, time, offset, size, (frame,))
        self.out.append(note)
        return note

    # The end.

    def finish(self) -> list[DialogueEvent]:
        """The flow is over: settle what is open."""
        out = self.out = []
        pending = tuple(self.pending.queue)
        self.pending.queue.clear()
        unseen = not self.flow.half_server.seen
        for command in pending:
            self._paired(Exchange(command, None, unseen))
        self.out.extend(self.transactions.end(TransactionEnd.LOST))
        self.out.append(self._ended(pending))
        return out

    def _ended(self, pending: tuple[Command, ...]) -> Ended:
        """Everything that a rule needs in order to say why it ended."""
        flow, client = self.flow, self.flow.half_client
        return Ended(
            number=self._next(), time=flow.end, frame=flow.last_frame, phase=self.phase,
            closed=tuple(self.notes), pending=pending, body=self._unfinished(),
            client_edge=client.edge, client_acked=client.acked,
            tail_frame=self.tail[0], tail_offset=self.tail[1], tail_repeats=self.tail_repeats,
            client_seen=bool(client.seen), server_seen=bool(flow.half_server.seen),
            midway=flow.midway, offloaded=client.offloaded or flow.half_server.offloaded,
            cut=client.cut or flow.half_server.cut, singles=client.singles, tls=self.encrypted,
            holes=self.holes,
        )  # fmt: skip

    def _unfinished(self) -> Command | None:
        """Message data that never ended."""
        body = self.client.body
        if body is None:
            return None
        frames = tuple(sorted({frame for frame in (body.first, body.last) if frame}))
        return Command(
            number=self._next(), verb=END_OF_DATA, line=body.tail, time=body.time,
            offset=body.start, size=body.size, ending=b"", frames=frames, seams=(), pieces=(),
            group=self.group, phase=self.phase, segments=body.segments,
        )  # fmt: skip

    def _next(self) -> int:
        """The next number in the dialogue."""
        self.number += 1
        return self.number - 1

    def _pieces(self, side: Side, origin: Origin, end: int) -> tuple[FrameFacts, ...]:
        """The frames at the seams of a line."""
        if not origin.seams:
            return ()
        recent = self.flow.half(side).recent
        secrets = self.secrets if side is Side.CLIENT else ()
        return pieces(origin.seams, recent, end, secrets)
