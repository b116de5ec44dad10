"""Captures that cannot be read, or not to their end: each has its own words and exit code 3."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from cli.command import CAPTURES, FOUNDING, PATIENCE, TWIN, Ran, scan, seamark
from cli.fakes import needs_tshark

pytestmark = needs_tshark

HEADER: Final = 24
"""Bytes of a pcap file's header."""

WITHOUT_OVERRIDE: Final = (
    "setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search",
)  # fmt: skip
"""Takes from root what lets it read everything."""


def failed(ran: Ran, *words: str) -> None:
    """The scan failed, in one message of two lines at most that holds these words."""
    assert ran.code == 3
    assert "Traceback" not in ran.err
    said = ran.err.splitlines()
    assert 1 <= len(said) <= 2
    assert said[0].startswith("seamark: ")
    assert all(word in ran.err for word in words), ran.err


def written(path: Path, data: bytes) -> Path:
    """A file with these bytes."""
    path.write_bytes(data)
    return path


def test_missing_file(tmp_path: Path) -> None:
    """A path that leads nowhere."""
    failed(scan(tmp_path / "nowhere.pcap"), "nowhere.pcap", "no such file")


def test_directory(tmp_path: Path) -> None:
    """A directory is not searched."""
    failed(scan(tmp_path), "is a directory")


def test_empty_file(tmp_path: Path) -> None:
    """No byte at all."""
    failed(scan(written(tmp_path / "empty.pcap", b"")), "empty.pcap", "0 bytes")


def test_header_only(tmp_path: Path) -> None:
    """A capture that was stopped before its first packet."""
    bare = written(tmp_path / "bare.pcap", FOUNDING.read_bytes()[:HEADER])
    failed(scan(bare), "bare.pcap", "no packets")


def test_cut_in_the_header(tmp_path: Path) -> None:
    """Too short even for a header."""
    failed(scan(written(tmp_path / "cut.pcap", FOUNDING.read_bytes()[:10])), "cut.pcap")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_not_a_capture(tmp_path: Path, suffix: str) -> None:
    """Any other file, whatever it is called."""
    noise = random.Random(1).randbytes(4000)
    failed(scan(written(tmp_path / f"noise{suffix}", noise)), f"noise{suffix}", "not a capture")


def test_text_is_not_a_capture(tmp_path: Path) -> None:
    """A mail log, say."""
    log = written(tmp_path / "mainlog", b"2026-11-22 08:51:37 H=mail.example.org\n" * 50)
    failed(scan(log), "mainlog", "not a capture")


@pytest.mark.parametrize("capture", [FOUNDING, FOUNDING.with_suffix(".pcapng"),
                                     FOUNDING.with_suffix(".pcap.gz")])  # fmt: skip
def test_truncated_capture_is_read_up_to_the_cut(tmp_path: Path, capture: Path) -> None:
    """What was read before the cut is printed, and the cut is told of."""
    data = capture.read_bytes()
    cut = written(tmp_path / capture.name, data[: len(data) * 2 // 3 + 7])
    ran = scan(cut)
    failed(ran, capture.name, "cut short")
    assert "split-masked-verb" in ran.out


def test_bundled_truncated_capture() -> None:
    """The findings before the cut are there, and the report says so as well."""
    ran = scan(CAPTURES / "truncated.pcap")
    failed(ran, "truncated.pcap", "cut short")
    assert "split-masked-verb" in ran.out
    assert "Note: " in ran.out


def test_unreadable_file(tmp_path: Path) -> None:
    """A file that this user may not read."""
    secret = written(tmp_path / "secret.pcap", TWIN.read_bytes())
    secret.chmod(0)
    failed(scan(secret, before=powerless()), "secret.pcap", "may not be read")


def test_file_in_a_closed_directory(tmp_path: Path) -> None:
    """A file in a directory that this user may not enter."""
    (tmp_path / "closed").mkdir()
    inside = written(tmp_path / "closed" / "x.pcap", TWIN.read_bytes())
    (tmp_path / "closed").chmod(0)
    try:
        failed(scan(inside, before=powerless()), "x.pcap", "may not be read")
    finally:
        (tmp_path / "closed").chmod(0o755)


def powerless() -> tuple[str, ...]:
    """A command in front of another, so that file permissions count for root too."""
    if os.geteuid() != 0:
        return ()
    tried = shutil.which("setpriv") and subprocess.run(
        [*WITHOUT_OVERRIDE, "true"], check=False, capture_output=True, timeout=PATIENCE
    )
    if not tried or tried.returncode:
        pytest.skip("root reads everything here, and setpriv cannot take that away")
    return WITHOUT_OVERRIDE


def test_name_that_is_too_long() -> None:
    """The kernel's own refusal."""
    failed(scan("x" * 300), "File name too long")


def test_special_file() -> None:
    """A device is no capture."""
    failed(scan("/dev/zero"), "/dev/zero")


@pytest.mark.parametrize("words", [("scan",), ()])
def test_name_that_begins_with_a_hyphen(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Behind ``--`` everything is a capture."""
    shutil.copy(TWIN, tmp_path / "-r.pcap")
    ran = seamark(*words, "--", "-r.pcap", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert "split-command" in ran.out


def test_fifo(tmp_path: Path) -> None:
    """A named pipe is read as standard input is."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f"cat '{TWIN}' > '{pipe}'"]) as writer:
        ran = scan(pipe)
        writer.kill()
    assert (ran.code, ran.err) == (0, "")
    assert "split-command" in ran.out


@pytest.mark.parametrize(("data", "word"), [(b"", "no packets"), (b"x" * 500, "not a capture")])
def test_bad_standard_input(data: bytes, word: str) -> None:
    """Nothing, or no capture, in the pipe."""
    failed(scan("-", stdin=data), word)
