"""A watch of many conversations: what is over is told, and forgotten."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.pcap import to_pcap
from support.script import play
from support.wire import Setting

from dissect.evidence import Endpoint
from dissect.live import Watch
from dissect.pipeline import Settings
from dissect.source import find_tshark
from dissect.source.tap import Line

if TYPE_CHECKING:
    from dissect.segments import Segment

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
DAMAGED = (
    "S: 220 ****22\nC: EHLO a\nS: 250-mx\nS: 250 PIPELINING\nC: MAIL FROM:<a@example.org>\n"
    "C: XX¦XX TO:<b@example.net>\nS: 250 OK\nS: 500 what\nC! RST\n"
)
FLOWS = 300


class Told:
    """A listener that counts."""

    def __init__(self) -> None:
        self.flows = self.findings = 0

    def flow(self, _: object) -> None:
        """One is over."""
        self.flows += 1

    def finding(self, *_: object) -> None:
        """One was found."""
        self.findings += 1

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


def conversations() -> list[Segment]:
    """Many of them, one after another."""
    found: list[Segment] = []
    for number in range(FLOWS):
        client = Endpoint("192.0.2.10", 20_000 + number)
        found += play(DAMAGED, Setting(client=client, start=1e9 + 60.0 * number))
    return [segment._replace(frame=frame) for frame, segment in enumerate(found, 1)]


def test_what_is_over_is_forgotten(tmp_path: Path) -> None:
    """Flows end while it goes on, and nothing of them is kept for the end."""
    path = tmp_path / "many.pcap"
    to_pcap(conversations(), path)
    told: Any = Told()
    watch = Watch(find_tshark(), Settings(), told)
    line = Line("many", os.open(path, os.O_RDONLY))
    asyncio.run(watch.run([line]))
    assert told.flows == FLOWS
    assert told.findings >= FLOWS
    assert watch._told == {}
    (side,) = watch._sides
    assert side.pipeline._open == {}
    assert side.pipeline.finished == []
    assert len(side.pipeline.tracker.open) == 0
