"""``seamark export --lua``: what Wireshark's own programs say with the script that it writes."""

from __future__ import annotations

import csv
import json
import re
import shutil
import stat
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from cli.command import CAPTURES, FOUNDING, TWIN, scan, seamark
from cli.fakes import needs_tshark
from hypothesis import given, settings
from hypothesis import strategies as st
from report.hostile import harmful, hostile_capture
from support.script import play

from dissect.analysis.model import FlowDetail
from dissect.detect.finding import Finding, Severity
from dissect.escape import visible
from dissect.pipeline import Pipeline
from dissect.report import lua

RULE: Final = "split-masked-verb"


def runs_lua() -> bool:
    """Whether this tshark runs scripts for this user; from 4.4 on it may not for root."""
    if shutil.which("tshark") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "hello.lua")
        script.write_text('print("hello from Lua")', encoding="utf-8")
        command = ["tshark", "-n", "-X", f"lua_script:{script}", "-r", str(FOUNDING), "-c", "1"]
        said = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return b"hello from Lua" in said


pytestmark = [
    *needs_tshark,
    pytest.mark.skipif(not runs_lua(), reason="this tshark runs no Lua, or not for this user"),
]


def tshark(*words: str | Path, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run tshark, which must succeed and say nothing but its noise about root."""
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
           "WIRESHARK_CONFIG_DIR": str(config or "/nonexistent")}  # fmt: skip
    ran = subprocess.run(
        ["tshark", "-n", *map(str, words)],
        capture_output=True, check=False, text=True, timeout=60, env=env,
    )  # fmt: skip
    said = [line for line in ran.stderr.splitlines() if "Running as user" not in line]
    assert (ran.returncode, said) == (0, [])
    return ran


def frames(capture: Path, *scripts: Path, chosen: str = "seamark", more: str = "") -> list[int]:
    """The frames that a display filter chooses with some scripts loaded."""
    loaded = [f"lua_script:{script}" for script in scripts]
    words = [word for each in loaded for word in ("-X", each)] + more.split()
    out = tshark(*words, "-r", capture, "-Y", chosen, "-T", "fields", "-e", "frame.number").stdout
    return [int(line) for line in out.split()]


def shown(capture: Path, script: Path) -> list[tuple[int, str, str]]:
    """Frame, field and value of all that a script shows."""
    asked = [word for name, _ in lua.FIELDS for word in ("-e", f"seamark.{name}")]
    out = tshark("-X", f"lua_script:{script}", "-r", capture, "-Y", "seamark", "-T", "json",
                 "-e", "frame.number", "-e", "seamark.flow", *asked).stdout  # fmt: skip
    layers = [packet["_source"]["layers"] for packet in json.loads(out)]
    return sorted(
        (int(layer["frame.number"][0]), name, value)
        for layer in layers
        for name, values in layer.items()
        if name != "frame.number"
        for value in values
    )


def findings(capture: Path, *words: str) -> list[dict[str, Any]]:
    """The findings of a scan."""
    lines = map(json.loads, scan("--format", "jsonl", capture, *words).out.splitlines())
    return [line for line in lines if line["type"] == "finding"]


def written(folder: Path, capture: Path, *words: str | Path, name: str = "out.lua") -> Path:
    """The script of a capture."""
    script = folder / name
    ran = seamark("export", capture, "--lua", script, *words)
    assert (ran.code, ran.err) == (0, "")
    return script


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("founding-behind.pcap", "-2"),
        ("founding-behind.pcapng", ""),
        ("founding-behind.pcap.gz", ""),
    ],
)
def test_a_filter_selects_exactly_the_frames_of_a_finding(
    tmp_path: Path, name: str, passes: str
) -> None:
    """Each rule and each flow, in one pass over the packets and in two."""
    capture = CAPTURES / name
    script = written(tmp_path, capture)
    found = findings(capture)
    for rule in {each["rule"] for each in found}:
        expected = sorted({f for each in found if each["rule"] == rule for f in each["frames"]})
        assert frames(capture, script, chosen=f'seamark.rule == "{rule}"', more=passes) == expected
    of_flow = sorted({frame for each in found if each["flow"] == 4 for frame in each["frames"]})
    assert frames(capture, script, chosen="seamark.flow == 4", more=passes) == of_flow


def test_fields_say_what_a_scan_says(tmp_path: Path) -> None:
    """Rule, severity, original, message and flow of every finding, on each of its frames."""
    expected = sorted(
        (frame, f"seamark.{name}", str(each[name]))
        for each in findings(FOUNDING)
        for frame in each["frames"]
        for name in ("rule", "severity", "original", "message", "flow")
        if each[name] != ""
    )
    told = shown(FOUNDING, written(tmp_path, FOUNDING))
    assert [each for each in told if each[1][8:] not in {"observed", "seam"}] == expected
    seams = {value for _, name, value in told if name == "seamark.seam"}
    assert "observed, inside the verb, after byte 2, stream offset 1471, frames 25 | 26" in seams
    assert ("XX|XX TO:<recipient0035@cam.example.net>") in {value for _, _, value in told}


def test_options_choose_what_is_in_it(tmp_path: Path) -> None:
    """One rule in one flow, from a capture on standard input; only its owner may read it."""
    script = tmp_path / "out.lua"
    ran = seamark("export", "-", "--lua", script, "--rule", RULE, "--flow", "1",
                  stdin=FOUNDING.read_bytes())  # fmt: skip
    assert (ran.code, ran.out) == (0, f"1 finding on 2 frames in {script}\n")
    assert frames(FOUNDING, script) == [25, 26]
    assert stat.S_IMODE(script.stat().st_mode) == 0o600


def test_expert_information_lists_the_findings(tmp_path: Path) -> None:
    """They stand in Wireshark's own list of what is wrong, ranked."""
    script = written(tmp_path, FOUNDING, "--rule", RULE)
    out = tshark("-q", "-X", f"lua_script:{script}", "-r", FOUNDING, "-z", "expert,error").stdout
    assert f"{RULE}: RCPT was masked as XXXX" in out


def test_other_captures_are_left_alone(tmp_path: Path) -> None:
    """Also the same conversations, number by number, on the other side of the firewall."""
    script = written(tmp_path, FOUNDING)
    assert frames(TWIN, script) == []
    assert frames(CAPTURES / "founding-before.pcap", script) == []


def test_scripts_of_two_captures_go_together(tmp_path: Path) -> None:
    """Both may lie in the folder of plugins."""
    other = CAPTURES / "terminator-swallowed-behind.pcap"
    scripts = [written(tmp_path, FOUNDING), written(tmp_path, other, name="other.lua")]
    for capture in (FOUNDING, other):
        expected = {frame for each in findings(capture) for frame in each["frames"]}
        assert frames(capture, *scripts) == sorted(expected)


def test_a_clean_capture_gives_a_script_that_shows_nothing(tmp_path: Path) -> None:
    """It says so, and the fields are there all the same."""
    script = tmp_path / "out.lua"
    ran = seamark("export", TWIN, "--min-severity", "info", "--rule", RULE, "--lua", script)
    assert (ran.code, "No conversation was chosen" in ran.err) == (3, True)
    ran = seamark("export", TWIN, "--ignore", "split-command", "--lua", script)
    assert (ran.code, ran.out) == (0, f"0 findings on 0 frames in {script}\n")
    assert frames(TWIN, script) == []


def test_hostile_words_are_shown_and_nothing_more(tmp_path: Path) -> None:
    """Nothing of a capture full of escapes, in any field or in the script, steers a terminal."""
    capture = hostile_capture(tmp_path)
    script = written(tmp_path, capture)
    text = script.read_text()
    assert not harmful(text)
    told = shown(capture, script)
    assert {"masked-ehlo-keyword", "sync-error"} <= {value for _, name, value in told
                                                     if name == "seamark.rule"}  # fmt: skip
    assert not harmful("".join(value for _, _, value in told))


# ---- strings ----------------------------------------------------------------------------------

BREAKERS: Final = ('"', "\\", "\n", "\r", "\0", "]]", "]==]", "--[[", "\\z", "\\x", "\\u{", "%s",
                   '" .. os.execute("id") .. "', "\x1b", "\x7f", "\u202e", "\ud800")  # fmt: skip
"""What ends or changes a string of some kind in Lua."""

FOLLOWERS: Final = ("", "0", "9", "n", '"', "\\", "\n", "a")


def read_by_lua(folder: Path, texts: list[str]) -> list[bytes]:
    """The strings that Lua has for the literals of some texts: one tshark for all of them."""
    script = folder / "strings.lua"
    lines = "".join(f"say({lua.literal(text)})\n" for text in texts)
    say = 'print("<" .. (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) .. ">")'
    script.write_text(f"local function say(text) {say} end\n{lines}", encoding="utf-8")
    out = tshark("-X", f"lua_script:{script}", "-r", FOUNDING, "-Y", "frame.number == 0").stdout
    return [bytes.fromhex(found) for found in re.findall("<([0-9a-f]*)>", out)]


def test_every_character_is_itself_in_lua(tmp_path: Path) -> None:
    """Alone and before what could change it."""
    texts = [
        first + then
        for first in (*map(chr, range(0x180)), *BREAKERS, "\u2028", "\U0001f512")
        for then in FOLLOWERS
    ]
    assert read_by_lua(tmp_path, texts) == [text.encode("utf-8", "replace") for text in texts]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=40) | st.sampled_from(BREAKERS), max_size=300))
def test_every_string_is_itself_in_lua(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Whatever they hold: no text becomes code, and none becomes another text."""
    folder = tmp_path_factory.mktemp("lua")
    assert read_by_lua(folder, texts) == [text.encode("utf-8", "replace") for text in texts]


def one_conversation() -> FlowDetail:
    """A conversation to hang findings on."""
    pipeline = Pipeline("")
    pipeline.segments(play("S: 220 mx\nC: QUIT\nS: 221 bye\n"))
    pipeline.finish()
    return pipeline.take()[0]


def said(words: list[bytes]) -> FlowDetail:
    """A conversation with a finding for each of some words."""
    made = [
        Finding(
            rule=RULE, severity=Severity(number % 5), confidence=1.0, flow=number,
            frames=(number % 150 + 1,), time=0.0, message=repr(word), observed=word,
            original=word.decode("latin-1"),
        )
        for number, word in enumerate(words)
    ]  # fmt: skip
    one = one_conversation()
    return FlowDetail(summary=one.summary, rows=(), findings=tuple(made))


@settings(max_examples=5, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=60))
def test_findings_of_any_bytes_arrive_in_the_fields(
    tmp_path_factory: pytest.TempPathFactory, words: list[bytes]
) -> None:
    """Thousands of findings with bytes of any kind, in a capture whose name is of any kind."""
    script = tmp_path_factory.mktemp("lua") / "out.lua"
    numbers = [line.split("\t") for line in tshark(
        "-r", FOUNDING, "-T", "fields", "-e", "frame.number", "-e", "tcp.seq_raw",
        "-e", "frame.time_epoch"
    ).stdout.splitlines()]  # fmt: skip
    marks = {int(one): lua.Mark(int(two), float(three)) for one, two, three in numbers}
    many = said((words * 3_000)[:3_000])
    name = "]] \n os.exit(1) --" + words[0].decode("utf-8", "surrogateescape")
    text = "".join(lua.script([many], marks.__getitem__, name, "1\n"[:1]))
    script.write_text(text, encoding="utf-8")
    expected = Counter(
        (finding.frames[0], field, value)
        for finding in many.findings
        for field, value in (
            ("seamark.original", visible(finding.original)),
            ("seamark.observed", visible(finding.observed)),
            ("seamark.severity", str(finding.severity)),
        )
    )
    told = Counter(each for each in shown(FOUNDING, script) if each[1] in
                   {"seamark.original", "seamark.observed", "seamark.severity"})  # fmt: skip
    assert told == expected


# ---- the profile ------------------------------------------------------------------------------


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Wireshark's folder of settings, with a profile called Seamark."""
    folder = tmp_path / "config" / "profiles"
    folder.mkdir(parents=True)
    written(tmp_path, FOUNDING, "--profile", folder / "Seamark")
    return tmp_path / "config"


def test_a_profile_colours_frames_by_their_worst_finding(tmp_path: Path, profile: Path) -> None:
    """The profile is taken by tshark without a word, and it paints with it."""
    out = tshark("-C", "Seamark", "-X", f"lua_script:{tmp_path / 'out.lua'}", "-r", FOUNDING,
                 "--color", "-T", "fields", "-e", "frame.number", "-e", "frame.coloring_rule.name",
                 config=profile).stdout  # fmt: skip
    painted = dict(line.split("\t") for line in re.sub(r"\x1b\[[0-9;]*[mK]", "", out).splitlines())
    worst: dict[str, Severity] = {}
    for each in findings(FOUNDING):
        for frame in map(str, each["frames"]):
            now = Severity.parse(each["severity"])
            worst[frame] = max(now, worst.get(frame, now))
    expected = {frame: f"Seamark {severity}" for frame, severity in worst.items()}
    assert {frame: name for frame, name in painted.items() if name} == expected


def test_a_profile_has_columns_for_findings(tmp_path: Path, profile: Path) -> None:
    """The packet list shows rule and original."""
    out = tshark("-C", "Seamark", "-X", f"lua_script:{tmp_path / 'out.lua'}", "-r", FOUNDING,
                 "-Y", "frame.number == 26", config=profile).stdout  # fmt: skip
    assert re.search(rf"192\.0\.2\.25 +\S*{RULE} RCPT,RCPT C: XX TO:", out)


def test_each_button_is_a_filter(tmp_path: Path, profile: Path) -> None:
    """Every button's filter is taken, and those of rules choose that rule's frames."""
    lines = (profile / "profiles/Seamark/dfilter_buttons").read_text().splitlines()
    buttons = [[cell.replace("\\x22", '"') for cell in row] for row in csv.reader(lines)]
    labels = {label.removeprefix("Seamark//"): chosen for _, label, chosen, _ in buttons}
    found = findings(FOUNDING)
    assert {each["rule"] for each in found} < set(labels)
    script = tmp_path / "out.lua"
    everything = {frame for each in found for frame in each["frames"]}
    assert frames(FOUNDING, script, chosen=labels["all findings"]) == sorted(everything)
    for word in ("critical", "info", "masked-banner"):
        expected = {frame for each in found if word in {each["rule"], each["severity"]}
                    for frame in each["frames"]}  # fmt: skip
        assert frames(FOUNDING, script, chosen=labels[word]) == sorted(expected)


def test_a_profile_of_the_user_stays(tmp_path: Path) -> None:
    """A folder may be there, our files may not: then nothing is written at all."""
    folder, script = tmp_path / "mine", tmp_path / "out.lua"
    folder.mkdir()
    (folder / "colorfilters").write_text("mine")
    ran = seamark("export", FOUNDING, "--lua", script, "--profile", folder)
    assert (ran.code, "colorfilters is there already" in ran.err) == (2, True)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "colorfilters"]
    assert (folder / "colorfilters").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--profile", "p"], "--lua"),
        (["-o", "a.pcapng", "--profile", "p"], "--profile goes with --lua"),
        (["-o", "same", "--lua", "same"], "the same file"),
        (["--lua", "no/such/a.lua"], "There is no folder"),
    ],
)
def test_what_cannot_be_leaves_nothing(tmp_path: Path, words: list[str], told: str) -> None:
    """The error says what to do."""
    ran = seamark("export", FOUNDING, *words, cwd=tmp_path)
    assert told in ran.err
    assert ran.code in {2, 3}
    assert not list(tmp_path.iterdir())


def test_packets_and_script_in_one_go(tmp_path: Path) -> None:
    """-o and --lua together; the script speaks of the capture that was read."""
    packets = tmp_path / "out.pcapng"
    script = written(tmp_path, FOUNDING, "-o", packets, "--rule", RULE)
    assert frames(packets, chosen="frame.comment")
    assert len(frames(FOUNDING, script)) == len(frames(packets, chosen="frame.comment"))
