"""The benchmarks of live capture: what they send, what they see, and how they say it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab.needs import missing
from lab.network import cable
from live.conftest import SSHD

from bench import latency, rate, soak, subject
from bench.latency import Latency
from bench.soak import Soaked, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def fields(path: Path, *names: str) -> list[list[str]]:
    """Some fields of each packet, by tshark."""
    words = [word for name in names for word in ("-e", name)]
    done = subprocess.run(
        ("tshark", "-n", "-r", str(path), "-T", "fields", *words),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.mark.tshark
def test_rounds_are_the_same_mail_of_others_and_later(tmp_path: Path) -> None:
    """Other clients, later times; the servers, the ports and what is said stay."""
    made = subject.prepare(tmp_path, packets=2_000, flows=80)
    rounds = soak.Rounds(made)
    later = tmp_path / "later.pcap"
    later.write_bytes(rounds.header + rounds.round(3, 1_500))
    names = ("ip.src", "ip.dst", "tcp.srcport", "tcp.payload", "frame.time_epoch")
    old, new = fields(made.path, *names)[:1_500], fields(later, *names)
    assert len(new) == 1_500
    assert [line[2:4] for line in new] == [line[2:4] for line in old]
    four = [line[:2] for line in new if line[0]]
    assert all(any(end.startswith("10.") for end in ends) for ends in four)
    assert all(any(end.startswith("203.0.113.") for end in ends) for ends in four)
    assert len({end[:-2] for ends in four for end in ends if end.startswith("10.")}) > 40
    aside = {float(b[4]) - float(a[4]) for a, b in zip(old, new, strict=True)}
    assert len({round(each, 3) for each in aside}) == 1
    assert min(aside) > 3 * soak.PAUSE


@LINUX
@pytest.mark.tshark
@pytest.mark.skipif(shutil.which("dumpcap") is None, reason="there is no dumpcap")
def test_a_short_soak_sees_every_packet(tmp_path: Path) -> None:
    """All are decoded, and the memory of every process is in the table."""
    made = subject.prepare(tmp_path, packets=2_000, flows=80)
    said: list[str] = []
    soaked = soak.headless(made, 3_000, said.append)
    assert said[-1] == "3,000 of 3,000 packets written"
    told = soak.table(soaked)
    assert "3,000 were seen, 3,000 decoded, 0 lost" in told
    head = told.splitlines()[0]
    assert all(f"{program} MB" in head for program in ("dumpcap", "seamark", "tshark"))


def test_growth_is_judged() -> None:
    """What grows is over its budget, however little it is; what stays passes."""

    def judged(*sizes: int) -> list[str]:
        steps = [Step(1, 1.0, {"seamark": size * 1_000_000, "tshark": 9}) for size in sizes]
        lines = soak.table(Soaked(steps, 1, {})).splitlines()
        return [line.split("|")[4].strip() for line in lines[-2:]]

    assert judged(50, 60, 61, 62, 62, 62, 62) == ["pass", "pass"]
    assert judged(50, 60, 70, 80, 90, 100, 110) == ["over", "pass"]
    assert judged(400, 400, 400, 400) == ["pass", "over"]


@LINUX
@pytest.mark.tshark
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture here")
def test_a_line_is_timed() -> None:
    """From the packet that completes a verb to the line that tells of it."""
    took = latency._to_line(2)
    assert len(took) == 2
    assert all(0.0 < each < latency.PATIENCE for each in took)


def test_latencies_are_told() -> None:
    """Percentiles in milliseconds, the budget, and what could not be measured."""
    many = [0.01] * 98 + [0.2, 0.4]
    found = (Latency("line", many), Latency("row", [0.2]), Latency("ssh", (), "no sshd"))
    told = latency.table(found)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines()]
    assert rows[2] == ["line", "100", "10", "10", "202", "400"]
    assert rows[4][:2] == ["ssh", "not measured"]
    assert "ssh: no sshd" in told
    assert [row[3] for row in rows[-2:]] == ["pass", "over"]


@pytest.mark.parametrize(("bears", "found"), [(9_300, 9_000), (0, 0), (10**9, 256_000)])
def test_the_highest_rate_is_closed_in_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bears: int, found: int
) -> None:
    """Doubled until it is too many, and then halfway between, some times."""

    @contextlib.contextmanager
    def nowhere() -> Iterator[str]:
        yield ""

    def tried(_name: str, _capture: Path, wanted: int, *_more: object) -> rate.Tried:
        dropped = max(0, wanted - bears)
        return rate.Tried(wanted, wanted, wanted, wanted - dropped, dropped, 0.1)

    monkeypatch.setattr(rate, "missing", str)
    monkeypatch.setattr(rate, "cable", nowhere)
    monkeypatch.setattr(rate, "_try", tried)
    told = rate.table(rate.search(tmp_path, 1.0, str))
    assert told.endswith(f"without a loss, local: {found:,} packets a second.")


@LINUX
@pytest.mark.tshark
@pytest.mark.parametrize("way", rate.WAYS)
def test_a_rate_is_tried(tmp_path: Path, way: str) -> None:
    """In a namespace, and over ssh from there: so few packets are all seen."""
    if reason := missing():
        pytest.skip(reason)
    if way != "local" and not (Path(SSHD).exists() and shutil.which("ssh")):
        pytest.skip("there is no sshd or no ssh")
    made = subject.prepare(tmp_path, packets=2_000, flows=80)
    with cable() as name, rate.WAYS[way](name) as there:
        tried = rate._try(name, made.path, 200, 1.0, there)
    assert (tried.sent, tried.seen, tried.dropped) == (200, 200, 0)
