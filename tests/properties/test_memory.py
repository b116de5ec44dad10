"""Memory is bounded: what a flow can make the dissector hold, and what finished flows leave."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from support.script import play
from support.wire import Setting

from dissect.evidence import Side
from dissect.pipeline import Pipeline
from dissect.segments import ACK, PSH, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEGABYTE = 1 << 20
LIMIT = 32 * MEGABYTE
"""What one open flow may hold, whatever it sends: ten hostile ones fit into the budget."""

LARGE = 60_000
"""Payload bytes of a segment, as offload joins them."""

GREETED = "S: 220 mx\nC: EHLO a\nS: 250 PIPELINING\n"


class Feed:
    """Goes on with a conversation in which one side says ever more."""

    def __init__(self, opening: str, side: Side) -> None:
        self.opening = play(opening)
        self.last, self.other = _ends(self.opening, side)
        self.seq = self.last.seq + self.last.length
        self.frame = len(self.opening)

    def segment(self, payload: bytes, seq: int | None = None) -> Segment:
        """The next segment, or one with another sequence number."""
        self.frame += 1
        at = self.seq if seq is None else seq
        if seq is None:
            self.seq += len(payload)
        ack = self.other.seq + self.other.length
        return self.last._replace(
            frame=self.frame, time=self.opening[-1].time + self.frame * 0.001, seq=at, ack=ack,
            flags=ACK | PSH, payload=payload, length=len(payload),
        )  # fmt: skip


def _ends(segments: list[Segment], side: Side) -> tuple[Segment, Segment]:
    """The last segments of a side and of the other one, handshake included."""
    client = segments[0].source_port
    ours = [s for s in segments if (s.source_port == client) is (side is Side.CLIENT)]
    theirs = [s for s in segments if s not in ours]
    last = ours[-1]
    return (last._replace(seq=last.seq + 1) if last.flags & 2 else last), theirs[-1]


def growing(line: bytes, size: int = LARGE) -> Iterator[bytes]:
    """Payloads of one line again and again, each another object."""
    while True:
        yield (line * (size // len(line) + 1))[:size]


def held(segments: Iterator[Segment], opening: list[Segment]) -> int:
    """Bytes that the pipeline holds when all has been fed."""
    gc.collect()
    tracemalloc.start()
    try:
        pipeline = Pipeline()
        pipeline.segments(opening)
        for segment in segments:
            pipeline.segments((segment,))
        del segment
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


DATA = GREETED + "C: MAIL FROM:<a>\nC: RCPT TO:<b>\nC: DATA\nS: 250 a\nS: 250 b\nS: 354 c\n"
LOGIN = GREETED + "C: AUTH LOGIN\nS: 334 x\n"
LONG = b"NOOP " + b"x" * 3_993 + b"\r\n"
REPLY = b"250-" + b"x" * 990 + b"\r\n"

WAYS: dict[str, tuple[str, Side, Callable[[], Iterator[bytes]], int]] = {
    "a message without end": (DATA, Side.CLIENT, lambda: growing(b"body\r\n"), 1000),
    "a line without end": (GREETED, Side.CLIENT, lambda: growing(b"x"), 600),
    "a login answer without end": (LOGIN, Side.CLIENT, lambda: growing(b"x"), 600),
    "message data ahead of 354": (GREETED + "C: DATA", Side.CLIENT, lambda: growing(b"x"), 600),
    "short commands never answered": (GREETED, Side.CLIENT, lambda: growing(b"NOOP\r\n"), 3),
    "long commands never answered": (GREETED, Side.CLIENT, lambda: growing(LONG), 700),
    "recipients never answered": (
        GREETED + "C: MAIL FROM:<a>",
        Side.CLIENT,
        lambda: growing(b"RCPT TO:<" + b"b" * 2000 + b"@example.net>\r\n"),
        300,
    ),
    "a reply without end": (GREETED, Side.SERVER, lambda: growing(b"x"), 600),
    "a reply of lines without end": (GREETED, Side.SERVER, lambda: growing(REPLY), 600),
    "short replies never asked for": (GREETED, Side.SERVER, lambda: growing(b"250 OK\r\n"), 3),
    "long replies never asked for": (
        GREETED,
        Side.SERVER,
        lambda: growing(REPLY * 59 + b"250 x\r\n", 59 * len(REPLY) + 7),
        500,
    ),
    "what is no reply": (GREETED, Side.SERVER, lambda: growing(b"hello\r\n"), 3),
    "typing without end": (GREETED, Side.CLIENT, lambda: growing(b"x", 1), 20_000),
}


@pytest.mark.parametrize("way", WAYS)
def test_one_flow_is_bounded(way: str) -> None:
    """Whatever one side goes on to say, what is held of it stays below the limit."""
    opening, side, payloads, count = WAYS[way]
    feed = Feed(opening, side)
    segments = (feed.segment(payload) for payload in islice(payloads(), count))
    assert held(segments, feed.opening) < LIMIT


def test_segments_ahead_of_a_hole_are_bounded() -> None:
    """A hole that is never filled is given up."""
    feed = Feed(GREETED, Side.CLIENT)
    feed.seq += 1
    segments = (feed.segment(payload) for payload in islice(growing(LONG), 300))
    assert held(segments, feed.opening) < LIMIT


def test_retransmissions_with_other_cuts_are_bounded() -> None:
    """Bytes that come again and again, cut anew each time, leave no trail of seams."""
    feed = Feed(GREETED + "C: NOOP a very long argument for a command", Side.CLIENT)
    start = feed.seq - 40
    segments = (feed.segment(b"xy", start + number % 30) for number in range(3_000))
    assert held(segments, feed.opening) < LIMIT


def conversation(number: int) -> list[Segment]:
    """A whole conversation, from other ports and one second later than the one before."""
    setting = Setting()
    client = setting.client._replace(port=1024 + number % 60_000)
    later = replace(setting, client=client, start=setting.start + number)
    return play(DATA + "C: body\nC: .\nS: 250 d\nC: QUIT\nS: 221 e\nC! FIN\nS! FIN\nC! ACK", later)


def test_finished_flows_leave_nothing() -> None:
    """Hundreds of conversations cost what those cost that are open."""
    pipeline = Pipeline()
    sizes = []
    tracemalloc.start()
    try:
        for until in (200, 800):
            for number in range(pipeline.flows, until):
                pipeline.segments(conversation(number))
                pipeline.take()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert pipeline.flows == 800
    assert len(pipeline.tracker.open) < 50
    assert sizes[1] - sizes[0] < 2 * MEGABYTE
