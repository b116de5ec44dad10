"""What happens beside the report when something is found: a command, a bell."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from dissect.analysis.model import FlowSummary, Peer, Verdict
from dissect.detect.finding import Finding, Severity
from dissect.live.inlet import Source
from dissect.live.passing import Passing
from dissect.live.reports import Listener
from dissect.report import Summary
from dissect.report.jsonl import finding_object
from dissect.source.hook import Hook

BETWEEN: Final = 1.0
"""Seconds between two bells."""


class Bell:
    """Rings, but not all the time.

    Args:
        ring: does it.
        clock: seconds that pass.
    """

    def __init__(
        self, ring: Callable[[], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ring, self._clock = ring, clock
        self._last = -BETWEEN

    def __call__(self) -> None:
        """Ring, if it has been silent for a while."""
        now = self._clock()
        if now - self._last >= BETWEEN:
            self._last = now
            self._ring()


class Triggers(Passing):
    """A listener that acts on findings, and passes everything on to another one.

    Args:
        listener: the other one.
        lowest: findings below it start nothing.
        command: run for each finding, which it gets as a line of JSON; empty for none.
        bell: rung for each finding.
    """

    def __init__(
        self,
        listener: Listener,
        lowest: Severity,
        command: tuple[str, ...] = (),
        bell: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(listener)
        self._lowest, self._bell = lowest, bell
        self._hook = Hook(command, self.notice) if command else None

    def finding(self, finding: Finding, flow: FlowSummary) -> None:
        """Act on it, once it is told."""
        self._next.finding(finding, flow)
        if finding.severity < self._lowest:
            return
        if self._bell is not None:
            self._bell()
        if self._hook is not None:
            line = json.dumps(finding_object(finding, flow), separators=(",", ":")) + "\n"
            self._hook.start(line.encode())

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """Passed on, with the findings for which the command did not run, or in vain."""
        if self._hook is not None:
            said = (
                (self._hook.skipped, "findings came too fast for --on-finding"),
                (self._hook.failed, "runs of --on-finding failed"),
            )
            more = (f"{count:,} {words}" for count, words in said if count)
            summary = replace(summary, warnings=(*summary.warnings, *more))
        self._next.end(sources, verdicts, peers, summary)

    async def finish(self) -> None:
        """Let commands that still run come to an end."""
        if self._hook is not None:
            await self._hook.finish()
