"""The packets of live flows: none is lost, mixed up or changed, whatever the format."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from source.test_icmp import capture as with_icmp_errors
from support import pcap
from support.script import play

from dissect.analysis.ledger import Ledger
from dissect.live import Listener, Memory, Watch
from dissect.pipeline import Pipeline, Settings
from dissect.source import find_tshark, open_capture, read
from dissect.source.records import PCAP, Records
from dissect.source.tap import Line

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail

FOUNDING: Final = Path(__file__).parents[2] / "captures" / "founding-behind.pcap"

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


class Quiet:
    """Told of everything, and keeps the flows that are over."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.flows: list[FlowDetail] = []
        self.files: dict[int, bytes] = {}

    def flow(self, detail: FlowDetail) -> None:
        """Take the packets while they are there."""
        self.flows.append(detail)
        self.files[detail.summary.flow] = self.memory.pcapng(detail.summary.flow)

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


def watched(*captures: Path, memory: Memory | None = None) -> Quiet:
    """What a live capture of these streams gives, with the packets of each flow."""
    memory = memory or Memory()
    listener = Quiet(memory)
    lines = [Line(path.name, os.open(path, os.O_RDONLY)) for path in captures]
    told: Listener = listener  # type: ignore[assignment]
    watch = Watch(find_tshark(), Settings(), told, memory=memory)
    asyncio.run(watch.run(lines))
    assert watch.has_failed is False
    return listener


def scanned(*paths: Path) -> list[FlowDetail]:
    """What a scan of files gives, one after another."""
    ledger = Ledger(several=True)
    found: list[FlowDetail] = []
    for path in paths:
        pipeline = Pipeline(path.name, Settings(), ledger=ledger, first_flow=len(found))
        outcome = asyncio.run(read(find_tshark(), open_capture(str(path)), pipeline.rows))
        assert outcome.status == "complete"
        pipeline.finish()
        found += pipeline.take()
    return found


def findings(detail: FlowDetail) -> list[tuple[object, ...]]:
    """What was found, without the numbers of frames and flows, which are others in another file."""
    return sorted(
        (each.rule, each.severity, each.observed, each.message, round(each.time, 6))
        for each in detail.findings
    )


def frames(path: Path) -> dict[int, list[object]]:
    """The frames of each stream of a file: link type, time, lengths, and bytes."""
    tshark = shutil.which("tshark") or "tshark"
    words = (tshark, "-n", "-r", str(path), "-T", "json", "-x", "-j", "frame tcp")
    said = subprocess.run(words, capture_output=True, check=True)
    found: dict[int, list[object]] = {}
    for each in json.loads(said.stdout):
        layers = each["_source"]["layers"]
        frame = layers["frame"]
        names = ("frame.encap_type", "frame.time_epoch", "frame.len", "frame.cap_len")
        facts = (*(frame[name] for name in names), layers["frame_raw"][0])
        found.setdefault(int(layers["tcp"]["tcp.stream"]), []).append(facts)
    return found


def written(live: Quiet, folder: Path) -> dict[int, Path]:
    """The packets of each flow in a file, in the order in which they were over."""
    paths = {flow: folder / f"{flow}.pcapng" for flow in live.files}
    for flow, path in paths.items():
        path.write_bytes(live.files[flow])
    return paths


def converted(kind: str, folder: Path) -> Path:
    """The founding capture in another format."""
    path = folder / f"as.{kind}"
    editcap = shutil.which("editcap")
    if editcap is None:
        pytest.skip("editcap is not installed")
    subprocess.run((editcap, "-F", kind, str(FOUNDING), str(path)), check=True)
    return path


@pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "pcapng"])
def test_a_flow_is_a_file_of_its_own(kind: str, tmp_path: Path) -> None:
    """Each has exactly its packets, with their link type, times and lengths as they were."""
    source = converted(kind, tmp_path)
    live = watched(source)
    streams, paths = frames(source), written(live, tmp_path)
    assert len(live.flows) == len(streams) == 9
    for detail in live.flows:
        (mine,) = frames(paths[detail.summary.flow]).values()
        assert mine == streams[detail.summary.tcp_stream]


def test_a_scan_finds_what_was_found_live(tmp_path: Path) -> None:
    """The files, read one after another, have the findings of the live capture."""
    live = watched(FOUNDING)
    again = scanned(*written(live, tmp_path).values())
    assert len(again) == len(live.flows)
    for then, now in zip(live.flows, again, strict=True):
        assert findings(now) == findings(then)
        assert now.summary.frames == then.summary.frames
    assert any(findings(detail) for detail in again)


def test_sources_are_kept_apart(tmp_path: Path) -> None:
    """Two streams at once, of different formats: each flow has the packets of its own source."""
    sources = {path.name: path for path in (FOUNDING, converted("pcapng", tmp_path))}
    live = watched(*sources.values())
    streams, paths = {name: frames(path) for name, path in sources.items()}, written(live, tmp_path)
    assert len(live.flows) == 18
    for detail in live.flows[::3]:
        (mine,) = frames(paths[detail.summary.flow]).values()
        assert mine == streams[detail.summary.capture][detail.summary.tcp_stream]


def test_nothing_is_held_of_flows_that_are_over() -> None:
    """Memory is empty at the end, unless it was told to last."""
    passing, lasting = Memory(), Memory(lasting=True)
    watched(FOUNDING, memory=passing)
    assert passing.size == 0
    live = watched(FOUNDING, memory=lasting)
    for detail in live.flows:
        flow = detail.summary.flow
        assert lasting.pcapng(flow) == live.files[flow]
        assert len(lasting.frames(flow)) == detail.summary.frames
        lasting.forget(flow)
    assert lasting.size == 0


def bytes_of(data: bytes) -> list[bytes]:
    """The packets of a file, as they were on the wire."""
    records = Records()
    found = [record.data for record in records.feed(data) if record.is_packet]
    front = 16 if records.head[:4] in PCAP else 28
    sizes = [int.from_bytes(record[front - 8 : front - 4], "little") for record in found]
    return [record[front : front + size] for record, size in zip(found, sizes, strict=True)]


def test_icmp_errors_go_with_the_flow_that_they_quote(tmp_path: Path) -> None:
    """A router's word on a packet is evidence, in its place, and changes no finding."""
    path, errors = with_icmp_errors(tmp_path)
    live = watched(path)
    (kept,) = live.files.values()
    assert errors
    assert bytes_of(kept) == bytes_of(path.read_bytes())
    (again,) = scanned(*written(live, tmp_path).values())
    assert findings(again) == findings(live.flows[0])


def test_connections_between_the_same_ports_are_kept_apart(tmp_path: Path) -> None:
    """A port that is used again begins another flow; no packet is in both, or counted as gone."""
    path, far = tmp_path / "reused.pcap", 5_000_000
    once = play("S: 220 mx ESMTP\nC: EHLO a\nS: 250 mx\nC: QUIT\nS: 221 Bye\nC! FIN\nS! FIN")
    again = [
        each._replace(time=each.time + 3, seq=each.seq + far, ack=each.ack and each.ack + far)
        for each in once
    ]
    with path.open("wb") as file:
        file.write(pcap.file_header())
        for segment in (*once, *again):
            file.write(pcap.record(segment, pcap.packet(segment)))
    files = list(watched(path).files.values())
    assert [len(bytes_of(data)) for data in files] == [len(once), len(again)]
    assert [packet for data in files for packet in bytes_of(data)] == bytes_of(path.read_bytes())
    assert not any(b"had no room" in data for data in files)
