"""What a live capture prints as it goes: text for people and journals, JSON Lines for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, FlowSummary, LogFacts, Peer, Verdict
from dissect.detect.finding import Finding, Severity
from dissect.escape import visible
from dissect.live import words
from dissect.live.inlet import Source
from dissect.maillog import Tie
from dissect.report import FORMATS, Summary, Write
from dissect.report.jsonl import finding_object, log_object
from dissect.report.text import LOG_TEXT
from dissect.source.clock import Offset

LEVELS: Final = {Severity.CRITICAL: "CRIT", Severity.HIGH: "HIGH", Severity.MEDIUM: "MED"}


class Logged(NamedTuple):
    """A line of a mail log, and the flow that it is about."""

    flow: FlowSummary
    tie: Tie


class Listener(Protocol):
    """Told of everything as it happens."""

    def __init__(self, write: Write) -> None:
        """Write through ``write``, whole lines."""

    def finding(self, finding: Finding, flow: FlowSummary) -> None:
        """Something was found, once."""

    def open(self, detail: FlowDetail) -> None:
        """A flow that goes on has something new."""

    def flow(self, detail: FlowDetail) -> None:
        """A flow is over."""

    def changed(self, before: Source | None, now: Source) -> None:
        """A source's state, or what it has lost, is another one."""

    def looked(self, ledger: Ledger) -> None:
        """All that has changed since the last time was told."""

    def log(self, told: Sequence[Logged], facts: LogFacts) -> None:
        """Lines of mail logs were written about flows; and how well logs and flows fit so far."""

    def notice(self, words: str) -> None:
        """Something is to be said that no source, flow or finding says."""

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """All is over."""


class LiveText:
    """One line for each finding, and one where a source changes."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._end = FORMATS["text"](write)

    def finding(self, finding: Finding, flow: FlowSummary) -> None:
        """When, how bad, what, between whom."""
        when = _stamp(finding.time)
        level = LEVELS.get(finding.severity, str(finding.severity).upper())
        self._line(
            f"{when} {level} {finding.rule} {flow.client} > {flow.server} "
            f"[{visible(flow.capture)}] {finding.message}"
        )

    def open(self, detail: FlowDetail) -> None:
        """Nothing: its findings are told one by one."""

    def flow(self, detail: FlowDetail) -> None:
        """Nothing: what was found in it has been told."""

    def looked(self, ledger: Ledger) -> None:
        """Nothing: verdicts come at the end."""

    def log(self, told: Sequence[Logged], facts: LogFacts) -> None:
        """When by the capture's clock, between whom, and what the server wrote."""
        for flow, (_, line) in told:
            when = _stamp(line.entry.time - (facts.offset or 0.0))
            self._line(
                f"{when} LOG {visible(line.file)}:{line.number} {flow.client} > {flow.server} "
                f"[{visible(flow.capture)}] {visible(line.entry.text[:LOG_TEXT])}"
            )

    def notice(self, words: str) -> None:
        """A line."""
        self._line(f"# {words}")

    def changed(self, before: Source | None, now: Source) -> None:
        """A source came, went, or lost packets."""
        name = visible(now.name)
        if before is None or before.state is not now.state:
            self._line(f"# {name}: {now.state.value}{': ' if now.error else ''}{now.error}")
        elif now.behind is not before.behind:
            self._line(f"# {name}: {words.lagging(now)}")
        elif _dropped(now) > _dropped(before):
            self._line(f"# {name}: {_dropped(now):,} packets dropped so far: gaps may be ours")
        if before is not None and now.gaps > before.gaps:
            self._line(f"# {name}: interrupted, {now.gaps:,} times so far: packets may be missing")

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """Verdicts and counters."""
        self._end.verdicts(verdicts)
        self._end.peers(peers)
        self._end.summary(summary)
        for source in sources:
            self._line(f"# {visible(source.name)}: {words.counted(source)}")
            self._line(f"# {visible(source.name)}: {words.timed(source)}")

    def _line(self, words: str) -> None:
        self._write(words + "\n")


class LiveJsonl:
    """The objects of ``seamark scan``, findings as soon as they are made, and sources."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._as_ever = FORMATS["jsonl"](write)

    def finding(self, finding: Finding, flow: FlowSummary) -> None:
        """At once."""
        self._object(finding_object(finding, flow))

    def open(self, detail: FlowDetail) -> None:
        """Nothing: its findings are told one by one."""

    def looked(self, ledger: Ledger) -> None:
        """Nothing: verdicts come at the end."""

    def log(self, told: Sequence[Logged], facts: LogFacts) -> None:
        """As soon as it is known whose they are."""
        for _, tie in told:
            self._object(log_object(tie, facts.offset))

    def notice(self, words: str) -> None:
        """At once."""
        self._object({"type": "notice", "message": words})

    def flow(self, detail: FlowDetail) -> None:
        """The flow without its findings, which were told."""
        self._as_ever.flow(without_findings(detail))

    def changed(self, before: Source | None, now: Source) -> None:
        """Whenever something of it is told."""
        if before is None or _is_news(before, now):
            self._object(source_object(now))

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """As a scan ends, with the sources in front."""
        for source in sources:
            self._object(source_object(source))
        self._as_ever.verdicts(verdicts)
        self._as_ever.peers(peers)
        self._as_ever.summary(summary)

    def _object(self, value: dict[str, object]) -> None:
        self._write(json.dumps(value, separators=(",", ":")) + "\n")


def _stamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def without_findings(detail: FlowDetail) -> FlowDetail:
    """A flow whose findings are told of elsewhere."""
    return FlowDetail(summary=detail.summary, rows=(), findings=())


def source_object(source: Source) -> dict[str, object]:
    """A source as in the schema."""
    return {
        "type": "source",
        "name": source.name,
        "state": source.state.value,
        "packets": source.packets,
        "decoded": source.decoded,
        "left_out": source.left_out,
        "lost": source.lost,
        "dropped": {"kernel": source.dropped_kernel, "interface": source.dropped_interface},
        "error": source.error,
        "gaps": source.gaps,
        "waiting": source.waiting,
        "lag": {
            "seconds": round(source.lag, 3),
            "most": round(source.lag_most, 3),
            "since": source.lag_since,
        },
        "clock": _clock_object(source.clock),
    }


def _clock_object(clock: Offset | None) -> dict[str, object] | None:
    if clock is None:
        return None
    return {
        "offset": round(clock.seconds, 6),
        "error": round(clock.error, 6),
        "by": clock.by.value,
        "against": clock.against,
    }


def _is_news(before: Source, now: Source) -> bool:
    """Whether there is something to tell."""
    lost = _dropped(now) > _dropped(before)
    clock = (now.clock and now.clock.by) is not (before.clock and before.clock.by)
    changed = before.state is not now.state or before.behind is not now.behind
    return lost or changed or clock or now.gaps > before.gaps


def _dropped(source: Source) -> int:
    return source.dropped_kernel + source.dropped_interface + source.lost


REPORTS: Final[dict[str, type[Listener]]] = {"text": LiveText, "jsonl": LiveJsonl}
"""What ``--format`` can be of a live capture."""
