"""Captures read from a program: ``analyse`` gives the read model that every view is made from.

    from dissect.library import analyse

    for detail in analyse("mail.pcap").flows:
        print(detail.summary.client, detail.summary.outcome.value, detail.summary.rules)

What is wrong with a capture or a log is a part of the answer, beside what was read of it; what is
wrong with the environment is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dissect.analysis import logged
from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, FlowLog, LogFacts, Peer, Verdict
from dissect.maillog import Logbook, Ties
from dissect.maillog.zone import zone
from dissect.pipeline import Settings
from dissect.report import Summary
from dissect.scan import Scan
from dissect.source import asked, find_tshark


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """All that is known of some captures."""

    flows: tuple[FlowDetail, ...]
    """The conversations, each with its ladder and its findings, in the order in which they ended;
    empty where they were handed out one by one."""
    verdicts: tuple[Verdict, ...]
    """What the flows of all captures prove together of the paths between their ends."""
    peers: tuple[Peer, ...]
    """The clients, those with the largest share of damaged flows first."""
    summary: Summary
    """How much there was, and how the reading went."""
    errors: tuple[str, ...] = ()
    """What went wrong with captures and logs, each with what to do about it."""
    logs: tuple[FlowLog, ...] = ()
    """What mail logs say of flows; ``dissect.analysis.logged.with_log`` puts it into a ladder."""
    log: LogFacts | None = None
    """How well mail logs and flows fit together; None without logs."""


def analyse(
    *captures: str,
    settings: Settings | None = None,
    logs: Sequence[str] = (),
    timezone: str = "",
    each: Callable[[FlowDetail], object] | None = None,
) -> Analysis:
    """Read captures, and tell what middleboxes did to the mail in them.

    It runs an event loop of its own: call it from a thread where one is running.

    Args:
        captures: names of pcap and pcapng files, plain or compressed, or ``-``.
        settings: ports, which rules are reported, a display filter.
        logs: names of mail logs of Exim, Postfix or Sendmail, plain or compressed.
        timezone: of stamps in them that have none; that of this machine for the empty name.
        each: is handed each flow as it ends, which is not kept then, so that memory stays
            bounded by what is open at a time.

    Raises:
        ToolError: if there is no tshark that can be used.
        UsageError: for a display filter that tshark does not take, or a time zone there is not.
    """
    chosen, stamps = settings or Settings(), zone(timezone)
    tshark = find_tshark()
    asked.check(tshark, chosen.display_filter, chosen.keylog)
    collector = _Collector(each)
    ledger, book = Ledger(several=len(captures) > 1), Logbook() if logs else None
    scan = Scan(tshark, chosen, collector, ledger, book, ladders=True)
    for name in captures:
        scan.capture(name, _nothing)
    for name in logs:
        scan.log(name, stamps)
    scan.finish()
    return collector.analysis(tuple(scan.errors))


def _nothing(_packets: int, _read: int) -> None:
    """Nobody watches."""


class _Collector:
    """A reporter that keeps what it is told."""

    def __init__(self, each: Callable[[FlowDetail], object] | None = None) -> None:
        self._flows: list[FlowDetail] = []
        self._each = each or self._flows.append
        self._ties: Ties | None = None
        self._verdicts: tuple[Verdict, ...] = ()
        self._peers: tuple[Peer, ...] = ()
        self._summary: Summary | None = None

    def flow(self, detail: FlowDetail) -> None:
        self._each(detail)

    def log(self, ties: Ties) -> None:
        self._ties = ties

    def verdicts(self, verdicts: tuple[Verdict, ...]) -> None:
        self._verdicts = verdicts

    def peers(self, peers: tuple[Peer, ...]) -> None:
        self._peers = peers

    def summary(self, summary: Summary) -> None:
        self._summary = summary

    def analysis(self, errors: tuple[str, ...]) -> Analysis:
        """All of it."""
        assert self._summary is not None
        found = Analysis(
            flows=tuple(self._flows), verdicts=self._verdicts, peers=self._peers,
            summary=self._summary, errors=errors,
        )  # fmt: skip
        if self._ties is None:
            return found
        logs = tuple(logged.logs(self._ties))
        return replace(found, logs=logs, log=logged.facts(self._ties))
