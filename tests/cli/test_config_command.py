"""``seamark config``: what is set and where from, what is wrong, and a file to begin with."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from cli.command import TWIN, Ran, scan, seamark
from cli.fakes import needs_tshark
from cli.test_settings import configured

from dissect.detect.registry import NAMES
from tui.actions import ACTIONS

HERE: Final = {"XDG_STATE_HOME": "/nonexistent"}

TABLES: Final = [
    "tui",
    "scan",
    "compare",
    "export",
    "live",
    "log",
    "report",
    "split",
    "rules",
    "keys",
]
"""Those that are always shown."""

OWN: Final = """
    [scan]
    fail_on = "low"
    [tui]
    theme = "mine"
    columns = ["time", "client:20"]
    [rules.split-command]
    severity = "high"
    [keys]
    quit = ["Q", "esc"]
    note = ""
    [keys.ladder]
    quit = "del"
    [themes.mine]
    base = "nord"
    seam = "#FF0"
"""

KEYS: Final = ["type", "place", "table", "option", "error", "what", "hint"]


def config(*words: str | Path, env: dict[str, str] | None = None, **how: Any) -> Ran:
    """``seamark config`` where nothing was chosen on the screen."""
    return seamark("config", *words, env=HERE | (env or {}), **how)


def shown(*words: str, env: dict[str, str] | None = None) -> dict[tuple[str, str], tuple[Any, str]]:
    """Value and source of each setting, by table and option."""
    ran = config("show", "--format", "json", *words, env=env)
    assert (ran.code, ran.err) == (0, "")
    listed = [json.loads(line) for line in ran.out.splitlines()]
    assert {each["type"] for each in listed} <= {"setting"}
    return {(each["table"], each["option"]): (each["value"], each["source"]) for each in listed}


def problems(folder: Path, text: str) -> list[dict[str, Any]]:
    """What is wrong with a file."""
    file = folder / "some.toml"
    file.write_text(text)
    ran = config("validate", "--format", "json", file)
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, ran.err) == (2 if any(each["error"] for each in found) else 0, "")
    assert all(list(each) == KEYS and each["place"] == str(file) for each in found)
    return found


# ---- path ---------------------------------------------------------------------------------------


def test_path(tmp_path: Path) -> None:
    """Where the file is, or would be; nothing else, for a shell to take."""
    ran = config("path", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert ran == (0, f"{tmp_path}/seamark/config.toml\n".encode(), b"")


def test_path_without_xdg(tmp_path: Path) -> None:
    """In the home then."""
    ran = config("path", env={"XDG_CONFIG_HOME": "", "HOME": str(tmp_path)})
    assert ran.out == f"{tmp_path}/.config/seamark/config.toml\n"


# ---- show ---------------------------------------------------------------------------------------


def test_show_has_every_setting() -> None:
    """All options of all commands, all rules, all actions; and all of them have a source."""
    every = shown()
    assert list(dict.fromkeys(table for table, _ in every)) == TABLES
    assert {source for _, source in every.values()} == {"default", "detected"}
    assert {("scan", "fail_on"), ("tui", "theme"), ("tui", "min_severity")} <= every.keys()
    assert [name for table, name in every if table == "rules"][1:] == list(NAMES)
    assert [name for table, name in every if table == "keys"] == [each.id for each in ACTIONS]


def test_show_prints_a_file() -> None:
    """What is printed for people could be the file: it has all that is in force."""
    ran = config("show")
    assert (ran.code, ran.err) == (0, "")
    said = tomllib.loads(ran.out)
    assert list(said) == TABLES
    assert said["scan"]["fail_on"] == "medium"
    assert said["rules"]["split-command"] == {"severity": "info", "once": False, "mute": False}
    lines = [line for line in ran.out.splitlines() if line and not line.startswith("[")]
    assert [line for line in lines if not re.search(r" {2}# (default|detected)$", line)] == []


def test_show_can_be_validated(tmp_path: Path) -> None:
    """And nothing is wrong with it."""
    file = tmp_path / "shown.toml"
    file.write_text(config("show", env=configured(tmp_path, OWN)).out)
    ran = config("validate", file)
    assert (ran.code, ran.out) == (0, f"{file}: nothing is wrong\n")


def test_show_says_what_the_file_says(tmp_path: Path) -> None:
    """Also what only the screen understands, in the words in which keys are written elsewhere."""
    every = shown(env=configured(tmp_path, OWN))
    from_file = {place: value for place, (value, source) in every.items() if source == "file"}
    assert from_file == {
        ("scan", "fail_on"): "low",
        ("tui", "theme"): "mine",
        ("tui", "columns"): "time,client:20",
        ("rules", "split-command"): {"severity": "high", "once": False, "mute": False},
        ("keys", "quit"): ["Q", "Esc"],
        ("keys", "note"): "",
        ("keys.ladder", "quit"): "Del",
        ("themes.mine", "base"): "nord",
        ("themes.mine", "seam"): "#FF0",
    }


def test_show_names_the_variable() -> None:
    """Of what comes from the environment."""
    env = {"SEAMARK_SCAN_FAIL_ON": "high", "SEAMARK_TUI_NO_MOUSE": "1"}
    assert shown(env=env)["scan", "fail_on"] == ("high", "environment")
    assert shown(env=env)["tui", "no_mouse"] == (True, "environment")
    lines = config("show", env=env).out.splitlines()
    assert any(
        re.fullmatch(r'fail_on = "high" +# environment SEAMARK_SCAN_FAIL_ON', x) for x in lines
    )


def test_show_takes_a_command_line(tmp_path: Path) -> None:
    """That of a command, which wins over the rest."""
    env = configured(tmp_path, OWN) | {"SEAMARK_SCAN_FAIL_ON": "high"}
    every = shown("scan", "--fail-on", "info", "--port", "26", "--port", "27", env=env)
    assert {table for table, _ in every} == {"scan"}
    assert every["scan", "fail_on"] == ("info", "command line")
    assert every["scan", "port"] == ([26, 27], "command line")
    assert every["scan", "format"] == ("text", "default")
    assert shown("scan", "--", "--format", "csv")["scan", "format"] == ("csv", "command line")


@pytest.mark.parametrize("table", ["tui", "scan", "rules", "keys", "themes"])
def test_show_one_table(tmp_path: Path, table: str) -> None:
    """With the tables that belong to it."""
    every = shown(table, env=configured(tmp_path, OWN))
    assert {name.partition(".")[0] for name, _ in every} == {table}


def test_show_of_a_table_that_is_empty() -> None:
    """There is nothing to show of themes until the user has one."""
    assert shown("themes") == {}


def test_show_knows_what_was_chosen_on_the_screen(tmp_path: Path) -> None:
    """Where nothing else is said."""
    state = tmp_path / "seamark" / "state.json"
    state.parent.mkdir()
    columns = [["time", True, 0], ["helo", False, 0], ["client", True, 30]]
    state.write_text(json.dumps({"columns": columns, "sort": ["time", True], "theme": "nord"}))
    env = {"XDG_STATE_HOME": str(tmp_path), "SEAMARK_TUI_THEME": "dracula"}
    every = shown("tui", env=env)
    assert every["tui", "columns"] == ("time,client:30", "screen")
    assert every["tui", "sort"] == ("time:desc", "screen")
    assert every["tui", "theme"] == ("dracula", "environment")


def test_show_detects() -> None:
    """What the terminal decides."""
    assert shown("tui", env={"LC_ALL": "C"})["tui", "ascii"] == (True, "detected")
    assert shown("tui", env={"LC_ALL": "C.UTF-8"})["tui", "ascii"] == (False, "detected")
    assert shown("tui", "--unicode", env={"LC_ALL": "C"})["tui", "ascii"] == (False, "command line")


@pytest.mark.parametrize(("words", "said"), [
    (("scna",), "scan"),
    (("config",), "Tables"),
    (("open",), "Tables"),
    (("keys", "--quit"), "no command"),
    (("scan", "--nonsense"), "--nonsense"),
    (("scan", "--fail-on", "never"), "critical"),
    (("tui", "--columns", "clinet"), "client"),
    (("--format", "xml"), "json"),
])  # fmt: skip
def test_show_of_what_is_not(words: tuple[str, ...], said: str) -> None:
    """Wrong usage, and what to write."""
    ran = config("show", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("text", [
    "[scan", "[scan]\nfrmat = 1", '[keys]\nquit = "F99"', '[tui]\ntheme = "mine"',
    '[themes.mine]\nseam = "x"',
])  # fmt: skip
def test_show_of_a_wrong_file(tmp_path: Path, text: str) -> None:
    """Nothing is in force then."""
    ran = config("show", env=configured(tmp_path, text))
    assert (ran.code, ran.out) == (2, "")
    assert str(tmp_path) in ran.err


# ---- validate -----------------------------------------------------------------------------------


def test_validate_says_all_that_is_wrong(tmp_path: Path) -> None:
    """Not only the first: table, option, what is wrong, and what can be meant."""
    found = problems(
        tmp_path,
        """
        skan = 3
        [scan]
        fail_on = "never"
        port = 26
        frmat = "csv"
        min-severity = "low"
        [rules.split-command]
        severity = "bad"
        mute = "yes"
        [rules.masked-vreb]
        [tui]
        theme = "seamrk"
        sort = "time:down"
        privacy = 1
        [keys]
        next-finding = ["n", "F13"]
        previous-finding = "x"
        [keys.lader]
        [themes.mine]
        cursr = "red"
        critical = "rouge"
    """,
    )
    assert [(each["table"], each["option"], each["hint"]) for each in found] == [
        ("skan", "", "Did you mean scan?"),
        ("scan", "fail_on", 'Values: "info", "low", "medium", "high", "critical"'),
        ("scan", "port", "It is a list: [26]"),
        ("scan", "frmat", "Did you mean format?"),
        ("scan", "min-severity", "Did you mean min_severity?"),
        ("tui", "sort", "'down' is no direction: asc or desc."),
        ("tui", "privacy", "Values: true, false"),
        ("rules.split-command", "severity", 'Values: "info", "low", "medium", "high", "critical"'),
        ("rules.split-command", "mute", "Values: true, false"),
        ("rules.masked-vreb", "", found[9]["hint"]),
        ("keys", "next-finding", found[10]["hint"]),
        ("keys.lader", "", "Did you mean ladder?"),
        ("keys", "previous-finding", found[12]["hint"]),
        ("themes.mine", "cursr", "Did you mean cursor or focus?"),
        ("themes.mine", "critical", found[14]["hint"]),
        ("tui", "theme", "Did you mean seamark or seamark-light?"),
    ]
    assert all(each["error"] for each in found)


def test_validate_for_people(tmp_path: Path) -> None:
    """The file, what is wrong, and the remedy below it."""
    env = configured(tmp_path, '[scan]\nfail_on = "never"\n')
    ran = config("validate", env=env)
    assert (ran.code, ran.err) == (2, "")
    assert ran.out == (
        f"{tmp_path}/seamark/config.toml: scan.fail_on cannot be 'never'.\n"
        '  Values: "info", "low", "medium", "high", "critical"\n'
    )


def test_validate_says_what_a_command_says(tmp_path: Path) -> None:
    """The first of it is why no command runs."""
    env = configured(tmp_path, '[tui]\nrate = "x"\n[scan]\nport = [0]\n')
    first = config("validate", env=env).out.splitlines()[:2]
    assert scan("x.pcap", env=env).err.splitlines() == [f"seamark: {first[0]}", first[1]]


@pytest.mark.parametrize(("text", "count"), [
    ("", 0), ("# nothing\n", 0), (OWN, 0), ("[rules]\n[scan]\n[tui]\n[keys]\n[themes]\n", 0),
    ("[x", 1), ("\x00", 1), ("a = " + "[" * 5000, 1), ("[demo]\n", 1), ("[config]\n", 1),
    ("[open]\nascii = true\n", 1), ("scan = 5\n", 1), ("[[scan]]\nformat = 1\n", 1),
    ("keys = 5\n", 1), ("themes = 5\n", 1), ("[scan]\nport = [0]\n", 1),
    ("[scan]\nport = ['x']\n", 1),
    ("[scan]\nrule = 'masked-banner'\n", 1), ("[scan]\nformat = ['csv']\n", 1),
    ("[scan]\nformat = {}\n", 1), ("[scan]\nformat = 1979-05-27\n", 1), ("[scan.x]\n", 1),
    ("[tui]\nascii = 'yes'\n", 1), ("[tui]\nfilter = 5\n", 0),
    ("[rules]\nmasked-verb = 'low'\n", 1),
])  # fmt: skip
def test_validate_counts(tmp_path: Path, text: str, count: int) -> None:
    """Good files, and bad ones of every sort."""
    assert len(problems(tmp_path, text)) == count


def test_validate_a_doubt(tmp_path: Path) -> None:
    """It is told, and is no error."""
    (doubt,) = problems(tmp_path, '[keys]\nnote = "Alt-n"\n')
    assert not doubt["error"]
    ran = config("validate", env=configured(tmp_path, '[keys]\nnote = "Alt-n"\n'))
    assert (ran.code, ran.err) == (0, "")
    assert "only a doubt" in ran.out


def test_validate_no_file(tmp_path: Path) -> None:
    """Ours may be missing; one that was named may not."""
    ran = config("validate", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (ran.code, ran.out) == (0, f"no file at {tmp_path}/seamark/config.toml\n")
    ran = config("validate", tmp_path / "none.toml")
    assert (ran.code, ran.out) == (2, "")
    assert f"no file at {tmp_path}/none.toml" in ran.err


def test_validate_a_folder_or_no_text(tmp_path: Path) -> None:
    """What cannot be read is one problem."""
    assert "cannot be read" in config("validate", tmp_path).out
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"\n')
    ran = config("validate", tmp_path / "latin.toml")
    assert ran.code == 2
    assert "cannot be read" in ran.out


def test_validate_echoes_nothing_raw(tmp_path: Path) -> None:
    """Names and values of a file may hold anything."""
    file = tmp_path / "odd.toml"
    odd = r'"\u001b]0;x\u0007"'
    file.write_text(
        f"[{odd}]\n[scan]\nformat = {odd}\n{odd} = 1\n[rules.{odd}]\n[keys]\n{odd} = {odd}\n"
        f"quit = {odd}\n[keys.ladder]\n{odd} = 1\n[themes.{odd}]\n{odd} = {odd}\nbase = {odd}\n"
    )
    out = config("validate", file).out
    assert len(out.splitlines()) > 15
    assert out.replace("\n", "").isprintable()


# ---- template -----------------------------------------------------------------------------------


def uncommented(text: str) -> str:
    """With every setting said."""
    return re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)


def test_template_says_nothing_yet() -> None:
    """Until a line is uncommented, all is as it would be without a file."""
    ran = config("template")
    assert (ran.code, ran.err) == (0, "")
    assert tomllib.loads(ran.out) == {table: {} for table in TABLES}


def test_template_has_every_setting() -> None:
    """All that is shown stands in it, with the same value, and a theme to begin with."""
    said = tomllib.loads(uncommented(config("template").out))
    listed = {(table, name) for table in TABLES for name in said[table]}
    assert listed == shown().keys()
    defaults = {place: value for place, (value, source) in shown().items() if source == "default"}
    assert {(table, name): said[table][name] for table, name in defaults} == defaults
    assert list(said) == [*TABLES, "themes"]


def test_template_is_valid(tmp_path: Path) -> None:
    """As it is, with every line said, and with any single one."""
    text = config("template").out
    assert problems(tmp_path, text) == []
    assert problems(tmp_path, uncommented(text)) == []
    env = configured(tmp_path, uncommented(text))
    assert {source for _, source in shown(env=env).values()} == {"file"}


def test_template_explains_everything() -> None:
    """Each setting has words above it, and no line is too wide for a terminal but by its value."""
    lines = config("template").out.splitlines()
    for before, line in pairwise(lines):
        if re.match(r"#\S", line):
            assert before.startswith("# "), line
    assert [line for line in lines if len(line) > 92 and line.startswith("# ")] == []


# ---- the whole command --------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("show", "--help"), ("validate", "--help"), ("nonsense",)])
def test_help(words: tuple[str, ...]) -> None:
    """What there is to be asked."""
    ran = config(*words)
    assert "Usage: " in ran.out + ran.err
    assert ran.code == (0 if "--help" in words else 2)


@pytest.mark.parametrize("words", [
    ("config", "path"), ("config", "template"), ("config", "validate"), ("--help",), ("--version",),
])  # fmt: skip
def test_a_wrong_file_does_not_bar_the_way(tmp_path: Path, words: tuple[str, ...]) -> None:
    """To what mends it."""
    ran = seamark(*words, env=configured(tmp_path, "[scan") | HERE)
    assert ran.err == ""
    assert ran.out


def test_no_tshark_is_needed() -> None:
    """Settings can be made before anything is installed."""
    for word in ("path", "show", "template", "validate"):
        assert config(word, env={"PATH": "/nonexistent"}).code == 0


def test_output_without_unicode(tmp_path: Path) -> None:
    """Where standard output takes no UTF-8 it is escaped."""
    env = configured(tmp_path, '[keys]\nnote = "ö"\n') | {"PYTHONIOENCODING": "ascii"}
    assert config("show", "keys", env=env).code == 0


@needs_tshark[0]
@needs_tshark[1]
def test_the_template_changes_no_scan(tmp_path: Path) -> None:
    """Said or not, its lines are the defaults."""
    env = configured(tmp_path, uncommented(config("template").out))
    assert scan(TWIN, env=env) == scan(TWIN)
