"""Lines of mail logs that are written while conversations happen, each with its conversation.

A line is tied as ``dissect.maillog.logbook`` ties those of whole logs, but among the latest lines
and the flows that were there lately: what comes too late finds nothing any more, and is counted.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, FlowSummary, LogFacts, Peer, Verdict
from dissect.escape import visible
from dissect.live.inlet import Source
from dissect.live.passing import Passing
from dissect.live.reports import Listener, Logged
from dissect.live.tail import Tail
from dissect.maillog import Line, Logbook, Span, Tie, Ties, clocks
from dissect.redact import Redactor
from dissect.report import Summary

EVERY: Final = 0.25
"""Seconds between two looks at the logs, at least."""

SHARE: Final = 9
"""So many times as long as a look takes is the time to the next, at least."""

SETTLE: Final = 1.0
"""Seconds that a line waits before it is tied: a second flow that it fits may be coming."""

STRANGER: Final = 60.0
"""Seconds for which a line waits whose client no flow has."""

LATELY: Final = 600.0
"""Seconds for which a flow that is over can still be written about, and for which lines wait whose
clients have flows."""

WAITING: Final = 2_000
"""Lines that wait, at most."""

SAMPLE: Final = 200
"""Lines that are tied and still tell how the clocks differ."""

FLOWS: Final = 50_000
"""Flows that are over and can still be written about, at most."""


class _Waiting(NamedTuple):
    since: float
    line: Line

    @property
    def address(self) -> str:
        """The client's."""
        client = self.line.entry.said.client
        return client.address if client else ""


class _Known(NamedTuple):
    """A flow, with its client's own address."""

    summary: FlowSummary
    span: Span


class _Flows:
    """Those that go on, and those that were over lately, by their clients."""

    def __init__(self) -> None:
        self._by: dict[str, dict[int, _Known]] = {}
        self._over: deque[tuple[float, str, int]] = deque()

    def put(self, known: _Known) -> None:
        """A new one, or one that has changed."""
        self._by.setdefault(known.span.address, {})[known.span.flow] = known

    def over(self, known: _Known, now: float) -> None:
        """One that is over."""
        self.put(known)
        self._over.append((now, known.span.address, known.span.flow))

    def forget(self, now: float) -> None:
        """Let those go that were over long ago, or are too many."""
        while self._over and (now - self._over[0][0] > LATELY or len(self._over) > FLOWS):
            _, address, flow = self._over.popleft()
            flows = self._by[address]
            del flows[flow]
            if not flows:
                del self._by[address]

    def of(self, addresses: Iterable[str]) -> dict[int, _Known]:
        """All flows of some clients, by their numbers."""
        return {flow: known for each in addresses for flow, known in self._by.get(each, {}).items()}

    def __contains__(self, address: str) -> bool:
        return address in self._by


class Logging(Passing):
    """A listener that reads mail logs as they grow, and passes everything on to another one.

    Args:
        listener: told of the lines that belong to flows, as well.
        tails: the logs; closed behind the end.
        redactor: replaces what the lines say.
        clock: seconds that pass.
    """

    def __init__(
        self,
        listener: Listener,
        tails: Sequence[Tail],
        redactor: Redactor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(listener)
        self._tails, self._redactor, self._clock = tails, redactor, clock
        self._flows = _Flows()
        self._waiting: deque[_Waiting] = deque()
        self._sample: deque[Line] = deque(maxlen=SAMPLE)
        self._due = 0.0
        self._named = self._tied = self._left_out = self._written_of = 0
        self._last: set[int] = set()
        """Flows that were written about, lately at least: each is counted once."""
        self._offset: float | None = None

    def open(self, detail: FlowDetail) -> None:
        """A flow that goes on, and may be written about."""
        self._flows.put(self._known(detail.summary))
        self._next.open(detail)

    def flow(self, detail: FlowDetail) -> None:
        """A flow that is over, and may still be written about."""
        self._flows.over(self._known(detail.summary), self._clock())
        self._next.flow(detail)

    def looked(self, ledger: Ledger) -> None:
        """Time to look at the logs."""
        begun = self._clock()
        if begun >= self._due:
            self._look(begun, SETTLE)
            now = self._clock()
            self._due = now + max(EVERY, SHARE * (now - begun))
        self._next.looked(ledger)

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """The last lines, and how many there were."""
        self._look(self._clock(), 0.0)
        self.notice(
            f"Mail log: {self._tied:,} of {self._named:,} lines with a client belong to "
            f"{self._written_of:,} flows; {clocks(self._offset)}"
        )
        self._next.end(sources, verdicts, peers, summary)

    def close(self) -> None:
        """Close the logs."""
        for tail in self._tails:
            tail.close()

    def _known(self, flow: FlowSummary) -> _Known:
        address, port = flow.client
        if self._redactor is not None:
            address = self._redactor.original(address)
        return _Known(flow, Span(flow.flow, address, port, flow.start, flow.end))

    def _look(self, now: float, settle: float) -> None:
        """Read what was written, and tell whose it is."""
        for tail in self._tails:
            for line in tail.read():
                self._named += 1
                self._waiting.append(_Waiting(now, line))
            for words in tail.news():
                self.notice(self._shown(tail.name, words))
        self._tie(now, settle)
        self._forget(now)

    def _shown(self, name: str, words: str) -> str:
        redactor = self._redactor
        return words.replace(visible(name), visible(redactor.file(name))) if redactor else words

    def _tie(self, now: float, settle: float) -> None:
        ripe = [each for each in self._waiting if now - each.since >= settle]
        if not ripe:
            return
        lines = [*self._sample, *(each.line for each in ripe)]
        known = self._flows.of({_address(line) for line in lines})
        ties = _ties(lines, (each.span for each in known.values()))
        before = {id(line.entry) for line in self._sample}
        fresh = [tie for tie in ties.tied if id(tie.line.entry) not in before]
        if fresh:
            self._offset = ties.offset
            self._take(fresh)
            self._tell(fresh, known)

    def _take(self, fresh: Sequence[Tie]) -> None:
        """Lines that have found their flows wait no longer."""
        gone = {id(tie.line.entry) for tie in fresh}
        self._waiting = deque(each for each in self._waiting if id(each.line.entry) not in gone)
        self._sample.extend(tie.line for tie in fresh)
        self._tied += len(fresh)
        flows = {tie.flow for tie in fresh}
        self._written_of += len(flows - self._last)
        self._last |= flows

    def _tell(self, fresh: Sequence[Tie], known: dict[int, _Known]) -> None:
        ties = Ties(
            tied=tuple(sorted(fresh, key=_when)), offset=self._offset, lines=self._named,
            ambiguous=0, left_out=self._left_out,
        )  # fmt: skip
        if self._redactor is not None:
            ties = self._redactor.ties(ties)
        told = tuple(Logged(known[tie.flow].summary, tie) for tie in ties.tied)
        facts = LogFacts(
            lines=self._named, tied=self._tied, flows=self._written_of, offset=self._offset,
            left_out=self._left_out,
        )  # fmt: skip
        self._next.log(told, facts)

    def _forget(self, now: float) -> None:
        """Let go of what will not find each other any more."""
        self._flows.forget(now)
        kept = deque(self._still(now))
        while len(kept) > WAITING:
            kept.popleft()
            self._left_out += 1
        self._waiting = kept
        if len(self._last) > FLOWS:
            self._last.clear()

    def _still(self, now: float) -> Iterator[_Waiting]:
        for each in self._waiting:
            if now - each.since <= (LATELY if each.address in self._flows else STRANGER):
                yield each


def _ties(lines: Iterable[Line], spans: Iterable[Span]) -> Ties:
    book = Logbook()
    for span in spans:
        book.flow(span)
    for line in lines:
        book.take(line.entry, line.file, line.number)
    return book.ties()


def _address(line: Line) -> str:
    client = line.entry.said.client
    return client.address if client else ""


def _when(tie: Tie) -> float:
    return tie.line.entry.time
