"""What is remembered of every frame of a capture: whose it is, and by what it is known again."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

from dissect.report.lua import Mark
from dissect.segments.decode import FIELDS, GENINFO, Row, seconds
from dissect.segments.fragments import Fragments

NOBODY: Final = -1
"""Stands for the flow of a frame that has none, or was not seen."""

TIME: Final = GENINFO.index("timestamp")
STREAM: Final = len(GENINFO) + FIELDS.index("tcp.stream")
SEQUENCE: Final = len(GENINFO) + FIELDS.index("tcp.seq_raw")
"""Where a row has its time, tshark's number of its stream, and its raw TCP sequence number."""


class Frames:
    """Sixteen bytes for each frame, by its number."""

    def __init__(self) -> None:
        self._flows = array("i", [NOBODY])
        self._sequences = array("I", [0])
        self._times = array("d", [0.0])
        self._latest: dict[bytes, int] = {}
        """The flow that was last seen in a stream: what comes behind its end is its own."""
        self._loose = Fragments()

    def see(self, rows: list[Row], owners: Iterable[tuple[int, int]]) -> None:
        """Remember frames; a display filter leaves some out.

        Args:
            rows: what tshark says of them.
            owners: frames, also earlier ones, and the flows to which they belong.
        """
        known = dict(owners)
        for row in rows:
            self._add(row, known.get(int(row[0]), NOBODY))
        for frame, flow in (*known.items(), *self._loose.claim(rows, known)):
            self._flows[frame] = flow

    def _add(self, row: Row, flow: int) -> None:
        missing = int(row[0]) - len(self._flows)
        if missing > 0:
            self._flows.extend([NOBODY] * missing)
            self._sequences.extend([0] * missing)
            self._times.extend([0.0] * missing)
        stream = row[STREAM]
        if stream and flow != NOBODY:
            self._latest[stream] = flow
        elif stream:
            flow = self._latest.get(stream, NOBODY)
        self._flows.append(flow)
        self._sequences.append(int(row[SEQUENCE] or 0))
        self._times.append(seconds(row[TIME]))

    def flow(self, frame: int) -> int:
        """The flow to which a frame belongs, its ICMP errors and its fragments included."""
        return self._flows[frame] if frame < len(self._flows) else NOBODY

    def mark(self, frame: int) -> Mark:
        """By what a frame is known again."""
        return Mark(self._sequences[frame], self._times[frame])
