"""Whatever a peer or a file's name says, no terminal is steered by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.command import scan
from cli.fakes import needs_tshark
from cli.terminal import on_terminal
from report.hostile import NAME, harmful, hostile_capture

pytestmark = needs_tshark

FORMS = pytest.mark.parametrize("form", ["text", "jsonl", "csv"])


@FORMS
def test_hostile_conversation(tmp_path: Path, form: str) -> None:
    """Nothing in what was said, or in the file's name, reaches standard output as it is."""
    ran = scan("--format", form, hostile_capture(tmp_path))
    assert (ran.code, ran.err) == (1, "")
    assert harmful(ran.out, "\r\n" if form == "csv" else "\n") == []
    assert form == "text" or ran.out.isascii()


def test_hostile_conversation_is_reported(tmp_path: Path) -> None:
    """The findings are there all the same, and the bytes can be told from the escapes."""
    out = scan("--format", "jsonl", hostile_capture(tmp_path)).out
    lines = [json.loads(line) for line in out.splitlines()]
    rules = {line["rule"] for line in lines if line["type"] == "finding"}
    assert {"split-masked-verb", "masked-ehlo-keyword", "sync-error"} <= rules
    (flow,) = [line for line in lines if line["type"] == "flow"]
    assert "\x1b]52;" in flow["helo"]


def test_hostile_conversation_on_a_terminal(tmp_path: Path) -> None:
    """In colour the only escape sequences are our own."""
    screen = on_terminal("scan", hostile_capture(tmp_path)).screen.decode()
    pieces = screen.split("\x1b")[1:]
    assert pieces
    assert all(piece.startswith("[") and piece[1:].split("m")[0].isdigit() for piece in pieces)
    assert harmful(screen, "\r\n\x1b") == []


@pytest.mark.parametrize(("form", "data"), [
    ("text", None), ("text", b""), ("jsonl", b"no capture at all"), ("csv", b"no capture at all"),
])  # fmt: skip
def test_hostile_file_name_in_messages(tmp_path: Path, form: str, data: bytes | None) -> None:
    """Missing, empty or no capture: the name is made visible on both outputs."""
    path = tmp_path / NAME.decode("utf-8", "surrogateescape")
    if data is not None:
        path.write_bytes(data)
    ran = scan("--format", form, path)
    assert ran.code == 3
    assert harmful(ran.out, "\r\n") == []
    assert harmful(ran.err) == []
    assert ".pcap" in ran.err


def test_line_break_in_a_file_name(tmp_path: Path) -> None:
    """A file's name cannot forge a line of its own, on either output."""
    ran = scan(tmp_path / "x\nseamark: all is well\nVerdict: none")
    assert ran.code == 3
    lines = ran.err.splitlines() + ran.out.splitlines()
    assert not any(line.startswith(("seamark: all", "Verdict")) for line in lines)


def test_hostile_option() -> None:
    """Nor does a rule's name that a script took from somewhere else."""
    ran = scan("--rule", "\x1b]0;x\x07\u202e", "x")
    assert ran.code == 2
    assert harmful(ran.err) == []
