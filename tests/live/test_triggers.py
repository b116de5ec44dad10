"""What a finding starts: a command with the finding as JSON, a bell; never more than is good."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from live.seamark_live import ROOT, Live
from terminal.pty_terminal import PtyTerminal, home

from dissect.analysis.model import FlowSummary, Progress, Status, Update
from dissect.detect.finding import Severity
from dissect.errors import UsageError
from dissect.evidence import Endpoint
from dissect.live.triggers import Bell
from dissect.source import hook
from dissect.source.hook import AT_ONCE, BURST, Hook, words
from tui.bell import Ringing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

FOUNDING: Final = ROOT / "captures" / "founding-behind.pcap"
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def script(folder: Path, text: str) -> str:
    """A program."""
    path = folder / "act"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def runs(
    command: Sequence[str], data: Sequence[bytes], clock: Sequence[float] = (0.0,)
) -> tuple[Hook, list[str]]:
    """Hand data to a hook at once, and let it finish."""
    told: list[str] = []
    times = iter(clock)
    now = [0.0]

    def ticking() -> float:
        now[0] = next(times, now[0])
        return now[0]

    async def all_of_it() -> Hook:
        one = Hook(tuple(command), told.append, ticking)
        for each in data:
            one.start(each)
        await one.finish()
        return one

    return asyncio.run(all_of_it()), told


def test_a_command_is_split_once_and_no_shell_sees_it() -> None:
    """What looks like shell is words; a program that is not there, and open quotes, are refused."""
    found = words("sh -c 'cat >\"$0\"' '$HOME; rm *'")
    assert found == (found[0], "-c", 'cat >"$0"', "$HOME; rm *")
    assert Path(found[0]).name == "sh"
    for wrong, said in (("", "no program"), ("nosuch-program x", "no program"), ("'a", "quote")):
        with pytest.raises(UsageError, match=said) as error:
            words(wrong)
        assert error.value.exit_code == 2


def test_it_gets_the_data(tmp_path: Path) -> None:
    """All of it on standard input, whether it reads that or not."""
    large = b"x" * 200_000
    one, told = runs(words(f"sh -c 'cat >{tmp_path / 'got'}'"), [large])
    assert (tmp_path / "got").read_bytes() == large
    assert (one.skipped, one.failed, told) == (0, 0, [])
    one, told = runs(words("true"), [large])
    assert (one.failed, told) == (0, [])


def test_failures_are_told_once(tmp_path: Path) -> None:
    """With the code and the words of the first, made visible; all are counted."""
    failing = script(tmp_path, r"printf 'no \033[31mroute\n' >&2; exit 7")
    one, told = runs((failing,), [b"1", b"2", b"3"])
    assert one.failed == 3
    assert told == [f"{failing} ended with code 7: no ␛[31mroute. This is told once."]
    one, told = runs(("/nonexistent/program",), [b"1", b"2"])
    assert (one.failed, len(told)) == (2, 1)
    assert "cannot be started" in told[0]


def test_it_runs_no_more_often_than_it_may(tmp_path: Path) -> None:
    """Some at once, then one a second; the others are counted."""
    counting = script(tmp_path, f"echo >>{tmp_path / 'runs'}")
    one, _ = runs((counting,), [b""] * (BURST + 5), [0.0] * (BURST + 5) + [1.5, 1.5])
    assert len((tmp_path / "runs").read_bytes()) == BURST + 1
    assert one.skipped == 4


def test_few_run_side_by_side(tmp_path: Path) -> None:
    """The others wait for their turn."""
    place = tmp_path / "now"
    place.mkdir()
    busy = script(
        tmp_path,
        f"touch {place}/$$; ls {place} | wc -l >>{tmp_path / 'counts'}; sleep 0.2; rm {place}/$$",
    )
    one, _ = runs((busy,), [b""] * BURST)
    counts = [int(word) for word in (tmp_path / "counts").read_text().split()]
    assert (len(counts), one.skipped) == (BURST, 0)
    assert max(counts) <= AT_ONCE


def test_one_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that it started, and it does not hold up the others."""
    monkeypatch.setattr(hook, "PATIENCE", 0.3)
    stuck = script(tmp_path, f"sleep 600 & echo $! >{tmp_path / 'child'}; wait")
    began = time.monotonic()
    one, told = runs((stuck,), [b""])
    assert time.monotonic() - began < 5
    assert one.failed == 1
    assert "was ended" in told[0]
    child = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    assert not child.exists() or child.read_text().split()[2] == "Z"


@needs_tshark
@pytest.mark.tshark
def test_findings_reach_the_command(tmp_path: Path) -> None:
    """Each as it is printed, and only those that are severe enough."""
    act = script(tmp_path, f"cat >>{tmp_path / 'found'}")
    options = ("--on-finding", act, "--fail-on", "critical", "--format", "jsonl")
    with FOUNDING.open("rb") as stdin, Live("-", *options, stdin=stdin) as run:
        assert run.wait() == 1
        printed = [each for each in run.objects("finding") if each["severity"] == "critical"]
    found = [json.loads(line) for line in (tmp_path / "found").read_text().splitlines()]
    assert found
    assert all(each in printed for each in found)
    assert len(found) == min(len(printed), BURST)


@needs_tshark
@pytest.mark.tshark
def test_a_command_that_fails_never_stops_the_watch() -> None:
    """It is told once, as a line, and counted at the end."""
    with FOUNDING.open("rb") as stdin, Live("-", "--on-finding", "false", stdin=stdin) as run:
        assert run.wait() == 1
        assert run.errors() == ""
        assert run.until_said("172 packets seen", "172 decoded")


def test_a_bell_is_no_alarm() -> None:
    """It rings once a second at most."""
    now, rung = [5.0], []
    bell = Bell(lambda: rung.append(now[0]), lambda: now[0])
    for now[0] in (5.0, 5.2, 5.9, 6.1, 6.2, 9.0):
        bell()
    assert rung == [5.0, 6.1, 9.0]


def flow(number: int, severity: Severity | None, *rules: str) -> FlowSummary:
    """A flow in which something was found."""
    end = Endpoint("192.0.2.1", 25)
    return FlowSummary(
        flow=number, capture="lo", tcp_stream=0, client=end, server=end, start=0.0, end=0.0,
        severity=severity, rules=rules,
    )  # fmt: skip


class Given:
    """A feed of updates that are known."""

    def __init__(self, *updates: Sequence[FlowSummary]) -> None:
        self.given = updates

    async def updates(self) -> AsyncIterator[Update]:
        """All of them."""
        progress = Progress(capture="lo", status=Status.LIVE)
        for flows in self.given:
            yield Update(progress=progress, summaries=tuple(flows))

    def stop(self) -> None:
        """Nothing."""

    async def close(self) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("updates", "rings"),
    [
        ([[flow(0, None)], [flow(0, Severity.LOW, "a")]], 0),
        ([[flow(0, Severity.HIGH, "a")]], 1),
        ([[flow(0, Severity.HIGH, "a")]] * 3, 1),
        ([[flow(0, Severity.HIGH, "a")], [flow(0, Severity.HIGH, "a", "b")]], 2),
        ([[flow(0, Severity.HIGH, "a"), flow(1, Severity.HIGH, "a")]], 1),
    ],
)
def test_the_screen_rings_for_what_is_new(
    updates: list[list[FlowSummary]], rings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for what came together, and not again for what is known."""
    monkeypatch.setattr("dissect.live.triggers.BETWEEN", 0.0)
    rung: list[int] = []

    async def watch() -> None:
        feed = Ringing(Given(*updates), Severity.MEDIUM)
        feed.ring = lambda: rung.append(1)
        assert len([update async for update in feed.updates()]) == len(updates)

    asyncio.run(watch())
    assert len(rung) == rings


@needs_tshark
@pytest.mark.tshark
@pytest.mark.terminal
def test_the_screen_keeps_and_acts_too(tmp_path: Path) -> None:
    """Behind the screen packets are kept and the command runs, as in front of it."""
    act = script(tmp_path, f"cat >>{tmp_path / 'found'}")
    words = f"cat {FOUNDING} | exec {sys.executable} -P -m tui live - --bell --on-finding {act}"
    words += f" --keep-dir {tmp_path / 'kept'}"
    with PtyTerminal(
        ("sh", "-c", words), env={"PYTHONPATH": str(ROOT), **home(tmp_path)}
    ) as screen:
        screen.until("9 flows", "complete")
        screen.press("q")
        assert screen.wait() == 0
    assert len(list((tmp_path / "kept").iterdir())) == 9
    assert "split-masked-verb" in (tmp_path / "found").read_text()
