"""The generator's truth against the dissector, through real tshark."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from generate.capture import generate

from dissect.analysis.model import FlowDetail
from dissect.pipeline import Pipeline
from dissect.source import find_tshark, open_capture, read

BESIDE = {"sync-error", "retry-storm", "rate-without-delivery"}
"""What some of the generated damage brings with it; the truth does not count it."""


def dissected(path: Path, *, ladders: bool) -> tuple[FlowDetail, ...]:
    """All flows of a capture."""
    pipeline = Pipeline(path.name, ladders=ladders)
    outcome = asyncio.run(read(find_tshark(), open_capture(str(path)), pipeline.rows))
    assert outcome.status == "complete"
    pipeline.finish()
    assert pipeline.bugs == []
    return tuple(pipeline.take())


@pytest.mark.tshark
def test_findings_are_the_truth(tmp_path: Path) -> None:
    """Flow by flow, a generated capture shows what was put into it and nothing else."""
    path = tmp_path / "made.pcap"
    truth = generate(path, flows=300, packets=7_500, seed=7)
    details = {str(detail.summary.client): detail for detail in dissected(path, ladders=False)}

    assert len(details) == len(truth.flows)
    for flow in truth.flows:
        detail = details[str(flow.plan.client)]
        found = Counter(finding.rule for finding in detail.findings)
        told = {rule: count for rule, count in found.items() if rule not in BESIDE}
        assert told == dict(flow.outcome.findings), flow
        summary = detail.summary
        assert summary.outcome.value == flow.outcome.outcome, flow
        assert summary.recipients == (flow.outcome.offered, flow.outcome.accepted), flow


@pytest.mark.tshark
def test_ladders_change_nothing_but_rows(tmp_path: Path) -> None:
    """A report, which keeps no ladders, and a screen, which does, say the same of every flow."""
    path = tmp_path / "made.pcap"
    generate(path, flows=60, packets=1_500, seed=11)
    plain, full = dissected(path, ladders=False), dissected(path, ladders=True)

    assert [d.summary for d in plain] == [d.summary for d in full]
    assert [d.findings for d in plain] == [d.findings for d in full]
    assert all(detail.rows for detail in full)
