"""A live capture as updates of the read model, for a screen that runs beside it."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from dissect.analysis import logged, pack
from dissect.analysis.ledger import Ledger
from dissect.analysis.model import (
    FlowDetail,
    FlowLog,
    FlowSummary,
    LogFacts,
    LogLine,
    Peer,
    Progress,
    SourceState,
    Status,
    Update,
    Verdict,
)
from dissect.detect.finding import Finding, Severity
from dissect.escape import visible
from dissect.live import words
from dissect.live.inlet import Source, State
from dissect.live.keep import Memory
from dissect.live.reports import Logged
from dissect.report import Summary

KEEP: Final = 20_000
"""Flows that are over and kept, unless told otherwise."""

BATCH: Final = 400
"""Flows in one update, so that who reads it is never busy for long."""

SUMS: Final = 2.0
"""Seconds between updates of verdicts and clients, which cost more than all else."""

SHARE: Final = 20
"""So many times as long as they take is the time between two of them, at least."""

MOST: Final = 1_000
"""Verdicts, and clients, that are told of while it goes on: the surest, and the most damaged."""

NOTICES: Final = 20
"""Notices that are told."""

DAMAGED: Final = Severity.MEDIUM
"""From this severity on, a flow is kept rather than a clean one."""


def is_damaged(flow: FlowSummary) -> bool:
    """Whether a flow is to be kept rather than a clean one."""
    return flow.severity is not None and flow.severity >= DAMAGED


class Shelf:
    """Which flows that are over are kept: up to a number of them, damaged ones the longest.

    Args:
        most: how many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._clean: dict[int, None] = {}
        self._damaged: dict[int, None] = {}
        self.evicted = 0
        """Flows that had to go."""

    def put(self, flow: FlowSummary) -> tuple[int, ...]:
        """Keep a flow; those that have to go for it, the oldest clean ones first."""
        (self._damaged if is_damaged(flow) else self._clean)[flow.flow] = None
        gone = []
        while len(self._clean) + len(self._damaged) > self._most:
            oldest = self._clean or self._damaged
            gone.append(next(iter(oldest)))
            del oldest[gone[-1]]
        self.evicted += len(gone)
        return tuple(gone)


class Updates:
    """Tells a screen of a live capture.

    Args:
        send: takes each update.
        keep: flows that are over and kept.
        warnings: what is to be said from the beginning.
        memory: where packets are kept for as long as their flows.
        suffix: stands behind the names of the sources.
    """

    def __init__(
        self,
        send: Callable[[Update], None],
        keep: int = KEEP,
        warnings: Iterable[str] = (),
        memory: Memory | None = None,
        suffix: str = "",
    ) -> None:
        self._memory, self._suffix = memory, suffix
        self._send = send
        self._shelf = Shelf(keep)
        self._said = self._warnings = tuple(warnings)
        self._most_logs = 2 * keep
        self._notices: list[str] = []
        self._sources: dict[str, Source] = {}
        self._past = Counter[str]()
        """Packets, and lost ones, of sources that are told of no more."""
        self._over = False
        self._flows = 0
        self._details: dict[int, FlowDetail] = {}
        self._gone: list[int] = []
        self._told: Progress | None = None
        self._logs: OrderedDict[int, list[LogLine]] = OrderedDict()
        """What mail logs say of flows, those last that something was said of last."""
        self._written: dict[int, None] = {}
        """Flows of which something was said that is not told yet."""
        self._facts: LogFacts | None = None
        self._sums_due = 0.0
        self._summed = True
        """Whether verdicts and clients are told as they are."""

    def finding(self, finding: Finding, flow: FlowSummary) -> None:
        """Nothing: it comes with its flow."""

    def open(self, detail: FlowDetail) -> None:
        """To be told at the next look."""
        self._details[detail.summary.flow] = detail
        self._flows = max(self._flows, detail.summary.flow + 1)

    def flow(self, detail: FlowDetail) -> None:
        """The same, and another flow may have to go for it."""
        self.open(detail)
        gone = self._shelf.put(detail.summary)
        self._gone += gone
        if self._memory is not None:
            if is_damaged(detail.summary):
                self._memory.mark(detail.summary.flow)
            for flow in gone:
                self._memory.forget(flow)
        for flow in gone:
            self._logs.pop(flow, None)

    def log(self, told: Sequence[Logged], facts: LogFacts) -> None:
        """To be told at the next look, of each flow all."""
        self._facts = facts
        for flow, (number, line) in told:
            lines = self._logs.setdefault(number, [])
            self._logs.move_to_end(number)
            lines.append(logged.log_line(line, facts.offset or 0.0))
            self._written[number] = None
            self._flows = max(self._flows, flow.flow + 1)
        while len(self._logs) > self._most_logs:
            self._logs.popitem(last=False)

    def changed(self, before: Source | None, now: Source) -> None:
        """Remember how a source stands; one that begins may take the place of those before."""
        if before is None:
            for name in [*self._sources] if self._over else [now.name]:
                self._forget(name)
            self._warnings = self._said if self._over else self._warnings
            self._over = False
        if now != before:
            self._sources[now.name] = now

    def _forget(self, name: str) -> None:
        """A source is told of no more; its packets stay counted."""
        past = self._sources.pop(name, None)
        if past is not None:
            self._past += Counter(packets=past.packets, lost=_lost(past))

    def notice(self, said: str) -> None:
        """To be told with the next look, and from then on; of many, the last."""
        self._notices = [*self._notices[1 - NOTICES :], said]

    def looked(self, ledger: Ledger) -> None:
        """Tell of what has changed, if anything has."""
        progress = self._progress(Status.LIVE)
        self._summed = self._summed and not self._details
        due = not self._summed and time.monotonic() >= self._sums_due
        if self._details or self._written or due or progress != self._told:
            self._flush(progress, *(self._sums(ledger) if due else (None, None)))

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """The last update: how it ended."""
        self._sources, self._over = {source.name: source for source in sources}, True
        lost = any(source.state is State.GONE for source in self._sources.values())
        self._warnings = tuple(dict.fromkeys([*self._warnings, *summary.warnings]))
        progress = self._progress(Status.LOST if lost else Status.COMPLETE)
        self._flush(self._progress(Status.LIVE), None, None)
        self._send(Update(progress=progress, verdicts=verdicts, peers=peers))

    def _flush(
        self,
        progress: Progress,
        verdicts: tuple[Verdict, ...] | None,
        peers: tuple[Peer, ...] | None,
    ) -> None:
        details, gone = list(self._details.values()), tuple(self._gone)
        self._details, self._gone, self._told = {}, [], progress
        for start in range(0, len(details), BATCH):
            part = details[start : start + BATCH]
            self._send(
                Update(
                    progress=progress,
                    summaries=tuple(detail.summary for detail in part),
                    details=tuple(pack(detail) for detail in part),
                )
            )
        self._flush_logs(progress)
        # Behind the flows: one that ended a moment ago may be among those that go.
        self._send(Update(progress=progress, verdicts=verdicts, peers=peers, gone=gone))

    def _flush_logs(self, progress: Progress) -> None:
        """What was written about flows, which are told of by now."""
        said, self._written = list(self._written), {}
        for start in range(0, len(said), BATCH):
            logs = tuple(map(self._flow_log, said[start : start + BATCH]))
            self._send(Update(progress=progress, logs=logs, log=self._facts))

    def _flow_log(self, flow: int) -> FlowLog:
        lines = sorted(self._logs.get(flow, ()), key=_time)
        return FlowLog(flow, tuple(lines[: logged.MOST]), max(0, len(lines) - logged.MOST))

    def _sums(self, ledger: Ledger) -> tuple[tuple[Verdict, ...], tuple[Peer, ...]]:
        """Verdicts and clients; the next are due when they cost little of the time till then."""
        begun = time.monotonic()
        verdicts, peers = ledger.verdicts()[:MOST], ledger.peers()[:MOST]
        self._summed = True
        took = time.monotonic() - begun
        self._sums_due = begun + max(SUMS, SHARE * took)
        return verdicts, peers

    def _progress(self, status: Status) -> Progress:
        sources = self._sources.values()
        errors = [source.error for source in sources if source.error]
        return Progress(
            capture=", ".join(visible(source.name) for source in sources) + self._suffix,
            status=status,
            packets=self._past["packets"] + sum(source.packets for source in sources),
            flows=self._flows,
            warnings=tuple(dict.fromkeys([*errors, *self._warnings, *self._notices])),
            error="\n".join(errors),
            dropped=self._past["lost"] + sum(map(_lost, sources)),
            evicted=self._shelf.evicted,
            sources=tuple(map(_state, sources)),
        )


def _lost(source: Source) -> int:
    """Packets that it should have told of, and did not."""
    return source.dropped_kernel + source.dropped_interface + source.lost


def _time(line: LogLine) -> float:
    return line.time


def _state(source: Source) -> SourceState:
    return SourceState(
        name=visible(source.name),
        state=source.state.value,
        seen=source.packets,
        decoded=source.decoded,
        left_out=source.left_out,
        waiting=source.waiting,
        lost=source.lost,
        dropped=source.dropped_kernel + source.dropped_interface,
        lag=round(source.lag, 1),
        clock=words.clock_in_short(source.clock),
    )
