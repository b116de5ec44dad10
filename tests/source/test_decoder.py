"""A decoder for live packets: another tshark takes over between two packets, and nobody notices."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path
from typing import Final

import pytest

from dissect.pipeline import Pipeline
from dissect.segments.decode import Row
from dissect.source import find_tshark, open_capture, read
from dissect.source.decoder import Decoder
from dissect.source.records import Record, Records

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]

FOUNDING: Final = Path(__file__).parents[2] / "captures" / "founding-behind.pcap"
LONG: Final = [11, 12, 13, 15, 21, 23, 24, 25, 26, 27, 29]
"""Of its packets from 11 to 30 those with a payload."""


def records() -> tuple[bytes, list[Record]]:
    """The capture, as it would arrive live."""
    cutter = Records()
    found = cutter.feed(FOUNDING.read_bytes())
    return cutter.head, found


async def decoded(most: int, size: int, options: tuple[str, ...] = ()) -> tuple[list[Row], Decoder]:
    """The rows of the capture, some packets at a time, and several tsharks in a row."""
    rows: list[Row] = []
    decoder = Decoder(find_tshark(), rows.extend, options, most=most)
    head, found = records()
    for at in range(0, len(found), size):
        await decoder.feed(head, found[at : at + size])
    await decoder.finish()
    return rows, decoder


def told(rows: list[Row]) -> list[object]:
    """What the pipeline makes of rows, but for tshark's own labels."""
    pipeline = Pipeline("live")
    pipeline.rows(rows)
    pipeline.finish()
    return [
        (detail.summary.outcome, detail.summary.rules, detail.summary.frames,
         [(row.kind, row.text, row.frames) for row in detail.rows])
        for detail in pipeline.take()
    ]  # fmt: skip


def test_tsharks_in_a_row_are_as_one() -> None:
    """However often tshark is replaced, every conversation is told as if there had been one."""
    whole: list[Row] = []
    asyncio.run(read(find_tshark(), open_capture(str(FOUNDING)), whole.extend))
    once, _ = asyncio.run(decoded(10_000, 50))
    often, decoder = asyncio.run(decoded(len(whole) // 4, 7))
    assert [row[0] for row in often] == [row[0] for row in whole]
    assert told(once) == told(often) == told(whole)
    assert (decoder.given, decoder.decoded, decoder.lost) == (len(whole), len(whole), 0)
    assert decoder.died == []


@pytest.mark.parametrize(("display_filter", "passed"), [("tcp.len > 100", 46), ("udp", 0)])
def test_what_a_display_filter_leaves_out_is_not_lost(display_filter: str, passed: int) -> None:
    """Tshark says nothing of it, however often it is replaced; frames keep their numbers."""
    whole: list[Row] = []
    options = ("-Y", display_filter)
    asyncio.run(read(find_tshark(), open_capture(str(FOUNDING)), whole.extend, options))
    rows, decoder = asyncio.run(decoded(43, 7, options))
    assert [row[0] for row in rows] == [row[0] for row in whole]
    assert len(rows) == passed
    assert (decoder.left_out, decoder.lost, decoder.died) == (172 - passed, 0, [])
    assert decoder.given == decoder.decoded == 172


def test_a_filter_that_passes_nothing_keeps_nobody_waiting() -> None:
    """A packet that it leaves out is done as soon as tshark has taken it."""

    async def waited() -> int:
        decoder = Decoder(find_tshark(), lambda _rows: None, ("-Y", "udp"))
        head, found = records()
        await decoder.feed(head, found[:3])
        for _ in range(500):
            if decoder.decoded == 3:
                break
            await asyncio.sleep(0.02)
        left_out = decoder.left_out
        await decoder.stop()
        return left_out

    assert asyncio.run(waited()) == 3


def test_rows_come_while_packets_still_may() -> None:
    """A packet is decoded when it has come, and not when the next one has."""

    async def first() -> int:
        rows: list[Row] = []
        decoder = Decoder(find_tshark(), rows.extend)
        head, found = records()
        await decoder.feed(head, found[:3])
        for _ in range(500):
            if len(rows) == 3:
                break
            await asyncio.sleep(0.02)
        await decoder.stop()
        return len(rows)

    assert asyncio.run(first()) == 3


@pytest.mark.parametrize("options", [(), ("-Y", "tcp.len > 0")])
def test_a_killed_tshark_is_replaced_and_told(options: tuple[str, ...]) -> None:
    """What it had not decoded is counted as lost; what comes later is decoded by the next."""

    async def killed() -> tuple[list[Row], Decoder]:
        rows: list[Row] = []
        decoder = Decoder(find_tshark(), rows.extend, options)
        head, found = records()
        await decoder.feed(head, found[:10])
        one = decoder._one
        assert one is not None
        assert one._capture.process is not None
        os.kill(one._capture.process.pid, signal.SIGKILL)
        await asyncio.wait({one._task})
        await decoder.feed(head, found[10:30])
        await decoder.finish()
        return rows, decoder

    rows, decoder = asyncio.run(killed())
    later = [int(row[0]) for row in rows if int(row[0]) > 10]
    assert later == (list(range(11, 31)) if not options else LONG)
    assert len(rows) + decoder.left_out + decoder.lost == decoder.given == 30
    assert "killed" in decoder.died[0].what


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_tshark_is_never_root() -> None:
    """Where we are root, tshark is somebody else."""

    async def owner() -> int:
        decoder = Decoder(find_tshark(), lambda _rows: None)
        head, found = records()
        await decoder.feed(head, found[:3])
        assert decoder._one is not None
        process = decoder._one._capture.process
        assert process is not None
        uid = os.stat(f"/proc/{process.pid}").st_uid  # noqa: PTH116
        await decoder.stop()
        return uid

    assert asyncio.run(owner()) != 0


def test_stopping_leaves_nothing() -> None:
    """Ended in the middle, there is no process and no descriptor left."""

    async def stopped() -> set[str]:
        decoder = Decoder(find_tshark(), lambda _rows: None)
        head, found = records()
        before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
        await decoder.feed(head, found)
        await decoder.stop()
        return set(os.listdir("/proc/self/fd")) - before  # noqa: PTH208

    assert asyncio.run(stopped()) == set()
