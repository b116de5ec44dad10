"""A capture read a second time: a message line by line, a frame whole, some flows in a file."""

from __future__ import annotations

import asyncio
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from dissect.again import Again
from dissect.analysis.model import FlowDetail, RowKind
from dissect.errors import CaptureError, UsageError
from dissect.pipeline import Pipeline
from dissect.source import find_tshark, open_capture, read

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
FOUNDING: Final = str(Path(__file__).parents[2] / "captures" / "founding-behind.pcap")


def details(name: str) -> list[FlowDetail]:
    """The flows of a capture."""
    pipeline = Pipeline(name)
    asyncio.run(read(find_tshark(), open_capture(name), pipeline.rows))
    pipeline.finish()
    return pipeline.take()


def again(name: str = FOUNDING) -> Again:
    """What reads it again."""
    return Again(find_tshark(), [open_capture(name)])


def test_a_message_comes_line_by_line_at_its_offsets() -> None:
    """The lines, put together, are the row's bytes, each at its stream offset."""
    detail = details(FOUNDING)[1]
    row = next(row for row in detail.rows if row.kind is RowKind.MESSAGE)
    message = asyncio.run(again().message(detail, row))
    at = row.offset
    for line in message.lines:
        assert line.offset == at
        at += len(line.text) + len(line.ending)
    assert at == row.offset + row.size
    assert message.lines[0].header
    assert (message.left_out, message.gaps) == (0, 0)


def test_a_frame_comes_whole_with_its_tree() -> None:
    """The frame that ends inside the verb has all its bytes, and the names of its fields."""
    detail = details(FOUNDING)[1]
    packet = asyncio.run(again().packet(detail, 25))
    assert len(packet.data) == 1514
    assert packet.data.endswith(b"\r\nXX")
    assert {"frame", "ip", "tcp", "smtp"} <= {node.name for node in packet.nodes}


def test_facts_of_headers_come_by_frame() -> None:
    """Checksums, options and Wireshark's columns; a frame that is not there is left out."""
    facts = asyncio.run(again().facts(details(FOUNDING)[1].summary, (25, 999_999)))
    assert set(facts) == {25}
    assert facts[25].info == "C: DATA fragment, 1448 bytes"
    assert facts[25].tcp_checksum.startswith("0x")


def test_flows_are_saved_for_the_user_alone(tmp_path: Path) -> None:
    """Only their packets, mode 0600; a file that is there is never overwritten."""
    flows = [detail.summary for detail in details(FOUNDING)[1:3]]
    path = tmp_path / "some.pcapng"
    assert asyncio.run(again().save(flows, path)) == sum(flow.frames for flow in flows)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(details(str(path))) == 2
    with pytest.raises(UsageError):
        asyncio.run(again().save(flows, path))


def test_standard_input_is_read_only_once() -> None:
    """What came through a pipe is gone, and that is said with what to do."""
    with pytest.raises(CaptureError, match="only once"):
        asyncio.run(again("-").facts(replace(details(FOUNDING)[1].summary, capture="-"), (1,)))
