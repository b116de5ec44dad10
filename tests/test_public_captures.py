"""Real captures from public projects: nothing in them was damaged, and nothing may be accused.

They lie beside the project, not in it; where they are not there these tests are skipped.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dissect.detect.registry import RULES
from dissect.pipeline import Pipeline
from dissect.source import find_tshark, open_capture, read

FOLDER = Path(__file__).parent.parent.parent / "shared" / "captures"
CAPTURES = sorted(FOLDER.glob("*.pcap*")) if FOLDER.is_dir() else []
MASKS = {rule.info.name for rule in RULES if rule.info.group in ("mask", "ending")}

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(not CAPTURES, reason="the public captures are not beside the project"),
]


@pytest.mark.parametrize("path", CAPTURES or [FOLDER], ids=lambda path: path.name)
def test_nothing_is_accused(path: Path) -> None:
    """No mask, no swallowed end and no verdict where no middlebox was; no rule of ours crashes."""
    pipeline = Pipeline(path.name)
    outcome = asyncio.run(read(find_tshark(), open_capture(str(path)), pipeline.rows))
    pipeline.finish()
    details = pipeline.take()

    assert outcome.status == "complete"
    assert pipeline.bugs == []
    assert {f.rule for detail in details for f in detail.findings} & MASKS == set()
    assert pipeline.verdicts() == ()
