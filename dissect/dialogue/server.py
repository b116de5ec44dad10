"""Reads the server's stream: bytes to replies, each told to the session that pairs it."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from dissect.dialogue import redact
from dissect.dialogue.buffer import Buffer, Origin, pieces
from dissect.dialogue.client import RETURN, ClientReader
from dissect.dialogue.events import OpaqueKind, Reply
from dissect.dialogue.grammar import AFFINITY, KEPT, REPLY
from dissect.dialogue.pending import Pending
from dissect.dialogue.replies import Whole, begun, count, next_reply
from dissect.dialogue.within import Within
from dissect.evidence import Side
from dissect.streams import Chunk

RECENT: Final = 16
"""Chunks remembered for the frames at a seam."""

CODES: Final = {f"{code} ".encode(): code for code in (220, 221, 235, 250, 251, 354, 450, 550)}
"""The common replies; any other is read the long way."""

GO_AHEAD: Final = 354
OK: Final = 250
READY: Final = 220

PLAINLY: Final = AFFINITY | {GO_AHEAD: ("DATA",)}
"""Codes to the verbs that they answer with nothing more to it."""

FAILURE: Final = 400

make: Final = tuple.__new__
"""Makes a named tuple at half the cost; for the two that there are for nearly every packet."""


class Asker(Protocol):
    """What the reader asks, and whom it tells."""

    pending: Pending
    values: list[bytes]
    client: ClientReader
    number: int
    replied: bool
    midway: bool
    within: Within

    def next(self) -> int:
        """The next number in the dialogue."""
        ...

    def plain_reply(self, reply: Reply) -> None:
        """A reply of one line, to the command in front."""

    def reply(self, reply: Reply, together: int) -> None:
        """A reply."""

    def opaque(self, kind: OpaqueKind, offset: int, size: int, origin: Origin, side: Side) -> None:
        """Bytes that are not read."""

    def tls_of_server(self, start: int) -> None:
        """TLS begins at a stream offset, and there may be keys for it."""


class ServerReader:
    """Reads the server's stream."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.buffer = Buffer()
        self.opaque = False
        """Whether the server speaks TLS, or should."""
        self.encrypted = False
        """Whether it has: a server that does not expect TLS goes on in the clear."""
        self.recent: deque[Chunk] = deque(maxlen=RECENT)

    def add(self, chunk: Chunk) -> None:
        """New bytes."""
        self.recent.append(chunk)
        self.buffer.add(chunk)
        self.read()

    def read(self) -> None:
        """Read all replies that are complete."""
        buffer = self.buffer
        while len(buffer):
            if self.opaque and not self._in_the_clear(buffer):
                self._opaque(buffer)
                return
            if self._plain(buffer):
                continue
            whole = next_reply(buffer)
            if whole is None:
                return
            self._whole(whole)

    def _in_the_clear(self, buffer: Buffer) -> bool:
        """Whether a server whose client speaks TLS still answers in SMTP."""
        if not self.encrypted and REPLY.match(buffer.data, buffer.pos):
            return True
        self.encrypted = True
        return False

    def _opaque(self, buffer: Buffer) -> None:
        """TLS."""
        size, start = len(buffer), buffer.start
        if self.asker.within.streams is not None:
            buffer.clear()
            self.opaque = False
            self.asker.tls_of_server(start)
            return
        origin = buffer.consume(size)
        self.asker.opaque(OpaqueKind.TLS, start, size, origin, Side.SERVER)

    def _plain(self, buffer: Buffer) -> bool:
        """The common case: a reply of one line, in one segment, to the command in front."""
        asker, start = self.asker, buffer.start
        queue = asker.pending.queue
        if not queue or not asker.replied or asker.pending.doubtful or asker.values:
            return False
        if len(buffer.marks) != 1 or (buffer.seams and buffer.seams[-1].offset > start):
            return False
        data, pos = buffer.data, buffer.pos
        end = data.find(b"\n", pos)
        code = CODES.get(data[pos : pos + 4])
        if code is None or end - pos > KEPT or data[end - 1] != RETURN:
            return False
        if code != OK and queue[0].verb not in PLAINLY.get(code, (queue[0].verb,)):
            return False
        _, frame, time = buffer.marks[0]
        buffer.advance(end + 1)
        number = asker.number
        asker.number = number + 1
        reply = make(
            Reply,
            (
                number, code, (data[pos : end - 1],), time, start, end + 1 - pos, (frame,), (), (),
                False, asker.client.buffer.end,
            ),
        )  # fmt: skip
        asker.plain_reply(reply)
        return True

    def _whole(self, whole: Whole) -> None:
        """A reply, or a line that is none."""
        asker, start = self.asker, self.buffer.start
        together = count(self.buffer) if asker.pending.doubtful else 1
        quoted = redact.quoted(self.buffer.rest()[: whole.size], asker.values)
        origin = self.buffer.consume(whole.size)
        if not whole.code:
            asker.opaque(OpaqueKind.UNKNOWN, start, whole.size, origin, Side.SERVER)
            return
        reply = self._made(whole, start, origin, quoted)
        asker.replied = True
        asker.reply(reply, together)

    def _made(
        self, whole: Whole, start: int, origin: Origin, quoted: list[tuple[int, int]]
    ) -> Reply:
        """A reply, with the credentials that it quotes masked."""
        asker, lines = self.asker, whole.lines
        if quoted or whole.size > KEPT:
            lines = redact.reply(lines, asker.values)
        secrets = [(start + left, start + right) for left, right in quoted]
        facts = pieces(origin.seams, self.recent, start + whole.size, secrets)
        return Reply(
            asker.next(), whole.code, lines, origin.time, start, whole.size, origin.frames,
            origin.seams, facts, self._greets(whole.code), asker.client.buffer.end,
        )  # fmt: skip

    def _greets(self, code: int) -> bool:
        """Whether a reply is the greeting: the first one, or a 220 that no STARTTLS asked for."""
        asker = self.asker
        waiting = {command.verb for command in asker.pending.queue}
        if code == READY and asker.midway:
            return "STARTTLS" not in waiting
        answers = code < FAILURE and code != READY and bool(waiting)
        return not asker.replied and not answers

    def leave(self) -> Reply | None:
        """The flow is over: what there is of a reply that never ended."""
        whole = None if self.opaque or not len(self.buffer) else begun(self.buffer)
        if whole is None:
            return None
        start = self.buffer.start
        quoted = redact.quoted(self.buffer.rest()[: whole.size], self.asker.values)
        return self._made(whole, start, self.buffer.consume(whole.size), quoted)
