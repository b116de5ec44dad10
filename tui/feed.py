"""Where updates come from: a dissector in a process of its own, so that keys never wait for it.

The worker writes frames to its standard output: four bytes of length, big-endian, and then a
pickled ``Update``.  It is our own program, started by us, so its pickles are trusted; the
traffic that it reads is not.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from dissect.analysis.frame import Kept
from dissect.analysis.model import Progress, Status, Update
from dissect.errors import CaptureError
from dissect.live.orders import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from dissect.source.tap import Line

_LENGTH: Final = 4
_LARGEST_FRAME: Final = 1 << 28
_TAIL: Final = 2000
_PATIENCE: Final = 1.0
_CHUNK: Final = 1 << 16


class Feed(Protocol):
    """A source of updates; the last one has a status that does not go on."""

    def updates(self) -> AsyncIterator[Update]:
        """The updates, as they come."""
        ...

    def stop(self) -> None:
        """Let a live capture end; what was seen is still told."""
        ...

    async def close(self) -> None:
        """Stop, and leave nothing behind; may be called at any time and more than once."""
        ...


class ProcessFeed:
    """A feed that starts a worker process and reads its frames.

    Args:
        command: the worker's argument list.
        capture: the capture's name, for the words of a failure.
        stdin: a file descriptor that the worker reads, where the capture comes through a pipe.
        lines: live sources, which the worker inherits; they are closed here once it has them, so
            that they end with it.
        live: whether it watches sources, and takes orders.
    """

    ANSWERS: ClassVar[tuple[type, ...]] = (Kept, Answer)
    """What the worker sends beside updates."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        capture: str = "",
        stdin: int | None = None,
        lines: Sequence[Line] = (),
        live: bool = False,
    ) -> None:
        self._lines = tuple(lines)
        self._serves = live
        """Whether the worker is asked for packets, also when all is over."""
        self._asked: dict[tuple[int, ...], asyncio.Future[Any]] = {}
        self._ordered: dict[int, asyncio.Future[Answer]] = {}
        self._numbers = count()
        self._there = asyncio.Event()
        """Set once the worker takes orders."""
        self._command = tuple(command)
        self._stdin = asyncio.subprocess.DEVNULL if stdin is None else stdin
        if live:
            self._stdin = asyncio.subprocess.PIPE
        self._process: asyncio.subprocess.Process | None = None
        self._progress = Progress(capture=capture, status=Status.LOADING)
        self._tail = b""
        self._talk: asyncio.Task[None] | None = None
        self._closed = False

    async def updates(self) -> AsyncIterator[Update]:
        """Start the worker and yield what it says; its death becomes a last, failed update."""
        try:
            await self._start()
            while self._progress.status.goes_on or self._serves:
                told = await self._read()
                if not isinstance(told, Update):
                    self._answered(told)
                    continue
                self._progress = told.progress
                yield told
        except (OSError, EOFError, pickle.UnpicklingError, CaptureError) as error:
            if not self._closed and self._progress.status.goes_on:
                yield await self._failure(error)
        finally:
            await self.close()

    def stop(self) -> None:
        """Ask the worker, and not the tshark beside it, to come to an end."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)

    async def kept(self, flows: Sequence[int]) -> Kept:
        """The packets of some flows of a live capture.

        Raises:
            CaptureError: if the worker is not there to be asked.
        """
        found: Kept = await self._ask(tuple(flows))
        return found

    async def _ask(self, question: tuple[int, ...]) -> Any:
        """What the worker answers to some numbers.

        Raises:
            CaptureError: if the worker is not there to be asked.
        """
        pipe = self._process.stdin if self._process is not None else None
        if pipe is None or self._closed:
            raise CaptureError("The dissector has ended, and the packets with it.")
        answer = self._asked.get(question)
        if answer is None:
            answer = self._asked[question] = asyncio.get_running_loop().create_future()
            pipe.write(b" ".join(b"%d" % flow for flow in question) + b"\n")
        return await asyncio.shield(answer)

    async def order(self, **words: Any) -> Answer:
        """Let the worker do something (``dissect.live.orders``); what came of it.

        Raises:
            CaptureError: if the worker is not there to be told.
        """
        await self._there.wait()
        pipe = self._process.stdin if self._process is not None else None
        if pipe is None or self._closed:
            raise CaptureError("The dissector has ended.")
        number = next(self._numbers)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._ordered[number] = answer
        pipe.write(json.dumps({"order": number, **words}).encode() + b"\n")
        return await answer

    def _answered(self, told: Any) -> None:
        """Take in what is no update."""
        if isinstance(told, Answer):
            _answer(self._ordered.pop(told.order, None), told)
        else:
            self._settle(told.flows, told)

    def _settle(self, question: tuple[int, ...], told: object) -> None:
        """Give an answer to who waits for it."""
        _answer(self._asked.pop(question, None), told)

    def _unanswered(self) -> None:
        """Let nobody wait for ever."""
        self._there.set()
        error = CaptureError("The dissector has ended.")
        for answer in self._asked.values():
            if not answer.done():
                answer.cancel()
        for order in self._ordered.values():
            if not order.done():
                order.set_exception(error)
        self._asked.clear()
        self._ordered.clear()

    async def close(self) -> None:
        """Terminate the worker and what it started, kill it if it lingers, and reap it."""
        self._closed = True
        self._let_go()
        self._unanswered()
        process = self._process
        if process is None:
            return
        for stop in (signal.SIGTERM, signal.SIGKILL):
            _signal(process, stop)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _PATIENCE)
                break
        # A child of the worker that outlived it is still in its process group.
        _signal_group(process.pid, signal.SIGKILL)
        if self._talk is not None:
            self._talk.cancel()

    async def _start(self) -> None:
        # A group of its own: one signal reaches the worker and the tshark that it started.
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=self._stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=[each for line in self._lines for each in line.descriptors],
        )
        self._let_go()
        self._talk = asyncio.create_task(self._listen())
        self._there.set()

    def _let_go(self) -> None:
        for line in self._lines:
            line.close()
        self._lines = ()

    async def _read(self) -> Any:
        stream = self._process.stdout if self._process else None
        if stream is None:
            raise EOFError
        length = int.from_bytes(await stream.readexactly(_LENGTH), "big")
        if length > _LARGEST_FRAME:
            raise CaptureError("the dissector's output is not what it should be")
        told = pickle.loads(await stream.readexactly(length))  # noqa: S301 - our own worker
        if not isinstance(told, (Update, *self.ANSWERS)):
            raise CaptureError("the dissector sent something else than an update")
        return told

    async def _listen(self) -> None:
        """Drain standard error, so that the worker never blocks on it, and keep its end."""
        stream = self._process.stderr if self._process else None
        while stream and (data := await stream.read(_CHUNK)):
            self._tail = (self._tail + data)[-_TAIL:]

    async def _failure(self, error: Exception) -> Update:
        code = await self._exit_code()
        tail = self._tail.decode("utf-8", "replace").strip()
        words = [_reason(error, code), *tail.splitlines()[-6:]]
        progress = replace(self._progress, status=Status.FAILED, error="\n".join(words))
        return Update(progress=progress)

    async def _exit_code(self) -> int | None:
        if self._process is None:
            return None
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _PATIENCE)
        if self._talk is not None:
            await asyncio.wait({self._talk}, timeout=_PATIENCE)
        return self._process.returncode


def _answer(waiting: asyncio.Future[Any] | None, told: object) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(told)


def _reason(error: Exception, code: int | None) -> str:
    if isinstance(error, EOFError):  # IncompleteReadError is one
        how = f"was killed by signal {-code}" if code and code < 0 else f"ended with code {code}"
        return f"The dissector {how} before it was done."
    if isinstance(error, OSError):
        return f"The dissector could not be started: {error.strerror}."
    return f"The dissector failed: {error}."


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        _signal_group(process.pid, number)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
