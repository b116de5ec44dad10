"""The configuration file, the environment, the command line: the later in this list wins."""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from cli.command import FOUNDING, PATIENCE, ROOT, TWIN, environment, scan, seamark
from cli.fakes import needs_tshark
from cli.terminal import Shown, on_terminal
from support.script import play
from support.wire import to_pcap

from dissect import worker
from dissect.analysis import unpack
from dissect.detect.policy import Policy, parse
from dissect.pipeline import Settings

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail

pytestmark = needs_tshark


def configured(folder: Path, text: str) -> dict[str, str]:
    """The environment in which ``text`` is the configuration file."""
    path = folder / "seamark" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return {"XDG_CONFIG_HOME": str(folder)}


def test_file_sets_an_option(tmp_path: Path) -> None:
    """``[scan]`` in the file holds defaults for ``seamark scan``."""
    env = configured(tmp_path, '[scan]\nfail_on = "info"\n')
    assert scan(TWIN, env=env).code == 1


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    """``SEAMARK_SCAN_FAIL_ON`` is for one shell."""
    env = configured(tmp_path, '[scan]\nfail_on = "info"\n')
    assert scan(TWIN, env=env | {"SEAMARK_SCAN_FAIL_ON": "low"}).code == 0


def test_command_line_wins_over_both(tmp_path: Path) -> None:
    """What was typed now counts most."""
    env = configured(tmp_path, '[scan]\nfail_on = "low"\n') | {"SEAMARK_SCAN_FAIL_ON": "low"}
    assert scan("--fail-on", "info", TWIN, env=env).code == 1


@pytest.mark.parametrize(("name", "value", "sign"), [
    ("format", '"csv"', "flow,capture,"),
    ("min_severity", '"critical"', "No findings."),
    ("rule", '["masked-banner"]', "No findings."),
    ("ignore", '["split-command"]', "No findings."),
    ("port", "[4025]", "split-command"),
])  # fmt: skip
def test_options_are_called_as_on_the_command_line(
    tmp_path: Path, name: str, value: str, sign: str
) -> None:
    """The file knows each option by its long name, with _ for a hyphen."""
    ran = scan(TWIN, env=configured(tmp_path, f"[scan]\n{name} = {value}\n"))
    assert (ran.code, ran.err) == (0, "")
    assert sign in ran.out


@pytest.mark.parametrize(("name", "value", "sign"), [
    ("FORMAT", "csv", "flow,capture,"),
    ("RULE", "masked-banner lost-recipient", "No findings."),
])  # fmt: skip
def test_environment_calls_them_the_same(name: str, value: str, sign: str) -> None:
    """And so does the environment; several values stand side by side."""
    ran = scan(TWIN, env={f"SEAMARK_SCAN_{name}": value})
    assert (ran.code, ran.err) == (0, "")
    assert sign in ran.out


@pytest.mark.parametrize("text", [
    "[scan", "= 1", "\x00", "scan = 5", '[scan]\nfail_on = "never"\n', "[scan]\nport = [0]\n",
])  # fmt: skip
def test_broken_file_is_wrong_usage(tmp_path: Path, text: str) -> None:
    """A file that means nothing ends the command with a sentence."""
    ran = scan(TWIN, env=configured(tmp_path, text))
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


def test_broken_file_is_named(tmp_path: Path) -> None:
    """The message says which file, and where it breaks."""
    ran = scan(TWIN, env=configured(tmp_path, "[scan]\nfail_on\n"))
    assert str(tmp_path / "seamark" / "config.toml") in ran.err
    assert "line 2" in ran.err


def test_broken_environment_is_wrong_usage() -> None:
    """A value that the option does not take."""
    ran = scan(TWIN, env={"SEAMARK_SCAN_FAIL_ON": "never"})
    assert (ran.code, ran.out) == (2, "")
    assert "--fail-on" in ran.err


def test_capture_into_a_pipe_obeys_the_settings_of_scan(tmp_path: Path) -> None:
    """``seamark CAPTURE`` into a pipe is a scan, so what is set for scan is set for it."""
    env = configured(tmp_path, '[scan]\nfail_on = "info"\n')
    assert seamark(TWIN, env=env).code == 1


# ---- the screen's own settings ------------------------------------------------------------------


@pytest.mark.parametrize("words", [
    ("--no-mouse", "--theme", "nord", TWIN),
    (TWIN, "--theme=nord", "--unicode", "--tail", "--privacy"),
    ("open", "--columns", "time", "--sort", "time:desc", "--no-color", TWIN, "--rate", "slow"),
    ("--filter", "--theme", TWIN, "--ascii"),
    ("--theme", "no-such-theme", TWIN),
])  # fmt: skip
def test_a_pipe_has_no_screen(words: tuple[str | Path, ...]) -> None:
    """What only a screen has is left out with its values where the output is a scan's."""
    assert seamark(*words) == scan(TWIN)


def test_a_pipe_keeps_what_a_scan_has() -> None:
    """The others stay, wherever they stand, and so does all behind --."""
    words = ("--theme", "nord", "--min-severity", "low", "--no-mouse", "--", TWIN)
    assert seamark(*words) == scan("--min-severity", "low", TWIN)
    ran = seamark("--theme", "nord", "--", "--theme")
    assert ran.code == 3
    assert "--theme" in ran.err


def test_the_screens_options_can_be_asked_for() -> None:
    """Also into a pipe, for a pager."""
    for words in (("open", "--help"), (TWIN, "--help"), ("--theme", "x", "-h")):
        ran = seamark(*words)
        assert (ran.code, ran.err) == (0, "")
        for option in ("--theme", "--no-color", "--ascii", "--columns", "--filter", "--port"):
            assert option in ran.out


@pytest.mark.parametrize(("name", "hint"), [
    ("SEAMARK_OPEN_THEME", "SEAMARK_TUI_THEME"),
    ("SEAMARK_OPEN_NO_MOUSE", "SEAMARK_TUI_NO_MOUSE"),
    ("SEAMARK_TUI_THEMES", "SEAMARK_TUI_THEME"),
    ("SEAMARK_SCAN_FAILON", "SEAMARK_SCAN_FAIL_ON"),
    ("SEAMARK_RULES_X", "SEAMARK_RULES_FORMAT"),
])  # fmt: skip
def test_a_variable_that_would_be_ignored_is_refused(name: str, hint: str) -> None:
    """With the nearest that there is; the command's own name is not the table's."""
    ran = scan(TWIN, env={name: "1"})
    assert (ran.code, ran.out) == (2, "")
    assert name in ran.err
    assert hint in ran.err


def test_variables_of_others_are_left_alone() -> None:
    """Those that belong to no table are nobody's mistake."""
    assert scan(TWIN, env={"SEAMARK_HOME": "x", "SEAMARK": "x", "MY_SEAMARK_TUI_X": "x"}).code == 0


@pytest.mark.parametrize(("text", "hint"), [
    ('[open]\ntheme = "nord"', "tui"),
    ('[tui]\nthem = "nord"', "theme"),
    ("[tui]\nno-mouse = true", "no_mouse"),
    ('[tui]\nrate = "medium"', "slow"),
    ("[tui]\nprivacy = 1", "true, false"),
    ('[tui]\ncolumns = "clinet"', "client"),
    ("[tui]\nport = 26", "[26]"),
    ('[scan]\nrule = "masked-banner"', "['masked-banner']"),
    ("[scan]\nport = [0]", "65535"),
    ("tui = 5", "[tui]"),
])  # fmt: skip
def test_wrong_settings_are_refused(tmp_path: Path, text: str, hint: str) -> None:
    """By every command, with the file and what to write; they would be ignored otherwise."""
    for command in (("scan", TWIN), ("rules",)):
        ran = seamark(*command, env=configured(tmp_path, f"{text}\n"))
        assert (ran.code, ran.out) == (2, "")
        assert str(tmp_path) in ran.err
        assert hint in ran.err


def test_what_only_the_screen_understands_bars_no_scan(tmp_path: Path) -> None:
    """Keys and themes are looked into when there is a screen."""
    env = configured(tmp_path, '[keys]\nquit = "F99"\n[themes.mine]\nseam = "x"\n')
    assert scan(TWIN, env=env) == scan(TWIN)


# ---- what is said of rules ----------------------------------------------------------------------

TWICE: Final = """
    S: 220 mx.example.net ESMTP
    C: EHLO mail.example.org
    S: 250-mx.example.net
    S: 250 PIPELINING
    C: MAIL FROM:<a@example.org>
    C: RC¦PT TO:<b@example.net>
    C: RCPT¦ TO:<c@example.net>
    C: RCP¦T TO:<d@example.net>
    S: 250 OK
    S: 250 Accepted
    S: 250 Accepted
    S: 250 Accepted
    C: QUIT
    S: 221 bye
    C! FIN
    S! FIN
"""
"""A flow with three findings of one rule."""


def lines(*words: str | Path, **how: Any) -> list[dict[str, Any]]:
    """The objects of a scan as JSON Lines."""
    return [json.loads(line) for line in scan("--format", "jsonl", *words, **how).out.splitlines()]


def findings(*words: str | Path, **how: Any) -> list[dict[str, Any]]:
    """Those of its findings."""
    return [line for line in lines(*words, **how) if line["type"] == "finding"]


def keyword(said: str) -> str:
    """A file that says something of masked keywords, one of which hides STARTTLS."""
    return f"[rules.masked-ehlo-keyword]\n{said}\n"


def test_severity_is_that_of_all_findings(tmp_path: Path) -> None:
    """Also of those that rank otherwise than their rule; the flows and the rest see it too."""
    env = configured(tmp_path, keyword('severity = "low"'))
    only = ("--rule", "masked-ehlo-keyword", FOUNDING)
    assert {line["severity"] for line in findings(*only)} == {"critical"}
    assert {line["severity"] for line in findings(*only, env=env)} == {"low"}
    assert {x["severity"] for x in lines(*only, env=env) if x["type"] == "flow"} == {"low"}
    others = ("--ignore", "masked-ehlo-keyword", FOUNDING)
    assert findings(*others, env=env) == findings(*others)


@pytest.mark.parametrize(("said", "code"), [("low", 0), ("medium", 1), ("critical", 1)])
def test_severity_decides_the_exit_code(tmp_path: Path, said: str, code: int) -> None:
    """--fail-on goes by the user's severity, whatever was found."""
    env = configured(tmp_path, f'[rules.split-command]\nseverity = "{said}"\n')
    assert scan(TWIN, env=env).code == code


@pytest.mark.parametrize(("said", "count"), [("low", 0), ("medium", 9)])
def test_severity_is_what_min_severity_sees(tmp_path: Path, said: str, count: int) -> None:
    """A finding that was ranked down is left out as one that is low."""
    env = configured(tmp_path, keyword(f'severity = "{said}"'))
    only = ("--rule", "masked-ehlo-keyword", "--min-severity", "medium", FOUNDING)
    assert len(findings(*only, env=env)) == count


def test_severity_is_in_every_format(tmp_path: Path) -> None:
    """Text and CSV go by it as JSON does."""
    env = configured(tmp_path, '[rules.split-command]\nseverity = "high"\n')
    assert "  high     split-command" in scan(TWIN, env=env).out
    rows = csv.DictReader(io.StringIO(scan("--format", "csv", TWIN, env=env).out))
    assert {row["severity"] for row in rows} == {"high", ""}


def test_muted_rule_is_left_out(tmp_path: Path) -> None:
    """Its findings, its counts and its exit code; the verdict stays."""
    env = configured(tmp_path, "[rules.split-masked-verb]\nmute = true\n")
    assert findings(FOUNDING, env=env) == findings("--ignore", "split-masked-verb", FOUNDING)
    assert "split-masked-verb" not in lines(FOUNDING, env=env)[-1]["findings"]
    verdicts = [[x for x in each if x["type"] == "verdict"]
                for each in (lines(FOUNDING), lines(FOUNDING, env=env))]  # fmt: skip
    assert verdicts[0] == verdicts[1] != []


def test_muted_rule_is_reported_when_named(tmp_path: Path) -> None:
    """--rule wins over the file, and --ignore over --rule."""
    env = configured(tmp_path, "[rules.split-command]\nmute = true\n")
    assert "No findings." in scan(TWIN, env=env).out
    named = ("--rule", "split-command", TWIN)
    assert findings(*named, env=env) == findings(TWIN) != []
    assert findings("--ignore", "split-command", *named, env=env) == []


def test_once_reports_the_first_of_a_flow(tmp_path: Path) -> None:
    """With the number of the others; the summary counts what is reported."""
    capture = to_pcap(play(TWICE), tmp_path / "twice.pcap")
    env = configured(tmp_path, "[rules.split-command]\nonce = true\n")
    every = findings(capture)
    assert len(every) == 3
    (one,) = findings(capture, env=env)
    assert one == every[0] | {"message": f"{every[0]['message']} (2 more of this rule in the flow)"}
    assert lines(capture, env=env)[-1]["findings"] == {"split-command": 1}
    assert lines(capture, env=env)[0] == lines(capture)[0]


def test_once_is_for_each_flow(tmp_path: Path) -> None:
    """Six flows with one finding each still have six, worded as they were."""
    env = configured(tmp_path, "[rules.split-command]\nonce = true\n")
    assert findings(TWIN, env=env) == findings(TWIN)
    assert scan(TWIN, env=env) == scan(TWIN)


@pytest.mark.parametrize(("text", "words"), [
    ("[rules.split-comand]\nmute = true", ("split-comand", "split-command")),
    ("[rules.split-command]\nmuted = true", ("split-command", "'muted'", "mute")),
    ('[rules.split-command]\nmute = "yes"', ("split-command.mute", "'yes'", "true, false")),
    ('[rules.split-command]\nseverity = "bad"', ("split-command.severity", "'bad'", '"low"')),
    ('[rules]\nsplit-command = "low"', ("split-command", "[rules.split-command]")),
    ('[rules]\nfrmat = "json"', ("frmat", "format")),
    ("rules = 5", ("rules", "Tables")),
])  # fmt: skip
def test_wrong_words_of_rules(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    """Every command refuses them, and says what is wrong, in which file, and what to write."""
    for command in (("scan", TWIN), ("rules",)):
        ran = seamark(*command, env=configured(tmp_path, text))
        assert (ran.code, ran.out) == (2, "")
        assert all(word in ran.err for word in (*words, str(tmp_path))), ran.err


# ---- what the screen is told --------------------------------------------------------------------


def told(settings: Settings, capture: Path) -> list[FlowDetail]:
    """The flows as a worker with these settings tells of them."""
    command = [sys.executable, *worker.arguments([str(capture)], settings)]
    done = subprocess.run(
        command, check=True, capture_output=True, timeout=PATIENCE, env=environment(), cwd=ROOT
    )
    stream = io.BytesIO(done.stdout)
    details: dict[int, FlowDetail] = {}
    while size := int.from_bytes(stream.read(4), "big"):
        update = pickle.loads(stream.read(size))  # noqa: S301 - our own child's bytes
        details |= {packed.flow: unpack(packed) for packed in update.details}
    return list(details.values())


def test_worker_gets_the_whole_policy() -> None:
    """Each part of it is in the words that start a worker."""
    said: dict[str, dict[str, Any]] = {"masked-banner": {"severity": "high", "once": True}}
    said["one-sided"] = {"mute": True}
    words = worker.arguments(["a.pcap"], Settings(policy=Policy(table=parse("here", said))))
    assert json.loads(words[words.index("--policy") + 1]) == said
    assert words[-2:] == ["--", "a.pcap"]


def test_worker_reports_as_a_scan_does(tmp_path: Path) -> None:
    """The severity that the user gave a rule, and nothing of one that is muted."""
    said: dict[str, dict[str, Any]] = {"masked-ehlo-keyword": {"severity": "low"}}
    said["split-masked-verb"] = {"mute": True}
    details = told(Settings(policy=Policy(table=parse("here", said))), FOUNDING)
    shown = sorted((f.flow, f.rule, str(f.severity)) for d in details for f in d.findings)
    env = configured(tmp_path, keyword('severity = "low"') + "[rules.split-masked-verb]\nmute=true")
    reported = findings(FOUNDING, env=env)
    assert shown == sorted((x["flow"], x["rule"], x["severity"]) for x in reported)
    assert (0, "masked-ehlo-keyword", "low") in shown


@pytest.mark.terminal
def test_screen_obeys_the_file(tmp_path: Path) -> None:
    """The flows of the clean twin, which has only information, are listed as critical."""
    env = configured(tmp_path, '[rules.split-command]\nseverity = "critical"\n')
    shown = on_terminal(TWIN, env=env, until=lambda screen: b"crit" in screen, keys=b"q")
    assert shown.code == 0
    assert b"crit" in shown.screen


def weights(screen: bytes) -> set[bytes]:
    """All that the screen said of colours and weight."""
    return {part for found in re.findall(rb"\x1b\[([\d;]+)m", screen) for part in found.split(b";")}


@pytest.mark.terminal
@pytest.mark.parametrize(("words", "env"), [
    ((), {"NO_COLOR": "1"}), (("--no-color",), {}), (("--theme", "nord"), {"TERM": "vt100"}),
])  # fmt: skip
def test_screen_without_colours(words: tuple[str, ...], env: dict[str, str]) -> None:
    """Bold, dim, underlined, reverse, and the terminal's own two colours."""
    shown = on_screen(*words, FOUNDING, env=env)
    assert weights(shown.screen) <= {b"0", b"1", b"2", b"4", b"7", b"39", b"49"}
    assert b"7" in weights(shown.screen)


@pytest.mark.terminal
def test_screen_with_sixteen_colours() -> None:
    """Those, and no others, which the console would show as whatever it likes."""
    shown = on_screen(FOUNDING, env={"TERM": "linux", "COLORTERM": "truecolor"})
    assert {b"38", b"48"}.isdisjoint(weights(shown.screen))
    assert b"31" in weights(shown.screen)


@pytest.mark.terminal
def test_screen_obeys_its_own_table(tmp_path: Path) -> None:
    """Glyphs, columns, and keys: q does nothing any more."""
    columns = '[tui]\nascii = true\ncolumns = ["severity", "client:30"]\n'
    env = configured(tmp_path, f'{columns}[keys]\nleave = "X"\n')
    shown = on_screen(FOUNDING, env=env, keys=b"qqX")
    assert shown.screen.isascii()
    assert b"client" in shown.screen
    assert b"helo" not in shown.screen


@pytest.mark.terminal
def test_screen_tells_what_is_wrong_before_it_comes(tmp_path: Path) -> None:
    """In the terminal as it was."""
    env = configured(tmp_path, '[keys]\nquit = "F99"\n')
    shown = on_terminal(FOUNDING, env=env)
    assert shown.code == 2
    assert b"keys.quit" in shown.screen
    assert b"\x1b" not in shown.screen


def on_screen(*words: str | Path, env: dict[str, str], keys: bytes = b"q") -> Shown:
    """The screen until its flows are there and a key has ended it."""
    fresh = {"TEXTUAL_COLOR_SYSTEM": "", "COLORTERM": "", "XDG_STATE_HOME": "/nonexistent"}
    there = (b"192.0.2.10", b"sev")
    shown = on_terminal(
        *words, env=fresh | env, until=lambda got: all(part in got for part in there), keys=keys
    )
    assert shown.code == 0
    return shown
