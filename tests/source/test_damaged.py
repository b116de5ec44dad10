"""Captures with bytes of any value anywhere, through real tshark: nothing raises."""

from __future__ import annotations

import asyncio
import io
import random
from pathlib import Path

import pytest

from dissect.pipeline import Pipeline
from dissect.report import FORMATS, Summary
from dissect.source import find_tshark, open_capture, read

ROOT = Path(__file__).parent.parent.parent
NAMES = ("founding-behind.pcap", "founding-behind.pcapng", "vlan-before.pcap", "ipv6-behind.pcap")

pytestmark = pytest.mark.tshark


@pytest.mark.parametrize("seed", range(12))
def test_damaged_captures_are_read_as_far_as_they_go(tmp_path: Path, seed: int) -> None:
    """Headers, times, lengths and payload may hold anything; every format can report it."""
    chance = random.Random(seed)
    data = bytearray((ROOT / "captures" / NAMES[seed % len(NAMES)]).read_bytes())
    for _ in range(chance.choice((1, 10, 100, 400))):
        data[chance.randrange(24, len(data))] = chance.randrange(256)
    path = tmp_path / "damaged"
    path.write_bytes(data)

    pipeline = Pipeline("damaged")
    outcome = asyncio.run(read(find_tshark(), open_capture(str(path)), pipeline.rows))
    pipeline.finish()
    details = pipeline.take()

    assert outcome.packets == pipeline.packets
    assert pipeline.bugs == []
    for form in FORMATS.values():
        out = io.StringIO()
        reporter = form(out.write)
        for detail in details:
            reporter.flow(detail)
        reporter.verdicts(pipeline.verdicts())
        reporter.summary(
            Summary(captures=1, packets=1, flows=1, findings={}, status="complete", warnings=())
        )
        assert out.getvalue()
