"""How far the clocks of sources are apart: by packets that both saw, or asked over ssh."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live.seamark_live import ROOT, Live
from live.talk import mail_server, talk

from dissect.live import clocks
from dissect.live.clocks import FLOWS, Clocks
from dissect.segments.decode import FIELDS, GENINFO, Row
from dissect.source.clock import By

if TYPE_CHECKING:
    from pathlib import Path

    from live.conftest import Sshd

CAPTURES = ROOT / "captures"
NAMES = (*GENINFO, *FIELDS)
DELAYS = st.floats(0.0, 0.5)
SYN, SYN_ACK, ACK = "0x0002", "0x0012", "0x0010"


def row(time: float, flags: str, *, served: bool, size: int, port: int, seq: str) -> Row:
    """A packet of a connection."""
    ends = [("192.0.2.10", str(port)), ("192.0.2.25", "25")]
    (source, sport), (target, dport) = reversed(ends) if served else ends
    said = {
        "timestamp": f"{time:.9f}", "ip.src": source, "ip.dst": target, "tcp.srcport": sport,
        "tcp.dstport": dport, "tcp.seq_raw": seq, "tcp.flags": flags, "tcp.len": str(size),
    }  # fmt: skip
    return tuple(said.get(name, "").encode() for name in NAMES)


def seen(
    begin: float, late: tuple[float, ...], ahead: float, port: int = 4000, seq: str = "7"
) -> list[Row]:
    """The beginning of a connection as a source sees it, each packet by so much later."""
    times = (begin + step + delay + ahead for step, delay in zip((0, 1, 2, 3), late, strict=True))
    packets = ((SYN, False, 0), (SYN_ACK, True, 0), (ACK, True, 40), (ACK, False, 20))
    return [
        row(time, flags, served=served, size=size, port=port, seq=seq)
        for time, (flags, served, size) in zip(times, packets, strict=True)
    ]


def told(one: list[Row], two: list[Row]) -> Clocks:
    """What two sources know of each other."""
    found = Clocks(["inside", "outside"])
    found.see(0, one)
    found.see(1, two)
    return found


@given(st.floats(-800, 800), DELAYS, DELAYS, DELAYS, DELAYS, st.sampled_from(["one", "two"]))
def test_the_offset_lies_within_its_error(
    ahead: float, syn: float, answer: float, greeting: float, hello: float, nearer: str
) -> None:
    """However long each packet is under way, and whichever source is nearer to the client."""
    early, late = (0.0, answer, greeting, 0.0), (syn, 0.0, 0.0, hello)
    one, two = (early, late) if nearer == "one" else (late, early)
    found = told(seen(1.8e9, one, 0.0), seen(1.8e9, two, ahead)).offset(1)
    assert found is not None
    assert found.by is By.PACKETS
    assert found.against == "inside"
    assert abs(found.seconds - ahead) <= found.error + 1e-6


def test_a_handshake_that_a_firewall_answers_says_nothing() -> None:
    """It answers before it asks the server: then packets contradict each other."""
    outside = seen(1.8e9, (0.0, 0.2, 0.01, 0.0), 0.0)
    inside = seen(1.8e9, (1.5, 1.0, 0.0, 0.01), 3.0)
    assert told(outside, inside).offset(1) is None


def test_most_connections_are_right() -> None:
    """One whose packets were taken for another's does not change what ten others say."""
    found = Clocks(["inside", "outside"])
    for port in range(4000, 4011):
        wrong = 60.0 if port == 4005 else 0.0
        found.see(0, seen(1.8e9, (0.0, 0.01, 0.01, 0.0), 0.0, port))
        found.see(1, seen(1.8e9, (0.01, 0.0, 0.0, 0.01), 2.0 + wrong, port))
    offset = found.offset(1)
    assert offset is not None
    assert abs(offset.seconds - 2.0) <= offset.error <= 0.011


def test_ports_that_are_used_again_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what never comes whole is forgotten."""
    monkeypatch.setattr(clocks, "FLOWS", 5)
    found = Clocks(["inside", "outside"])
    for port in range(4000, 4100):
        found.see(0, seen(1.8e9, (0, 0, 0, 0), 0.0, port)[:3])
    assert len(found._flows) <= 5 < FLOWS
    found.see(0, seen(1.8e9 + 60, (0, 0, 0, 0), 0.0, 4099, seq="9"))
    found.see(1, seen(1.8e9 + 60, (0.01, 0, 0, 0.01), 4.0, 4099, seq="9"))
    offset = found.offset(1)
    assert offset is not None
    assert abs(offset.seconds - 4.0) <= offset.error <= 0.011


@pytest.mark.parametrize("late", [(0.0, 2e-6, 0.0, 3e-6), (2e-6, 0.0, 3e-6, 1e-6)])
def test_taps_of_one_machine_are_not_in_order(late: tuple[float, ...]) -> None:
    """A few microseconds between stamps of one packet do not contradict each other."""
    offset = told(seen(1.8e9, (0.0,) * 4, 0.0), seen(1.8e9, late, -1e-6)).offset(1)
    assert offset is not None
    assert abs(offset.seconds) <= offset.error <= 2e-5


@pytest.mark.tshark
@pytest.mark.skipif(shutil.which("editcap") is None, reason="there is no editcap")
@pytest.mark.parametrize("shift", [12.5, -0.25])
def test_two_sides_of_a_firewall(tmp_path: Path, shift: float) -> None:
    """The laboratory's recordings of both sides, one with its clock set: the offset is found."""
    shifted = tmp_path / "behind.pcap"
    behind, before = CAPTURES / "founding-behind.pcap", CAPTURES / "founding-before.pcap"
    subprocess.run(("editcap", "-t", str(shift), str(behind), str(shifted)), check=True)
    with Live("--follow", str(before), str(shifted), "--format", "jsonl") as run:
        run.until(lambda line: '"by":"packets"' in line)
        run.until(lambda _: len(run.objects("flow")) >= 18)
        assert run.end() == 1
    one, two = run.objects("source")[-2:]
    assert one["clock"] is None
    assert two["clock"]["against"] == str(before)
    assert abs(two["clock"]["offset"] - shift) <= two["clock"]["error"] < 0.05
    assert one["lag"]["since"] == "arrival"


@pytest.mark.tshark
def test_the_clock_behind_ssh_is_asked_for(sshd: Sshd) -> None:
    """A host whose clock is ahead; beside it, ours: the lag is right for both."""
    sshd.program("date", "exec /bin/date -d '+90 seconds' \"$@\"")
    with mail_server() as port:
        here = ("-i", "lo", "-f", f"tcp port {port}", "--port", str(port), "--format", "jsonl")
        there = ("--ssh", f"root@127.0.0.1:{sshd.port}", "--batch")
        with Live(*here, *there, **sshd.env) as run:
            run.until_said('"by":"ssh"')
            talk(port)
            run.until_said("split-masked-verb")
            run.end()
        source = run.objects("source")[-1]
        clock = source["clock"]
        assert (clock["by"], clock["against"]) == ("ssh", "")
        assert abs(clock["offset"] - 90.0) <= clock["error"] < 5.0
        assert source["lag"]["since"] == "capture"
        with Live(*here) as run:
            run.until_said('"by":"same"')
            talk(port)
            run.until_said("split-masked-verb")
            run.end()
        source = run.objects("source")[-1]
        assert source["clock"] == {"offset": 0.0, "error": 0.0, "by": "same", "against": ""}
        assert 0.0 < source["lag"]["most"] < 30.0


@pytest.mark.tshark
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture here")
def test_two_interfaces_of_one_machine_agree() -> None:
    """Both see the same packets, and say so in words."""
    with mail_server() as port:
        where = ("-i", "lo", "-i", "any", "-f", f"tcp port {port}", "--port", str(port))
        with Live(*where, "--format", "jsonl") as run:
            run.until(lambda _: len(run.objects("source")) >= 2)
            talk(port)
            run.until_said('"by":"packets"')
            run.end()
    clock = run.objects("source")[-1]["clock"]
    assert abs(clock["offset"]) <= clock["error"] < 0.5
    assert clock["against"] == "lo"
