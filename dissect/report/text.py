"""Text for people: a table of flows with findings, the findings, the verdict, what to do.

Nothing can be printed before the end, because the table comes first; clean flows are only
counted, so that memory grows with the damage and not with the capture.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import click

from dissect.analysis.model import FlowDetail, FlowSummary, Peer, Verdict
from dissect.detect.finding import Finding, SeamInside, Severity
from dissect.escape import visible
from dissect.maillog import Line, Ties, clocks
from dissect.report.port import Summary, Write

COLOURS: Final = {
    Severity.CRITICAL: "bright_red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: None,
}

WIDTH: Final = 100
"""Columns for running text."""

PEERS: Final = 10
"""Clients in the table of those that had damage."""

NAME: Final = 42
"""Characters of a name from the network in the table."""

SEAM: Final = "|"
"""Where the segment boundary is, in observed text; ASCII, because this goes into mails."""

LOG_LINES: Final = 12
"""Lines of mail logs under a flow."""

LOG_TEXT: Final = 160
"""Characters of such a line."""

JOINT: Final = "\N{NO-BREAK SPACE}"
"""Holds a name and its count together when lines are filled."""

CLIENT_HEADINGS: Final = ("client", "flows", "damaged", "messages", "rcpts delivered")

HEADINGS: Final = ("flow", "time (UTC)", "client", "server", "outcome", "rcpts", "frames", "worst")


class TextReporter:
    """Gathers, and writes at the end."""

    def __init__(self, write: Write, *, colour: bool = False) -> None:
        self._write = write
        self._colour = colour
        self._flows: list[FlowDetail] = []
        self._verdicts: list[Verdict] = []
        self._peers: list[Peer] = []
        self._outcomes: Counter[str] = Counter()
        self._ties: Ties | None = None
        self._log: dict[int, list[Line]] = {}

    def flow(self, detail: FlowDetail) -> None:
        """Keep a flow that has findings; count the others."""
        self._outcomes[detail.summary.outcome.value] += 1
        if detail.findings:
            self._flows.append(_without_rows(detail))

    def log(self, ties: Ties) -> None:
        """Keep what belongs to flows with findings."""
        self._ties = ties
        self._log = {detail.summary.flow: [] for detail in self._flows}
        for flow, line in ties.tied:
            if flow in self._log:
                self._log[flow].append(line)

    def verdicts(self, verdicts: tuple[Verdict, ...]) -> None:
        """Keep them for the end."""
        self._verdicts.extend(verdicts)

    def peers(self, peers: tuple[Peer, ...]) -> None:
        """Keep those that had damage, or tried in vain."""
        self._peers.extend(peer for peer in peers if peer.damaged or peer.retries)

    def summary(self, summary: Summary) -> None:
        """Write everything."""
        self._flows.sort(key=lambda detail: detail.summary.flow)
        self._headline(summary)
        if self._ties:
            self._logs(self._ties)
        if self._flows:
            self._table()
            self._findings()
        for verdict in self._verdicts:
            self._verdict(verdict)
        if self._peers:
            self._clients()
        self._remedies()
        for warning in summary.warnings:
            self._line(f"Note: {visible(warning)}")

    def _headline(self, summary: Summary) -> None:
        """What was read."""
        outcomes = ", ".join(f"{count:,} {name}" for name, count in self._outcomes.most_common())
        self._line(
            f"{summary.packets:,} packets, {summary.flows:,} SMTP flows"
            + (f" ({outcomes})" if outcomes else "")
        )
        if summary.findings:
            counts = ", ".join(
                f"{name}{JOINT}{count}" for name, count in sorted(summary.findings.items())
            )
            self._wrapped(f"Findings: {counts}", "")
        elif summary.flows:
            self._line("No findings.")

    def _logs(self, ties: Ties) -> None:
        """How many lines of the logs were tied, and how the clocks differ."""
        flows = len({tie.flow for tie in ties.tied})
        self._wrapped(
            f"Mail log: {len(ties.tied):,} of {ties.lines:,} lines with a client belong to "
            f"{flows:,} flows; {clocks(ties.offset)}", "",
        )  # fmt: skip
        if ties.ambiguous:
            self._wrapped(
                f"  {ties.ambiguous:,} lines without a port fit several flows and are left out", ""
            )
        if ties.left_out:
            self._wrapped(f"  {ties.left_out:,} lines were too many to keep", "")

    def _log_lines(self, lines: list[Line]) -> None:
        """What the server wrote about a flow."""
        for line in lines[:LOG_LINES]:
            where = f"{visible(line.file)}:{line.number}"
            text = visible(line.entry.text[:LOG_TEXT])
            self._wrapped(f"log {_when(line.entry.time)[11:]}  {where}  {text}", "  ", "      ")
        if len(lines) > LOG_LINES:
            self._line(f"      and {len(lines) - LOG_LINES} more lines")

    def _table(self) -> None:
        """The flows that have findings."""
        rows = [_cells(detail.summary) for detail in self._flows]
        widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
        self._line("")
        self._line(self._style(_join(HEADINGS, widths), bold=True))
        for detail, row in zip(self._flows, rows, strict=True):
            severity = detail.summary.severity or Severity.INFO
            plain = _join(row[:-1], widths)
            self._line(f"{plain}  {self._severity(severity, row[-1])}".rstrip())

    def _findings(self) -> None:
        """The findings of each flow, the worst first."""
        for detail in self._flows:
            flow = detail.summary
            self._line("")
            self._line(
                self._style(f"Flow {flow.flow}: {flow.client} -> {flow.server}", bold=True)
                + f"  {visible(flow.capture)}  {flow.filter}"
            )
            self._line(
                f"  HELO {_name(flow.helo)}, from <{_name(flow.reverse_path)}>, "
                f"{flow.recipients.accepted} of {flow.recipients.offered} recipients accepted, "
                f"{flow.outcome.value}" + (f", server {flow.product}" if flow.product else "")
            )
            for finding in sorted(detail.findings, key=lambda f: (-f.severity, f.frames)):
                self._finding(finding)
            self._log_lines(self._log.get(flow.flow, []))

    def _finding(self, finding: Finding) -> None:
        """One finding with its evidence."""
        frames = ", ".join(map(str, finding.frames[:12]))
        self._line(
            f"  {self._severity(finding.severity, f'{finding.severity!s:8}')} "
            f"{self._style(finding.rule, bold=True)}  frame{'s' * (len(finding.frames) != 1)} "
            f"{frames}  (confidence {finding.confidence:.2f})"
        )
        self._wrapped(visible(finding.message), "      ")
        if finding.observed:
            self._line(f"      observed  {observed(finding)}")
        if finding.original:
            self._line(f"      original  {visible(finding.original)}")
        if finding.seam:
            self._line(f"      seam      {place(finding.seam)}")
        if finding.impact:
            self._wrapped(f"impact    {visible(finding.impact)}", "      ", "                ")
        if finding.filter and finding.severity >= Severity.MEDIUM:
            self._line(f"      Wireshark {finding.filter}")

    def _verdict(self, verdict: Verdict) -> None:
        """What stands in between, and the counts that prove it."""
        self._line("")
        title = f"Verdict: {verdict.title}, confidence {verdict.confidence:.2f}"
        self._line(self._style(title, bold=True))
        self._line(f"  between {verdict.client} and {verdict.server}  {visible(verdict.capture)}")
        self._wrapped(verdict.message, "  ")
        for step in verdict.confirm:
            self._wrapped(f"to confirm: {step}", "  ", "    ")

    def _clients(self) -> None:
        """The clients that had damage, and what they tried in vain."""
        rows = [_client_cells(peer) for peer in self._peers[:PEERS]]
        widths = [max(map(len, column)) for column in zip(CLIENT_HEADINGS, *rows, strict=True)]
        self._line("")
        self._line(self._style(_join(CLIENT_HEADINGS, widths), bold=True))
        for peer, row in zip(self._peers, rows, strict=False):
            self._line(_join(row, widths).rstrip())
            for retry in peer.retries[:3]:
                self._line(
                    f"  tried {retry.tries} times and not accepted: from "
                    f"<{_name(retry.reverse_path)}> to {retry.recipients} recipients"
                )
        if len(self._peers) > PEERS:
            self._line(f"  and {len(self._peers) - PEERS} more clients")

    def _remedies(self) -> None:
        """What to do, each step once, under the rules that ask for it."""
        steps: dict[tuple[str, ...], list[str]] = {}
        for verdict in self._verdicts:
            steps.setdefault(verdict.remedy, []).append("verdict")
        for detail in self._flows:
            for finding in detail.findings:
                names = steps.setdefault(finding.remedy, []) if finding.remedy else []
                if finding.rule not in names:
                    names.append(finding.rule)
        told: set[str] = set()
        for remedy, names in steps.items():
            new = [step for step in remedy if step not in told]
            told.update(new)
            if new:
                self._line("")
                self._line(self._style(f"What to do ({', '.join(names)})", bold=True))
                for step in new:
                    self._wrapped(f"- {step}", "  ", "    ")
        if told:
            self._line("")

    def _severity(self, severity: Severity, word: str) -> str:
        """A word in the severity's colour."""
        return self._style(word, fg=COLOURS[severity], bold=severity >= Severity.HIGH)

    def _style(self, text: str, *, fg: str | None = None, bold: bool = False) -> str:
        return click.style(text, fg=fg, bold=bold or None) if self._colour else text

    def _wrapped(self, text: str, first: str, rest: str | None = None) -> None:
        """Running text, indented by ``first``, and from the second line on by ``rest``."""
        later = first if rest is None else rest
        filled = textwrap.fill(
            text, WIDTH, initial_indent=first, subsequent_indent=later,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        self._line(filled.replace(JOINT, " "))

    def _line(self, text: str) -> None:
        self._write(text + "\n")


def _without_rows(detail: FlowDetail) -> FlowDetail:
    """What the report needs of a flow."""
    return FlowDetail(summary=detail.summary, rows=(), findings=detail.findings)


def _cells(flow: FlowSummary) -> tuple[str, ...]:
    """One row of the table, in the order of ``HEADINGS``."""
    return (
        str(flow.flow),
        _when(flow.start),
        str(flow.client),
        str(flow.server),
        flow.outcome.value,
        f"{flow.recipients.accepted}/{flow.recipients.offered}",
        f"{flow.first_frame}-{flow.last_frame}",
        f"{flow.severity} {', '.join(flow.rules)}",
    )


def _client_cells(peer: Peer) -> tuple[str, ...]:
    """One row of the table of clients, in the order of ``CLIENT_HEADINGS``."""
    return (
        peer.client,
        str(peer.flows),
        f"{peer.damaged} ({peer.share:.0%})",
        f"{peer.messages_accepted}/{peer.messages_tried}",
        f"{peer.recipients_delivered}/{peer.recipients_asked}",
    )


def _when(time: float) -> str:
    """A time of day; the bare number where a damaged capture has none."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return f"{time:.0f}"


def _join(cells: Iterable[str], widths: list[int]) -> str:
    """Cells in columns; the last is not padded."""
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "  ".join(padded).rstrip() if len(padded) == len(widths) else "  ".join(padded)


def _name(text: str) -> str:
    """A name from the network, safe and not too long."""
    safe = visible(text)
    return safe if len(safe) <= NAME else safe[: NAME - 3] + "..."


def observed(finding: Finding) -> str:
    """The bytes as they were, with the seam at its byte."""
    data, seam = finding.observed[:200], finding.seam
    if seam is None or not 0 < seam.offset <= len(data):
        return visible(data)
    return f"{visible(data[: seam.offset])}{SEAM}{visible(data[seam.offset :])}"


def place(seam: SeamInside) -> str:
    """Where a seam is, and between which frames."""
    before, after = seam.seam.before, seam.seam.after
    where = f"frames {before} | {after}" if before != after else f"frame {before}"
    return (
        f"{seam.seam.kind}, inside the {seam.within}, after byte {seam.offset}, "
        f"stream offset {seam.seam.offset}, {where}"
    )
