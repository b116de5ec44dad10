"""What a screen asks of a live capture while it goes on: packets, another source, another filter.

An order is a line: numbers ask for the packets of these flows; a JSON object has the number of the
order, under ``order``, and beside it one of

* ``start``: sources, as ``dissect.source.tap.written`` has them, and ``again``, whether they are
  connected again when they end by themselves;
* ``filter``: what all sources are to capture from now on;
* ``cancel``: a source that is being connected is not wanted any more.

Each is answered with an ``Answer``.  Nothing is ever asked of the user: ssh has no terminal here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from dissect.analysis.frame import Kept
from dissect.errors import CaptureError, SeamarkError
from dissect.live.beside import Attached
from dissect.live.hidden import named
from dissect.live.watch import Watch
from dissect.source.tap import Line, Tap, connect, lasting, read

LONGEST: Final = 1 << 20
"""Bytes of an order."""


class Answer(NamedTuple):
    """What came of an order."""

    order: int
    error: str = ""
    """Why it could not be done, and what to do; empty where it was done."""


class Orders:
    """Takes orders, a line each.

    Args:
        attached: the watch's surroundings; ended in the end.
        watch: what is watched with; it may grow.
        tell: takes answers.
    """

    def __init__(
        self, attached: Attached, watch: Watch, tell: Callable[[Kept | Answer], None]
    ) -> None:
        self._attached, self._watch, self._tell = attached, watch, tell
        self._run: asyncio.Task[None] | None = None
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._jobs: set[asyncio.Task[None]] = set()
        self._wakes: list[int] = []
        """Closed, they end threads that connect."""

    async def serve(self, lines: Sequence[Line], reader: asyncio.StreamReader) -> None:
        """Watch some sources, and take orders until there are no more."""
        try:
            if lines:
                self._begin(lines)
            while line := await self._next(reader):
                self._take(line)
        finally:
            await self._finish()

    async def _next(self, reader: asyncio.StreamReader) -> bytes:
        """The next order; nothing at the end.

        Raises:
            Exception: whatever has ended the watch.
        """
        line = asyncio.ensure_future(reader.readline())
        ends: set[asyncio.Future[Any]] = {line, self._broken}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if self._broken.done():
            line.cancel()
            self._broken.result()
        return line.result()

    def _begin(self, lines: Sequence[Line]) -> None:
        self._run = asyncio.create_task(self._watch.run(lines))
        self._run.add_done_callback(self._ended)

    def _ended(self, run: asyncio.Task[None]) -> None:
        """A watch that ended by a bug ends all."""
        error = None if run.cancelled() else run.exception()
        if error is not None and not self._broken.done():
            self._broken.set_exception(error)

    async def _finish(self) -> None:
        """Leave nothing behind."""
        self._cancel()
        for task in (*self._jobs, *([self._run] if self._run else [])):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._attached.finish()

    def _take(self, line: bytes) -> None:
        """Do what a line says."""
        if not line.startswith(b"{"):
            self._give(tuple(map(int, line.split())))
            return
        job = asyncio.create_task(self._do(json.loads(line)))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def _give(self, flows: tuple[int, ...]) -> None:
        """Tell the packets of some flows."""
        if (memory := self._attached.memory) is None:
            return
        try:
            kept = memory.kept(flows)
        except CaptureError:  # of a link type that cannot be redacted
            kept = Kept(flows, (), sum(map(memory.missing, flows)), b"")
        self._tell(kept)

    async def _do(self, order: dict[str, Any]) -> None:
        error = ""
        try:
            if "start" in order:
                await self._start([read(tap) for tap in order["start"]], again=order["again"])
            elif "filter" in order:
                await self._change(order["filter"])
            else:
                self._cancel()
        except SeamarkError as failure:
            error = str(failure)
        self._tell(Answer(order["order"], error))

    async def _start(self, taps: Sequence[Tap], *, again: bool) -> None:
        """Connect all, and watch them beside what is watched, or none of them.

        Raises:
            SeamarkError: if one cannot be connected.
        """
        for tap in taps:
            self._watch.check(
                self._named(Line(str(tap), host=tap.host.name if tap.host else "")).name
            )
        lines: list[Line] = []
        try:
            for tap in taps:
                line = await self._connect(tap)
                lines.append(self._named(lasting(line, tap) if again else line))
            await self._put(lines)
        except BaseException:
            for line in lines:
                line.close()
            raise

    def _named(self, line: Line) -> Line:
        """A line under a name that may be shown."""
        redactor = self._watch.settings.redactor
        return named([line], redactor)[0] if redactor else line

    async def _put(self, lines: list[Line]) -> None:
        """Hand lines over; the watch closes them."""
        if self._run is not None and self._watch.goes_on:
            while lines:
                await self._watch.add(lines.pop(0))
            return
        if self._run is not None:
            await asyncio.gather(self._run, return_exceptions=True)
        self._begin(tuple(lines))
        lines.clear()

    async def _connect(self, tap: Tap) -> Line:
        """Connect in a thread of its own, which ``cancel`` ends."""
        cancelled, wake = os.pipe()
        self._wakes.append(wake)
        opened: list[Line] = []
        work = asyncio.create_task(
            asyncio.to_thread(lambda: opened.append(connect(tap, cancelled=cancelled)))
        )
        try:
            await asyncio.shield(work)
            return opened.pop()
        except asyncio.CancelledError:
            self._cancel()
            await asyncio.gather(work, return_exceptions=True)
            for line in opened:
                line.close()
            raise
        finally:
            os.close(cancelled)
            if wake in self._wakes:
                self._wakes.remove(wake)
                os.close(wake)

    def _cancel(self) -> None:
        """Let threads that connect end."""
        while self._wakes:
            with contextlib.suppress(OSError):
                os.close(self._wakes.pop())

    async def _change(self, bpf: str) -> None:
        if not await self._watch.change(bpf):
            raise CaptureError(
                "There is no source whose filter can be changed now.",
                "One that was opened with a password or with --no-reconnect has to be ended (E) "
                "and begun (B) again.",
            )
