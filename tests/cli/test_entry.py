"""The command itself: its help, its shortcuts, and what it must not load."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from cli.command import FOUNDING, TWIN, scan, seamark
from cli.fakes import needs_tshark
from cli.terminal import on_terminal

from dissect import cli


def test_help_shows_every_option() -> None:
    """``seamark scan --help`` has each option and the exit codes."""
    ran = scan("--help")
    assert (ran.code, ran.err) == (0, "")
    options = {word for option in cli.scan.params for word in option.opts if word.startswith("--")}
    assert {"--format", "--fail-on", "--port", "--rule", "--ignore", "--min-severity"} <= options
    assert [word for word in sorted(options) if word not in ran.out] == []
    assert "130 interrupted" in " ".join(ran.out.split())


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_lists_the_ways_to_call_it(word: str) -> None:
    """One line for each, not run together into a paragraph."""
    ran = seamark(word)
    assert (ran.code, ran.err) == (0, "")
    lines = [line.strip() for line in ran.out.splitlines()]
    for way in ("seamark CAPTURE... ", "seamark scan CAPTURE... ", "seamark demo "):
        assert any(line.startswith(way) for line in lines), ran.out


def test_version() -> None:
    """Name and number, for a report."""
    ran = seamark("--version")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r".+ \d+\.\d+\.\d+\n", ran.out)


@pytest.mark.parametrize("words", [(), ("scan",), ("--nonsense",), ("scan", "--nonsense", "x")])
def test_nothing_that_can_be_meant(words: tuple[str, ...]) -> None:
    """No arguments, or an option that there is not: help on standard error, exit code 2."""
    ran = seamark(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: " in ran.err


@needs_tshark[0]
@needs_tshark[1]
@pytest.mark.parametrize(("capture", "code"), [(FOUNDING, 1), (TWIN, 0)])
def test_capture_into_a_pipe_is_a_scan(capture: Path, code: int) -> None:
    """``seamark CAPTURE`` where nobody sees a screen prints what scan prints."""
    ran = seamark(capture)
    assert ran == scan(capture)
    assert ran.code == code


@needs_tshark[0]
@needs_tshark[1]
def test_capture_into_a_pipe_takes_options() -> None:
    """The options that all readers of captures have, before the capture or behind it."""
    words = ("--min-severity", "low", TWIN, "--rule", "split-command")
    assert "No findings." in seamark(*words).out


@needs_tshark[0]
@needs_tshark[1]
def test_missing_capture_into_a_pipe(tmp_path: Path) -> None:
    """The same message and exit code as scan's."""
    ran = seamark(tmp_path / "none.pcap")
    assert ran.code == 3
    assert "no such file" in ran.err


@needs_tshark[0]
@needs_tshark[1]
def test_demo_into_a_pipe() -> None:
    """The bundled case as text, from any folder."""
    ran = seamark("demo", cwd=Path("/"))
    assert (ran.code, ran.err) == (1, "")
    assert "split-masked-verb" in ran.out
    assert "Verdict" in ran.out


@needs_tshark[0]
@needs_tshark[1]
def test_commands_do_not_hide_files(tmp_path: Path) -> None:
    """A capture that is called like a command is opened by a path."""
    shutil.copy(TWIN, tmp_path / "demo")
    assert "split-command" in seamark("./demo", cwd=tmp_path).out


@needs_tshark[0]
@needs_tshark[1]
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_without_unicode(encoding: str) -> None:
    """Where standard output takes no UTF-8 the report is plainer, and whole."""
    ran = scan(FOUNDING, env={"PYTHONIOENCODING": encoding})
    assert (ran.code, ran.err) == (1, "")
    assert b"What to do" in ran.raw_out


@needs_tshark[0]
@needs_tshark[1]
@pytest.mark.terminal
def test_screen_imports_nothing_from_the_folder_of_captures(tmp_path: Path) -> None:
    """A planted ``click.py`` beside the captures is not run by what the screen starts."""
    planted = tmp_path / "planted"
    (tmp_path / "click.py").write_text(f"open({str(planted)!r}, 'w').close()\nraise SystemExit\n")
    shutil.copy(FOUNDING, tmp_path / "case.pcap")
    shown = on_terminal(
        "case.pcap",
        cwd=tmp_path,
        until=lambda screen: planted.exists() or b"192.0.2.10" in screen,
        keys=b"q",
    )
    assert not planted.exists()
    assert b"192.0.2.10" in shown.screen
