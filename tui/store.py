"""What is known of the capture so far, by flow; nothing here knows how it is shown."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from dissect.analysis import unpack
from dissect.analysis.logged import with_log
from dissect.analysis.model import (
    FlowDetail,
    FlowLog,
    FlowSummary,
    LogFacts,
    Packed,
    Peer,
    Progress,
    Status,
    Update,
    Verdict,
)
from dissect.detect.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DAMAGED: Final = Severity.MEDIUM
"""From this severity on, a flow is called damaged."""
_OPEN_DETAILS: Final = 64
_SLICE: Final = 500
_Item = TypeVar("_Item")


class Store:
    """Summaries and compressed ladders by flow number, verdicts and progress."""

    def __init__(self) -> None:
        self.summaries: dict[int, FlowSummary] = {}
        self.packed: dict[int, Packed] = {}
        self.verdicts: tuple[Verdict, ...] = ()
        self.peers: tuple[Peer, ...] = ()
        self.progress = Progress(capture="", status=Status.LOADING)
        self.sources: dict[str, None] = {}
        """Captures, interfaces or hosts that flows came from, in the order of their first flow."""
        self.severities: dict[Severity, int] = dict.fromkeys(reversed(Severity), 0)
        self.logs: dict[int, FlowLog] = {}
        """What mail logs say, by flow."""
        self.log: LogFacts | None = None
        """How well mail logs and flows fit together; None without logs, or while they are read."""
        self._details: OrderedDict[int, FlowDetail] = OrderedDict()

    @property
    def damaged(self) -> int:
        """Number of flows whose worst finding costs mail."""
        return sum(count for worst, count in self.severities.items() if worst >= DAMAGED)

    def apply(self, update: Update) -> tuple[int, ...]:
        """Take an update in; returns the numbers of the flows that it touches."""
        self.progress = update.progress
        if update.verdicts is not None:
            self.verdicts = update.verdicts
        if update.peers is not None:
            self.peers = update.peers
        for packed in update.details:
            self.packed[packed.flow] = packed
            self._details.pop(packed.flow, None)
        for summary in update.summaries:
            self._count(summary)
            self.sources[summary.capture] = None
            self.summaries[summary.flow] = summary
        self.log = update.log or self.log
        logged = [log for log in update.logs if log.flow in self.summaries]
        for log in logged:
            self.logs[log.flow] = log
            self._details.pop(log.flow, None)
        return (*(flow.flow for flow in update.summaries), *(log.flow for log in logged))

    def detail(self, flow: int) -> FlowDetail | None:
        """The flow's ladder with the lines of mail logs; None while it has none.

        A few stay open.
        """
        if flow in self._details:
            self._details.move_to_end(flow)
            return self._details[flow]
        packed = self.packed.get(flow)
        if packed is None:
            return None
        return self._keep(flow, with_log(unpack(packed), self.logs.get(flow)))

    def peek(self, flow: int) -> FlowDetail | None:
        """The same, for passing through many flows: what it opens does not stay open."""
        if flow in self._details:
            return self._details[flow]
        packed = self.packed.get(flow)
        return None if packed is None else with_log(unpack(packed), self.logs.get(flow))

    def drop(self, flow: int) -> None:
        """Forget a flow; it stays counted."""
        self.summaries.pop(flow, None)
        self.packed.pop(flow, None)
        self._details.pop(flow, None)
        self.logs.pop(flow, None)

    def _keep(self, flow: int, detail: FlowDetail) -> FlowDetail:
        self._details[flow] = detail
        if len(self._details) > _OPEN_DETAILS:
            self._details.popitem(last=False)
        return detail

    def _count(self, summary: FlowSummary) -> None:
        known = self.summaries.get(summary.flow)
        if known is not None and known.severity is not None:
            self.severities[known.severity] -= 1
        if summary.severity is not None:
            self.severities[summary.severity] += 1


def is_damaged(summary: FlowSummary) -> bool:
    """True where a finding is at or above medium."""
    return summary.severity is not None and summary.severity >= DAMAGED


def slices(update: Update) -> Iterator[Update]:
    """The same update in parts that are quick to take in."""
    if len(update.summaries) <= _SLICE and len(update.details) <= _SLICE:
        yield update
        return
    # Ladders go first: a summary on screen can then always be opened.
    for details in _batches(update.details):
        yield replace(update, summaries=(), details=tuple(details))
    for summaries in _batches(update.summaries):
        yield replace(update, summaries=tuple(summaries), details=())


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    rest = iter(items)
    while batch := list(islice(rest, _SLICE)):
        yield batch
