"""Packets of live flows, asked for again: what a file would show, in the capture's numbers."""

from __future__ import annotations

import asyncio
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.seamark_live import ROOT

from dissect.again import Again, KeptAgain
from dissect.analysis.frame import Kept, Packet
from dissect.analysis.model import FlowDetail, RowKind
from dissect.errors import CaptureError, UsageError
from dissect.live import Memory
from dissect.pipeline import Pipeline
from dissect.segments.decode import Row
from dissect.source import find_tshark, open_capture, read
from dissect.source.records import Records

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
FOUNDING = ROOT / "captures" / "founding-behind.pcap"
OF_THE_FILE = {"tcp.stream", "tcp.completeness", "tcp.completeness.str", ""}
FLOW = 4
"""One in the middle of the capture, with a seam inside a verb."""


@pytest.fixture(scope="module")
def watched() -> tuple[dict[int, FlowDetail], Memory]:
    """The flows of a capture, and their packets as a live capture keeps them."""
    memory, pipeline = Memory(lasting=True), Pipeline(str(FOUNDING))
    inbox, records = memory.source("lo"), Records()
    found = records.feed(FOUNDING.read_bytes())
    inbox.put(records.head, found)
    rows: list[Row] = []
    asyncio.run(read(find_tshark(), open_capture(str(FOUNDING)), rows.extend))
    pipeline.owners = []
    pipeline.rows(rows)
    inbox.claim(rows, pipeline.owners)
    pipeline.finish()
    return {detail.summary.flow: detail for detail in pipeline.take()}, memory


def both(memory: Memory) -> tuple[Again, KeptAgain]:
    """Who reads the file, and who reads what is kept."""

    async def fetch(flows: Sequence[int]) -> Kept:
        return memory.kept(flows)

    tshark = find_tshark()
    return Again(tshark, [open_capture(str(FOUNDING))]), KeptAgain(tshark, fetch)


def beneath(packet: Packet) -> list[str]:
    """The tree without what is about the file: its interfaces, and other connections in it."""
    names = [node.name for node in packet.nodes]
    rest = packet.nodes[names.index("eth") :]
    return [node.text for node in rest if node.depth < 2 and node.name not in OF_THE_FILE]


def test_headers_are_those_of_the_file(watched: tuple[dict[int, FlowDetail], Memory]) -> None:
    """Columns, checksums and options by the capture's numbers; a stranger's frame is left out."""
    flows, memory = watched
    flow = flows[FLOW].summary
    wanted = (flow.first_frame, flow.first_frame + 6, flow.last_frame)
    file, kept = both(memory)
    expected = asyncio.run(file.facts(flow, wanted))
    assert asyncio.run(kept.facts(flow, (*wanted, 1))) == expected


def test_a_frame_is_that_of_the_file(watched: tuple[dict[int, FlowDetail], Memory]) -> None:
    """Its bytes and its tree, which tells the number that the frame has in the capture."""
    flows, memory = watched
    detail = flows[FLOW]
    seam = next(row.seams[0] for row in detail.rows if row.verb == "XXXX")
    file, kept = both(memory)
    expected = asyncio.run(file.packet(detail, seam.before))
    found = asyncio.run(kept.packet(detail, seam.before))
    assert (found.frame, found.data) == (expected.frame, expected.data)
    told = {node.name: node.text for node in found.nodes}
    assert told["frame.number"] == f"Frame Number: {seam.before}"
    assert told["frame"].startswith(f"Frame {seam.before}: ")
    assert beneath(found) == beneath(expected)


def test_message_data_is_that_of_the_file(watched: tuple[dict[int, FlowDetail], Memory]) -> None:
    """Each line with its offset, its end and its seams between the capture's frames."""
    flows, memory = watched
    detail = flows[FLOW]
    row = next(row for row in detail.rows if row.kind is RowKind.MESSAGE)
    file, kept = both(memory)
    expected = asyncio.run(file.message(detail, row))
    assert asyncio.run(kept.message(detail, row)) == expected
    assert expected.lines


def test_flows_are_saved_together(
    watched: tuple[dict[int, FlowDetail], Memory], tmp_path: Path
) -> None:
    """Mode 0600, in the order of the capture, and never over a file that is there."""
    flows, memory = watched
    wanted = [flows[2].summary, flows[FLOW].summary]
    path = tmp_path / "some.pcapng"
    kept = both(memory)[1]
    assert asyncio.run(kept.save(wanted, path)) == sum(flow.frames for flow in wanted)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows: list[Row] = []
    asyncio.run(read(find_tshark(), open_capture(str(path)), rows.extend))
    times = [row[2] for row in rows]
    assert times == sorted(times)
    with pytest.raises(UsageError, match="is there already"):
        asyncio.run(kept.save(wanted, path))


def test_what_is_kept_no_more_is_said(watched: tuple[dict[int, FlowDetail], Memory]) -> None:
    """A flow whose packets had to go, and a frame that is none of its flow's."""
    flows, memory = watched
    detail, kept = flows[FLOW], both(memory)[1]
    with pytest.raises(CaptureError, match="Frame 1 is not kept"):
        asyncio.run(kept.packet(detail, 1))
    gone = replace(detail, summary=replace(detail.summary, flow=999))
    with pytest.raises(CaptureError, match="not kept any more"):
        asyncio.run(kept.packet(gone, detail.summary.first_frame))
    with pytest.raises(CaptureError, match="in no file"):
        kept.path("lo")
