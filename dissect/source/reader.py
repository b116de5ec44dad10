"""pyshark, driving tshark over one capture, with its process in our own hands.

pyshark starts tshark, reads its output and cleans up; its hooks put in our field list, our own
reading of the output (a batch of packets at a time), the whole of stderr and the exit code.
Always with the running event loop: pyshark would otherwise replace the process-wide child
watcher, and fail where Python has none any more (3.14).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from pyshark.capture.capture import Capture

from dissect.segments.decode import FIELDS, OPENED, Row
from dissect.source import keylog, pdml
from dissect.source.file import CaptureFile
from dissect.source.outcome import Outcome, judge
from dissect.source.tshark import Tshark

BUFFER: Final = 1 << 20
"""Bytes read at a time: enough that nothing is done per packet that could be done per batch."""

ENOUGH: Final = BUFFER // 4
"""Bytes in one read from which on the reader is the slower of the two, and need not wait."""

FILL: Final = 0.004
"""Seconds that the pipe gets to fill before it is read."""

STDERR: Final = 64 << 10
"""Bytes of stderr kept, from its end."""

GRACE: Final = 2.0
"""Seconds that a tshark gets to end by itself after SIGTERM."""

Sink = Callable[[list[Row]], None]


class _Pipe:
    """tshark's standard output.

    tshark writes 4 KiB at a time, and a reader that wakes for each spends more on waking than on
    reading: the pipe is made large, and gets a moment to fill.
    """

    def __init__(self) -> None:
        self._fd, self.writer = os.pipe()
        self._got = 0
        os.set_blocking(self._fd, False)
        with contextlib.suppress(AttributeError, OSError):
            fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, BUFFER)  # Linux; others keep theirs

    async def read(self) -> bytes:
        """What there is; empty at the end.  Where there was little last time, after a moment."""
        await asyncio.sleep(0 if self._got >= ENOUGH else FILL)
        while True:
            try:
                data = os.read(self._fd, BUFFER)
            except BlockingIOError:
                await self._readable()
            else:
                self._got = len(data)
                return data

    async def _readable(self) -> None:
        """Wait until there is something, or the end."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(self._fd, wake, ready)
        try:
            await ready
        finally:
            loop.remove_reader(self._fd)
        await asyncio.sleep(FILL)

    def close(self) -> None:
        """Close both ends, once each."""
        for fd in (self._fd, self.writer):
            if fd >= 0:
                os.close(fd)
        self._fd = self.writer = -1

    def started(self) -> None:
        """The process has its end: close ours, so that its end is the end."""
        os.close(self.writer)
        self.writer = -1


def wake(ready: asyncio.Future[None]) -> None:
    """Resolve a future, once."""
    if not ready.done():
        ready.set_result(None)


class _Batches:
    """What pyshark calls an output parser: it hands over all whole packets of a read at once."""

    def __init__(self, pipe: _Pipe, *, opened: bool) -> None:
        self._pipe = pipe
        self._opened = opened

    async def get_packets_from_stream(
        self,
        stream: object,  # noqa: ARG002 - pyshark's contract; ours is the pipe
        existing_data: bytes,
        *,
        got_first_packet: bool = True,  # noqa: ARG002 - likewise
    ) -> tuple[list[Row] | None, bytes]:
        """One batch of rows and the rest; raises EOFError at the end, as pyshark expects."""
        data = await self._pipe.read()
        if not data:
            raise EOFError
        text = existing_data + data
        end = text.rfind(pdml.END) + len(pdml.END)
        if end < len(pdml.END):
            return None, text
        return pdml.rows(text[:end], opened=self._opened), text[end:]


class TsharkCapture(Capture):  # type: ignore[misc]  # pyshark has no types
    """A pyshark capture that keeps what pyshark throws away.

    Args:
        tshark: the program.
        capture: what it reads.
        options: more options of tshark's.
        start: more for the start of its process: another standard input, another user.
    """

    def __init__(
        self,
        tshark: Tshark,
        capture: CaptureFile,
        options: tuple[str, ...],
        start: Mapping[str, Any] | None = None,
    ) -> None:
        self._opened = keylog.opens(options)
        names = (*FIELDS, *OPENED) if self._opened else FIELDS
        fields = [part for name in names for part in ("-e", name)]
        super().__init__(
            eventloop=asyncio.get_running_loop(),
            tshark_path=tshark.path,
            custom_parameters=["-r", capture.path, *options, *fields],
        )
        self.tshark = tshark
        self._start = dict(start or {})
        self.process: asyncio.subprocess.Process | None = None
        self.pipe = _Pipe()
        self.errors: deque[bytes] = deque()

    def __del__(self) -> None:
        """Nothing: pyshark's own would run the loop that is already running."""

    async def _get_tshark_process(self, packet_count: Any = None, stdin: Any = None) -> Any:
        """Start tshark; it inherits standard input, where a capture may come from."""
        command = [self.tshark.path, "-n", "-T", "pdml", *self.get_parameters(packet_count)]
        how = {"stdin": stdin, **self._start}
        self.process = await asyncio.create_subprocess_exec(
            *command, stdout=self.pipe.writer, stderr=asyncio.subprocess.PIPE, **how
        )
        self.pipe.started()
        self._stderr_handling_tasks.append(asyncio.ensure_future(self._keep_stderr(self.process)))
        return self.process

    async def _keep_stderr(self, process: asyncio.subprocess.Process) -> None:
        """Read stderr to its end, whatever bytes it holds, so that tshark never blocks on it."""
        assert process.stderr is not None
        while data := await process.stderr.read(4096):
            self.errors.append(data)
            while sum(map(len, self.errors)) > STDERR:
                self.errors.popleft()

    def _setup_tshark_output_parser(self) -> _Batches:
        return _Batches(self.pipe, opened=self._opened)

    async def close_async(self) -> None:
        """Wait for a tshark that has said all; end one that has not."""
        self.pipe.close()
        process = self.process
        if process is None:
            return
        if not self._eof_reached and process.returncode is None:
            await _end(process)
        await process.wait()
        # Bounded: a child of a wrapper around tshark may keep the pipe open for longer.
        _, late = await asyncio.wait(self._stderr_handling_tasks, timeout=GRACE)
        for task in late:
            task.cancel()


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, and SIGKILL for one that does not listen."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            process.kill()


async def read(
    tshark: Tshark, capture: CaptureFile, sink: Sink, options: tuple[str, ...] = ()
) -> Outcome:
    """Read a capture to its end.

    Args:
        tshark: from ``find_tshark``.
        capture: from ``open_capture``.
        sink: called with every batch of rows; what it raises ends the reading and is passed on.
        options: more options for tshark (a decode-as, a display filter), each its own string.

    Returns:
        How it ended.  Never raises for what tshark does.
    """
    packets = 0

    def count(batch: list[Row]) -> None:
        nonlocal packets
        packets += len(batch)
        sink(batch)

    source = TsharkCapture(tshark, capture, options, capture.start)
    try:
        await source.packets_from_tshark(count)
    except OSError as error:
        source.pipe.close()
        return Outcome("failed", packets, f"tshark cannot be started: {error}")
    assert source.process is not None
    code = source.process.returncode
    assert code is not None
    return judge(code, b"".join(source.errors), packets, filtered="-Y" in options)
