"""tshark as a decoder that never ends: packets in, rows out, for weeks.

tshark keeps something of every packet and conversation (up to a kilobyte a packet), so after
some packets another one takes over, between two packets.  What the streams and the dialogue know
is ours and not tshark's, so nothing is lost of any conversation; frame numbers go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable
from typing import Final

from dissect.segments.decode import Row
from dissect.source import blocks
from dissect.source.descriptor import available
from dissect.source.file import CaptureFile
from dissect.source.outcome import Outcome, judge
from dissect.source.reader import Sink, TsharkCapture, wake
from dissect.source.records import Record
from dissect.source.rights import unprivileged
from dissect.source.tshark import Tshark

MOST: Final = 200_000
"""Packets that one tshark decodes: 100 to 200 MB of its memory, beside 150 that it begins with."""

DEATHS: Final = 20
"""Of so many tsharks that died it is remembered how."""

PATIENCE: Final = 10.0
"""Seconds that a tshark gets to decode what it was given last."""

PIPE: Final = CaptureFile("-", "-", 0)
LIVE: Final = ("-l",)
"""tshark would otherwise keep rows back until there are enough of them."""


def _has_sections(head: bytes) -> bool:
    """Whether it is that of a pcapng, where each section has a head of its own."""
    return head.startswith(blocks.SECTION.to_bytes(4, "big"))


class _One:
    """One tshark of several in a row.

    Args:
        before: packets that others have decoded.
    """

    def __init__(
        self, tshark: Tshark, sink: Sink, options: tuple[str, ...], before: int, head: bytes
    ) -> None:
        self.given = self.passed = 0
        self._last = 0
        """The number of the last packet that has passed the display filter."""
        self._clean = False
        """Whether it has ended, and decoded all."""
        self._rest = memoryview(b"")
        """What is to be written."""
        self._filtered = "-Y" in options
        self._head = head
        self._before = before
        self._sink = sink
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        start = {"stdin": self._reader, **unprivileged()}
        self._capture = TsharkCapture(tshark, PIPE, (*LIVE, *options), start)
        self._task = asyncio.ensure_future(self._capture.packets_from_tshark(self._take))

    def takes(self, head: bytes) -> bool:
        """Whether records behind this head can be given to it, too."""
        return head == self._head or (_has_sections(head) and _has_sections(self._head))

    @property
    def has_ended(self) -> bool:
        """Whether it decodes no more."""
        return bool(self._task.done())

    @property
    def decoded(self) -> int:
        """Packets that it has done with, those too that did not pass a display filter.

        Of these nobody hears: they are done where later ones are, or where it waits for more.
        """
        if not self._filtered:
            return self.passed
        return self.given if self._clean or self._is_idle else self._last

    @property
    def _is_idle(self) -> bool:
        """Whether it has taken all that there is for it."""
        if self._writer < 0 or self._rest:
            return False
        with contextlib.suppress(OSError):
            return available(self._writer) == 0
        return False

    def _take(self, rows: list[Row]) -> None:
        """Pass rows on, with the numbers that their frames have in all."""
        self.passed += len(rows)
        self._last = int(rows[-1][0])
        if self._before:
            rows = [(b"%d" % (int(row[0]) + self._before), *row[1:]) for row in rows]
        self._sink(rows)

    async def feed(self, data: bytes, packets: int) -> None:
        """Give it packets.

        Raises:
            BrokenPipeError: if it has ended.
        """
        self.given += packets
        await self.write(data)

    async def write(self, data: bytes) -> None:
        """Give it bytes, as fast as it takes them.

        Raises:
            BrokenPipeError: if it has ended.
        """
        self._close_reader()
        self._rest = memoryview(data)
        while self._rest:
            try:
                self._rest = self._rest[os.write(self._writer, self._rest) :]
            except BlockingIOError:
                await self._writable()

    def _close_reader(self) -> None:
        """Our copy of tshark's end: while it is open, nobody hears that tshark has ended."""
        if self._reader >= 0 and self._capture.process is not None:
            os.close(self._reader)
            self._reader = -1

    async def _writable(self) -> None:
        """Wait until there is room, or nobody who makes any."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_writer(self._writer, wake, ready)
        try:
            await asyncio.wait({ready, self._task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_writer(self._writer)
        if self._task.done():
            raise BrokenPipeError

    async def started(self) -> None:
        """Wait until its process is there, or cannot be.

        Raises:
            OSError: if it cannot be started.
        """
        while self._capture.process is None:
            if self._task.done():
                self._task.result()
                return
            await asyncio.sleep(0)
        self._close_reader()

    async def finish(self) -> Outcome:
        """Let it decode what it has, and end."""
        self._close()
        await asyncio.wait({self._task}, timeout=PATIENCE)
        await self.stop()
        process = self._capture.process
        code = (process.returncode if process is not None else None) or 0
        self._clean = not code
        errors = b"".join(self._capture.errors)
        return judge(code, errors, self.passed, filtered=self._filtered)

    async def stop(self) -> None:
        """End it at once."""
        self._close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._capture.close_async()

    def _close(self) -> None:
        for descriptor in {self._reader, self._writer} - {-1}:
            os.close(descriptor)
        self._reader = self._writer = -1


class Decoder:
    """Decodes packets, one tshark after another.

    Args:
        tshark: the program.
        sink: called with every batch of rows.
        options: more options of tshark's.
        most: packets after which another tshark takes over.
    """

    def __init__(
        self, tshark: Tshark, sink: Sink, options: tuple[str, ...] = (), *, most: int = MOST
    ) -> None:
        self.given = 0
        """Packets that were handed over."""
        self.lost = 0
        """Packets that a tshark took with it when it died."""
        self.died: list[Outcome] = []
        """How tsharks ended that should not have, the last of them."""
        self._left_out = 0
        self._tshark, self._sink, self._options = tshark, sink, options
        self._most = most
        self._one: _One | None = None

    @property
    def left_out(self) -> int:
        """Packets that did not pass the display filter."""
        one = self._one
        return self._left_out + (one.decoded - one.passed if one else 0)

    @property
    def decoded(self) -> int:
        """Packets of which rows came, or never will: those left out and those lost, too."""
        return self.given - (self._one.given - self._one.decoded if self._one else 0)

    async def feed(self, head: bytes, records: Iterable[Record]) -> None:
        """Decode some records.

        Args:
            head: what stands in front of the capture's packets (``Records.head``).
            records: in their order.

        Raises:
            OSError: if tshark cannot be started.
        """
        batch = list(records)
        if self._one is not None and self._is_enough(self._one, head):
            await self._replace(head)
        one = self._one or await self._start(head)
        packets = sum(record.is_packet for record in batch)
        self.given += packets
        with contextlib.suppress(BrokenPipeError):  # told of when it is replaced
            await one.feed(b"".join(record.data for record in batch), packets)

    def _is_enough(self, one: _One, head: bytes) -> bool:
        return one.has_ended or one.given >= self._most or not one.takes(head)

    async def _start(self, head: bytes) -> _One:
        self._one = one = _One(self._tshark, self._sink, self._options, self.given, head)
        await one.started()
        await one.write(head)
        return one

    async def _replace(self, head: bytes) -> None:
        """Let another tshark take over; all rows of this one come before any of the next."""
        await self._finish_one()
        await self._start(head)

    async def _finish_one(self) -> None:
        one = self._one
        if one is None:
            return
        early = one.has_ended
        outcome = await one.finish()
        self._one = None
        self.lost += one.given - one.decoded
        self._left_out += one.decoded - one.passed
        if (early or one.decoded < one.given) and one.given:
            self.died = [*self.died[1 - DEATHS :], outcome]

    async def finish(self) -> None:
        """Decode what was handed over, and end."""
        await self._finish_one()

    async def stop(self) -> None:
        """End at once, and leave nothing behind."""
        one, self._one = self._one, None
        if one is not None:
            await one.stop()
