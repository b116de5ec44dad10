"""Findings as comments on the frames that prove them."""

from __future__ import annotations

from collections.abc import Iterable

from dissect.analysis.model import FlowDetail
from dissect.detect.finding import Finding
from dissect.escape import visible
from dissect.report.text import observed, place


def by_frame(details: Iterable[FlowDetail]) -> dict[int, list[str]]:
    """The comments of each frame of evidence, by its number in the capture."""
    found: dict[int, list[str]] = {}
    for detail in details:
        for finding in detail.findings:
            text = comment(finding)
            for frame in finding.frames:
                where = f"frame     {frame} of {_source(detail)}"
                found.setdefault(frame, []).append(f"{text}\n{where}")
    return found


def comment(finding: Finding) -> str:
    """What a finding says, in a few lines that are safe to show."""
    head = f"Seamark: {finding.rule} ({finding.severity}): {visible(finding.message)}"
    lines = [
        ("observed", observed(finding)),
        ("original", visible(finding.original)),
        ("seam", place(finding.seam) if finding.seam else ""),
        ("frames", ", ".join(map(str, finding.frames[:20]))),
    ]
    return "\n".join([head, *(f"{name:10}{text}" for name, text in lines if text)])


def _source(detail: FlowDetail) -> str:
    flow = detail.summary
    return f"{visible(flow.capture)}, flow {flow.flow}, {flow.client} to {flow.server}"
