"""CSV: one row for each flow, for a spreadsheet or a database (RFC 4180).

A cell that a spreadsheet would take for a formula gets an apostrophe in front: what is in it came
from the network.
"""

from __future__ import annotations

import csv
from typing import Final

from dissect.analysis.model import FlowDetail, FlowSummary, Peer, Verdict
from dissect.escape import visible
from dissect.maillog import Ties
from dissect.report.port import Summary, Write

COLUMNS: Final = (
    "flow", "capture", "tcp_stream", "client", "server", "start", "end", "duration", "helo",
    "banner", "reverse_path", "outcome", "phase", "messages", "recipients_offered",
    "recipients_accepted", "bytes_client", "bytes_server", "first_frame", "last_frame", "frames",
    "severity", "rules", "filter",
)  # fmt: skip

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class _Sink:
    """Gives ``csv.writer`` the one method that it needs."""

    def __init__(self, write: Write) -> None:
        self.write = write


class CsvReporter:
    """Writes the heading with the first flow, or at the end where there was none."""

    def __init__(self, write: Write, *, colour: bool = False) -> None:  # noqa: ARG002 - has none
        self._writer = csv.writer(_Sink(write))
        self._begun = False

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._writer.writerow(COLUMNS)

    def flow(self, detail: FlowDetail) -> None:
        """One row."""
        self._begin()
        self._writer.writerow([_cell(value) for value in _row(detail.summary)])

    def log(self, ties: Ties) -> None:
        """Nothing: a line of a log is no flow."""

    def verdicts(self, verdicts: tuple[Verdict, ...]) -> None:
        """Nothing: a verdict is no flow."""

    def peers(self, peers: tuple[Peer, ...]) -> None:
        """Nothing: a peer is no flow."""

    def summary(self, summary: Summary) -> None:  # noqa: ARG002 - a table has no last line
        """The heading, where no flow has brought it."""
        self._begin()


def _row(flow: FlowSummary) -> tuple[object, ...]:
    """The values of ``COLUMNS``."""
    return (
        flow.flow, flow.capture, flow.tcp_stream, str(flow.client), str(flow.server),
        f"{flow.start:.6f}", f"{flow.end:.6f}", f"{flow.duration:.6f}", flow.helo, flow.banner,
        flow.reverse_path, flow.outcome.value, flow.phase, flow.messages,
        flow.recipients.offered, flow.recipients.accepted, flow.bytes_client, flow.bytes_server,
        flow.first_frame, flow.last_frame, flow.frames,
        "" if flow.severity is None else str(flow.severity), ";".join(flow.rules), flow.filter,
    )  # fmt: skip


def _cell(value: object) -> object:
    """A value that neither a terminal nor a spreadsheet will act on."""
    if not isinstance(value, str):
        return value
    text = visible(value, ascii_only=True)
    return f"'{text}" if text.startswith(FORMULA) else text
