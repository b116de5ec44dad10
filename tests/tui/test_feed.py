"""The worker's process: read, ended, crashed, killed, hanging, babbling; never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tui_fakes import FakeFeed, founding, update

from dissect.analysis.model import Status, Update
from tui.app import SeamarkApp
from tui.feed import ProcessFeed
from tui.screens.failure import FailureScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ROOT = str(Path(__file__).parents[2])
_HEAD = f"""
import os, pickle, signal, subprocess, sys, time
sys.path.insert(0, {_ROOT!r})
from dissect.analysis.model import Progress, Status, Update

def say(status, **more):
    blob = pickle.dumps(Update(progress=Progress(capture="c", status=status, **more)))
    sys.stdout.buffer.write(len(blob).to_bytes(4, "big") + blob)
    sys.stdout.buffer.flush()

"""


def _feed(script: str, stdin: int | None = None) -> ProcessFeed:
    return ProcessFeed([sys.executable, "-c", _HEAD + script], capture="c", stdin=stdin)


async def _all(feed: ProcessFeed) -> list[Update]:
    async with asyncio.timeout(30):
        return [update async for update in feed.updates()]


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z"


async def test_updates_come_until_the_last_one() -> None:
    """Frames are read in order, and the last status ends the feed and reaps the process."""
    feed = _feed("say(Status.LOADING, packets=1)\nsay(Status.COMPLETE, packets=2)\ntime.sleep(60)")
    updates = await _all(feed)
    assert [update.progress.packets for update in updates] == [1, 2]
    assert feed._process is not None
    assert feed._process.returncode is not None


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print('tail of it', file=sys.stderr); sys.exit(7)", ("ended with code 7", "tail of it")),
        ("raise RuntimeError('a bug')", ("ended with code 1", "RuntimeError: a bug")),
        ("os.kill(os.getpid(), signal.SIGKILL)", ("killed by signal 9",)),
        ("sys.stdout.buffer.write(b'\\x00\\x00\\x01'); sys.exit(0)", ("ended with code 0",)),
        ("sys.stdout.buffer.write(b'\\xff\\xff\\xff\\xff')", ("not what it should be",)),
        ("sys.stdout.buffer.write(b'\\0\\0\\0\\2ab')", ("The dissector failed",)),
        ("b = pickle.dumps(1); sys.stdout.buffer.write(len(b).to_bytes(4, 'big') + b)",
         ("something else than an update",)),
    ],
)  # fmt: skip
async def test_a_worker_that_fails_becomes_a_last_update(script: str, words: tuple[str]) -> None:
    """However it dies, the end is a failed update with the reason and the tail of its talk."""
    updates = await _all(_feed("say(Status.LOADING, packets=5)\n" + script))
    assert [update.progress.status for update in updates] == [Status.LOADING, Status.FAILED]
    assert updates[-1].progress.packets == 5
    assert all(word in updates[-1].progress.error for word in words)


async def test_a_worker_that_cannot_be_started_is_told() -> None:
    """No such program: a failed update, not an exception."""
    updates = await _all(ProcessFeed(["/nonexistent/worker"], capture="c"))
    assert "could not be started" in updates[0].progress.error


async def test_much_talk_on_standard_error_neither_blocks_nor_is_kept() -> None:
    """Megabytes of warnings are drained, and only the end is shown."""
    script = "sys.stderr.write('w' * 5_000_000 + '\\nlast words'); sys.stderr.flush(); sys.exit(1)"
    updates = await _all(_feed(script))
    assert "last words" in updates[-1].progress.error
    assert len(updates[-1].progress.error) < 3000


@pytest.mark.parametrize("stubborn", [False, True])
async def test_closing_ends_the_worker_and_its_children(stubborn: bool) -> None:  # noqa: FBT001
    """Close terminates, then kills, and takes along what the worker has started."""
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if stubborn else ""
    script = ignore + (
        "child = subprocess.Popen(['sleep', '600'])\n"
        "say(Status.LOADING, packets=child.pid)\ntime.sleep(600)"
    )
    feed = _feed(script)
    updates = feed.updates()
    async with asyncio.timeout(30):
        child = (await anext(updates)).progress.packets
        await feed.close()
        await feed.close()
        assert feed._process is not None
        assert feed._process.returncode in {-signal.SIGTERM, -signal.SIGKILL}
        while not _is_gone(child):  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.01)
        assert [update async for update in updates] == []


async def test_a_capture_can_come_through_standard_input() -> None:
    """A descriptor is handed to the worker; without one it reads nothing."""
    reading, writing = os.pipe()
    os.write(writing, b"four")
    os.close(writing)
    script = "say(Status.COMPLETE, packets=len(sys.stdin.buffer.read()))"
    assert (await _all(_feed(script, reading)))[0].progress.packets == 4
    os.close(reading)
    assert (await _all(_feed(script)))[0].progress.packets == 0


async def test_quitting_the_app_while_it_loads_leaves_no_process() -> None:
    """The app ends at once, and its worker with it."""
    feed = _feed("say(Status.LOADING, packets=5)\ntime.sleep(600)")
    app = SeamarkApp(feed, title="c")
    async with asyncio.timeout(30), app.run_test() as pilot:
        while not app.session.store.progress.packets:
            await pilot.pause(0.02)
        await pilot.press("q")
    assert app.return_value == 0
    assert feed._process is not None
    assert feed._process.returncode is not None


async def test_an_exception_in_a_feed_is_a_panel() -> None:
    """Whatever goes wrong while reading is told, and the app stays."""

    class Broken(FakeFeed):
        """Raises what nobody expects."""

        async def updates(self) -> AsyncIterator[Update]:
            """One update, and then a bug."""
            yield update([founding(0)], Status.LOADING)
            raise ZeroDivisionError("\x1b[31mbug")

    app = SeamarkApp(Broken(), title="c")
    async with asyncio.timeout(30), app.run_test() as pilot:
        while not isinstance(app.screen, FailureScreen):
            await pilot.pause(0.02)
        assert "ZeroDivisionError" in app.session.store.progress.error
        assert len(app.session.view) == 1
