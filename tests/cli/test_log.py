"""``seamark log``: real logs, plain and compressed, what it prints, and its exit codes."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import shutil
import subprocess
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pytest
from cli.command import CAPTURES, Ran, seamark
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from dissect.maillog import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOGS: Final = CAPTURES / "logs"
SYNC: Final = LOGS / "exim-sync-error.mainlog"
TWIN: Final = LOGS / "exim-clean-twin.mainlog"
POSTFIX: Final = LOGS / "postfix-split.maillog"
SCHEMA: Final[dict[str, Any]] = json.loads(
    resources.files("dissect.report").joinpath("schema.json").read_text(encoding="utf-8")
)


def log(*words: str | Path, **how: Any) -> Ran:
    """Run ``seamark log`` to its end, with stamps taken as UTC."""
    return seamark("log", "--timezone", "UTC", *words, **how)


def objects(*words: str | Path, **how: Any) -> list[dict[str, Any]]:
    """What it prints as JSON Lines."""
    return [json.loads(line) for line in log("--format", "jsonl", *words, **how).out.splitlines()]


def told(*words: str | Path, **how: Any) -> list[tuple[str, dict[str, int]]]:
    """Its suspects and what was counted."""
    found = objects(*words, **how)
    return [(each["client"], each["counts"]) for each in found if each["type"] == "suspect"]


def test_real_log_names_the_client() -> None:
    """Who, how often, when, and what to run next; the exit code says that there are masks."""
    ran = log(SYNC)
    assert (ran.code, ran.err) == (1, "")
    assert "3 synchronisation errors at a masked verb" in ran.out
    assert "'host 192.0.2.10 and tcp port 25'" in ran.out


def test_clean_log_is_silent() -> None:
    """No suspects, and exit code 0."""
    ran = log(TWIN)
    assert (ran.code, ran.out.splitlines()[1]) == (
        0, "0 clients with masked verbs, 0 with hints only",
    )  # fmt: skip


def test_hints_are_no_findings() -> None:
    """Postfix does not quote what it does not know, so that its log alone proves nothing."""
    ran = log(POSTFIX)
    assert (ran.code, "192.0.2.10  hints only" in ran.out) == (0, True)


def test_text_is_80_columns_wide() -> None:
    """All but the command, which must stay on one line to be copied, and names without blanks."""
    lines = [line for line in log(SYNC, POSTFIX, cwd=LOGS).out.splitlines() if "sudo" not in line]
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []


@pytest.mark.parametrize("words", [(SYNC, POSTFIX), (TWIN,)])
def test_lines_fit_the_schema(words: tuple[Path, ...]) -> None:
    """Each object is valid, with its keys in the order of the schema."""
    validator = Draft202012Validator(SCHEMA)
    for line in objects(*words):
        assert list(validator.iter_errors(line)) == []
        assert list(line) == list(SCHEMA["$defs"][line["type"]]["properties"])


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_gives_the_same(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Whatever its name is; and the plain file beside it adds nothing."""
    packed = tmp_path / "mainlog.1"
    packed.write_bytes(pack(SYNC.read_bytes()))
    assert told(packed) == told(SYNC) == told(packed, SYNC)


@pytest.mark.parametrize("cut", [1, 4, 7])
def test_rotated_gives_the_same(cut: int, tmp_path: Path) -> None:
    """A log in two files, the older compressed, in any order."""
    lines = SYNC.read_bytes().splitlines(keepends=True)
    old, new = tmp_path / "mainlog.1.gz", tmp_path / "mainlog"
    old.write_bytes(gzip.compress(b"".join(lines[:cut])))
    new.write_bytes(b"".join(lines[cut:]))
    assert told(old, new) == told(new, old) == told(SYNC)


def test_standard_input() -> None:
    """A dash reads from a pipe."""
    assert told("-", stdin=SYNC.read_bytes()) == told(SYNC)


def test_broken_archive_gives_what_was_read(tmp_path: Path) -> None:
    """A gzip file that ends too early: its beginning, the reason, and exit code 3."""
    packed = tmp_path / "mainlog.gz"
    stored = gzip.compress(SYNC.read_bytes() * 40, 0)
    packed.write_bytes(stored[: len(stored) // 2])
    ran = log(packed)
    assert (ran.code, "192.0.2.10  masked verbs" in ran.out) == (3, True)
    assert "cannot be read to its end" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nowhere",), 3, "there is no such file"),
        (("/",), 3, "is a directory"),
        (("-", "-"), 2, "only once"),
        (("--timezone", "Mars/Olympus", "x"), 2, "is no time zone"),
        (("--timezone", "../../etc/passwd", "x"), 2, "is no time zone"),
    ],
)
def test_errors(words: tuple[str, ...], code: int, said: str) -> None:
    """What cannot be meant or read is one sentence and an exit code."""
    ran = log(*words)
    assert (ran.code, said in ran.err, "Traceback" in ran.err) == (code, True, False)


def test_a_file_that_is_no_log_is_told() -> None:
    """A capture named by mistake gives a note and not a clean bill."""
    ran = log(CAPTURES / "founding-behind.pcap")
    assert "no line of Exim, Postfix or Sendmail" in " ".join(ran.out.split())


def test_hostile_bytes_stay_out_of_the_terminal(tmp_path: Path) -> None:
    """Escape sequences, in a line or in a file's name, are shown and not sent."""
    bad = tmp_path / "a\x1b[2Jb"
    line = b'2026-11-28 18:03:21 SMTP syntax error in "XXXX \x1b]0;x\x07\xff" H=x [192.0.2.10]:1'
    bad.write_bytes(line + b" unrecognized command\n")
    ran = log(bad)
    assert "192.0.2.10  masked verbs" in ran.out
    assert not set(ran.raw_out) & {0x1B, 0x07, 0xFF}


def test_long_lines_are_cut(tmp_path: Path) -> None:
    """A line without an end is read in pieces that are thrown away, and the next one counts."""
    path = tmp_path / "mainlog"
    path.write_bytes(b"x" * (files.LONGEST * 3) + b"\n" + SYNC.read_bytes())
    assert told(path) == told(SYNC)


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")
@pytest.mark.parametrize("address", ["192.0.2.10", "2001:db8::10"])
def test_capture_command_is_one_that_tcpdump_takes(address: str, tmp_path: Path) -> None:
    """The filter compiles, for IPv4 and for IPv6."""
    path = tmp_path / "mainlog"
    path.write_text(
        f'2026-11-28 18:03:21 SMTP syntax error in "XXXX" H=x [{address}]:1 unrecognized command\n'
    )
    command = objects(path)[0]["capture"]
    wanted = command.split("'")[1]
    done = subprocess.run(
        ["tcpdump", "-y", "EN10MB", "-r", CAPTURES / "founding-behind.pcap", "-d", wanted],
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, address in wanted) == (0, True)
