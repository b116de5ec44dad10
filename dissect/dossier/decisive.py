"""The one finding that a report shows in full."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from dissect.analysis.model import FlowDetail, Verdict
from dissect.detect.finding import Finding, Severity
from dissect.detect.registry import RULES

OUTCOMES: Final = frozenset({
    "unanswered-command",
    *(rule.info.name for rule in RULES if rule.info.group == "loss"),
})  # fmt: skip
"""Rules that tell what became of mail, and not why."""


class Decisive(NamedTuple):
    """The finding that proves most, and its flow."""

    detail: FlowDetail
    finding: Finding


def decisive(details: Iterable[FlowDetail], verdict: Verdict | None) -> Decisive | None:
    """The finding that proves most; None where none costs mail.

    A seam inside of what was damaged proves more than damage alone; then the worst comes first,
    what caused a loss before the loss itself, and the surest, in the shortest conversation,
    because somebody has to read it.
    """
    proof = frozenset(verdict.flows) if verdict else frozenset()
    found = [
        Decisive(detail, finding)
        for detail in details
        for finding in detail.findings
        if finding.severity >= Severity.MEDIUM and finding.rows
    ]
    return max(found, key=lambda each: _weight(each, proof), default=None)


def _weight(each: Decisive, proof: frozenset[int]) -> tuple[float, ...]:
    """What makes one finding prove more than another."""
    detail, finding = each
    return (
        finding.flow in proof,
        finding.seam is not None,
        finding.severity,
        finding.rule not in OUTCOMES,
        bool(finding.original),
        finding.confidence,
        -detail.summary.frames,
        -detail.summary.flow,
    )
