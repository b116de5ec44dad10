"""Interleaves the flows of a capture, and sees to it that it has the packets asked for."""

from __future__ import annotations

import heapq
from random import Random
from typing import TYPE_CHECKING, Final

from support.pcap import write

from generate.conversations import ACK_EVERY, NO_MESSAGE, Body, Spoken, speak
from generate.plan import FlowPlan, plans
from generate.truth import FlowTruth, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dissect.segments.segment import Segment

SEED: Final = 2009
"""The seed unless another one is given: the year of the report that started it."""

PACKETS_PER_FLOW: Final = 25

SMALLEST_BODY: Final = Body(1, 0)

CALM: Final = 30
"""Flows at the end whose messages do not vary, so that the packets add up."""


class Budget:
    """Shares the packets that are left among the flows that are left."""

    def __init__(self, flows: int, packets: int, seed: int) -> None:
        self._flows = flows
        self._packets = packets
        self._random = Random(f"budget {seed}")

    def spend(self, plan: FlowPlan) -> Spoken:
        """Speak a flow with a message of a size that the budget allows.

        Raises:
            ValueError: if the packets are too few for the flows, or end on a flow without message.
        """
        least = speak(plan, SMALLEST_BODY)
        allowed = self._allowed() - len(least.segments)
        fixed = plan.kind in NO_MESSAGE or allowed <= 0
        spoken = least if fixed and self._flows > 1 else speak(plan, body(allowed + 1))
        self._flows -= 1
        self._packets -= len(spoken.segments)
        if not self._flows and self._packets:
            raise ValueError(f"{self._packets:+} packets off the mark: change --packets or --flows")
        return spoken

    def _allowed(self) -> int:
        """Packets for the next flow, varied as mail varies: most is small, some is large."""
        mean = self._packets / self._flows
        if self._flows <= CALM:
            return int(mean)
        return int(mean * min(4.0, self._random.lognormvariate(-0.18, 0.6)))


def body(packets: int) -> Body:
    """The message that takes so many packets, bare acknowledgments included; at least one."""
    segments = max(1, -(-packets * ACK_EVERY // (ACK_EVERY + 1)))
    return Body(segments, max(0, packets - segments))


class Capture:
    """The packets of a capture in their order, and after them the truth about it."""

    def __init__(self, flows: int, packets: int, seed: int = SEED) -> None:
        self._seed = seed
        self._planned = plans(flows, seed)
        self._budget = Budget(flows, packets, seed)
        self._told: list[FlowTruth] = []

    def truth(self, size: int = 0) -> Truth:
        """The truth about all flows that have begun, in a file of ``size`` bytes."""
        packets = sum(flow.packets for flow in self._told)
        return Truth(seed=self._seed, packets=packets, size=size, flows=tuple(self._told))

    def segments(self) -> Iterator[Segment]:
        """The segments of all flows by time; only flows that are open at once are held.

        Frames are not numbered, because nothing in the file says them.
        """
        heap: list[tuple[float, int, int]] = []
        spoken: dict[int, list[Segment]] = {}
        for plan in self._planned:
            yield from _until(plan.start, heap, spoken)
            spoken[plan.number] = self._speak(plan)
            heapq.heappush(heap, (plan.start, plan.number, 0))
        yield from _until(float("inf"), heap, spoken)

    def _speak(self, plan: FlowPlan) -> list[Segment]:
        spoken = self._budget.spend(plan)
        packets = len(spoken.segments)
        self._told.append(FlowTruth(plan=plan, outcome=spoken.outcome, packets=packets))
        return spoken.segments


def _until(
    time: float, heap: list[tuple[float, int, int]], spoken: dict[int, list[Segment]]
) -> Iterator[Segment]:
    """Yield the segments before ``time`` from the flows that are open."""
    while heap and heap[0][0] < time:
        _, number, index = heap[0]
        segments = spoken[number]
        yield segments[index]
        if index + 1 < len(segments):
            heapq.heapreplace(heap, (segments[index + 1].time, number, index + 1))
        else:
            heapq.heappop(heap)
            del spoken[number]


def generate(
    path: Path, *, flows: int, packets: int | None = None, seed: int = SEED, checksums: bool = True
) -> Truth:
    """Write a capture, and the truth about it beside it.

    Args:
        path: the capture file; the truth goes to ``truth_path(path)``.
        flows: how many connections.
        packets: how many packets; ``PACKETS_PER_FLOW`` for each flow unless given.
        seed: the same seed makes the same bytes.
        checksums: False leaves TCP's checksums zero.

    Raises:
        ValueError: if so few packets cannot hold so many flows.
    """
    capture = Capture(flows, packets or flows * PACKETS_PER_FLOW, seed)
    with path.open("wb") as file:
        write(capture.segments(), file, checksums=checksums)
    truth = capture.truth(path.stat().st_size)
    truth.write(truth_path(path))
    return truth


def truth_path(path: Path) -> Path:
    """Where the truth about a capture lies: ``a.pcap`` has ``a.truth.json``."""
    return path.with_suffix(".truth.json")
