"""Several feeds as one: numbers go on, what they say of the same is put together."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from tui_fakes import FakeFeed, clients, founding, plain, progress, update, verdict

from dissect.analysis.model import Status, Update
from dissect.analysis.peers import joined
from dissect.errors import CaptureError, UsageError
from dissect.live.orders import Answer
from dissect.source.tap import Tap
from tui.feeds import Feeds

if TYPE_CHECKING:
    from tui.feed import ProcessFeed
    from tui.watching import Watching


class LiveFeed(FakeFeed):
    """A feed that takes orders, and answers them as it is told to."""

    error = ""

    def __init__(self, *updates: Update) -> None:
        super().__init__(updates)
        self.orders: list[dict[str, Any]] = []
        self.asked: list[tuple[int, ...]] = []

    async def updates(self) -> Any:
        """What was given, for as long as nobody closes it."""
        while (each := await self._queue.get()) is not None:
            yield each

    async def order(self, **words: Any) -> Answer:
        """Remember it."""
        self.orders.append(words)
        return Answer(0, self.error)

    async def kept(self, flows: tuple[int, ...]) -> str:
        """Remember who was asked for what."""
        self.asked.append(flows)
        return "kept"


def feeds(monkeypatch: pytest.MonkeyPatch, live: LiveFeed) -> tuple[Feeds, list[int]]:
    """Feeds that begin this live one; the numbers of first flows that were asked for."""
    firsts: list[int] = []

    def command(_lines: object, first: int) -> list[str]:
        firsts.append(first)
        return []

    monkeypatch.setattr("tui.feeds.ProcessFeed", lambda *_words, **_how: live)
    how = SimpleNamespace(command=command, bell=None)
    return Feeds(lambda: cast("Watching", how)), firsts


def given(feed: FakeFeed) -> ProcessFeed:
    """By the type that is wanted."""
    return cast("ProcessFeed", feed)


async def test_a_live_source_goes_on_where_a_file_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its flows have the next numbers; verdicts, clients and counts are those of both."""
    file = FakeFeed([update([founding(0), plain(1)], verdicts=(verdict(),), peers=clients())])
    live = LiveFeed()
    every, firsts = feeds(monkeypatch, live)
    every.add(given(file))
    said = every.updates()
    assert (await anext(said)).progress.status is Status.COMPLETE
    ahead = said.__anext__()
    await every.start([Tap(interface="lo")], again=True)
    assert firsts == [2]
    (order,) = live.orders
    assert order["again"] is True
    assert order["start"][0]["interface"] == "lo"
    now = progress(Status.LIVE, capture="lo", packets=5, flows=3)
    surer = replace(verdict(), confidence=0.995)
    live.more(replace(update([plain(2)], verdicts=(surer,), peers=clients()), progress=now))
    both = await ahead
    assert both.progress.status is Status.LIVE
    assert (both.progress.packets, both.progress.flows) == (12350, 3)
    assert both.progress.capture == "founding-behind.pcap, lo"
    assert both.verdicts == (surer, verdict())
    assert both.peers is not None
    assert [(peer.client, peer.flows) for peer in both.peers] == [
        ("192.0.2.10", 6), ("192.0.2.77", 16),
    ]  # fmt: skip
    await every.kept((2,))
    assert live.asked == [(2,)]
    every.stop()
    assert (file.stopped, live.stopped) == (0, 1)
    await every.close()
    assert (file.closed, live.closed) == (1, 1)


async def test_nothing_is_begun_while_a_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its flows could take the same numbers."""
    every, firsts = feeds(monkeypatch, LiveFeed())
    every.add(given(FakeFeed([update([plain(0)], Status.LOADING)])))
    await anext(every.updates())
    with pytest.raises(UsageError, match="still being read"):
        await every.start([Tap(interface="lo")], again=True)
    assert firsts == []
    await every.close()


async def test_a_refused_start_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same worker; where there is nothing else, all is idle."""
    live = LiveFeed()
    live.error = "This user may not capture on this machine."
    every, firsts = feeds(monkeypatch, live)
    assert (await anext(every.updates())).progress.status is Status.IDLE
    assert not every.begun
    with pytest.raises(CaptureError, match="may not capture"):
        await every.start([Tap(interface="lo")], again=True)
    live.error = ""
    await every.start([Tap(interface="lo")], again=True)
    assert firsts == [0]
    await every.change("tcp port 26")
    await every.cancel()
    assert live.orders[2:] == [{"filter": "tcp port 26"}, {"cancel": True}]
    await every.close()


def test_a_client_that_two_readings_know_is_one() -> None:
    """Counts add up, also those of its rate over time; retries and trouble are those of both."""
    good, bad = clients()
    (both, other) = joined([bad, good, bad])
    assert other == good
    assert (both.flows, both.damaged, both.recipients_asked) == (6, 6, 168)
    assert sum(bucket.asked for bucket in both.rate) == 2 * sum(b.asked for b in bad.rate)
    assert len(both.retries) == 2
    assert [moment.flow for moment in both.trouble] == [0, 0, 2, 2, 5, 5]


async def test_what_a_file_lacks_is_a_note_beside_what_is_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its error does not look like one of the live capture."""
    cut = progress(Status.TRUNCATED, flows=1, error="cut in the middle\nCopy it again.")
    live = LiveFeed()
    every, _ = feeds(monkeypatch, live)
    every.add(given(FakeFeed([replace(update([plain(0)]), progress=cut)])))
    said = every.updates()
    assert (await anext(said)).progress.error.startswith("cut")
    await every.start([Tap(interface="lo")], again=True)
    live.more(Update(progress=progress(Status.LIVE, capture="lo", flows=1)))
    both = (await anext(said)).progress
    assert (both.status, both.error) == (Status.LIVE, "")
    assert both.warnings == ("cut in the middle Copy it again.",)
    await every.close()
