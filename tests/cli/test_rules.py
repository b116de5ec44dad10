"""``seamark rules``: the list, a rule explained, the same for programs; all without tshark."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from cli.command import seamark
from cli.terminal import on_terminal
from cli.test_settings import configured

from dissect.detect.registry import NAMES, RULES
from dissect.detect.rule import HEADINGS
from dissect.rulebook import Page, pages
from tui.rulebook import page

if TYPE_CHECKING:
    from pathlib import Path

WIDTH: Final = 80

KEYS: Final = [
    "type", "rule", "group", "severity", "default_severity", "once", "mute", "summary", "sources",
    "text",
]  # fmt: skip

CHANGED: Final = """
    [rules.split-command]
    severity = "high"
    once = true
    [rules.typed-by-hand]
    mute = true
"""


def rules(*words: str, **how: Any) -> str:
    """What ``seamark rules`` prints where nothing is wrong."""
    ran = seamark("rules", *words, **how)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def objects(*words: str, **how: Any) -> list[dict[str, Any]]:
    """The objects that it prints for programs."""
    return [json.loads(line) for line in rules("--format", "json", *words, **how).splitlines()]


def rows(listed: str) -> list[list[str]]:
    """The cells of a list: the lines of a summary are joined."""
    found: list[list[str]] = []
    for line in listed.splitlines()[1:]:
        if line.startswith(" "):
            found[-1][3] += f" {line.strip()}"
        else:
            found.append(line.split(maxsplit=3))
    return found


# ---- the list -----------------------------------------------------------------------------------


def test_list_has_every_rule() -> None:
    """In the order of the registry, with group, severity and the whole summary."""
    wanted = [[r.name, r.group, str(r.severity), r.summary] for r in (r.info for r in RULES)]
    assert rows(rules()) == wanted


def test_list_fits_in_80_columns() -> None:
    """The columns are straight, no line is too long or ends in blanks, and nothing is styled."""
    heading, *lines = rules().splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert [line for line in lines if line != line.rstrip() or not line.isprintable()] == []
    at = heading.index("what it reports")
    assert [line for line in lines if line[at - 1] != " " or line[at] == " "] == []


def test_list_needs_no_tshark() -> None:
    """Rules can be read before anything is installed."""
    assert rules(env={"PATH": "/nonexistent"}) == rules()


def test_list_shows_the_users_settings(tmp_path: Path) -> None:
    """The severity that is reported, and a mark where a rule is muted; the rest is as it was."""
    plain = {row[0]: row for row in rows(rules())}
    own = {row[0]: row for row in rows(rules(env=configured(tmp_path, CHANGED)))}
    assert own.pop("split-command")[2] == "high"
    assert own.pop("typed-by-hand")[3] == f"(muted) {plain['typed-by-hand'][3]}"
    assert own == {name: plain[name] for name in own}


def test_file_sets_its_option_beside_the_rules(tmp_path: Path) -> None:
    """``[rules]`` has the options of the command, and tables of rules."""
    env = configured(tmp_path, f'[rules]\nformat = "json"\n{CHANGED}')
    listed = [json.loads(line) for line in rules(env=env).splitlines()]
    assert [each["rule"] for each in listed if each["mute"]] == ["typed-by-hand"]


# ---- one rule -----------------------------------------------------------------------------------


def test_a_rule_is_explained() -> None:
    """Name, summary, severity, group and sources, then its text."""
    said = rules("split-command")
    assert said.splitlines()[0] == "split-command"
    for name, value in (("severity", "info"), ("group", "seam"), ("sources", "RFC 9293.*PIX-06")):
        assert re.search(rf"^{name} +{value}", said, re.MULTILINE)
    headings = [line for line in said.splitlines() if line in HEADINGS]
    assert headings == list(HEADINGS)


@pytest.mark.parametrize("rule", pages(), ids=NAMES)
def test_a_rules_whole_text_is_shown(rule: Page) -> None:
    """Each paragraph whole and wrapped, each line of the dialogue as it is."""
    said = page(rule, WIDTH, colour=False)
    lines, flat = said.splitlines(), " ".join(said.split())
    dialogue = [line for section in rule.sections() for line in section.transcript]
    assert dialogue
    assert [line for line in dialogue if f"    {line}".rstrip() not in lines] == []
    for section in rule.sections():
        assert section.paragraphs or section.transcript
        assert [each for each in section.paragraphs if each not in flat] == []
    short = [line for line in lines if line.strip() not in {each.strip() for each in dialogue}]
    assert [line for line in short if len(line) > WIDTH and " " in line.strip()] == []


def test_a_long_address_stays_whole() -> None:
    """What is to be copied is not broken into lines."""
    address = f"https://mail.example.org/{'x' * WIDTH}"
    rule = replace(pages()[0], text={"Sources": f"It stands in\n{address} for all."})
    assert page(rule, WIDTH, colour=False).splitlines()[-3:] == [
        "  It stands in", f"  {address}", "  for all.",
    ]  # fmt: skip


def test_a_rule_shows_the_users_settings(tmp_path: Path) -> None:
    """What was changed, and what it would be."""
    env = configured(tmp_path, CHANGED)
    said = rules("split-command", env=env)
    assert re.search(r"^severity +high .*\binfo$", said, re.MULTILINE)
    assert re.search(r"^reported +once a flow", said, re.MULTILINE)
    assert re.search(r"^reported +not at all: muted", rules("typed-by-hand", env=env), re.MULTILINE)


@pytest.mark.parametrize("words", [(), ("--format", "json")])
def test_unknown_rule_gets_the_nearest(words: tuple[str, ...]) -> None:
    """A name that no rule has is wrong usage, and those that it may mean are named."""
    ran = seamark("rules", *words, "maskd-verb")
    assert (ran.code, ran.out) == (2, "")
    assert "'maskd-verb'" in ran.err
    assert "masked-verb" in ran.err
    assert "split-masked-verb" in ran.err


def test_unknown_rule_that_is_near_none() -> None:
    """Control characters are not echoed, and the way to the list is shown."""
    ran = seamark("rules", "\x1b]0;x\x07")
    assert (ran.code, ran.out) == (2, "")
    assert "\x1b" not in ran.err
    assert "seamark rules" in ran.err


@pytest.mark.parametrize("words", [
    ("--format", "csv"), ("masked-verb", "masked-banner"), ("--nonsense",), ("",),
])  # fmt: skip
def test_what_cannot_be_meant(words: tuple[str, ...]) -> None:
    """Another format, two rules, an option that there is not, no name."""
    ran = seamark("rules", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


def test_rule_without_unicode() -> None:
    """Where standard output takes no UTF-8 the dialogue's seams are escaped."""
    said = rules("split-command", env={"PYTHONIOENCODING": "ascii"})
    assert r"RC\xa6PT" in said


# ---- for programs -------------------------------------------------------------------------------


def test_json_has_every_rule() -> None:
    """One object a line in printable ASCII, in the order of the registry, keys in one order."""
    assert rules("--format", "json").replace("\n", "").isprintable()
    assert rules("--format", "json").isascii()
    listed = objects()
    assert [list(each) for each in listed] == [KEYS] * len(RULES)
    assert {each["type"] for each in listed} == {"rule"}
    for each, rule in zip(listed, RULES, strict=True):
        info = rule.info
        assert (each["rule"], each["group"], each["summary"]) == (
            info.name, info.group, info.summary,
        )  # fmt: skip
        assert each["severity"] == each["default_severity"] == str(info.severity)
        assert each["sources"] == list(info.sources)
        assert not each["once"]
        assert not each["mute"]


def test_json_has_the_text() -> None:
    """Under each heading something, in their order."""
    assert all(tuple(each["text"]) == HEADINGS for each in objects())
    assert all(all(each["text"].values()) for each in objects())


def test_json_shows_the_users_settings(tmp_path: Path) -> None:
    """And what the severity would be."""
    changed = {each["rule"]: each for each in objects(env=configured(tmp_path, CHANGED))}
    split, typed = changed["split-command"], changed["typed-by-hand"]
    assert (split["severity"], split["default_severity"]) == ("high", "info")
    assert (split["once"], split["mute"]) == (True, False)
    assert (typed["once"], typed["mute"]) == (False, True)


def test_json_of_one_rule() -> None:
    """The same object, alone."""
    assert objects("masked-banner") == [e for e in objects() if e["rule"] == "masked-banner"]


# ---- on a terminal ------------------------------------------------------------------------------


@pytest.mark.terminal
@pytest.mark.parametrize("words", [(), ("masked-verb",)])
def test_style_on_a_terminal(words: tuple[str, ...]) -> None:
    """Names stand out, the lines are as wide as the terminal, and no pager comes between."""
    shown = on_terminal("rules", *words)
    assert shown.code == 0
    assert b"\x1b[1m" in shown.screen
    plain = re.sub(rb"\x1b\[[\d;]*m", b"", shown.screen)
    assert b"\x1b" not in plain
    assert WIDTH < max(map(len, plain.decode().splitlines())) <= 100


@pytest.mark.terminal
def test_only_the_severity_has_its_colour(tmp_path: Path) -> None:
    """What is said behind it is plain."""
    shown = on_terminal("rules", "split-command", env=configured(tmp_path, CHANGED))
    assert b"\x1b[31mhigh\x1b[0m for all its findings" in shown.screen


@pytest.mark.terminal
@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_terminal_without_style(env: dict[str, str]) -> None:
    """As for a scan, NO_COLOR and a dumb terminal get text alone."""
    shown = on_terminal("rules", "masked-verb", env=env)
    assert shown.code == 0
    assert b"\x1b" not in shown.screen
    assert b"masked-verb" in shown.screen
