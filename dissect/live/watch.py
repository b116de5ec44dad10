"""Reads several sources at once until it is told to end, or a limit is reached."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail
from dissect.detect.finding import Finding, Severity
from dissect.live import hidden
from dissect.live.clocks import Clocks
from dissect.live.inlet import Inlet, Source, State
from dissect.live.keep import Memory
from dissect.live.reports import Listener
from dissect.pipeline import Pipeline, Settings
from dissect.report import Summary
from dissect.segments.decode import Row, seconds
from dissect.source import Tshark, filters
from dissect.source.tap import Line

TICK: Final = 0.1
"""Seconds between two looks at what has changed, where no packet comes."""

SOON: Final = 0.02
"""Seconds between two looks where packets come."""

SHARE: Final = 9
"""So many times as long as a look takes is the time to the next, at least."""

ASK: Final = 5.0
"""Seconds between two questions to the sources for their counters."""

ROWS: Final = 20_000
"""Rows of open flows that one look takes in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to end by itself."""

    duration: float = 0.0
    """Seconds; 0 for ever."""
    packets: int = 0
    """Packets seen; 0 for any number."""
    rules: frozenset[str] = frozenset()
    """Rules that end it when they fire."""


class _Side:
    """One source, and what is made of it."""

    def __init__(self, watch: Watch, at: int, line: Line, numbers: Iterator[int]) -> None:
        self._watch, self._at, self._line = watch, at, line
        self.pipeline = Pipeline(
            line.name, watch.settings, ledger=watch.ledger, numbers=numbers, ladders=watch.ladders,
            transcripts=watch.memory.transcripts if watch.memory else None,
        )  # fmt: skip
        self._inbox = watch.memory.source(line.name) if watch.memory else None
        options = filters.options(watch.settings.display_filter)
        self.inlet = Inlet(
            line, watch.tshark, self._take, options, self._inbox, self.pipeline.interrupt
        )
        self.told: Source | None = None
        self._clock = (0.0, 0.0)

    @property
    def source(self) -> Source:
        """How it stands; its clock is best known by packets that another source saw, too."""
        source, clocks = self.inlet.source, self._watch.clocks
        clock = clocks.offset(self._at) if clocks else None
        redactor = self._watch.settings.redactor
        if redactor and source.error:
            source = replace(source, error=hidden.error(source.error, self._line, redactor))
        return source if clock is None else replace(source, clock=clock)

    def _take(self, rows: list[Row]) -> None:
        if self._watch.clocks is not None:
            self._watch.clocks.see(self._at, rows)
        if self._inbox is None:
            self.pipeline.rows(rows)
        else:
            self.pipeline.owners = []
            self.pipeline.rows(rows)
            self._inbox.claim(rows, self.pipeline.owners)
        self._clock = (seconds(rows[-1][2]), time.monotonic())
        self._watch.news()

    def idle(self) -> None:
        """Let time pass where no packets come."""
        last, since = self._clock
        if last:
            self.pipeline.idle(last + time.monotonic() - since)


@dataclass(slots=True)
class Watch:
    """A live capture.

    Args:
        tshark: to decode with.
        settings: ports and policy.
        listener: told of everything.
        limits: when to end.
        ladders: whether flows come with their rows.
        memory: keeps the packets of flows.
    """

    tshark: Tshark
    settings: Settings
    listener: Listener
    limits: Limits = field(default_factory=Limits)
    ladders: bool = False
    memory: Memory | None = None
    ledger: Ledger = field(default_factory=Ledger)
    clocks: Clocks | None = None
    worst: Severity | None = None
    _sides: list[_Side] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _told: dict[int, set[tuple[str, tuple[int, ...]]]] = field(default_factory=dict)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def sources(self) -> list[Source]:
        """How the sources stand."""
        return [side.source for side in self._sides]

    def end(self) -> None:
        """Let it end; what was seen is still told."""
        self._over.set()
        for side in self._sides:
            side.inlet.stop()

    async def run(self, lines: Sequence[Line]) -> None:
        """Watch until the end, and tell of it."""
        numbers = count()
        several = len(lines) > 1
        self.ledger = Ledger(several=several)
        self.clocks = Clocks([line.name for line in lines]) if several else None
        self._sides = [_Side(self, at, line, numbers) for at, line in enumerate(lines)]
        runs = [asyncio.ensure_future(side.inlet.run()) for side in self._sides]
        try:
            await self._until_over(runs)
            self.end()
            await asyncio.wait(runs)
        finally:
            await self._close(runs)
        self._finish()

    async def _until_over(self, runs: Sequence[asyncio.Future[None]]) -> None:
        """Look around until all sources have ended, or it is enough."""
        begun = asked = time.monotonic()
        over, took = asyncio.ensure_future(self._over.wait()), 0.0
        while not self._over.is_set() and not all(run.done() for run in runs):
            ends: list[asyncio.Future[Any]] = [over, *(run for run in runs if not run.done())]
            await self._rest(ends, max(SOON, SHARE * took))
            looked = time.monotonic()
            self._look()
            now = time.monotonic()
            took = now - looked
            if now - asked > ASK:
                asked = now
                self._ask()
            if self._is_enough(now - begun):
                self.end()
        over.cancel()

    async def _rest(self, ends: Sequence[asyncio.Future[Any]], least: float) -> None:
        """Wait for so long, and then for packets, but not for long; or for an end."""
        done, _ = await asyncio.wait(ends, timeout=least, return_when=asyncio.FIRST_COMPLETED)
        if not done and not self._news.is_set():
            news = asyncio.ensure_future(self._news.wait())
            await asyncio.wait([*ends, news], timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
        self._news.clear()

    def news(self) -> None:
        """Packets have come: look at what they change, soon."""
        self._news.set()

    def _ask(self) -> None:
        for side in self._sides:
            side.inlet.ask()

    def _is_enough(self, passed: float) -> bool:
        limits = self.limits
        seen = sum(source.packets for source in self.sources)
        return (
            0 < limits.duration <= passed
            or 0 < limits.packets <= seen
            or not limits.rules.isdisjoint(self._counts)
        )

    async def _close(self, tasks: Sequence[asyncio.Future[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for side in self._sides:
            await side.inlet.decoder.stop()
            await side.inlet.close()

    def _look(self) -> None:
        """Tell of what has changed."""
        for side in self._sides:
            side.idle()
            self._changes(side)
            for detail in side.pipeline.changed(ROWS):
                self._findings(detail)
                self.listener.open(detail)
            for detail in side.pipeline.take():
                self._ended(detail)
        self.listener.looked(self.ledger)

    def _changes(self, side: _Side) -> None:
        now = side.source
        self.listener.changed(side.told, now)
        side.told = now

    def _findings(self, detail: FlowDetail) -> None:
        """Tell of findings that were not told of yet."""
        told = self._told.setdefault(detail.summary.flow, set())
        for finding in detail.findings:
            key = (finding.rule, finding.frames)
            if key not in told:
                told.add(key)
                self._count(finding)
                self.listener.finding(finding, detail.summary)

    def _count(self, finding: Finding) -> None:
        self._counts[finding.rule] += 1
        if self.worst is None or finding.severity > self.worst:
            self.worst = finding.severity

    def _ended(self, detail: FlowDetail) -> None:
        self._findings(detail)
        self._told.pop(detail.summary.flow, None)
        self.listener.flow(detail)
        if self.memory is not None:
            self.memory.over(detail.summary.flow)

    def _finish(self) -> None:
        """The end: all flows are over."""
        for side in self._sides:
            self._changes(side)
            side.pipeline.finish()
            for detail in side.pipeline.take():
                self._ended(detail)
        self.listener.end(
            self.sources, self.ledger.verdicts(), self.ledger.peers(), self._summary()
        )

    def _summary(self) -> Summary:
        sources = self.sources
        return Summary(
            captures=len(sources),
            packets=sum(source.packets for source in sources),
            flows=sum(side.pipeline.flows for side in self._sides),
            findings=dict(self._counts),
            status="truncated" if self.has_failed else "complete",
            warnings=tuple(self._warnings()),
        )

    def _warnings(self) -> Iterator[str]:
        if self.settings.display_filter:
            yield filters.warning(self.settings.shown_filter)
        for side in self._sides:
            source = side.source
            if source.error:
                yield source.error
            if source.gaps:
                yield f"{source.name} was interrupted {source.gaps} times: packets may be missing"
            yield from (outcome.what for outcome in side.inlet.decoder.died)
            yield from side.pipeline.bugs

    @property
    def has_failed(self) -> bool:
        """Whether a source has gone."""
        return any(source.state is State.GONE for source in self.sources)
