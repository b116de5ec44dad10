"""The display filter of a finding, handed to tshark as it stands."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any, Final

import pytest
from cli.command import CAPTURES, environment, scan

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
BEHIND: Final = sorted(CAPTURES.glob("*-behind.pcap"))


def first_of_each_rule() -> list[dict[str, Any]]:
    """A finding of every rule that fires in the captures behind a middlebox."""
    found: dict[str, dict[str, Any]] = {}
    for line in map(json.loads, scan("--format", "jsonl", *BEHIND).out.splitlines()):
        if line["type"] == "finding":
            found.setdefault(line["rule"], line)
    return list(found.values())


def test_filters_show_exactly_the_evidence() -> None:
    """Wireshark takes each of them, and passes the frames of evidence and no other."""
    found = first_of_each_rule()
    assert len(found) > 20
    for each in found:
        ran = subprocess.run(
            ["tshark", "-n", "-r", each["capture"], "-Y", each["filter"],
             "-T", "fields", "-e", "frame.number"],
            capture_output=True, check=True, text=True, timeout=60, env=environment(),
        )  # fmt: skip
        assert [int(word) for word in ran.stdout.split()] == each["frames"], each["rule"]
