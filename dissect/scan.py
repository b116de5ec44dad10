"""Reads captures from the first packet to the last, and reports as flows end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, FlowSummary
from dissect.detect.finding import Severity
from dissect.errors import CaptureError, LogError
from dissect.escape import visible
from dissect.maillog import Logbook, Reader, Span, open_log
from dissect.maillog.stamps import Clock
from dissect.pipeline import Pipeline, Settings
from dissect.report import Reporter, Summary
from dissect.segments.decode import Row
from dissect.source import (
    CaptureFile,
    Outcome,
    Tshark,
    asked,
    drops,
    filters,
    open_capture,
    read,
)  # fmt: skip

WORST: Final = ("complete", "truncated", "failed")
"""Statuses, the worst last."""

Tick = Callable[[int, int], object]
"""Called with packets and bytes read, for every batch."""


def read_log(book: Logbook, name: str, zone: tzinfo | None) -> list[str]:
    """Read one mail log into a logbook; returns what is to be said of it.

    Args:
        book: takes the lines that name a client.
        name: of the file.
        zone: of stamps that have none; None is that of this machine.

    Raises:
        LogError: if it cannot be read, or not to its end; what was read before is in the book.
    """
    log = open_log(name)
    reader = Reader(Clock(time.time() if log.written is None else log.written, zone))
    understood = False
    for number, line in enumerate(log.lines(), 1):
        entry = reader.entry(line)
        if entry is not None:
            understood = True
            book.take(entry, name, number)
    return [] if understood else [f"{name}: no line of Exim, Postfix or Sendmail in it"]


@dataclass(slots=True)
class Scan:
    """A scan of some captures, and what it has found so far.

    Args:
        tshark: to read with.
        settings: ports and policy.
        reporter: told of everything.
        ledger: what holds across the captures.
        logbook: takes the flows, and behind them the lines of mail logs; None without logs.
        ladders: whether flows come with their rows; reports have no use for them.
    """

    tshark: Tshark
    settings: Settings
    reporter: Reporter
    ledger: Ledger = field(default_factory=Ledger)
    logbook: Logbook | None = None
    ladders: bool = False
    packets: int = 0
    flows: int = 0
    captures: int = 0
    status: str = "complete"
    worst: Severity | None = None
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """What went wrong with captures, each with what to do about it."""
    _counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """What a display filter leaves out is said before anything else."""
        if self.settings.display_filter:
            self.warnings.append(filters.warning(self.settings.shown_filter))

    def log(self, name: str, zone: tzinfo | None) -> None:
        """Read one mail log, behind the captures; a failure is noted, and what was read is used.

        Args:
            name: of the file.
            zone: of stamps that have none; None is that of this machine.
        """
        self.logbook = self.logbook or Logbook()
        try:
            said = read_log(self.logbook, name, zone)
            self.warnings += [self._said(name, words) for words in said]
        except LogError as error:
            self._failed("truncated", self._said(name, str(error)))

    def capture(self, name: str, tick: Tick) -> None:
        """Read one capture; a failure is noted, and what was read before it is reported."""
        self.captures += 1
        try:
            file = open_capture(name)
        except CaptureError as error:
            self._failed("failed", self._said(name, str(error)))
            return
        lost = drops.dropped(file)
        if lost:
            self.warnings.append(drops.warning(self._shown(name), lost))
        pipeline = Pipeline(
            name, self.settings, first_flow=self.flows, ladders=self.ladders, ledger=self.ledger
        )
        try:
            outcome = asyncio.run(self._read(file, pipeline, tick))
        finally:
            pipeline.finish()
            self._take(pipeline)
            self._close(pipeline, name)
        if outcome.status != "complete":
            what = f"{visible(name)}: {outcome.what}.\n  {outcome.remedy}".rstrip()
            self._failed(outcome.status, self._said(name, what))

    def _shown(self, name: str) -> str:
        """The name of a file as it may be shown."""
        redactor = self.settings.redactor
        return redactor.file(name) if redactor else name

    def _said(self, name: str, words: str) -> str:
        """Words about a file as they may be shown."""
        shown = self._shown(name)
        return words.replace(visible(name), visible(shown)).replace(name, shown)

    async def _read(self, file: CaptureFile, pipeline: Pipeline, tick: Tick) -> Outcome:
        """Let tshark read, and report what is over."""

        def sink(rows: list[Row]) -> None:
            pipeline.rows(rows)
            self._take(pipeline)
            tick(pipeline.packets, pipeline.bytes_read)

        wanted = self.settings.display_filter, self.settings.keylog, self.settings.ports
        return await read(self.tshark, file, sink, asked.options(*wanted))

    def _take(self, pipeline: Pipeline) -> None:
        """Report the flows that are over."""
        for detail in pipeline.take():
            self._count(detail)
            self.reporter.flow(detail)
            if self.logbook:
                self._span(detail.summary)

    def _span(self, flow: FlowSummary) -> None:
        """Tell the logbook of a connection, whose client it knows by its own address."""
        address, port = flow.client
        if self.settings.redactor:
            address = self.settings.redactor.original(address)
        assert self.logbook is not None
        self.logbook.flow(Span(flow.flow, address, port, flow.start, flow.end))

    def _count(self, detail: FlowDetail) -> None:
        """Count findings for the summary and the exit code."""
        for finding in detail.findings:
            self._counts[finding.rule] += 1
            if self.worst is None or finding.severity > self.worst:
                self.worst = finding.severity

    def _close(self, pipeline: Pipeline, name: str) -> None:
        """The end of one capture."""
        self.packets += pipeline.packets
        if pipeline.packets and pipeline.flows == self.flows:
            self.warnings.append(_nothing(self._shown(name), pipeline.tcp_segments))
        self.flows = pipeline.flows
        keys = pipeline.keys()
        self.warnings += [f"{visible(self._shown(name))}: {keys}"] if keys else []
        self.warnings.extend(pipeline.bugs)

    def _failed(self, status: str, what: str) -> None:
        """A capture that could not be read, or not to its end."""
        self.status = max(self.status, status, key=WORST.index)
        self.errors.append(what)
        self.warnings.append(what.splitlines()[0])

    def interrupted(self) -> None:
        """The user has stopped it: what was read before is reported."""
        self.status = max(self.status, "truncated", key=WORST.index)
        self.warnings.append("interrupted: what was read before is shown")

    def finish(self) -> None:
        """Report what holds across the captures, and the summary."""
        if self.logbook:
            ties = self.logbook.ties()
            redactor = self.settings.redactor
            self.reporter.log(redactor.ties(ties) if redactor else ties)
        self.reporter.verdicts(self.ledger.verdicts())
        self.reporter.peers(self.ledger.peers())
        self.reporter.summary(
            Summary(
                captures=self.captures,
                packets=self.packets,
                flows=self.flows,
                findings=dict(self._counts),
                status=self.status,
                warnings=tuple(self.warnings),
            )
        )

    def exit_code(self, fail_on: Severity) -> int:
        """0 nothing at or above ``fail_on``, 1 findings, 3 a capture failed."""
        if self.status != "complete":
            return 3
        return int(self.worst is not None and self.worst >= fail_on)


def _nothing(name: str, segments: int) -> str:
    """Why a capture with packets shows no flow."""
    if not segments:
        return f"{visible(name)}: no TCP in this capture, so no SMTP"
    return (
        f"{visible(name)}: no SMTP conversation found among {segments:,} TCP segments; "
        "if mail uses another port here, name it with --port"
    )
