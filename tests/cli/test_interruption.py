"""Ctrl+C, closed pipes, and the progress bar."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.command import COMMAND, FOUNDING, PATIENCE, Popen, environment, scan, start
from cli.fakes import fake_tshark, needs_tshark
from cli.terminal import on_terminal

pytestmark = needs_tshark

ENDLESS = """
echo $$ > "$HERE/pid"
"$REAL" "$@"
sleep 0.5
touch "$HERE/ready"
exec sleep 300
"""
"""Reads the capture, then waits for packets that never come."""

WRAPPED = """
"$REAL" "$@"
sleep 300 &
echo $! > "$HERE/pid"
touch "$HERE/ready"
wait
"""
"""The same with a child, as a wrapper around tshark has one: it holds the pipes open."""

HALTING = '"$REAL" "$@" | (head -c 30000; sleep 1.5; cat)'
"""Takes longer than a second."""


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} never came"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Whether a process ends within the time that it gets."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(autouse=True)
def _listen() -> Iterator[None]:
    """A shell starts what runs in its background deaf to ctrl+C, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Popen]:
    """A scan as JSON Lines, all packets read, whose tshark does not end."""
    with _running(tmp_path, ENDLESS) as process:
        yield process


@contextlib.contextmanager
def _running(folder: Path, body: str) -> Iterator[Popen]:
    env = fake_tshark(folder, body)
    process = start("scan", "--format", "jsonl", FOUNDING, env=env)
    try:
        wait_for(folder / "ready")
        yield process
    finally:
        for pid in (process.pid, int((folder / "pid").read_text())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["alone", "group"])
def test_interrupt_keeps_what_was_read(reading: Popen, tmp_path: Path, kill: object) -> None:
    """Exit code 130, the findings so far, no traceback, and no tshark left behind."""
    assert callable(kill)
    kill(reading.pid, signal.SIGINT)
    out, err = reading.communicate(timeout=PATIENCE)
    assert reading.returncode == 130
    assert b"Traceback" not in err
    found = [json.loads(line) for line in out.splitlines()]
    assert "split-masked-verb" in {line.get("rule") for line in found}
    assert "verdict" in {line["type"] for line in found}
    assert any("interrupted" in warning for warning in found[-1]["warnings"])
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_interrupted_scan_is_not_complete(reading: Popen) -> None:
    """A program that reads the summary is not told that all was read."""
    reading.send_signal(signal.SIGINT)
    out, _ = reading.communicate(timeout=PATIENCE)
    assert json.loads(out.splitlines()[-1])["status"] == "truncated"


def test_interrupt_does_not_wait_for_a_grandchild(tmp_path: Path) -> None:
    """A tshark in a wrapper that leaves a child behind does not hold the scan."""
    with _running(tmp_path, WRAPPED) as process:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            pytest.fail("the scan waits for a process that holds tshark's standard error")
        assert process.returncode == 130


# ---- closed pipes -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "jsonl", "csv"])
def test_closed_pipe_is_quiet(form: str) -> None:
    """Nobody reads any more: no traceback, and an exit code that is not about findings."""
    read, write = os.pipe()
    os.close(read)
    process = start("scan", "--format", form, FOUNDING, stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_head_takes_one_line(form: str) -> None:
    """``| head -1`` prints one line and nothing else."""
    words = " ".join([*COMMAND, "scan", "--format", form, str(FOUNDING)])
    done = subprocess.run(
        ["sh", "-c", f"{words} | head -1"],
        capture_output=True, check=False, timeout=PATIENCE, env=environment(),
    )  # fmt: skip
    assert (len(done.stdout.splitlines()), done.stderr) == (1, b"")


# ---- the progress bar ---------------------------------------------------------------------------


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    """A reading of more than a second draws a bar with the packets so far on standard error."""
    env = fake_tshark(tmp_path, HALTING)
    shown = on_terminal("scan", FOUNDING, streams=("stderr",), env=env, stdout=subprocess.DEVNULL)
    assert shown.code == 1
    assert b"%" in shown.screen
    assert b"172 packets" in shown.screen
    assert b"Traceback" not in shown.screen


def test_progress_without_a_size(tmp_path: Path) -> None:
    """Standard input has no size to measure by; the packets are counted all the same."""
    env = fake_tshark(tmp_path, HALTING)
    with FOUNDING.open("rb") as file:
        shown = on_terminal(
            "scan", "-", streams=("stderr",), env=env, stdin=file, stdout=subprocess.DEVNULL
        )
    assert shown.code == 1
    assert b"packets" in shown.screen
    assert b"Traceback" not in shown.screen


def test_no_progress_for_a_quick_reading() -> None:
    """Nothing is drawn within the first second."""
    shown = on_terminal("scan", FOUNDING, streams=("stderr",), stdout=subprocess.DEVNULL)
    assert (shown.code, shown.screen) == (1, b"")


def test_no_progress_into_a_file(tmp_path: Path) -> None:
    """Standard error that is no terminal gets no bar, however long it takes."""
    ran = scan(FOUNDING, env=fake_tshark(tmp_path, HALTING))
    assert (ran.code, ran.err) == (1, "")
