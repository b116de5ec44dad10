"""``seamark export``: what Wireshark's own tools read of the files that it writes."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from cli.command import CAPTURES, FOUNDING, TWIN, scan, seamark
from cli.fakes import needs_tshark
from support.script import play
from support.wire import Setting, to_pcap

pytestmark = [
    *needs_tshark,
    pytest.mark.skipif(shutil.which("editcap") is None, reason="editcap is not installed"),
]
RULE: Final = "split-masked-verb"


def tool(*words: str | Path) -> str:
    """What one of Wireshark's programs prints; it must succeed."""
    return subprocess.run(
        [str(word) for word in words], capture_output=True, check=True, text=True, timeout=60
    ).stdout


def fields(path: Path, *names: str, chosen: str = "") -> list[list[str]]:
    """Fields of the packets of a file, as tshark reads them."""
    asked = [word for name in names for word in ("-e", name)]
    where = ["-Y", chosen] if chosen else []
    out = tool("tshark", "-n", "-r", path, "-T", "fields", *asked, *where)
    return [line.split("\t") for line in out.splitlines()]


@cache
def findings(path: Path) -> list[dict[str, Any]]:
    """The findings of a scan."""
    lines = map(json.loads, scan("--format", "jsonl", path).out.splitlines())
    return [line for line in lines if line["type"] == "finding"]


def packets(path: Path, chosen: str = "") -> list[list[str]]:
    """What tells packets apart, whatever their number: when they came, and what they say."""
    return fields(path, "frame.time_epoch", "tcp.seq_raw", "tcp.ack_raw", "tcp.payload",
                  chosen=chosen)  # fmt: skip


@pytest.mark.parametrize("name", ["founding-behind.pcap", "founding-behind.pcapng",
                                  "founding-behind.pcap.gz"])  # fmt: skip
def test_the_frames_of_evidence_carry_the_finding(tmp_path: Path, name: str) -> None:
    """Exactly the frames of the findings have a comment: rule, observed, original and seam."""
    capture, out = CAPTURES / name, tmp_path / "out.pcapng"
    ran = seamark("export", capture, "--rule", RULE, "-o", out)
    assert (ran.code, ran.err) == (0, "")
    found = [each for each in findings(capture) if each["rule"] == RULE]
    frames = sorted({frame for each in found for frame in each["frames"]})
    expected = packets(capture, f"frame.number in {{{', '.join(map(str, frames))}}}")
    assert packets(out, "frame.comment") == expected
    said = [line[0] for line in fields(out, "frame.comment", chosen="frame.comment")]
    for frame, comment in zip(frames, said, strict=True):
        assert f"Seamark: {RULE} (critical)" in comment
        assert f"frame     {frame} of " in comment
        assert "original  RCPT" in comment
        assert "seam      observed, inside the verb" in comment


def test_the_conversations_are_whole_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    """Every packet of the damaged conversations is there, and none of another."""
    out = tmp_path / "out.pcapng"
    assert seamark("export", FOUNDING, "--rule", RULE, "-o", out).code == 0
    flows = {each["flow"] for each in findings(FOUNDING) if each["rule"] == RULE}
    assert packets(out) == packets(FOUNDING, f"tcp.stream in {{{', '.join(map(str, flows))}}}")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "Capture comment:     Made by seamark" in tool("capinfos", "-k", out)


def test_comments_that_were_there_stay(tmp_path: Path) -> None:
    """A frame keeps its own comment before ours, a capture its own, an interface its name."""
    noted, out = tmp_path / "noted.pcapng", tmp_path / "out.pcapng"
    tool("editcap", "-F", "pcapng", "-a", "25:mine", "-a", "27:alone", "--capture-comment", "whole",
         FOUNDING, noted)  # fmt: skip
    assert seamark("export", noted, "--flow", "1", "-o", out).code == 0
    said = [line[0] for line in fields(out, "frame.comment", chosen="frame.comment")]
    assert any(text.startswith("mine,Seamark: ") for text in said)
    assert "alone" in {text.partition(",")[0] for text in said}
    told = tool("capinfos", "-k", out)
    assert "whole" in told
    assert "Made by seamark" in told
    assert tool("capinfos", "-I", out).count("Interface #") == tool(
        "capinfos", "-I", noted
    ).count("Interface #")  # fmt: skip


@pytest.mark.parametrize(
    ("words", "flows"),
    [
        (["--flow", "0", "--flow", "3"], 2),
        (["--client", "192.0.2.10"], 9),
        (["--server", "192.0.2.0/24", "--flow", "1"], 1),
        (["--min-severity", "critical", "--ignore", "masked-ehlo-keyword"], 6),
        ([], 9),
    ],
)
def test_options_choose_together(tmp_path: Path, words: list[str], flows: int) -> None:
    """A conversation is written where all options hold for it."""
    out = tmp_path / "out.pcapng"
    assert seamark("export", FOUNDING, *words, "-o", out).code == 0
    assert len({line[0] for line in fields(out, "tcp.stream")}) == flows


def test_hostile_words_stay_on_their_line(tmp_path: Path) -> None:
    """Escapes and line ends of a sender never reach a comment as they are."""
    talk = """
        S: 220 mx.example.net ESMTP
        C: EHLO mail.example.org
        S: 250 mx.example.net
        C: XXXX TO:<\x1b]0;a\x07\u202e@example.net>
        S: 500 what?
        C: QUIT
        S: 221 bye
    """
    capture, out = tmp_path / "in.pcap", tmp_path / "out.pcapng"
    to_pcap(play(talk, Setting()), capture)
    assert seamark("export", capture, "-o", out).code == 0
    said = "".join(line[0] for line in fields(out, "frame.comment", chosen="frame.comment"))
    assert "masked-verb" in said
    assert "␛" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    out = tmp_path / "out.pcapng"
    out.write_bytes(b"mine")
    ran = seamark("export", FOUNDING, "-o", out)
    assert (ran.code, out.read_bytes()) == (2, b"mine")
    assert "is there already" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([TWIN, "--rule", RULE], 3, "No conversation was chosen"),
        ([FOUNDING, "--client", "nobody"], 2, "is no address"),
        (["-"], 3, "only once"),
        ([FOUNDING, "--rule", "nothing"], 2, "nothing"),
    ],
)
def test_nothing_is_left_of_what_cannot_be(
    tmp_path: Path, words: list[str | Path], code: int, told: str
) -> None:
    """The error says why, and no file is left."""
    out = tmp_path / "out.pcapng"
    ran = seamark("export", *words, "-o", out)
    assert (ran.code, told in ran.err) == (code, True)
    assert not list(tmp_path.iterdir())


def test_a_capture_cut_short_gives_what_it_has(tmp_path: Path) -> None:
    """What was read is written, and the exit code tells."""
    out = tmp_path / "out.pcapng"
    ran = seamark("export", CAPTURES / "truncated.pcap", "-o", out)
    assert ran.code == 3
    assert "cut short" in ran.err
    assert len(packets(out)) == len(packets_of_truncated())


def test_a_file_has_to_be_named() -> None:
    """Without -o nothing is read."""
    ran = seamark("export", FOUNDING)
    assert (ran.code, "-o evidence.pcapng" in ran.err) == (2, True)


def packets_of_truncated() -> list[str]:
    """The TCP packets in front of the cut; tshark ends with an error there."""
    ran = subprocess.run(
        ["tshark", "-n", "-r", str(CAPTURES / "truncated.pcap"), "-Y", "tcp"],
        capture_output=True, check=False, text=True, timeout=60,
    )  # fmt: skip
    return ran.stdout.splitlines()
