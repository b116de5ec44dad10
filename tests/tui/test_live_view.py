"""A live capture on the screen: it stands still, ends, and lets go of what is too much."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_fakes import founding, plain, progress, update
from tui_pilot import running

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowSummary, SourceState, Status, Update
from dissect.live.inlet import Source, State
from dissect.live.screen import Shelf, Updates
from dissect.live.words import clock_in_short
from dissect.report import Summary
from dissect.source.clock import By, Offset
from tui.line import text
from tui.look import ASCII
from tui.session import Session
from tui.sources import sources

if TYPE_CHECKING:
    import pytest


def _done(session: Session) -> Session:
    while session.work(1.0):
        pass
    return session


def _put(shelf: Shelf, *flows: FlowSummary) -> list[int]:
    return [gone for flow in flows for gone in shelf.put(flow)]


def test_the_oldest_clean_flows_go_first_and_damaged_ones_last() -> None:
    """Of two damaged flows and three clean ones, three places keep the damaged and the newest."""
    shelf = Shelf(3)
    damaged = [founding(0).summary, founding(3).summary]
    clean = [plain(number).summary for number in (1, 2, 4)]
    assert _put(shelf, damaged[0], clean[0], clean[1], damaged[1], clean[2]) == [1, 2]
    assert _put(shelf, founding(5).summary) == [4]
    assert _put(shelf, founding(6).summary) == [0]
    assert shelf.evicted == 4


def test_a_flow_that_goes_leaves_the_list_and_the_findings() -> None:
    """It is counted still, and nothing of it is kept."""
    session = Session()
    session.feed(update([founding(0), plain(1), founding(2)], Status.LIVE))
    _done(session)
    before = session.evidence.total
    session.feed(Update(progress=progress(Status.LIVE, evicted=1), gone=(0,)))
    _done(session)
    assert list(session.view) == [1, 2]
    assert session.evidence.total == before - len(founding(0).findings)
    assert session.store.detail(0) is None
    assert session.store.damaged == 2


def test_a_flow_stays_while_somebody_looks_at_it_or_has_marked_it() -> None:
    """It goes as soon as nobody does."""
    session = Session()
    session.feed(update([plain(0), plain(1), plain(2)], Status.LIVE))
    _done(session)
    session.mark([0])
    session.stood_on = lambda: {1}
    session.feed(Update(progress=progress(Status.LIVE), gone=(0, 1, 2)))
    assert list(_done(session).view) == [0, 1]
    session.unmark()
    session.stood_on = set
    assert list(_done(session).view) == []


async def test_a_paused_view_stands_still_and_then_shows_what_came() -> None:
    """The header says so, with how much waits."""
    async with running(update([plain(0)], Status.LIVE)) as seen:
        assert "live" in seen.text
        await seen.press("H")
        seen.feed.more(update([plain(0), founding(1)], Status.LIVE))
        await seen.settle()
        assert "paused, 1 waiting" in seen.text
        assert tuple(seen.app.session.view) == (0,)
        await seen.press("H")
        await seen.settle()
        assert tuple(seen.app.session.view) == (0, 1)
        assert "paused" not in seen.lines[0]


async def test_the_end_of_a_capture_is_asked_for_once_there_is_one() -> None:
    """The feed is told; the list stays."""
    async with running(update([plain(0)], Status.LIVE)) as seen:
        await seen.press("E")
        assert seen.feed.stopped == 1
        seen.feed.more(Update(progress=progress(Status.LOST, error="lo has ended by itself")))
        await seen.settle()
        assert "lost" in seen.lines[0]
        assert "lo has ended by itself" in seen.text
        assert tuple(seen.app.session.view) == (0,)


def test_verdicts_and_clients_are_told_seldom_and_never_stale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Summing them up costs more than all else, once there are many; the last change is told."""
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    sent: list[Update] = []
    updates, ledger = Updates(sent.append), Ledger()
    for number in range(50):
        now += 0.1
        updates.flow(plain(number))
        updates.looked(ledger)
    assert sum(bool(each.summaries) for each in sent) == 50
    assert sum(each.verdicts is not None for each in sent) == 3
    del sent[:]
    for _ in range(50):
        now += 0.1
        updates.looked(ledger)
    assert [each.peers is not None for each in sent] == [True]


def _source(state: State, **more: Any) -> Source:
    given: dict[str, Any] = {
        "packets": 7,
        "decoded": 7,
        "lost": 0,
        "dropped_kernel": 2,
        "dropped_interface": 1,
    }
    error = "lo is gone" if state is State.GONE else ""
    return Source(name="lo", state=state, error=error, **{**given, **more})


def test_a_source_that_has_gone_makes_the_last_update_say_so() -> None:
    """Its counters and its reason are in it, and the flows of the last moment come before it."""
    sent: list[Update] = []
    updates = Updates(sent.append)
    updates.changed(None, _source(State.CONNECTED))
    updates.flow(plain(0))
    nothing = Summary(
        captures=1, packets=7, flows=1, findings={}, status="truncated", warnings=("lo is gone",)
    )
    updates.end([_source(State.GONE)], (), (), nothing)
    assert [flow.flow for each in sent for flow in each.summaries] == [0]
    assert [each.progress.status.goes_on for each in sent] == [True] * (len(sent) - 1) + [False]
    last = sent[-1].progress
    assert (last.status, last.packets, last.dropped) == (Status.LOST, 7, 3)
    assert last.error == "lo is gone"
    assert last.warnings == ("lo is gone",)


def test_the_header_tells_of_each_source() -> None:
    """Those that need a look come first; counters, lag and clock fit a narrow screen, too."""
    updates = Updates((sent := list[Update]()).append)
    updates.changed(None, replace(_source(State.CONNECTED), dropped_kernel=0, dropped_interface=0))
    clock = Offset(1.25, 0.002, By.SSH)
    away = replace(
        _source(State.RECONNECTING), name="mx\x1b:eth0", lag=6.04, clock=clock, decoded=4
    )
    updates.changed(None, away)
    updates.looked(Ledger())
    told = sent[-1].progress.sources
    one, two = map(text, sources(told, 110, ASCII))
    assert one == (
        "mx\\u241b:eth0  reconnecting  4/7 decoded  3 waiting  3 dropped  6.0 s late"
        "  clock 1.250 s ahead of ours (ssh)"
    )
    assert two == "lo  connected  7/7 decoded  0.0 s late  clock unknown"
    assert [len(text(line)) for line in sources(told, 40, ASCII)] == [40, 40]
    many = sources([told[0]] * 5, 60, ASCII)
    assert len(many) == 3
    assert text(many[-1]).endswith("  +2")


async def test_the_list_shows_the_sources() -> None:
    """Above the flows, as long as the capture lasts and when it is over."""
    state = SourceState(
        name="lo", state="connected", seen=9, decoded=9, left_out=0, waiting=0, lost=0, dropped=0,
        lag=0.1, clock="",
    )  # fmt: skip
    live = replace(
        update([plain(0)], Status.LIVE), progress=progress(Status.LIVE, sources=(state,))
    )
    async with running(live) as seen:
        assert "lo  connected  9/9 decoded  0.1 s late" in seen.text


def test_a_clock_is_told_in_words_that_need_no_sign() -> None:
    """Which way, from whose, and how that is known."""
    told = [
        clock_in_short(Offset(seconds, 0.001, by, against))
        for seconds, by, against in (
            (-1.204, By.SSH, ""), (0.012, By.PACKETS, "eth1"), (0.0004, By.PACKETS, "x\x1b"),
            (0.0, By.SAME, ""),
        )
    ]  # fmt: skip
    assert told == [
        "clock 1.204 s behind ours (ssh)",
        "clock 0.012 s ahead of eth1's (packets)",
        "clock as x\u241b's (packets)",
        "",
    ]
    assert clock_in_short(None) == "clock unknown"
