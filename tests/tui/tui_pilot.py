"""Drives the app without a terminal, and reads what is on its screen."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tui_fakes import FakeFeed, case, clients, update, verdict
from tui_wire import Wire

from tui.app import SeamarkApp
from tui.settings import Screen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot
    from textual.strip import Strip

    from dissect.analysis.model import Update

SIZES = [(80, 24), (160, 45)]
_PATIENCE = 200


class Driver:
    """An app that is running, and its keys."""

    def __init__(self, app: SeamarkApp, pilot: Pilot[int], feed: FakeFeed) -> None:
        self.app = app
        self.feed = feed
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys and let everything settle."""
        await self._pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        """Take in all that is pending, and paint."""
        await self._pilot.pause()
        while self.app.session.work(1.0):
            pass
        self.app.repaint()
        for _ in range(2):
            await self._pilot.pause()

    async def until(self, words: str) -> None:
        """Wait until the screen says so; a bound, not a time, makes this fail."""
        for _ in range(_PATIENCE):
            if words in self.text:
                return
            await self._pilot.pause(0.02)
            await self.settle()
        raise AssertionError(f"{words!r} did not appear on:\n{self.text}")

    @property
    def strips(self) -> list[Strip]:
        """What is painted."""
        screen = self.app.screen
        return screen._compositor.render_strips(self.app.size)

    @property
    def lines(self) -> list[str]:
        """The screen's lines."""
        return ["".join(segment.text for segment in strip) for strip in self.strips]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    @property
    def cursor(self) -> str:
        """The line with the cursor's mark."""
        marks = ">" if self.app.look.ascii_only else "▌"
        return next((line for line in self.lines if line.startswith(marks)), "")


@asynccontextmanager
async def running(
    *updates: Update, size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[Driver]:
    """The app on some updates, the founding case unless told otherwise."""
    feed = FakeFeed(updates or (update(case(), verdicts=(verdict(),), peers=clients()),))
    beside = {name: options.pop(name) for name in ("notes", "state", "starter") if name in options}
    wireshark = options.pop("wireshark", Wire())
    app = SeamarkApp(
        feed, title="founding-behind.pcap", screen=Screen(**options), wireshark=wireshark, **beside
    )
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot, feed)
        await driver.settle()
        yield driver
