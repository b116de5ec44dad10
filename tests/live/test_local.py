"""Live capture on this machine: real sockets, real tcpdump and dumpcap, findings as they happen."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from live.seamark_live import ROOT, Live, captures_of, until_none
from live.talk import mail_server, talk

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="loopback is called lo"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
may_capture = pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture here")
SCHEMA: Final = ROOT / "dissect" / "report" / "schema.json"
FOUNDING: Final = ROOT / "captures" / "founding-behind.pcap"


def here(port: int, *more: str) -> tuple[str, ...]:
    """Options for a conversation on loopback."""
    return ("-i", "lo", "-f", f"tcp port {port}", "--port", str(port), *more)


@may_capture
@pytest.mark.parametrize("program", ["tcpdump", "dumpcap"])
def test_a_finding_comes_while_the_capture_goes_on(program: str) -> None:
    """A verb that is cut and masked is told at once; ended, it tells the counters, and leaves."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    with mail_server() as port, Live(*here(port, "--program", program)) as run:
        run.until_said("# lo: connected")
        assert captures_of(port)
        talk(port)
        told = run.until_said("split-masked-verb")
        assert "CRIT" in told
        assert "RCPT was masked as XXXX" in told
        assert run.process.poll() is None
        assert run.end() == 1
        counters = run.until_said("# lo:", "packets seen")
        assert " 0 dropped by the kernel" in counters
        assert "Traceback" not in run.errors()
        assert until_none(port) == []


@may_capture
def test_json_lines_come_one_by_one() -> None:
    """Findings, then the flow without them, the source's counters, the summary at the end."""
    with mail_server() as port, Live(*here(port, "--format", "jsonl")) as run:
        run.until_said('"type":"source"', '"state":"connected"')
        talk(port)
        run.until_said("split-masked-verb")
        assert run.end(signal.SIGTERM) == 1
        (flow,) = run.objects("flow")
        assert "split-masked-verb" in flow["rules"]
        rules = [finding["rule"] for finding in run.objects("finding")]
        assert len(rules) == len(set(rules))
        last = run.objects("source")[-1]
        assert last["state"] == "ended"
        assert last["packets"] == last["decoded"] > 15
        assert run.objects("summary")[0]["packets"] == last["packets"]
        schema = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
        for line in run.lines:
            schema.validate(json.loads(line))


@may_capture
@pytest.mark.parametrize(
    "limit", [("--stop-on", "split-masked-verb"), ("--count", "10"), ("--duration", "1s")]
)
def test_it_ends_by_itself(limit: tuple[str, str]) -> None:
    """A rule that fires, a number of packets, a time: each ends it, and nothing is left."""
    with mail_server() as port, Live(*here(port, *limit)) as run:
        run.until_said("# lo: connected")
        talk(port)
        assert run.wait() in {0, 1}
        run.until_said("packets seen")
        assert until_none(port) == []


@may_capture
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_nothing_is_left_behind(number: signal.Signals) -> None:
    """However it is ended, even killed, the capturing program and tshark go with it."""
    with mail_server() as port, Live(*here(port)) as run:
        run.until_said("# lo: connected")
        run.end(number)
        assert until_none(port) == []


def test_standard_input_is_read_as_it_comes() -> None:
    """A finding is told while the stream is open; its end ends the run."""
    data = FOUNDING.read_bytes()
    with Live("-", stdin=subprocess.PIPE) as run:
        stdin = run.process.stdin
        assert stdin is not None
        os.write(stdin.fileno(), data[: len(data) // 2])
        run.until_said("split-masked-verb")
        os.write(stdin.fileno(), data[len(data) // 2 :])
        stdin.close()
        assert run.wait() == 1
        assert run.until_said("172 packets seen", "172 decoded")


def test_a_stream_cut_in_a_packet_is_told(tmp_path: Path) -> None:
    """What came before is shown, the cut is told, and the exit code says that it failed."""
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(FOUNDING.read_bytes()[:-7])
    with cut.open("rb") as stdin, Live("-", stdin=stdin) as run:
        assert run.wait() == 3
        run.until_said("gone", "cut off in the middle of a packet")
        run.until_said("split-masked-verb")
        run.until_said("171 packets seen")


def test_text_in_front_of_the_capture_is_told(tmp_path: Path) -> None:
    """A login banner is shown for what it is."""
    bad = tmp_path / "banner.pcap"
    bad.write_bytes(b"Welcome to mx!\n" + FOUNDING.read_bytes())
    with bad.open("rb") as stdin, Live("-", stdin=stdin) as run:
        assert run.wait() == 3
        run.until_said("not a capture", "Welcome to mx!")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say where to capture"),
        (("-i", "-w/tmp/x"), "is no name of an interface"),
        (("-i", "eth0;id"), "is no name of an interface"),
        (("-i", "eth0", "--ssh", "-oProxyCommand=id"), "is no host"),
        (("-i", "eth0", "--ssh", "a\x1bb"), "is no host"),
        (("-i", "eth0", "--ssh", "a", "--ssh", "b"), "2 hosts for 1 interfaces"),
        (("-i", "eth0", "--duration", "soon"), "is no time"),
        (("-", "-i", "eth0"), "Say where to capture"),
        (("-", "-f", "tcp port 25"), "this is captured already"),
        (("-", "--filter", "(a"), "parenthesis"),
        (("-i", "nosuch0"), "has no interface nosuch0"),
        (("-i", "lo", "-f", "tcp porridge"), "capture filter is wrong"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: tuple[str, ...], said: str) -> None:
    """Wrong usage ends it before anything is captured, with a sentence that names it."""
    if said.startswith(("has", "capture")) and os.geteuid() != 0:
        pytest.skip("only root may capture here")
    with Live(*words) as run:
        assert run.wait() == 2
        assert said in run.errors()
