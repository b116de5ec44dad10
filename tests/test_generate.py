"""The generator: the same seed makes the same bytes, and its truth is what the bytes hold."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from generate import speech
from generate.capture import Budget, body, generate, truth_path
from generate.conversations import ACK_EVERY
from generate.plan import HABITS, Kind, plans
from generate.truth import RULES, Truth

from dissect.evidence import Endpoint

FLOWS = 120


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """A small capture with every kind of flow, and its truth."""
    path = tmp_path_factory.mktemp("generated") / "a.pcap"
    return path, generate(path, flows=FLOWS, seed=1)


# ---- an independent reader ---------------------------------------------------------------------


class Packet(NamedTuple):
    """What the reader takes from a frame."""

    time: float
    source: Endpoint
    destination: Endpoint
    seq: int
    flags: int
    payload: bytes


class Half(NamedTuple):
    """One direction of a flow: its bytes, and where its segments begin."""

    data: bytes
    seams: frozenset[int]


def address(packed: bytes) -> str:
    """An address as the capture's truth writes it: the generator's have one run of zeros."""
    if len(packed) == 4:
        return ".".join(map(str, packed))
    groups = ":".join(f"{group:x}" for group in struct.unpack("!8H", packed))
    return re.sub(r"(:0)+:", "::", groups, count=1)


def parsed(time: float, frame: bytes) -> Packet:
    """Read Ethernet, IP and TCP headers."""
    ipv6 = frame[12:14] == b"\x86\xdd"
    at = 54 if ipv6 else 34
    hosts = (frame[22:38], frame[38:54]) if ipv6 else (frame[26:30], frame[30:34])
    sport, dport, seq, _ack, bits = struct.unpack_from("!HHIIH", frame, at)
    source, destination = map(address, hosts)
    payload = frame[at + 4 * (bits >> 12) :]
    ends = Endpoint(source, sport), Endpoint(destination, dport)
    return Packet(time, *ends, seq, bits & 0x3F, payload)


def packets(path: Path) -> list[Packet]:
    """Read a capture file."""
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        seconds, micros, kept, wire = struct.unpack_from("<IIII", data, at)
        assert kept == wire
        at += 16
        found.append(parsed(seconds + micros / 1e6, data[at : at + kept]))
        at += kept
    return found


def half(segments: list[Packet]) -> Half:
    """Join segments that come in order and whole, as generated ones do."""
    data, seams = b"", set()
    for packet in segments:
        if packet.payload:
            seams.add(len(data))
            data += packet.payload
    return Half(data, frozenset(seams))


def flows(path: Path) -> dict[tuple[str, str], tuple[Half, Half]]:
    """Both directions of all flows, by the keys of the truth file, in order of appearance."""
    lanes: defaultdict[tuple[str, str], list[Packet]] = defaultdict(list)
    for packet in packets(path):
        lanes[str(packet.source), str(packet.destination)].append(packet)
    clients = [key for key in lanes if key[1].endswith(":25")]
    return {(c, s): (half(lanes[c, s]), half(lanes[s, c])) for c, s in clients}


COMMAND = re.compile(rb"[^\r\n]*\r\n")
MASKED_BANNER = re.compile(rb"220 [*20 ]*\*[*20 ]*\r\n")
MASKED_KEYWORD = re.compile(rb"^250[ -]X{2,}[A-Z]\r$", re.MULTILINE)
FINAL = re.compile(rb"^(?:250 2.0.0 Ok: queued|554 5.5.1)", re.MULTILINE)


def command_lines(client: Half) -> list[tuple[int, bytes]]:
    """Command lines with their offsets: up to DATA, and QUIT; between them is the message."""
    data = client.data.find(speech.DATA)
    before = len(client.data) if data < 0 else data + len(speech.DATA)
    quits = client.data.rfind(speech.QUIT, before)
    after = len(client.data) if quits < 0 else quits
    found = (*COMMAND.finditer(client.data, 0, before), *COMMAND.finditer(client.data, after))
    return [(match.start(), match[0]) for match in found]


def cut(client: Half, start: int, size: int) -> bool:
    """Whether a segment begins strictly inside these bytes."""
    return any(start < seam < start + size for seam in client.seams)


def found_in(client: Half, server: Half) -> Counter[str]:
    """The findings of a flow, by rules as plain as they can be."""
    lines = command_lines(client)
    masked = [(at, line) for at, line in lines if line.startswith(b"XXXX")]
    split = [at for at, line in masked if cut(client, at, 4)]
    clean_cut = [at for at, line in lines if at not in split and cut(client, at, len(line))]
    accepted = b"queued" in server.data
    final = FINAL.search(server.data)
    return +Counter({
        "split-command": len(clean_cut),
        "split-masked-verb": len(split),
        "masked-verb": len(masked) - len(split),
        "masked-banner": int(bool(MASKED_BANNER.match(server.data))),
        "masked-ehlo-keyword": len(MASKED_KEYWORD.findall(server.data)),
        "lost-recipient": len(split) if accepted else 0,
        "lost-transaction": int(b"MAIL FROM" in client.data and not final),
    })  # fmt: skip


# ---- the truth ---------------------------------------------------------------------------------


def test_the_truth_is_what_the_bytes_hold(made: tuple[Path, Truth]) -> None:
    """A simple reader of its own finds in every flow what the truth file says of it."""
    path, _ = made
    told = json.loads(truth_path(path).read_text())
    read = flows(path)
    assert list(read) == [(flow["client"], flow["server"]) for flow in told["flows"]]
    assert [dict(found_in(*both)) for both in read.values()] == [
        flow["findings"] for flow in told["flows"]
    ]


def test_recipients_are_counted(made: tuple[Path, Truth]) -> None:
    """Offered are the RCPT commands, masked ones included; accepted their replies."""
    path, truth = made
    for flow, (client, server) in zip(truth.flows, flows(path).values(), strict=True):
        offered = len(re.findall(rb"^(?:RCPT|XXXX) TO:", client.data, re.MULTILINE))
        accepted = server.data.count(speech.RCPT_OK)
        assert (offered, accepted) == (flow.outcome.offered, flow.outcome.accepted)


def test_small_captures_have_every_kind(made: tuple[Path, Truth]) -> None:
    """The first flows show every kind, so that a test needs no more."""
    _, truth = made
    assert [flow.plan.kind for flow in truth.flows[: len(Kind)]] == list(HABITS)
    assert all(truth.totals[rule] for rule in RULES)


def test_lost_envelopes_are_retried(made: tuple[Path, Truth]) -> None:
    """A transaction that a PIX breaks comes again from the same client with the same envelope."""
    _, truth = made
    storms = Counter(
        (flow.plan.client.address, flow.plan.envelope)
        for flow in truth.flows
        if flow.plan.kind is Kind.PIX_SYNC
    )
    assert max(storms.values()) > 2


def test_flows_overlap(made: tuple[Path, Truth]) -> None:
    """Several flows are open at the same time, and packets are in the order of their times."""
    read = packets(made[0])
    times = [packet.time for packet in read]
    assert times == sorted(times)
    turns = sum({a.source, a.destination} != {b.source, b.destination} for a, b in pairwise(read))
    assert turns > 2 * FLOWS


# ---- the bytes ---------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    """Two runs write the same capture and the same truth; another seed writes others."""
    paths = [tmp_path / f"{name}.pcap" for name in "abc"]
    for path, seed in zip(paths, (7, 7, 8), strict=True):
        generate(path, flows=20, seed=seed)
    first, second, other = (path.read_bytes() for path in paths)
    assert first == second
    assert first != other
    assert truth_path(paths[0]).read_bytes() == truth_path(paths[1]).read_bytes()


@pytest.mark.parametrize("wanted", [900, 901, 902, 903, 1500])
def test_the_packets_are_those_asked_for(tmp_path: Path, wanted: int) -> None:
    """The number of packets is met exactly."""
    truth = generate(tmp_path / "a.pcap", flows=30, packets=wanted, seed=3)
    assert truth.packets == wanted
    assert len(packets(tmp_path / "a.pcap")) == wanted


def test_too_few_packets(tmp_path: Path) -> None:
    """A capture that cannot hold its flows is refused."""
    with pytest.raises(ValueError, match="packets"):
        generate(tmp_path / "a.pcap", flows=30, packets=100)


@pytest.mark.parametrize("count", range(1, 20))
def test_a_body_takes_its_packets(count: int) -> None:
    """Segments and acknowledgments add up, and there are no more of these than fit."""
    made = body(count)
    assert made.segments + made.acks == count
    assert made.acks <= made.segments // ACK_EVERY


def test_a_message_has_the_size_asked_for() -> None:
    """A message ends with a dot of its own, no line before it is one, and it has no bare CR."""
    flow = next(plans(1, 0))
    spoken = Budget(1, 4000, 0).spend(flow)
    assert len(spoken.segments) == 4000
    text = b"".join(s.payload for s in spoken.segments if s.source == flow.client.address)
    head, data, rest = text.partition(speech.DATA)
    assert head
    assert data
    assert rest.count(b"\r\n" + speech.END) == 1
    assert b"\r\n.." in rest
    assert rest.count(b"\r") == rest.count(b"\n") == rest.count(b"\r\n")


@pytest.mark.tshark
@pytest.mark.parametrize("checksums", [True, False])
def test_tshark_reads_all_of_it(tmp_path: Path, *, checksums: bool) -> None:
    """Every packet is read, none is malformed or looks lost, and checksums are right if wanted."""
    path = tmp_path / "a.pcap"
    truth = generate(path, flows=40, seed=5, checksums=checksums)
    fields = ("tcp.checksum.status", "_ws.malformed", "tcp.analysis.flags")
    chosen = [argument for field in fields for argument in ("-e", field)]
    check = ("-o", "tcp.check_checksum:TRUE")
    command = ("tshark", "-n", "-r", str(path), *check, "-T", "fields", *chosen)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    status = {line.split("\t")[0] for line in done.stdout.splitlines()}
    assert len(done.stdout.splitlines()) == truth.packets
    assert status == ({"1"} if checksums else {"0"})
    if checksums:
        assert {line.strip() for line in done.stdout.splitlines()} == {"1"}


def test_the_command_line(tmp_path: Path) -> None:
    """``python -m generate`` writes both files and says on standard error what they hold."""
    path = tmp_path / "a.pcap"
    run = ("generate", str(path), "--flows", "12", "--packets", "400", "--seed", "4")
    tests = str(Path(__file__).parent)
    done = subprocess.run(
        (sys.executable, "-m", *run),
        env={**os.environ, "PYTHONPATH": os.pathsep.join((tests, str(Path(tests).parent)))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "400 packets, 12 flows" in done.stderr
    assert not done.stdout
    assert len(packets(path)) == 400
