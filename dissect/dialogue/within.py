"""The dialogue inside TLS, where there are keys: what is read instead of the encrypted streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from dissect.dialogue.buffer import Origin
from dissect.dialogue.events import (
    DialogueEvent,
    Exchange,
    Note,
    NoteKind,
    Opaque,
    OpaqueKind,
    Tail,
    Transaction,
)  # fmt: skip
from dissect.evidence import Side
from dissect.streams import Chunk, Hole, StreamEvent
from dissect.tls import Inside, Sealed, Texts


class Reader(Protocol):
    """Who reads what was said."""

    encrypted: bool
    phase: str
    replied: bool
    number: int

    def chunk(self, chunk: Chunk) -> None:
        """New bytes of either side."""

    def other(self, event: StreamEvent) -> None:
        """Anything else that TCP brought."""

    def forget(self, side: Side, length: int) -> None:
        """Bytes of one side will not be read."""

    def tell(
        self, kind: NoteKind, side: Side, time: float, offset: int, size: int, frame: int
    ) -> Note:
        """Tell of something beside the dialogue."""
        ...

    def opaque(self, kind: OpaqueKind, offset: int, size: int, origin: Origin, side: Side) -> None:
        """Bytes that are not read."""


class Within:
    """What of a flow is inside TLS.

    Args:
        texts: what tshark reads in TLS records; None where it has no keys.
    """

    __slots__ = ("decrypted", "streams", "texts")

    def __init__(self, texts: Texts | None) -> None:
        self.texts = texts
        self.streams: Inside | None = None
        """The streams inside, once TLS has begun and where there are keys."""
        self.decrypted: int | None = None
        """The number of the first event inside TLS; None while nothing was decrypted."""

    @property
    def state(self) -> str:
        """``encrypted``, ``partly`` or ``decrypted`` where TLS has begun and there are keys."""
        if self.streams is None:
            return ""
        if self.decrypted is None:
            return "encrypted"
        return "partly" if self.streams.closed else "decrypted"

    @property
    def starts(self) -> dict[Side, int]:
        """Stream offsets at which TLS begins, of the sides of which that is known."""
        return {} if self.streams is None else self.streams.starts

    def begin(self, reader: Reader, start: int, chunks: Iterable[Chunk]) -> None:
        """The client's first record stands at a stream offset.

        Args:
            reader: of the dialogue.
            start: that offset.
            chunks: what has come of it.
        """
        assert self.texts is not None
        self.streams = Inside(self.texts, start)
        for chunk in chunks:
            self.feed(reader, chunk)

    def answer(self, reader: Reader, start: int, chunks: Iterable[Chunk]) -> None:
        """The server's first record stands at a stream offset."""
        assert self.streams is not None
        self.streams.begin(start)
        for chunk in chunks:
            self.feed(reader, chunk)

    def feed(self, reader: Reader, event: StreamEvent) -> None:
        """Something behind the beginning of TLS."""
        assert self.streams is not None
        for opened in self.streams.feed(event):
            if isinstance(opened, Sealed):
                self._sealed(reader, opened)
            elif isinstance(opened, Chunk):
                self._begun(reader, opened)
                reader.chunk(opened)
            else:
                reader.other(opened)
                reader.encrypted |= isinstance(opened, Hole)

    def tells(self, event: DialogueEvent) -> bool:
        """Whether an event is about what is behind the beginning of TLS."""
        if self.streams is None or isinstance(event, Exchange | Transaction):
            return False
        sealed = isinstance(event, Opaque) and event.kind is OpaqueKind.TLS
        return sealed or (self.decrypted is not None and event.number >= self.decrypted)

    def finish(self, reader: Reader) -> None:
        """No more will come."""
        for sealed in self.streams.finish() if self.streams is not None else ():
            self._sealed(reader, sealed)

    def _begun(self, reader: Reader, chunk: Chunk) -> None:
        """The dialogue goes on, or begins, inside TLS."""
        if self.streams is not None and self.streams.begun and self.decrypted is None:
            reader.tell(NoteKind.OPENED, chunk.side, chunk.time, chunk.offset, 0, chunk.frame)
            self.decrypted = reader.number
            reader.encrypted = False
            reader.phase = "hello" if reader.replied else "greeting"

    def _sealed(self, reader: Reader, sealed: Sealed) -> None:
        """A record that is not read; where it stands in place of text, what follows is lost too."""
        if sealed.lost:
            reader.encrypted = True
            reader.forget(sealed.side, sealed.size)
        origin = Origin(sealed.frames, sealed.time, ())
        reader.opaque(OpaqueKind.TLS, sealed.offset, sealed.size, origin, sealed.side)

    def tail(self, side: Side, found: Tail) -> Tail:
        """How far a side came, by the offsets of the text."""
        streams = self.streams
        if streams is None or self.decrypted is None:
            return found
        stall = found.stall and found.stall._replace(offset=streams.inner(side, found.stall.offset))
        return found._replace(
            sent=streams.inner(side, found.sent), acked=streams.inner(side, found.acked),
            stall=stall,
        )  # fmt: skip
