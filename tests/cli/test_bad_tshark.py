"""A tshark that is missing, old or unwell: one message, and the command that mends it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from cli.command import FOUNDING, TWIN, Ran, scan
from cli.fakes import fake_tshark, needs_tshark, script

OLD = "echo 'TShark (Wireshark) 3.6.2 (Git v3.6.2 packaged as 3.6.2-2)'"


def refused(ran: Ran, *words: str) -> None:
    """Exit code 3, nothing on standard output, and one message with these words."""
    assert (ran.code, ran.out) == (3, "")
    first, *rest = ran.err.splitlines()
    assert first.startswith("seamark: tshark")
    assert len(rest) == 1
    assert all(word in ran.err for word in words), ran.err


@pytest.fixture(params=["PATH", "SEAMARK_TSHARK"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Where to put a tshark, and the environment in which it is found there."""
    path = tmp_path / "tshark"
    env = {"PATH": str(tmp_path)} if request.param == "PATH" else {"SEAMARK_TSHARK": str(path)}
    return path, env


def test_missing(place: tuple[Path, dict[str, str]]) -> None:
    """No tshark: how to install it."""
    refused(scan(TWIN, env=place[1]), "not found", "nstall")


def test_install_command_is_this_systems(tmp_path: Path) -> None:
    """The package manager that is there is the one that is named."""
    for manager, command in (("dnf", "dnf install wireshark-cli"), ("brew", "brew install")):
        folder = tmp_path / manager
        folder.mkdir()
        script(folder / manager, "exit 0")
        refused(scan(TWIN, env={"PATH": str(folder)}), command)


def test_too_old(place: tuple[Path, dict[str, str]]) -> None:
    """An old tshark: which it is, what is needed, and how to get it."""
    path, env = place
    script(path, OLD)
    refused(scan(TWIN, env=env), "3.6.2", str(path), "4.0", "nstall")


def test_not_executable(place: tuple[Path, dict[str, str]]) -> None:
    """Debian can be told to let only a group run it."""
    path, env = place
    path.write_text("#!/bin/sh\n")
    path.chmod(0o644)
    refused(scan(TWIN, env=env), "not executable", f"chmod a+rx {path}")


@pytest.mark.parametrize("body", ["exit 3", "echo no version here"])
def test_no_answer_to_its_version(place: tuple[Path, dict[str, str]], body: str) -> None:
    """Something that is called tshark and is none, or one with a library missing."""
    path, env = place
    script(path, body)
    refused(scan(TWIN, env=env), "cannot be run", str(path))


def test_interpreter_is_missing(place: tuple[Path, dict[str, str]]) -> None:
    """A wrapper whose shell does not exist."""
    path, env = place
    path.write_text("#!/nonexistent/sh\n")
    path.chmod(0o755)
    refused(scan(TWIN, env=env), "cannot be run", str(path))


def test_it_is_asked_for_before_the_captures_are_opened(tmp_path: Path) -> None:
    """Without tshark no capture matters, not even a missing one."""
    refused(scan(tmp_path / "none", env={"PATH": str(tmp_path)}), "not found")


# ---- one that fails while it reads --------------------------------------------------------------


@needs_tshark[0]
@needs_tshark[1]
@pytest.mark.parametrize("number", ["KILL", "SEGV"])
def test_killed_halfway(tmp_path: Path, number: str) -> None:
    """What was read before is printed, and the signal is named."""
    env = fake_tshark(tmp_path, f'"$REAL" "$@" | head -c 60000\nkill -{number} $$')
    ran = scan(FOUNDING, env=env)
    assert ran.code == 3
    assert f"SIG{number}" in ran.err
    assert "split-masked-verb" in ran.out


@needs_tshark[0]
@needs_tshark[1]
def test_killed_halfway_in_json(tmp_path: Path) -> None:
    """Programs see the same: a status that is not complete, and a warning."""
    env = fake_tshark(tmp_path, '"$REAL" "$@" | head -c 60000\nkill -9 $$')
    last = json.loads(scan("--format", "jsonl", FOUNDING, env=env).out.splitlines()[-1])
    assert last["status"] == "failed"
    assert any("SIGKILL" in warning for warning in last["warnings"])


@needs_tshark[0]
@needs_tshark[1]
def test_unknown_failure_is_quoted(tmp_path: Path) -> None:
    """What tshark said, with its exit code, where we know no better."""
    env = fake_tshark(tmp_path, "echo the disk is on fire >&2\nexit 7")
    ran = scan(FOUNDING, env=env)
    assert ran.code == 3
    assert "exit code 7" in ran.err
    assert "the disk is on fire" in ran.err


NOISE = """
import os
for _ in range(400):
    os.write(2, bytes([0xFF, 0xFE, 0x1B, 0x5D, 0x07]) * 2000 + b"\\n")
"""


@needs_tshark[0]
@needs_tshark[1]
@pytest.mark.parametrize(("end", "code"), [('exec "$REAL" "$@"', 1), ("exit 9", 3)])
def test_megabytes_of_broken_text_on_stderr(tmp_path: Path, end: str, code: int) -> None:
    """It neither blocks nor confuses the reading, and none of it reaches the terminal raw."""
    (tmp_path / "noise.py").write_text(NOISE)
    env = fake_tshark(tmp_path, f'"{sys.executable}" "$HERE/noise.py"\n{end}')
    ran = scan(FOUNDING, env=env)
    assert ran.code == code
    assert b"\x1b" not in ran.raw_out + ran.raw_err
    assert len(ran.err) < 10_000
    assert ("split-masked-verb" in ran.out) == (code == 1)


# ---- whose tshark -------------------------------------------------------------------------------


@needs_tshark[0]
@needs_tshark[1]
@pytest.mark.parametrize("text", ["[tshark]\ntshark_path = {path}\n", "no section\n"])
def test_planted_config_chooses_nothing(tmp_path: Path, text: str) -> None:
    """A ``config.ini`` beside the captures, which pyshark would obey, is not even read."""
    script(tmp_path / "tshark", f'touch "{tmp_path}/planted"\nexec {shutil.which("tshark")} "$@"')
    (tmp_path / "config.ini").write_text(text.format(path=tmp_path / "tshark"))
    ran = scan(TWIN, cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert not (tmp_path / "planted").exists()
