"""Reads the server's stream: bytes to replies, each told to the session that pairs it."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from dissect.dialogue import redact
from dissect.dialogue.buffer import Buffer, Origin, pieces
from dissect.dialogue.client import RETURN, ClientReader
from dissect.dialogue.events import OpaqueKind, Reply
from dissect.dialogue.grammar import KEPT
from dissect.dialogue.pending import Pending
from dissect.dialogue.replies import Whole, count, next_reply
from dissect.evidence import Side
from dissect.streams import Chunk

RECENT: Final = 16
"""Chunks remembered for the frames at a seam."""

CODES: Final = {f"{code} ".encode(): code for code in (220, 221, 235, 250, 251, 354, 450, 550)}
"""The common replies; any other is read the long way."""

GO_AHEAD: Final = 354

make: Final = tuple.__new__
"""Makes a named tuple at half the cost; for the two that there are for nearly every packet."""


class Asker(Protocol):
    """What the reader asks, and whom it tells."""

    pending: Pending
    values: list[bytes]
    client: ClientReader
    number: int
    replied: bool

    def next(self) -> int:
        """The next number in the dialogue."""
        ...

    def plain_reply(self, reply: Reply) -> None:
        """A reply of one line, to the command in front."""

    def reply(self, reply: Reply, together: int) -> None:
        """A reply."""

    def opaque(self, kind: OpaqueKind, offset: int, size: int, origin: Origin, side: Side) -> None:
        """Bytes that are not read."""


class ServerReader:
    """Reads the server's stream."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.buffer = Buffer()
        self.opaque = False
        """Whether the server speaks TLS."""
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
            if self.opaque:
                size, start = len(buffer), buffer.start
                origin = buffer.consume(size)
                self.asker.opaque(OpaqueKind.TLS, start, size, origin, Side.SERVER)
                return
            if self._plain(buffer):
                continue
            whole = next_reply(buffer)
            if whole is None:
                return
            self._whole(whole)

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
        if code == GO_AHEAD and queue[0].verb != "DATA":
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
        lines = whole.lines
        if quoted or whole.size > KEPT:
            lines = redact.reply(lines, asker.values)
        secrets = [(start + left, start + right) for left, right in quoted]
        facts = pieces(origin.seams, self.recent, start + whole.size, secrets)
        reply = Reply(
            asker.next(), whole.code, lines, origin.time, start, whole.size, origin.frames,
            origin.seams, facts, not asker.replied, asker.client.buffer.end,
        )  # fmt: skip
        asker.replied = True
        asker.reply(reply, together)
