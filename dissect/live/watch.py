"""Reads several sources at once until it is told to end, or a limit is reached.

More sources may come while it reads, and it may begin again when it has ended: what was found
before counts on.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import InitVar, dataclass, field
from itertools import count
from typing import Any, Final

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail
from dissect.detect.finding import Finding, Severity
from dissect.errors import UsageError
from dissect.escape import visible
from dissect.live.clocks import Clocks
from dissect.live.inlet import Source, State
from dissect.live.keep import Memory
from dissect.live.reports import Listener
from dissect.live.side import Side
from dissect.pipeline import Settings
from dissect.report import Summary
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


@dataclass(slots=True)
class Watch:
    """A live capture.

    Args:
        tshark: to decode with.
        settings: ports and policy.
        listener: told of everything.
        limits: when to end, of each run.
        ladders: whether flows come with their rows.
        memory: keeps the packets of flows.
        grows: whether sources may be added later on.
        first_flow: number of its first flow.
    """

    tshark: Tshark
    settings: Settings
    listener: Listener
    limits: Limits = field(default_factory=Limits)
    ladders: bool = False
    memory: Memory | None = None
    grows: bool = False
    first_flow: InitVar[int] = 0
    ledger: Ledger = field(default_factory=Ledger)
    clocks: Clocks | None = None
    worst: Severity | None = None
    _sides: list[Side] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _told: dict[int, set[tuple[str, tuple[int, ...]]]] = field(default_factory=dict)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _runs: list[asyncio.Future[None]] = field(default_factory=list)
    _numbers: Iterator[int] = field(init=False)
    _begun: bool = False

    def __post_init__(self, first_flow: int) -> None:
        """Count flows from there."""
        self._numbers = count(first_flow)

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
        """Watch until the end, and tell of it; then it may be run again."""
        self._begin(several=len(lines) > 1)
        try:
            for line in lines:
                await self.add(line)
            await self._until_over()
            self.end()
            await asyncio.wait(self._runs)
        finally:
            await self._close_all()
        self._finish()

    def _begin(self, *, several: bool) -> None:
        """Forget the sources of the run before; what they have shown counts on."""
        if not self._begun:
            self.ledger = Ledger(several=several or self.grows)
        self._begun, self._over = True, asyncio.Event()
        self._sides, self._runs = [], []
        self.clocks, self._counts = None, Counter()

    async def add(self, line: Line) -> None:
        """Read one more source, as long as it runs; one of the same name has to be over.

        Raises:
            UsageError: if that one goes on.
        """
        at = self._place(line.name)
        if at == len(self._sides):
            if self._sides:
                self._compare_clocks(line.name)
            self._sides.append(side := Side(self, at, line, self._numbers))
            self._runs.append(asyncio.ensure_future(side.inlet.run()))
            return
        await self._close(self._sides[at])
        self._leave(self._sides[at])
        self._sides[at] = side = Side(self, at, line, self._numbers)
        self._runs[at] = asyncio.ensure_future(side.inlet.run())

    @property
    def goes_on(self) -> bool:
        """Whether it runs, and sources can be added."""
        return not self._over.is_set() and not all(run.done() for run in self._runs)

    def check(self, name: str) -> None:
        """See whether a source of a name can be added.

        Raises:
            UsageError: if there is one that goes on.
        """
        self._place(name)

    def _place(self, name: str) -> int:
        """Where a source of a name is to stand."""
        names = [side.inlet.name for side in self._sides]
        if name not in names:
            return len(names)
        at = names.index(name)
        if not self._runs[at].done():
            raise UsageError(f"{visible(name)} is being captured already.", "End it first (E).")
        return at

    def _compare_clocks(self, name: str) -> None:
        """There is one source more."""
        if self.clocks is None:
            self.clocks = Clocks([side.inlet.name for side in self._sides])
        self.clocks.add(name)

    async def change(self, bpf: str) -> int:
        """Let all sources that can be opened anew capture something else; how many did.

        Raises:
            SeamarkError: if one cannot, which goes on as before.
        """
        open_now = [
            side.inlet for side, run in zip(self._sides, self._runs, strict=True) if not run.done()
        ]
        answers = [answer for each in open_now if (answer := each.change(bpf)) is not None]
        for error in await asyncio.gather(*answers):
            if error is not None:
                raise error
        return len(answers)

    async def _until_over(self) -> None:
        """Look around until all sources have ended, or it is enough."""
        begun = asked = time.monotonic()
        over, took = asyncio.ensure_future(self._over.wait()), 0.0
        while self.goes_on:
            ends: list[asyncio.Future[Any]] = [over, *(run for run in self._runs if not run.done())]
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

    async def _close_all(self) -> None:
        for task in self._runs:
            task.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        for side in self._sides:
            await self._close(side)

    async def _close(self, side: Side) -> None:
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

    def _changes(self, side: Side) -> None:
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
            self._leave(side)
        self.listener.end(
            self.sources, self.ledger.verdicts(), self.ledger.peers(), self._summary()
        )

    def _leave(self, side: Side) -> None:
        """A source is over, and all its flows."""
        self._changes(side)
        side.pipeline.finish()
        for detail in side.pipeline.take():
            self._ended(detail)

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
                often = "once" if source.gaps == 1 else f"{source.gaps:,} times"
                yield f"{visible(source.name)} was interrupted {often}: packets may be missing"
            yield from (outcome.what for outcome in side.inlet.decoder.died)
            if keys := side.pipeline.keys():
                yield f"{visible(source.name)}: {keys}"
            yield from side.pipeline.bugs

    @property
    def has_failed(self) -> bool:
        """Whether a source has gone."""
        return any(source.state is State.GONE for source in self.sources)
