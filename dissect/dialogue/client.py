"""The client's side: bytes to commands, message data and AUTH answers.

What the next bytes are depends on replies: after DATA, AUTH and STARTTLS nothing is read until
the server has answered, as a server itself does.  ``READERS`` maps the mode to its reader; a
reader consumes something and returns True, or returns False and waits for more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from dissect.dialogue import redact
from dissect.dialogue.body import DOT, TAIL, Body
from dissect.dialogue.buffer import Buffer, Origin
from dissect.dialogue.events import END_OF_DATA, Command, OpaqueKind, Reply
from dissect.dialogue.grammar import (
    BLOB,
    CERTAIN,
    CHUNK,
    KEPT,
    LINE_LIMIT,
    TLS_RECORD,
    WAITS,
)  # fmt: skip
from dissect.dialogue.line import split, verb_of
from dissect.dialogue.listener import Listener, Said
from dissect.dialogue.mode import AFTER, Mode
from dissect.streams import Chunk

GRANTED: Final = {"STARTTLS": 2, "DATA": 3, "AUTH": 3, "X-EXPS": 3, "XEXCH50": 3}
"""First digit of the reply that lets the client go on, where no reply can be seen."""

STALLED: Final = 256 << 10
"""Bytes read ahead of a reply that does not come, before they are taken for message data."""

ENVELOPE: Final = {
    spelling.encode() + b" ": word for word in ("MAIL", "RCPT") for spelling in (word, word.lower())
}
"""The verbs of an envelope, as clients write them."""

RETURN: Final = ord("\r")

AUTHENTICATING: Final = frozenset({"AUTH", "X-EXPS", ""})
"""Verbs behind which a client answers challenges, and the answers themselves."""

UNREAD: Final = frozenset({Mode.COMMAND, Mode.LOST, Mode.WAIT, Mode.ANSWER})
"""Modes in which bytes may wait, at the end of a flow, for more of a line or for a reply."""

PROXY: Final = re.compile(rb"PROXY [ -~]{0,100}\r\n|\r\n\r\n\0\r\nQUIT\n[\x20\x21].(..)", re.DOTALL)
"""Versions 1 and 2, up to the length of what follows (HAProxy, ``proxy-protocol.txt``)."""

HEAD: Final = 16
"""Bytes by which a protocol is known; too few for a credential."""


def preface(data: bytes) -> int:
    """Bytes of the PROXY protocol at the front, if it is there whole; nobody answers it."""
    match = PROXY.match(data)
    if match is None:
        return 0
    size = len(match[0]) + (int.from_bytes(match[1]) if match[1] else 0)
    return size if len(data) >= size else 0


class ClientReader:
    """Reads the client's stream."""

    def __init__(self, listener: Listener, *, midway: bool) -> None:
        self.listener = listener
        self.buffer = Buffer()
        self.mode = Mode.LOST if midway else Mode.COMMAND
        self.body: Body | None = None
        self.chunk = 0
        self.waits = "DATA"
        """The verb whose reply is waited for."""
        self.began = False
        """Whether a command line has been read; before it, and behind STARTTLS, TLS may come."""
        self.upgraded = False
        """Whether cleartext has followed a STARTTLS that was granted: TLS may still come."""
        self.head = b""
        """The first bytes."""
        self.blind = False
        """Whether the capture has nothing of the server, so that no reply will ever come."""

    def read(self) -> None:
        """Read all that can be read now."""
        while len(self.buffer) and READERS[self.mode](self):
            pass

    def more(self, chunk: Chunk) -> bool:
        """Take a chunk that is message data from its first byte to its last, if it is."""
        body, buffer = self.body, self.buffer
        if body is None or len(buffer) or buffer.end != chunk.offset or not body.more(chunk):
            return False
        buffer.skip(chunk)
        return True

    def answered(self, command: Command, reply: Reply) -> None:
        """A reply to a command that was waited for decides what comes next."""
        if self.mode is Mode.WAIT and (command.verb in WAITS or not command.verb):
            after = AFTER.get((command.verb, reply.code // 100), Mode.COMMAND)
            self._enter(after, command.line)
            if after is Mode.COMMAND and command.verb in AUTHENTICATING:
                self._answers()

    def _answers(self) -> None:
        """Pass over answers to challenges that the capture lacks: what was sent before the reply.

        A client that does not wait for the end of its AUTH goes on with a command.
        """
        while (line := self.buffer.line()) is not None:
            text, _ = split(line)
            if CERTAIN.match(text) or not redact.RESPONSE.fullmatch(text):
                return
            self.listener.secret(self.buffer.start, text)
            self._skip(len(line))

    def data_expected(self) -> None:
        """The server said 354 although no DATA was seen: all that comes is message data."""
        if self.mode in (Mode.LOST, Mode.COMMAND):
            self._enter(Mode.BODY, b"")

    def answer_expected(self) -> None:
        """The server said 334 although no AUTH was seen: what comes is a credential."""
        if self.mode in (Mode.LOST, Mode.COMMAND):
            self.mode = Mode.ANSWER

    def found(self) -> None:
        """A reply came while the state was not known: the client speaks next, a command."""
        if self.mode is Mode.LOST:
            self.mode = Mode.COMMAND

    def end_body(self) -> bool:
        """The server answered message data whose end was not seen; whether there was any."""
        body = self.body
        if body is None:
            return False
        origin = Origin((body.first, body.last), body.time, ())
        self._end_data(origin, b"")
        return True

    def hole(self, *, inside_data: bool) -> None:
        """Bytes are missing."""
        size = len(self.buffer)
        if size and self.mode is not Mode.OPAQUE:
            start = self.buffer.start
            self.listener.opaque(OpaqueKind.UNKNOWN, start, size, self.buffer.consume(size))
        self.buffer.clear()
        if self.body is not None and inside_data:
            return
        if self.mode in (Mode.COMMAND, Mode.ANSWER, Mode.WAIT):
            self.mode = Mode.LOST

    def leave(self) -> None:
        """The flow is over: what is not a whole line is told of all the same."""
        size = len(self.buffer)
        if size and self.mode in UNREAD:
            self._skip(size)

    def _enter(self, mode: Mode, line: bytes) -> None:
        """Go on in another mode."""
        self.mode = mode
        if mode is Mode.BODY:
            self.body = Body(self.buffer.start if len(self.buffer) else self.buffer.end, 0.0)
        elif mode is Mode.CHUNK and (match := BLOB.match(line)):
            self.chunk = int(match.group(1))

    def _command(self) -> bool:
        """A command line."""
        if not self.began:
            head = self.buffer.rest()[:3]
            if head[:1] in b"\x14\x15\x16\x17" and len(head) < 3:  # noqa: PLR2004 - a TLS header
                return False
            self.began = not self.upgraded
            self.head = self.head or self.buffer.rest()[:HEAD]
            if TLS_RECORD.match(head):
                self.listener.tls()
                return True
            if (size := preface(self.buffer.rest())) and self.buffer.start == 0:
                origin = self.buffer.consume(size)
                self.listener.opaque(OpaqueKind.PROXY, 0, size, origin)
                return True
        while self._plain():
            pass
        if self.mode is not Mode.COMMAND or not len(self.buffer):
            return bool(len(self.buffer))
        line = self.buffer.line()
        if line is None:
            return self._overlong()
        self._line(line)
        return True

    def _plain(self) -> bool:
        """The common case, many times in a pipelined group: an envelope line in one segment.

        It has no seam, no credentials, and the client goes on with commands.
        """
        buffer = self.buffer
        start = buffer.start
        if len(buffer.marks) != 1 or (buffer.seams and buffer.seams[-1].offset > start):
            return False
        data, pos = buffer.data, buffer.pos
        verb = ENVELOPE.get(data[pos : pos + 5])
        end = data.find(b"\n", pos)
        if verb is None or end - pos < 6 or end - pos > KEPT or data[end - 1] != RETURN:  # noqa: PLR2004
            return False
        _, frame, time = buffer.marks[0]
        buffer.advance(end + 1)
        self.listener.plain(verb, data[pos : end - 1], start, frame, time)
        return True

    def _line(self, line: bytes, *, strict: bool = True) -> None:
        """Tell of a command line, and go where it leads."""
        start = self.buffer.start
        text, ending = split(line)
        verb = verb_of(text)
        if text[:1] in redact.FIRST:
            text, secret = redact.command(text)
            if secret:
                self.listener.secret(start + len(text) - len(secret), secret)
        self.mode = Mode.COMMAND
        if verb in WAITS:
            self.mode, self.waits = Mode.WAIT, verb
        elif verb == "BDAT" and (chunk := CHUNK.match(text)):
            self.mode, self.chunk = Mode.CHUNK, int(chunk.group(1))
        origin = self.buffer.consume(len(line))
        said = Said(verb, text[:KEPT], ending, start, len(line), len(origin.frames), strict)
        self.listener.command(said, origin)

    def _overlong(self) -> bool:
        """A line that does not end."""
        if len(self.buffer) <= LINE_LIMIT:
            return False
        self._line(self.buffer.rest()[:LINE_LIMIT])
        return True

    def _wait(self) -> bool:
        """Bytes that cannot be read before a reply; taken for data where none can come."""
        if not self.blind and len(self.buffer) < STALLED:
            return False
        line = self.buffer.line()
        if line is not None and CERTAIN.match(split(line)[0]):
            self._enter(Mode.COMMAND, b"")
        else:
            self._enter(AFTER.get((self.waits, GRANTED[self.waits]), Mode.BODY), b"")
        return True

    def _body(self) -> bool:
        """Message data, up to CRLF.CRLF."""
        body = self.body
        assert body is not None
        data = self.buffer.rest()
        body.resume()
        window = body.tail + data
        at = window.find(DOT)
        if at < 0:
            self._look(data)
            body.add(len(data), self.buffer.consume(len(data)))
            body.tail = window[-TAIL:]
            return False
        size = at + len(DOT) - len(body.tail)
        self._look(data[:size])
        end = self.buffer.start + size
        origin = self.buffer.consume(size)
        body.add(size, origin)
        body.tail = window[max(0, at + len(DOT) - TAIL) : at + len(DOT)]
        seams = tuple(
            sorted({s for s in self.buffer.seams if end - len(DOT) < s.offset < end} | {
                s for s in origin.seams if end - len(DOT) < s.offset < end
            })
        )  # fmt: skip
        self._end_data(Origin((body.first, body.last), body.time, seams), b"\r\n")
        return True

    def _look(self, data: bytes) -> None:
        """Let the message data look at bytes that the buffer holds."""
        body = self.body
        assert body is not None
        body.look(data, self.buffer.start, self.buffer.marks[-1][1])

    def _end_data(self, origin: Origin, ending: bytes) -> None:
        """Message data has ended."""
        body = self.body
        assert body is not None
        self.body = None
        self.mode = Mode.COMMAND
        frames = tuple(sorted({frame for frame in origin.frames if frame}))
        said = Said(
            END_OF_DATA, body.tail, ending, body.start, body.size, body.segments, strict=True,
            oddity=body.oddities.told(),
        )  # fmt: skip
        self.listener.header(body.header, body.start)
        self.listener.command(said, Origin(frames, origin.time, origin.seams))

    def _chunk(self) -> bool:
        """The octets of a BDAT command."""
        size = min(self.chunk, len(self.buffer))
        start = self.buffer.start
        if size:
            feeds = self.buffer.data.count(b"\n", self.buffer.pos, self.buffer.pos + size)
            origin = self.buffer.consume(size)
            self.listener.opaque(OpaqueKind.CHUNK, start, size, origin, feeds=feeds)
        self.chunk -= size
        if not self.chunk:
            self.mode = Mode.COMMAND
        return not self.chunk

    def _answer(self) -> bool:
        """The client's answer to a 334 (RFC 4954 section 4)."""
        line = self.buffer.line()
        if line is None:
            if len(self.buffer) <= LINE_LIMIT:
                return False
            line = self.buffer.rest()[:LINE_LIMIT]
        text, ending = split(line)
        start = self.buffer.start
        self.listener.secret(start, text)
        origin = self.buffer.consume(len(line))
        self.mode = Mode.WAIT
        said = Said("", redact.answer(text)[:KEPT], ending, start, len(line), 1, True)  # noqa: FBT003
        self.listener.command(said, origin)
        return True

    def _lost(self) -> bool:
        """Bytes of an unknown state: skip to a line that can only be a command."""
        line = self.buffer.line()
        if line is None:
            if len(self.buffer) > LINE_LIMIT:
                self._skip(len(self.buffer))
            return False
        if CERTAIN.match(split(line)[0]):
            self._line(line, strict=False)
        else:
            self._skip(len(line))
        return True

    def _skip(self, size: int) -> None:
        """Pass over bytes that are not understood."""
        start = self.buffer.start
        self.listener.opaque(OpaqueKind.UNKNOWN, start, size, self.buffer.consume(size))

    def _tls_start(self) -> bool:
        """After STARTTLS: TLS, or cleartext in a capture that was decrypted."""
        head = self.buffer.rest()[:3]
        if head[:1] in b"\x14\x15\x16\x17":
            if len(head) < 3:  # noqa: PLR2004 - a TLS header
                return False
            self.listener.tls()
        else:
            self.mode = Mode.COMMAND
            self.upgraded = True
            self.began = False
        return True

    def _opaque(self) -> bool:
        """TLS."""
        size = len(self.buffer)
        start = self.buffer.start
        self.listener.opaque(OpaqueKind.TLS, start, size, self.buffer.consume(size))
        return False


READERS: Final[dict[Mode, Callable[[ClientReader], bool]]] = {
    Mode.COMMAND: ClientReader._command,  # noqa: SLF001 - the table of this class
    Mode.WAIT: ClientReader._wait,  # noqa: SLF001
    Mode.BODY: ClientReader._body,  # noqa: SLF001
    Mode.CHUNK: ClientReader._chunk,  # noqa: SLF001
    Mode.ANSWER: ClientReader._answer,  # noqa: SLF001
    Mode.LOST: ClientReader._lost,  # noqa: SLF001
    Mode.TLS_START: ClientReader._tls_start,  # noqa: SLF001
    Mode.OPAQUE: ClientReader._opaque,  # noqa: SLF001
}
