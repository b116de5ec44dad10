"""Keeps the packets of flows that are over as files, if something was found in them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from dissect.analysis.model import FlowDetail, FlowSummary, Peer, Verdict
from dissect.detect.finding import Finding, Severity
from dissect.escape import visible
from dissect.live.inlet import Source
from dissect.live.keep import Memory
from dissect.live.passing import Passing
from dissect.live.reports import Listener
from dissect.report import Summary
from dissect.source.folder import SIZE, Folder, TooLargeError

FILES: Final = 10_000
"""Files of a folder, unless told otherwise."""

RETRY: Final = 60.0
"""Seconds until writing is tried again where it has failed."""

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
    """A listener that writes the packets of flows, and passes everything on to another one.

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
        self._memory, self._keeping, self._clock = memory, keeping, clock
        self._folder = Folder(Path(keeping.folder), keeping.size, keeping.files)
        self._open: dict[int, FlowSummary] = {}
        """Flows that go on and will be kept, as far as is known."""
        self._again = 0.0
        """When to try again; 0 while nothing has failed."""
        self._why = ""
        self.written = self.refused = 0
        """Flows that are files, and flows that should be and are not."""

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

    def end(
        self,
        sources: Iterable[Source],
        verdicts: tuple[Verdict, ...],
        peers: tuple[Peer, ...],
        summary: Summary,
    ) -> None:
        """How much was kept, and what was not."""
        where = visible(self._keeping.folder)
        if self._keeping.which != "none":
            self.notice(f"{_flows(self.written)} kept in {where}")
        if self.refused:
            lost = f"{_flows(self.refused)} not kept in {where}: {self._why}"
            summary = replace(summary, warnings=(*summary.warnings, lost))
        self._next.end(sources, verdicts, peers, summary)

    def close(self) -> None:
        """Write what is still open, where the watch has come to an end that nobody expected."""
        while self._open:
            self._write(self._open.pop(next(iter(self._open))), quiet=True)

    def _write(self, flow: FlowSummary, *, quiet: bool = False) -> None:
        if self._again and self._clock() < self._again:
            self.refused += 1
            return
        data = self._memory.pcapng(flow.flow)
        if not data:
            self._refuse("there was no room for their packets in memory")
            return
        try:
            self._folder.write(file_name(flow), data)
        except TooLargeError:
            self._refuse("larger than --keep-size")
        except OSError as error:
            self._refuse(error.strerror or str(error))
            self._failed(quiet=quiet)
        else:
            self.written += 1
            self._recovered(quiet=quiet)

    def _refuse(self, why: str) -> None:
        self.refused += 1
        self._why = why

    def _failed(self, *, quiet: bool) -> None:
        """Stop writing for a while; say so where it is news."""
        first, self._again = not self._again, self._clock() + RETRY
        if first and not quiet:
            where = visible(self._keeping.folder)
            self.notice(
                f"Packets cannot be kept in {where}: {self._why}. Watching goes on; "
                f"it is tried again every {RETRY:.0f} seconds."
            )

    def _recovered(self, *, quiet: bool) -> None:
        if self._again:
            self._again = 0.0
            if not quiet:
                self.notice(f"Packets are kept again; {_flows(self.refused)} not kept so far")


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


def _flows(count: int) -> str:
    return f"{count:,} flow{'s' * (count != 1)}"
