"""A line that is read: what is said on it, and how it is opened again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from dissect.errors import CaptureError
from dissect.source import connection
from dissect.source.connection import Connection
from dissect.source.parts import After
from dissect.source.tap import Host, Line, Tap, lasting, line, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TAP = Tap(interface="lo", host=Host("mx", "root", 22), privilege="sudo")
ANSWERS = 'echo head; while read -r x; do echo "7 packets dropped by kernel" >&2; done; echo tail'
"""A program that counts when it is asked, and ends with its standard input."""
ANSWERS_ONCE = (
    'echo head; read -r x; echo "7 packets dropped by kernel" >&2; while read -r x; do :; done'
)


def opened(script: str, tap: Tap | None = None) -> Line:
    """A line to a shell."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(("sh", "-c", script), stdin=pipe, stdout=pipe, stderr=pipe)
    pipes = [each for each in (process.stdout, process.stderr, process.stdin) if each is not None]
    out, errors, lifeline = (os.dup(each.fileno()) for each in pipes)
    found = Line("lo", out, errors, lifeline, tap=tap)
    for each in pipes:
        each.close()
    return found


async def until_dropped(talked: Connection, many: int) -> None:
    """Wait until so many packets were told of."""
    async with asyncio.timeout(20.0):
        while talked.dropped != (many, 0):  # noqa: ASYNC110 - it tells nobody of it
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes faster."""
    monkeypatch.setattr(connection, "FIRST", 0.01)
    monkeypatch.setattr(connection, "SETTLE", 0.01)


def connecting(monkeypatch: pytest.MonkeyPatch, *answers: Callable[[], Line]) -> list[Tap]:
    """Let connecting end like that, one after the other; whom it was asked of."""
    asked, waiting = [], list(answers)

    def connect(tap: Tap, *, cancelled: int) -> Line:  # noqa: ARG001 - as it is called
        asked.append(tap)
        return waiting.pop(0)()

    monkeypatch.setattr(connection, "connect", connect)
    return asked


def refused(*, passing: bool) -> Callable[[], Line]:
    """A refusal."""

    def refuse() -> Line:
        error = CaptureError("No.")
        error.passing = passing
        raise error

    return refuse


async def until_over(talked: Connection) -> bytes:
    """All bytes of a part."""
    data = b""
    while piece := await talked.read(1 << 16):
        data += piece
    return data


def test_it_asks_and_hears_the_answer() -> None:
    """Counters are those of all connections, and no reason for an end."""

    async def read() -> None:
        talked = Connection(opened(ANSWERS))
        assert await talked.read(10) == b"head\n"
        talked.ask()
        await until_dropped(talked, 7)
        talked.stop()
        assert await until_over(talked) == b"tail\n"
        assert (talked.dropped, talked.why) == ((7, 0), "")
        assert await talked.after() is After.NOTHING
        await talked.close()

    asyncio.run(read())


def test_it_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may pass is tried again; counters add up, and nobody is asked a question."""
    asked = connecting(
        monkeypatch, refused(passing=True), refused(passing=True), lambda: opened(ANSWERS)
    )

    async def read() -> None:
        first = "echo one; echo '2 packets dropped by kernel' >&2; echo gone away >&2"
        talked = Connection(lasting(opened(first), TAP))
        assert await until_over(talked) == b"one\n"
        assert (talked.lasts, talked.why) == (True, "gone away")
        assert await talked.after() is After.CUT
        assert await talked.read(10) == b"head\n"
        talked.ask()
        await until_dropped(talked, 9)
        await talked.close()

    asyncio.run(read())
    assert len(asked) == 3
    assert all(tap.batch for tap in asked)


def test_what_needs_somebody_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal that does not pass by itself ends it."""
    connecting(monkeypatch, refused(passing=False))

    async def read() -> None:
        talked = Connection(lasting(opened("echo one"), TAP))
        await until_over(talked)
        with pytest.raises(CaptureError):
            await talked.after()
        await talked.close()

    asyncio.run(read())


def test_who_answers_no_more_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that lives and does nothing; a quiet one that answers is left alone."""
    monkeypatch.setattr(connection, "STALLED", 0.2)

    async def read(script: str) -> Connection:
        talked = Connection(lasting(opened(script), TAP))
        assert await talked.read(10) == b"head\n"
        reading = asyncio.ensure_future(talked.read(10))
        for _ in range(40):
            await asyncio.sleep(0.02)
            talked.ask()
        if not reading.done():
            talked.stop()
        await asyncio.wait({reading})
        await talked.close()
        return talked

    assert "nothing was heard" in asyncio.run(read(ANSWERS_ONCE)).why
    assert asyncio.run(read(ANSWERS)).why == ""


def test_the_end_is_not_waited_for() -> None:
    """However long the next try would take."""

    async def read() -> None:
        talked = Connection(lasting(opened("echo one"), TAP))
        await until_over(talked)
        waiting = asyncio.ensure_future(talked.after())
        await asyncio.sleep(0)
        talked.stop()
        assert await waiting is After.NOTHING
        await talked.close()

    asyncio.run(read())


def test_a_line_that_comes_too_late_is_closed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The program behind it ends with it."""
    begun, go = threading.Event(), threading.Event()

    def slow() -> Line:
        begun.set()
        go.wait(20.0)
        return opened(f"cat; echo over >{tmp_path}/over")

    connecting(monkeypatch, slow)

    async def read() -> None:
        talked = Connection(lasting(opened("echo one"), TAP))
        await until_over(talked)
        waiting = asyncio.ensure_future(talked.after())
        await asyncio.to_thread(begun.wait, 20.0)
        talked.stop()
        go.set()
        assert await waiting is After.NOTHING
        async with asyncio.timeout(20.0):
            while not (tmp_path / "over").exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.01)
        await talked.close()

    asyncio.run(read())


def test_a_password_is_not_asked_for_again() -> None:
    """A source that took one is left to end."""
    asks = Tap(interface="lo", privilege="sudo-ask")
    assert lasting(Line("lo"), asks).tap is None
    assert lasting(Line("lo"), TAP).tap is not None


def test_a_line_is_handed_over_as_a_word() -> None:
    """With what opens it again, and whatever stands in its name."""
    for one in (Line('a,"b', 3, 4, 5), lasting(Line("x", 3), TAP), Line("f", follow="/a b")):
        (word,) = words([one])
        assert line(word) == one
