"""A line to a capturing program: read, listened to, and opened again when it ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import time
from dataclasses import replace
from typing import Final

from dissect.errors import CaptureError, SeamarkError
from dissect.escape import visible
from dissect.source.clock import SAME, Clock, Offset
from dissect.source.descriptor import some
from dissect.source.parts import After
from dissect.source.tap import Line, Tap, connect, end

TAIL: Final = 4_096
"""Bytes kept of what the programs behind a source say."""

PIECE: Final = 1 << 16
"""Bytes of it that are read at a time."""

BY_KERNEL: Final = re.compile(rb"(\d+) packets? dropped by kernel")
BY_INTERFACE: Final = re.compile(rb"(\d+) packets? dropped by interface")
BY_DUMPCAP: Final = re.compile(rb"\(pcap:(\d+)/dumpcap:(\d+)/flushed:\d+/ps_ifdrop:(\d+)\)")
COUNTERS: Final = re.compile(rb"packets? (captured|received|dropped)|Packets captured|^File:")

NEWS: Final = re.compile(COUNTERS.pattern + rb"|^seamark: (clock|program) ")
"""Lines that tell nothing of an end."""

LAST_WORDS: Final = 1.0
"""Seconds that the programs get to say why they ended."""

STALLED: Final = 30.0
"""Seconds without a packet and without an answer, of a program that has answered before, from
which on the source is taken for dead."""

LINGER: Final = (10.0, 60.0)
"""Seconds that a program which was told to end may be silent, because the way to it may be cut,
and that it may take in all."""

UNTOLD: Final = (1.0, 10.0)
"""The same where there is nobody to be told, but a pipe that others write to."""

DIAL: Final = 60.0
"""Seconds for one try to connect: ssh itself waits for ever for a shared login that is dead."""

SETTLE: Final = 0.25
"""Seconds behind an end in which it may be told that it was meant: ctrl+c ends all at once."""

FIRST: Final = 1.0
LONGEST: Final = 60.0
"""Seconds between two tries: they double from the first to the longest."""

STEADY: Final = 60.0
"""Seconds of a connection from which on the next try comes as soon as the first."""


class Connection:
    """Reads a line to its end, and listens to the programs behind it.

    Args:
        line: the descriptors; closed here.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._clock = Clock()
        self._said = b""
        self._before = self._now = (0, 0)
        self._answers = self._counts = False
        self._reader: asyncio.Future[bytes] | None = None
        self._linger, self._enough = LINGER if line.lifeline >= 0 else UNTOLD
        self._last = math.inf
        """When nothing more is read, whatever there is."""
        self._heard = self._opened = time.monotonic()
        self._wait = FIRST
        self._over = asyncio.Event()
        self._stalled = False
        self._ear: asyncio.Task[None] | None = None
        self._fresh: list[Line] = []
        self._wake = -1
        """Closed, it ends the thread that connects."""
        self._before_change: Tap | None = None
        """What was captured until it was changed, while it is not known whether that succeeds."""
        self._changed: asyncio.Future[SeamarkError | None] | None = None
        self._refused: SeamarkError | None = None
        """Why the change did not succeed."""

    @property
    def lasts(self) -> bool:
        """Whether it is opened again when it has ended."""
        return self._line.tap is not None and not self._over.is_set()

    @property
    def dropped(self) -> tuple[int, int]:
        """Packets that the kernel and the interface dropped, of all connections."""
        return self._before[0] + self._now[0], self._before[1] + self._now[1]

    @property
    def clock(self) -> Offset | None:
        """By how much the clock of its packets is ahead of ours; None where that is not known."""
        return SAME if self._line.here else self._clock.offset

    @property
    def why(self) -> str:
        """What was said last that is no counter."""
        if self._stalled:
            return f"nothing was heard of it for {STALLED:.0f} seconds"
        lines = self._said.decode("utf-8", "replace").splitlines()
        words = [line.strip() for line in lines if line.strip()]
        told = [line for line in words if not NEWS.search(line.encode())]
        return visible(" ".join(told[-2:]))

    async def read(self, most: int) -> bytes:
        """What there is; at the end, once the programs have said why."""
        if self._ear is None:
            self._ear = asyncio.ensure_future(self._listen(self._line.errors))
            self._question()  # without counters: a program that just begins would die of it
        self._heard = time.monotonic()
        data = await self._piece(most)
        if not data:
            await asyncio.wait({self._ear}, timeout=LAST_WORDS)
            await self._sleep(SETTLE if self.lasts else 0)
        return data

    async def _piece(self, most: int) -> bytes:
        """What comes next; nothing at the end, and where it is not waited for any longer."""
        if time.monotonic() > self._last:
            end(self._line.process)
            return b""
        reader = self._reader = asyncio.ensure_future(some(self._line.out, most))
        if self._over.is_set():
            self._wait_no_longer(self._linger)
        try:
            await asyncio.wait({reader})
        finally:
            reader.cancel()
            self._reader = None
        if reader.cancelled():
            end(self._line.process)
            return b""
        return reader.result()

    def _wait_no_longer(self, after: float) -> None:
        """Let what is being read now be the end, if nothing comes within some seconds."""
        if self._reader is not None:
            asyncio.get_running_loop().call_later(after, self._reader.cancel)

    async def _sleep(self, seconds: float) -> None:
        """Wait, unless it is to end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    async def _listen(self, errors: int) -> None:
        """Take in what the programs behind it say, so that they never wait for us."""
        if errors < 0:
            return
        with contextlib.suppress(OSError):
            while data := await some(errors, PIECE):
                said = self._said + data
                self._said = self._clock.hear(said, time.time())[-TAIL:]
                self._hear(data)
                self._count()

    def _hear(self, data: bytes) -> None:
        """Learn whether it is alive: of a program that counts, only its counters say so."""
        counted = bool(COUNTERS.search(data))
        self._counts = self._counts or counted
        self._answers = self._counts or self._clock.answers > 0
        if counted or not self._counts:
            self._heard = time.monotonic()

    def _count(self) -> None:
        """Learn how many packets were dropped; each count is of all since it was opened."""
        kernel, interface = BY_KERNEL.findall(self._said), BY_INTERFACE.findall(self._said)
        if kernel or interface:
            self._now = (
                int(kernel[-1]) if kernel else 0,
                int(interface[-1]) if interface else 0,
            )
        for pcap, own, lost in BY_DUMPCAP.findall(self._said):
            self._now = (int(pcap) + int(own), int(lost))

    def ask(self) -> None:
        """Let it say how many packets were dropped so far; who never answers any more is ended."""
        if self._line.lifeline < 0:
            return
        quiet = time.monotonic() - self._heard
        if self._answers and self._reader and quiet > STALLED and self.lasts:
            self._stalled = True
            self._let_go()
            self._wait_no_longer(LAST_WORDS)
            return
        self._question(b" count")

    def _question(self, more: bytes = b"") -> None:
        """Ask what time it is, and what else there is to ask."""
        if self._line.lifeline >= 0:
            question = self._clock.question(time.time()) + more
            with contextlib.suppress(OSError):
                os.write(self._line.lifeline, question + b"\n")

    @property
    def changing(self) -> bool:
        """Whether it was ended to capture something else."""
        return self._changed is not None

    def change(self, bpf: str) -> asyncio.Future[SeamarkError | None] | None:
        """Capture something else from now on: it is ended and opened anew, with a gap.

        Args:
            bpf: the filter.

        Returns:
            What is answered once it is open: nothing, or why the new filter cannot be had, and it
            goes on with the one before.  None where nothing can open it anew, or it is being done.
        """
        if self._line.tap is None or self._over.is_set() or self.changing:
            return None
        self._before_change = self._line.tap
        self._line = self._line._replace(tap=replace(self._line.tap, bpf=bpf))
        self._changed = asyncio.get_running_loop().create_future()
        self._let_go()
        self._wait_no_longer(self._linger)
        return self._changed

    def _refuse(self, error: SeamarkError) -> None:
        """The new filter cannot be had: go back to the one before, which may be away by now."""
        if self._refused is None:
            self._refused = error
            self._line = self._line._replace(tap=self._before_change)
        else:
            self._answer()

    def _answer(self, error: SeamarkError | None = None) -> None:
        """Tell who has changed it what came of that."""
        if self._changed is not None:
            self._changed.set_result(self._refused or error)
            self._changed = self._refused = None

    async def after(self) -> After:
        """The same source, connected again; nothing for one that is not, or is to end.

        Raises:
            SeamarkError: if it will never be, without somebody who answers a question.
        """
        if time.monotonic() - self._opened > STEADY:
            self._wait = FIRST
        while (tap := self._line.tap) is not None and not self._over.is_set():
            if not self.changing:
                await self._sleep(self._wait)
                self._wait = min(2 * self._wait, LONGEST)
            line = None if self._over.is_set() else await self._dial(tap)
            if line is not None:
                await self._take(line._replace(tap=tap))
                self._answer()
                return After.CUT
        return After.NOTHING

    async def _dial(self, tap: Tap) -> Line | None:
        """Connect, in a thread of its own, which ``stop`` and ``close`` end; None for no success.

        Raises:
            SeamarkError: if it makes no sense to try again.
        """
        cancelled, self._wake = os.pipe()
        bound = asyncio.get_running_loop().call_later(DIAL, self._hang_up)
        try:
            await asyncio.to_thread(self._connect, tap, cancelled)
        except SeamarkError as error:
            if self.changing:
                self._refuse(error)
            elif not error.passing and self._wake >= 0:
                raise
        finally:
            bound.cancel()
            self._hang_up()
        return self._fresh.pop() if self._fresh else None

    def _connect(self, tap: Tap, cancelled: int) -> None:
        try:
            self._fresh.append(connect(tap, cancelled=cancelled))
        finally:
            os.close(cancelled)
        if self._over.is_set():
            self._drop()

    def _drop(self) -> None:
        """Close what was opened and is not wanted any more."""
        with contextlib.suppress(IndexError):
            self._fresh.pop().close()

    async def _take(self, line: Line) -> None:
        """Go on with another line."""
        await self._deaf()
        self._line.close()
        self._line = line
        self._before, self._now = self.dropped, (0, 0)
        self._said, self._stalled = b"", False
        self._answers = self._counts = False
        self._clock = Clock()
        self._opened = time.monotonic()

    async def _deaf(self) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.cancel()
            await asyncio.gather(ear, return_exceptions=True)

    def _hang_up(self) -> None:
        """Let a thread that connects end."""
        if self._wake >= 0:
            os.close(self._wake)
            self._wake = -1

    def _let_go(self) -> None:
        """Let the programs end."""
        if self._line.lifeline >= 0:
            os.close(self._line.lifeline)
            self._line = self._line._replace(lifeline=-1)

    def stop(self) -> None:
        """Let it end; what it has seen is still read."""
        if not self._over.is_set():
            self._over.set()
            self._answer(CaptureError("The capture has ended."))
            self._last = time.monotonic() + self._enough
            self._wait_no_longer(self._linger)
        self._hang_up()
        self._let_go()

    async def close(self) -> None:
        """Close what is open."""
        self.stop()
        self._drop()
        await self._deaf()
        self._line.close()
        self._line = self._line._replace(out=-1, errors=-1, process=-1)
