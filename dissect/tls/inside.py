"""Both directions of a flow inside TLS: what tshark has opened, as if it had come in the clear."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Final

from dissect.evidence import Seam, Side
from dissect.streams import Chunk, Closing, Hole, Interruption, Repeat, StreamEvent
from dissect.tls.records import TEXT, Record, Records
from dissect.tls.sealed import Sealed
from dissect.tls.texts import Texts

REMEMBERED: Final = 256
"""Records whose place is remembered, for what TCP does with their bytes later."""

Opened = StreamEvent | Sealed


class _Direction:
    """One side's records, and where their texts are.

    Stream offsets go on inside as if the text had come in place of the first record.
    """

    def __init__(self, side: Side, start: int, texts: Texts) -> None:
        self.side = side
        self.start = start
        self.records = Records(start)
        self.begun = False
        """Whether a record of it has been opened."""
        self.edge = start
        """Stream offset behind the text, inside."""
        self._texts = texts
        self._last = 0
        """The frame that brought the last text."""
        self._outer = deque([start], maxlen=REMEMBERED)
        self._inner = deque([start], maxlen=REMEMBERED)

    def open(self, record: Record) -> Opened | None:
        """What a record says; None for one that says nothing to the dialogue."""
        known = record.kind == TEXT and self._texts.has(record.content)
        text = self._texts.claim(record.content) if known else None
        if text is not None:
            return self._text(record, text)
        if self.begun and record.kind and not known:
            return None  # a ticket, a new key, an alert: TLS speaks for itself
        return self.sealed(record, lost=self.begun or known)

    def sealed(self, record: Record, *, lost: bool = False) -> Sealed:
        """A record that is not read."""
        self._remember(record)
        frames = tuple(sorted({record.first, record.segment.frame}))
        return Sealed(self.side, record.offset, record.size, frames, record.time, lost)

    def _text(self, record: Record, text: bytes) -> Chunk:
        """A record's text, as bytes that came with its last frame."""
        frame, offset = record.segment.frame, self.edge
        seams = (Seam(offset, self._last, frame, False, True),) if self.begun else ()  # noqa: FBT003
        self.begun, self._last = True, frame
        self.edge += len(text)
        self._remember(record)
        return Chunk(self.side, offset, text, frame, record.time, seams, record.segment)

    def _remember(self, record: Record) -> None:
        self._outer.append(record.offset + record.size)
        self._inner.append(self.edge)

    def inner(self, offset: int) -> int:
        """Where in the text a stream offset of the encrypted bytes is: a record counts as whole.

        What lies behind the last record that came is as far behind the text.
        """
        if offset < self._outer[0]:
            return min(offset, self._inner[0])
        at = bisect_right(self._outer, offset) - 1
        over = offset - self._outer[at] if at == len(self._outer) - 1 else 0
        return self._inner[at] + over

    def hole(self, hole: Hole) -> Hole:
        """Bytes that will not come: nothing behind them can be read."""
        moved = hole._replace(offset=self.edge)
        self.records.lose(hole.offset + hole.length)
        return moved


class Inside:
    """A flow inside TLS.

    Args:
        texts: what tshark has opened.
        start: stream offset of the client's first record.
    """

    def __init__(self, texts: Texts, start: int) -> None:
        self.closed = False
        """Whether text was lost: half a dialogue would mislead, so all the rest stays sealed."""
        self._texts = texts
        self._sides = {Side.CLIENT: _Direction(Side.CLIENT, start, texts)}

    def begin(self, start: int) -> None:
        """The server's first record stands at a stream offset."""
        self._sides[Side.SERVER] = _Direction(Side.SERVER, start, self._texts)

    @property
    def starts(self) -> dict[Side, int]:
        """Stream offsets of the first records."""
        return {side: direction.start for side, direction in self._sides.items()}

    @property
    def begun(self) -> bool:
        """Whether anything was opened."""
        return any(side.begun for side in self._sides.values())

    def feed(self, event: StreamEvent) -> list[Opened]:
        """What a stream event is inside."""
        if isinstance(event, Interruption):
            return [event]
        side = self._sides.get(event.side)
        if side is None:
            return [event]
        if isinstance(event, Chunk):
            return self._chunk(side, event)
        if isinstance(event, Hole):
            self.closed = True
            return [side.hole(event)]
        return [self._repeat(side, event) if isinstance(event, Repeat) else self._closing(event)]

    def _chunk(self, side: _Direction, chunk: Chunk) -> list[Opened]:
        """New encrypted bytes, up to a record that stands in place of text and is not read."""
        found: list[Opened] = []
        for record in side.records.add(chunk):
            event = side.sealed(record) if self.closed else side.open(record)
            found += [event] if event is not None else []
            self.closed |= isinstance(event, Sealed) and event.lost
        return found

    def finish(self) -> list[Sealed]:
        """No more will come: what there is of records that are not whole."""
        rests = ((side, side.records.rest()) for side in self._sides.values())
        return [side.sealed(rest) for side, rest in rests if rest is not None]

    @staticmethod
    def _repeat(side: _Direction, repeat: Repeat) -> Repeat:
        """Its boundaries are none of the text, and its copies are encrypted."""
        start = side.inner(repeat.offset)
        length = side.inner(repeat.offset + repeat.length) - start
        return repeat._replace(offset=start, length=length, seams=())

    def _closing(self, closing: Closing) -> Closing:
        """A FIN or a RST."""
        side = closing.side
        return closing._replace(
            offset=self.inner(side, closing.offset),
            edge=self.inner(side, closing.edge),
            acked=self.inner(side.other, closing.acked),
        )

    def inner(self, side: Side, offset: int) -> int:
        """Where inside a stream offset of a side is."""
        found = self._sides.get(side)
        return offset if found is None else found.inner(offset)
