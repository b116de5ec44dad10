"""Orders that a screen gives to a live worker: another source, another filter, packets."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from live.seamark_live import captures_of, until_none
from live.talk import mail_server, talk

from dissect import worker
from dissect.analysis.model import Progress, Status
from dissect.live import Beside, Keeping, Limits
from dissect.pipeline import Settings
from dissect.source.tap import Tap, written
from tui.feed import ProcessFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from dissect.analysis.model import Update

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="loopback is called lo"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture here"),
]
PATIENCE = 30.0


class Screen:
    """Listens to a worker."""

    def __init__(self, feed: ProcessFeed) -> None:
        self.feed = feed
        self.said: list[Update] = []
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Take all that it says."""
        async for update in self.feed.updates():
            self.said.append(update)
            self._news.set()

    async def until(self, seen: Callable[[Progress], bool]) -> Progress:
        """Wait for a progress."""
        async with asyncio.timeout(PATIENCE):
            while not self.said or not seen(self.said[-1].progress):
                self._news.clear()
                await self._news.wait()
        return self.said[-1].progress

    async def start(self, port: int, interface: str = "lo") -> str:
        """Begin a source; why it cannot be."""
        tap = Tap(interface=interface, bpf=f"tcp port {port}", batch=True)
        return (await self.feed.order(start=[written(tap)], again=True)).error

    @property
    def flows(self) -> set[int]:
        """The numbers of all flows."""
        return {flow.flow for update in self.said for flow in update.summaries}


@asynccontextmanager
async def worker_of(first: int, keep: Path | None = None) -> AsyncIterator[Screen]:
    """A worker without a source, whose flows are counted from a number, and kept in a folder."""
    beside = Beside(keeping=Keeping(folder=str(keep)) if keep else None)
    words = worker.live_arguments((), Settings(), Limits(), beside=beside, first_flow=first)
    screen = Screen(ProcessFeed([sys.executable, *words], live=True))
    listening = asyncio.create_task(screen.listen())
    try:
        yield screen
    finally:
        await screen.feed.close()
        listening.cancel()


async def test_sources_come_and_go_and_come_again(tmp_path: Path) -> None:
    """Flows, packets and evidence go on, and a source that is there is not begun twice."""
    with mail_server() as port:
        async with worker_of(7, tmp_path) as screen:
            assert await screen.start(port) == ""
            await asyncio.to_thread(talk, port)
            await screen.until(lambda now: now.status is Status.LIVE and now.flows == 8)
            assert "is being captured already" in await screen.start(port)
            assert "has no interface nosuch0" in await screen.start(port, "nosuch0")
            assert await screen.start(port, "any") == ""
            both = await screen.until(lambda now: len(now.sources) == 2)
            assert both.capture == "lo, any"
            screen.feed.stop()
            over = await screen.until(lambda now: now.status is Status.COMPLETE)
            assert [source.state for source in over.sources] == ["ended", "ended"]
            assert await asyncio.to_thread(until_none, port) == []
            assert await screen.start(port) == ""
            again = await screen.until(lambda now: now.status is Status.LIVE)
            assert [source.name for source in again.sources] == ["lo"]
            assert again.packets >= over.packets
            await asyncio.to_thread(talk, port)
            await screen.until(lambda now: now.flows == 9)
            assert screen.flows == {7, 8}
            kept = await screen.feed.kept((7, 8))
            assert len(kept.frames) > 40
            screen.feed.stop()
            await screen.until(lambda now: now.status is Status.COMPLETE)
            assert await asyncio.to_thread(lambda: len([*tmp_path.iterdir()])) == 2
        assert await asyncio.to_thread(until_none, port) == []


async def test_a_filter_is_changed_or_stays() -> None:
    """One that the interface refuses leaves the old one; a change is a gap, and is told as one."""
    with mail_server() as port:
        async with worker_of(0) as screen:
            assert await screen.start(port) == ""
            refused = (await screen.feed.order(filter=f"tcp port {port} and type mgt")).error
            assert "The capture filter is wrong" in refused
            assert "mgt" not in captures_of(port)[0]
            changed = await screen.feed.order(filter=f"tcp port {port} or tcp port 9")
            assert changed.error == ""
            assert captures_of(port)[0].strip().endswith("or tcp port 9")
            await asyncio.to_thread(talk, port)
            await screen.until(lambda now: now.flows == 1)
            screen.feed.stop()
            over = await screen.until(lambda now: now.status is Status.COMPLETE)
            assert any("was interrupted" in said for said in over.warnings)
            nothing = await screen.feed.order(filter="tcp port 9")
            assert "no source whose filter can be changed" in nothing.error
