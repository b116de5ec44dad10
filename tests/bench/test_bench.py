"""The benchmark's own parts: what it measures and how it says it, never how fast anything is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench import apps, crowd, jobs, sample, screen, screen_table, session, subject, table
from bench.watch import Press

HERE = Path(__file__).parent

BUSY = """
import os
block = bytearray({megabytes} << 20)
while os.times().user < {seconds}:
    sum(range(100_000))
"""
"""A process of known cost."""

PARENT = """
import subprocess, sys
subprocess.run((sys.argv[1], "-c", sys.argv[2]), check=True)
"""


def usage(**figures: float) -> sample.Usage:
    """A usage with some figures, all others 1."""
    values = dict.fromkeys(("wall", "own_user", "tshark_user", "own_peak", "tshark_peak"), 1.0)
    return sample.Usage(code=0, **{**values, **figures})  # type: ignore[arg-type]


def result(job: jobs.Job, *usages: sample.Usage, trouble: str = "") -> table.Result:
    """The result of a job."""
    return table.Result(job=job, usages=usages, trouble=trouble)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's accounts are read from /proc")
def test_tshark_is_told_from_its_parent(tmp_path: Path) -> None:
    """CPU and memory of a child called tshark are its own, and the parent's are the parent's."""
    link = tmp_path / "tshark"
    link.symlink_to(os.path.realpath(sys.executable))
    busy = BUSY.format(seconds=0.4, megabytes=64)
    used = sample.run((sys.executable, "-c", PARENT, str(link), busy), cwd=HERE)
    assert used.code == 0
    assert used.tshark_user + used.own_user >= 0.3
    assert used.tshark_user > used.own_user
    assert used.tshark_peak > 64 << 20 > used.own_peak > 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's accounts are read from /proc")
def test_our_own_children_are_ours() -> None:
    """A worker process of another name counts as ours."""
    busy = BUSY.format(seconds=0.3, megabytes=64)
    used = sample.run((sys.executable, "-c", PARENT, sys.executable, busy), cwd=HERE)
    assert used.own_user >= 0.2
    assert used.own_peak > 64 << 20
    assert (used.tshark_user, used.tshark_peak) == (0, 0)


def test_budgets_are_judged() -> None:
    """A measurement within its budget passes, one beyond it is over, a missing one is neither."""
    fields = result(jobs.FIELDS_JOB, usage(wall=10))
    good = {"scan": result(jobs.SCAN, usage(wall=5, own_user=0.9)), "fields": fields}
    words = [line.split("|")[5].strip() for line in table.budgets(good).splitlines()[2:]]
    assert words == ["pass, goal reached", "over", "pass"]
    broken = {"scan": result(jobs.SCAN, trouble="no such thing"), "fields": fields}
    assert table.budgets(broken).count("not measured") == 3
    assert "no such thing" in table.costs(broken)
    assert "seamark" not in table.ratios(broken)


def test_medians_and_scale() -> None:
    """The median is told, and what ran on a part is scaled to the whole."""
    repeats = tuple(usage(wall=wall) for wall in (9, 1, 2))
    told = table.Result(job=jobs.PYSHARK_JOB, usages=repeats, scale=10)
    assert (told.wall, told.best) == (20, 10)


def test_a_capture_is_used_again(tmp_path: Path) -> None:
    """The capture is made once, and again if it is not whole."""
    first = subject.prepare(tmp_path, packets=500, flows=15)
    made = first.path.stat().st_mtime_ns
    assert subject.prepare(tmp_path, packets=500, flows=15).path.stat().st_mtime_ns == made
    os.truncate(first.path, 100)
    assert subject.prepare(tmp_path, packets=500, flows=15).size > 100


@pytest.mark.tshark
def test_jobs_are_tried_first(tmp_path: Path) -> None:
    """A job that works has no trouble, one that does not says why."""
    part = subject.first_packets(subject.prepare(tmp_path, packets=500, flows=15), 100)
    assert not jobs.trouble(jobs.FIELDS_JOB, part)
    missing = subject.Subject(tmp_path / "missing.pcap", 0, 0)
    assert "missing.pcap" in jobs.trouble(jobs.BARE, missing)


def test_percentiles_of_keys() -> None:
    """Of a hundred keys the 95th counts; a key that was never answered is not forgotten."""
    took = [number / 1000 for number in range(101)]
    assert screen_table.percentile(took, 95) == pytest.approx(0.095)
    assert screen_table.percentile([0.01, float("inf")], 95) == float("inf")
    assert screen_table.percentile([0.01], 95) == 0.01


def measured(first: float, *took: float) -> screen.Measured:
    """What was seen of our screen."""
    presses = tuple(Press(0.0, each) for each in took)
    seen = session.Seen(first=first, loaded=first, listed=presses)
    case = screen.Case("a case", subject.Subject(Path("a.pcap"), 1, 1))
    return screen.Measured(case, apps.SEAMARK, seen)


def test_budgets_of_the_screen_are_judged() -> None:
    """Late keys and a late first line are over, and a program that does not work is named."""
    words = [
        line.split("|")[4].strip()
        for each in (measured(1.0, 0.01), measured(2.0, 0.01, float("inf")))
        for line in screen_table.budgets([each]).splitlines()[2:]
    ]
    assert words == ["pass", "pass", "over", "over"]
    broken = measured(1.0)._replace(seen=None, trouble="it is missing")
    assert "not measured" in screen_table.costs([broken])
    assert "it is missing" in screen_table.costs([broken])


@pytest.mark.tshark
@pytest.mark.terminal
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's accounts are read from /proc")
def test_a_screen_is_measured(tmp_path: Path) -> None:
    """A program is started, its keys are answered, and one that is not there says so."""
    made = crowd.crowd(tmp_path, flows=50)
    missing = apps.App(
        name="missing", command=lambda _path: ("no-such-program",),
        has_begun=bool, has_loaded=bool, cursor=lambda _picture: None,
    )  # fmt: skip
    wanted = [screen.Case("few flows", made)]
    ours, other = screen.measure(wanted, made, 2, lambda _words: None, (apps.SEAMARK, missing))
    assert ours.seen is not None
    assert ours.seen.loaded is not None
    assert len(ours.seen.listed) == 2
    assert all(press.took < session.ANSWER for press in ours.seen.listed)
    assert ours.seen.peak > 10 << 20
    assert other.trouble == "no-such-program is missing"
