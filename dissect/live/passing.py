"""A listener that passes everything on, for what stands between a watch and its report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, FlowSummary, LogFacts, Peer, Verdict
from dissect.detect.finding import Finding
from dissect.live.inlet import Source
from dissect.live.reports import Listener, Logged
from dissect.report import Summary


class Passing:
    """Passes on what it is told.

    Args:
        listener: to whom.
    """

    def __init__(self, listener: Listener) -> None:
        self._next = listener

    def finding(self, finding: Finding, flow: FlowSummary) -> None:
        """Passed on."""
        self._next.finding(finding, flow)

    def open(self, detail: FlowDetail) -> None:
        """Passed on."""
        self._next.open(detail)

    def flow(self, detail: FlowDetail) -> None:
        """Passed on."""
        self._next.flow(detail)

    def changed(self, before: Source | None, now: Source) -> None:
        """Passed on."""
        self._next.changed(before, now)

    def looked(self, ledger: Ledger) -> None:
        """Passed on."""
        self._next.looked(ledger)

    def log(self, told: Sequence[Logged], facts: LogFacts) -> None:
        """Passed on."""
        self._next.log(told, facts)

    def notice(self, words: str) -> None:
        """Passed on."""
        self._next.notice(words)

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """Passed on."""
        self._next.end(sources, verdicts, peers, summary)
