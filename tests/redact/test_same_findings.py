"""Redaction hides names and nothing else: the same is found in the same places."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.fakes import needs_tshark
from oracles.shared import CAPTURES as PUBLIC
from oracles.shared import FOLDER
from redact.same import Reading, both

OURS = Path(__file__).resolve().parents[2] / "captures"
CAPTURES = [p for p in sorted(OURS.glob("*.pcap*")) if "-before" not in p.name]
"""In front of the middlebox there is the same without what it did."""
NAME = re.compile(rb"\b(?:registrar|recipient\d|librarian|secretary|cam|example)\b")
"""What captures of the lab name people and hosts."""

pytestmark = needs_tshark


def alike(one: Reading, two: Reading) -> None:
    """Both say the same, whoever it is about."""
    assert one.bugs == two.bugs == []
    assert one.findings == two.findings
    assert one.proofs == two.proofs
    assert one.people == two.people
    assert one.ladders == two.ladders


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_the_same_is_found_in_a_capture_of_the_lab(path: Path) -> None:
    """Findings, verdicts, clients, and every row of every ladder; and nobody is named."""
    one, two = both(path)
    alike(one, two)
    assert NAME.search(repr(one).encode()) or not one.details or "snaplen" in path.name
    assert NAME.search(repr(two).encode()) is None


@pytest.mark.skipif(not PUBLIC, reason="the public captures are not beside the project")
@pytest.mark.parametrize("path", PUBLIC or [FOLDER], ids=lambda path: path.name)
def test_the_same_is_found_in_a_public_capture(path: Path) -> None:
    """Of real servers and clients, with all that they do wrong."""
    alike(*both(path))
