"""The app on hand-made flows, to be looked at: ``python tests/tui/tui_demo.py [--ascii] [N]``."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from tui import terminal  # noqa: E402 - found on the path set above

terminal.prepare(os.environ)

from tui_fakes import FakeFeed, case, hostile, many, progress, update, verdict  # noqa: E402
from tui_wire import Wire  # noqa: E402

from dissect.analysis.model import Status, Update  # noqa: E402
from tui.app import SeamarkApp, run_app  # noqa: E402
from tui.settings import Screen  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class SlowFeed(FakeFeed):
    """Gives flow after flow, as a capture that is being read does."""

    async def updates(self) -> AsyncIterator[Update]:
        """One flow a moment."""
        for number, detail in enumerate(case()):
            each = update([detail], Status.LOADING, verdicts=(verdict(),))
            share = progress(Status.LOADING, packets=number * 1000, bytes_read=number * 8)
            yield replace(each, progress=share)
            await asyncio.sleep(float(os.environ.get("DEMO_PACE", "0")))
        yield Update(progress=progress())


def feed(arguments: list[str]) -> FakeFeed:
    """What the arguments ask for."""
    numbers = [int(word) for word in arguments if word.isdigit()]
    if numbers:
        return FakeFeed([many(numbers[0])])
    if "--empty" in arguments:
        return FakeFeed([Update(progress=progress())])
    if "--hostile" in arguments:
        return FakeFeed([update([hostile(0)])])
    if "--failed" in arguments:
        error = "The capture is cut in the middle of a packet.\nRecord it again with tcpdump -U."
        failed = Update(progress=progress(Status.FAILED, error=error))
        return FakeFeed([update(case()[:3], Status.LOADING), failed])
    return SlowFeed()


if __name__ == "__main__":
    sys.exit(
        run_app(
            SeamarkApp(
                feed(sys.argv[1:]),
                title="founding-behind.pcap",
                screen=Screen(ascii_only="--ascii" in sys.argv),
                wireshark=Wire(),
            )
        )
    )
