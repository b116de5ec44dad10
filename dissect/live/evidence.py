"""Keeps the packets of flows that are over as files, if something was found in them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, FlowSummary, Peer, Verdict
from dissect.detect.finding import Finding, Severity
from dissect.escape import visible
from dissect.live.inlet import Source
from dissect.live.keep import Memory
from dissect.live.passing import Passing
from dissect.live.reports import Listener
from dissect.live.writer import Writer, flows
from dissect.report import Summary
from dissect.source.folder import SIZE, Folder

FILES: Final = 10_000
"""Files of a folder, unless told otherwise."""

LONGEST: Final = 60
"""Characters of a part of a file's name."""

UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]+|\.{2,}")
"""What does not stand in a part of a file's name; ``_`` divides the parts."""

NO_TIME: Final = "00000000T000000.000000Z"
"""Stands for a time that no calendar has."""

Which = Literal["damaged", "all", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What is kept, and where."""

    folder: str
    which: Which = "damaged"
    """``damaged`` are flows in which a rule has fired that is severe enough."""
    severity: Severity = Severity.MEDIUM
    size: int = SIZE
    files: int = FILES
    """Bytes and files that the folder may have."""

    def written(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "folder": self.folder, "which": self.which, "severity": str(self.severity),
            "size": self.size, "files": self.files,
        }  # fmt: skip

    @classmethod
    def read(cls, said: dict[str, Any]) -> Keeping:
        """From what ``written`` has made."""
        return cls(**{**said, "severity": Severity.parse(said["severity"])})


class Evidence(Passing):
    """A listener that lets packets of flows be written, and passes everything on to another one.

    A folder that cannot be written to is told once; flows are counted then, and after a while it
    is tried again.  What was not written is told at the end, too.

    Args:
        listener: the other one.
        memory: where the packets are.
        keeping: what is kept, and where.
        clock: seconds that pass.

    Raises:
        CaptureError: if the folder cannot be used.
    """

    def __init__(
        self,
        listener: Listener,
        memory: Memory,
        keeping: Keeping,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(listener)
        self._memory, self._keeping = memory, keeping
        folder = Folder(Path(keeping.folder), keeping.size, keeping.files)
        self._writer = Writer(folder, visible(keeping.folder), clock)
        self._open: dict[int, FlowSummary] = {}
        """Flows that go on and will be kept, as far as is known."""

    @property
    def written(self) -> int:
        """Flows that are files."""
        return self._writer.written

    @property
    def refused(self) -> int:
        """Flows that should be files and are not."""
        return self._writer.refused

    def finding(self, finding: Finding, flow: FlowSummary) -> None:
        """Its flow may be one that is kept."""
        if finding.severity >= self._keeping.severity:
            self._memory.mark(flow.flow)
            if self._keeping.which == "damaged":
                self._open[flow.flow] = flow
        self._next.finding(finding, flow)

    def open(self, detail: FlowDetail) -> None:
        """A flow that goes on."""
        if self._keeping.which == "all" or detail.summary.flow in self._open:
            self._open[detail.summary.flow] = detail.summary
        self._next.open(detail)

    def flow(self, detail: FlowDetail) -> None:
        """A flow is over: now it is written, or never."""
        flow = detail.summary
        if self._open.pop(flow.flow, None) or self._keeping.which == "all":
            self._write(flow)
        self._next.flow(detail)

    def looked(self, ledger: Ledger) -> None:
        """Time to tell what has become of those that were written."""
        self._tell()
        self._next.looked(ledger)

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """How much was kept, and what was not, once all is written."""
        self.settle()
        where = visible(self._keeping.folder)
        if self._keeping.which != "none":
            self.notice(f"{flows(self.written)} kept in {where}")
        if self.refused:
            lost = f"{flows(self.refused)} not kept in {where}: {self._writer.why}"
            summary = replace(summary, warnings=(*summary.warnings, lost))
        self._next.end(sources, verdicts, peers, summary)

    def settle(self) -> None:
        """Wait until all that waits is written, and tell of it."""
        self._writer.settle()
        self._tell()

    def close(self) -> None:
        """Write what is still open, where the watch has come to an end that nobody expected."""
        while self._open:
            self._write(self._open.pop(next(iter(self._open))))
        self._writer.settle()
        self._writer.close()

    def _write(self, flow: FlowSummary) -> None:
        self._writer.put(file_name(flow), self._memory.contents(flow.flow))

    def _tell(self) -> None:
        for words in self._writer.news():
            self.notice(words)


def file_name(flow: FlowSummary) -> str:
    """When a flow began, its ends and its source, in a name that is safe on every system."""
    try:
        began = datetime.fromtimestamp(flow.start, UTC)
        when = f"{began:%Y%m%dT%H%M%S.%fZ}" if began.year > 999 else NO_TIME  # noqa: PLR2004
    except (ValueError, OverflowError, OSError):
        when = NO_TIME
    ends = (f"{end.address}-{end.port}" for end in (flow.client, flow.server))
    parts = (UNSAFE.sub("-", part)[:LONGEST].strip("-.") for part in (*ends, flow.capture))
    return f"seamark_{when}_{'_'.join(filter(None, parts))}.pcapng"
