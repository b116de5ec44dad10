"""A Wireshark display filter, handed to tshark; and packets that were dropped while capturing."""

from __future__ import annotations

import json
import shutil
import struct
from typing import TYPE_CHECKING

import pytest
from cli.command import CAPTURES, seamark

from dissect.source import drops, open_capture

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
FOUNDING = CAPTURES / "founding-behind.pcap"


def test_a_filter_chooses_conversations() -> None:
    """Only what tshark passes is read, frames keep their numbers, and a warning tells of it."""
    ran = seamark("scan", FOUNDING, "--format", "jsonl", "-Y", "tcp.stream == 1")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    (flow,) = [line for line in lines if line["type"] == "flow"]
    assert flow["frames"]["first"] == 18
    assert flow["recipients"] == {"offered": 60, "accepted": 59}
    assert "tcp.stream == 1" in lines[-1]["warnings"][0]
    assert "gaps" in lines[-1]["warnings"][0]


@pytest.mark.parametrize("wrong", ["tcp.stream ==", "nonsense.field", "(("])
def test_a_bad_filter_is_refused_in_tsharks_words(wrong: str) -> None:
    """It is a wrong use: exit code 2, what tshark says, and nothing is read."""
    ran = seamark("scan", FOUNDING, "-Y", wrong)
    assert ran.code == 2
    assert "does not take this display filter" in ran.err
    assert ran.out == ""


def test_a_filter_that_looks_like_an_option_is_a_filter() -> None:
    """What begins with a hyphen reaches tshark as one word, and is judged by it."""
    ran = seamark("scan", FOUNDING, "--display-filter=-r /etc/passwd")
    assert ran.code == 2
    assert "display filter" in ran.err


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _option(code: int, value: int) -> bytes:
    return struct.pack("<HHQ", code, 8, value)


@pytest.fixture
def dropping(tmp_path: Path) -> Path:
    """A pcapng whose interface has dropped 5 packets, and its operating system 2."""
    section = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = _block(1, struct.pack("<HHI", 1, 0, 0))
    options = _option(5, 5) + _option(7, 2) + struct.pack("<HH", 0, 0)
    path = tmp_path / "dropping.pcapng"
    path.write_bytes(section + interface + _block(5, struct.pack("<III", 0, 0, 0) + options))
    return path


def test_dropped_packets_are_told(dropping: Path) -> None:
    """The file's own statistics become a warning: gaps may be the capture's fault."""
    assert drops.dropped(open_capture(str(dropping))) == 7
    ran = seamark("scan", dropping, "--format", "jsonl")
    summary = json.loads(ran.out.splitlines()[-1])
    assert any("7 packets were dropped while capturing" in told for told in summary["warnings"])


def test_a_damaged_end_tells_nothing(dropping: Path, tmp_path: Path) -> None:
    """A file that is cut, or is no pcapng, does not tell, and nothing is raised."""
    whole = dropping.read_bytes()
    for size in range(4, len(whole) - 1):
        cut = tmp_path / "cut.pcapng"
        cut.write_bytes(whole[:size])
        assert drops.dropped(open_capture(str(cut))) is None
    assert drops.dropped(open_capture(str(FOUNDING))) is None
