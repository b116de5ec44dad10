"""JSON Lines: one object a line, keys in a fixed order; ``schema.json`` documents them.

All that is not ASCII is escaped, so that nothing from a packet reaches a terminal as it is.
"""

from __future__ import annotations

import json
from typing import Any

from dissect.analysis.model import FlowDetail, FlowSummary, Peer, Verdict
from dissect.detect.finding import Finding
from dissect.maillog import Tie, Ties
from dissect.report.port import Summary, Write


class JsonlReporter:
    """Writes one object for each flow, finding, verdict and peer, and one at the end."""

    def __init__(self, write: Write, *, colour: bool = False) -> None:  # noqa: ARG002 - has none
        self._write = write

    def flow(self, detail: FlowDetail) -> None:
        """The flow, then its findings."""
        self._line(flow_object(detail.summary))
        for finding in detail.findings:
            self._line(finding_object(finding, detail.summary))

    def log(self, ties: Ties) -> None:
        """One object for each line that belongs to a flow."""
        for tie in ties.tied:
            self._line(log_object(tie, ties.offset))

    def verdicts(self, verdicts: tuple[Verdict, ...]) -> None:
        """One object each."""
        for verdict in verdicts:
            self._line(verdict_object(verdict))

    def peers(self, peers: tuple[Peer, ...]) -> None:
        """One object each."""
        for peer in peers:
            self._line(peer_object(peer))

    def summary(self, summary: Summary) -> None:
        """The last line."""
        self._line(
            {
                "type": "summary",
                "captures": summary.captures,
                "packets": summary.packets,
                "flows": summary.flows,
                "findings": dict(sorted(summary.findings.items())),
                "status": summary.status,
                "warnings": list(summary.warnings),
            }
        )

    def _line(self, value: dict[str, Any]) -> None:
        self._write(json.dumps(value, separators=(",", ":")) + "\n")


def flow_object(flow: FlowSummary) -> dict[str, Any]:
    """A flow as in the schema."""
    return {
        "type": "flow",
        "flow": flow.flow,
        "capture": flow.capture,
        "tcp_stream": flow.tcp_stream,
        "client": str(flow.client),
        "server": str(flow.server),
        "start": round(flow.start, 6),
        "end": round(flow.end, 6),
        "duration": round(flow.duration, 6),
        "helo": flow.helo,
        "banner": flow.banner,
        "reverse_path": flow.reverse_path,
        "outcome": flow.outcome.value,
        "phase": flow.phase,
        "messages": flow.messages,
        "recipients": flow.recipients._asdict(),
        "bytes": {"client": flow.bytes_client, "server": flow.bytes_server},
        "frames": {"first": flow.first_frame, "last": flow.last_frame, "count": flow.frames},
        "severity": None if flow.severity is None else str(flow.severity),
        "rules": list(flow.rules),
        "filter": flow.filter,
        "product": flow.product,
        "tls": flow.tls,
    }


def finding_object(finding: Finding, flow: FlowSummary) -> dict[str, Any]:
    """A finding as in the schema."""
    seam = finding.seam
    return {
        "type": "finding",
        "rule": finding.rule,
        "severity": str(finding.severity),
        "confidence": finding.confidence,
        "flow": finding.flow,
        "capture": flow.capture,
        "client": str(flow.client),
        "server": str(flow.server),
        "frames": list(finding.frames),
        "time": round(finding.time, 6),
        "observed": finding.observed.decode("utf-8", "backslashreplace"),
        "original": finding.original,
        "seam": None
        if seam is None
        else {
            "kind": seam.seam.kind,
            "within": seam.within,
            "offset": seam.offset,
            "frames": sorted({seam.seam.before, seam.seam.after} - {0}),
        },
        "message": finding.message,
        "impact": finding.impact,
        "recipients": list(finding.recipients),
        "remedy": list(finding.remedy),
        "sources": list(finding.sources),
        "filter": finding.filter,
    }


def log_object(tie: Tie, offset: float | None) -> dict[str, Any]:
    """A line of a log as in the schema."""
    file, number, entry = tie.line
    return {
        "type": "log",
        "flow": tie.flow,
        "time": round(entry.time, 6),
        "offset": None if offset is None else round(offset, 6),
        "file": file,
        "line": number,
        "server": entry.make,
        "what": entry.said.what.value,
        "command": entry.said.command,
        "text": entry.text,
    }


def verdict_object(verdict: Verdict) -> dict[str, Any]:
    """A verdict as in the schema."""
    return {
        "type": "verdict",
        "capture": verdict.capture,
        "client": verdict.client,
        "server": verdict.server,
        "device": verdict.device,
        "confidence": verdict.confidence,
        "counts": dict(verdict.counts),
        "message": verdict.message,
        "remedy": list(verdict.remedy),
        "flows": list(verdict.flows),
        "title": verdict.title,
        "confirm": list(verdict.confirm),
    }


def peer_object(peer: Peer) -> dict[str, Any]:
    """A client as in the schema."""
    return {
        "type": "peer",
        "client": peer.client,
        "flows": peer.flows,
        "damaged": peer.damaged,
        "messages": {"tried": peer.messages_tried, "accepted": peer.messages_accepted},
        "recipients": {
            "offered": peer.recipients_asked,
            "accepted": peer.recipients_accepted,
            "delivered": peer.recipients_delivered,
        },
        "rate": {
            "width": peer.width,
            "buckets": [
                {"start": b.start, "offered": b.asked, "delivered": b.delivered} for b in peer.rate
            ],
        },
        "retries": [
            {"reverse_path": r.reverse_path, "recipients": r.recipients, "tries": r.tries}
            for r in peer.retries
        ],
    }
