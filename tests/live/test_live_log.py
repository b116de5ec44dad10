"""``seamark live --log``: lines that servers write while the mail passes, with their flows."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from live.seamark_live import ROOT, Live
from redact.same import key_file
from terminal.pty_terminal import PtyTerminal, home

from dissect.live import Beside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGS: Final = ROOT / "captures" / "logs"
CAPTURE: Final = LOGS / "exim-sync-error.pcap"
LINES: Final = (
    (LOGS / "exim-sync-error.mainlog").read_text(encoding="utf-8").splitlines(keepends=True)
)
SCHEMA: Final = ROOT / "dissect" / "report" / "schema.json"

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


@contextmanager
def watching(log: Path, *words: str) -> Iterator[tuple[Live, int]]:
    """A live capture from a pipe that stays open, and its other end."""
    out, into = os.pipe()
    with os.fdopen(out, "rb") as stdin:
        run = Live("-", "--log", str(log), "--timezone", "UTC", *words, stdin=stdin)
    try:
        with run:
            yield run, into
    finally:
        os.close(into)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with a line of another day."""
    path = tmp_path / "mainlog"
    path.write_text(LINES[0].replace("11-28", "11-20"), encoding="utf-8")
    return path


def append(path: Path, *lines: str) -> None:
    """As a server does it."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(lines)


def test_lines_come_with_their_flows(log: Path) -> None:
    """As they are written, over a rotation; what was there before the watch is left alone."""
    with watching(log) as (run, pipe):
        run.until_said("connected")
        os.write(pipe, CAPTURE.read_bytes())
        append(log, *LINES[:3])
        said = run.until_said(" LOG ", f"{log}:4", "XXXX TO:<recipient0035@cam.example.net>")
        assert "192.0.2.10:33738 > " in said
        log.rename(log.with_suffix(".1"))
        append(log, *LINES[3:])
        run.until_said(" LOG ", f"{log}:1", "192.0.2.10:33739")
        assert run.end() == 1
        run.until_said("# Mail log: ", "the clocks agree")
        assert not [line for line in run.lines if f"{log}:1 " in line and "33738" in line]


def test_objects_are_those_of_a_scan(log: Path) -> None:
    """A ``log`` names the flow by its number, as a flow and a finding do."""
    with watching(log, "--format", "jsonl") as (run, pipe):
        run.until_said('"state":"connected"')
        os.write(pipe, CAPTURE.read_bytes())
        append(log, *LINES)
        run.until(lambda _: len(run.objects("log")) >= 10)
        run.end()
        validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
        for line in run.lines:
            validator.validate(json.loads(line))
        ports = {flow["flow"]: flow["client"] for flow in run.objects("flow")}
        for each in run.objects("log"):
            assert ports[each["flow"]].split(":")[1] in each["text"] or "<=" in each["text"]
            assert each["offset"] == 0


def test_redaction_reaches_the_lines(log: Path, tmp_path: Path) -> None:
    """What is replaced in flows is replaced in what the server wrote about them."""
    words = ("--redact", "--redact-key", str(key_file(tmp_path)), "--format", "jsonl")
    with watching(log, *words) as (run, pipe):
        run.until_said('"state":"connected"')
        os.write(pipe, CAPTURE.read_bytes())
        append(log, *LINES)
        run.until(lambda _: len(run.objects("log")) >= 10)
        run.end()
        said = "".join(run.lines)
    assert re.search(r"\b192\.0\.2\.10\b", said) is None
    assert "cam.example.net" not in said


def test_a_log_that_cannot_be_read_is_told_before_the_start(tmp_path: Path) -> None:
    """Nothing is captured then."""
    with watching(tmp_path / "none") as (run, _):
        assert run.wait() == 3
        assert "there is no such file" in run.errors()


@pytest.mark.terminal
def test_the_screen_shows_them(log: Path, tmp_path: Path) -> None:
    """In the header and in the column of the list, as those of a capture."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    hold = os.open(pipe, os.O_RDWR)
    os.write(hold, CAPTURE.read_bytes())
    words = 'exec "$1" -P -m tui live - --log "$2" --timezone UTC <"$3"'
    command = ("sh", "-c", words, "sh", sys.executable, str(log), str(pipe))
    try:
        with PtyTerminal(command, env={"PYTHONPATH": str(ROOT), **home(tmp_path)}) as screen:
            screen.until("live", "33738")
            append(log, *LINES)
            screen.until("12 of 12 lines in 4 flows; the clocks agree", "sync")
            screen.press("q", "q")
            assert screen.wait() == 0
    finally:
        os.close(hold)


def test_what_is_wanted_crosses_to_another_process() -> None:
    """As JSON and back."""
    beside = Beside(logs=("/a b", "c"), zone="Europe/London")
    assert Beside.read(json.loads(json.dumps(beside.written()))) == beside
