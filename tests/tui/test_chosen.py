"""One value from flags, environment, file, and what was chosen on the screen before."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from dissect import config
from dissect.errors import UsageError
from tui import chosen
from tui.__main__ import seamark
from tui.columns import USUAL, Choice
from tui.settings import NAMES, Screen
from tui.state import Chosen, State

Environment = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _here(monkeypatch: Environment, tmp_path: Path) -> None:
    """A terminal with 256 colours and UTF-8, nearby, and no settings but those of the test."""
    for name in list(os.environ):
        if name.startswith(("SEAMARK_", "NO_COLOR", "SSH_", "LC_", "COLOR", "TMUX", "STY")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def screen(*words: str, file: str = "", before: Chosen | None = None) -> Screen:
    """What the screen is made of."""
    config.path().parent.mkdir(exist_ok=True)
    config.path().write_text(file)
    root = click.Context(seamark, info_name="seamark", auto_envvar_prefix="SEAMARK")
    root.default_map = config.read(seamark).defaults
    context = seamark.commands["open"].make_context("open", [*words, "x.pcap"], parent=root)
    said = {name: context.params[name] for name in NAMES}
    return chosen.screen(context, said, State(chosen=before))


def refused(*words: str, file: str = "") -> str:
    """Why there is no screen."""
    with pytest.raises(UsageError) as error:
        screen(*words, file=file)
    return str(error.value)


def test_nothing_said() -> None:
    """What there is then, on a terminal that can do much."""
    assert screen() == Screen()
    assert Screen().columns == USUAL


def test_everything_said() -> None:
    """Each option has its effect."""
    every = screen(
        "--theme", "nord", "--no-mouse", "--ascii", "--rate", "slow", "--privacy", "--tail",
        "--columns", "client:20, severity", "--sort", "time:desc", "--filter", "severity>=high",
    )  # fmt: skip
    assert every.columns[:2] == (Choice("client", cells=20), Choice("severity"))
    assert not any(choice.shown for choice in every.columns[2:])
    assert len(every.columns) == len(USUAL)
    assert every == Screen(
        theme="nord", mouse=False, ascii_only=True, low_rate=True, privacy=True, tail=True,
        columns=every.columns, sort=("time", True), filter="severity>=high",
    )  # fmt: skip


def test_the_same_in_the_file() -> None:
    """In its table, by the same names; a list may be one."""
    words = screen("--columns", "client:20,time", "--sort", "time:asc", "--no-mouse", "--unicode")
    file = """
        [tui]
        columns = ["client:20", "time"]
        sort = "time"
        no_mouse = true
        ascii = false
    """
    assert screen(file=file) == words


def test_the_same_in_the_environment(monkeypatch: Environment) -> None:
    """By the table's name."""
    for name, value in {
        "COLUMNS": "client:20,time", "SORT": "time", "NO_MOUSE": "1", "RATE": "slow",
        "THEME": "gruvbox", "ASCII": "1", "PRIVACY": "true", "FILTER": "helo:x", "TAIL": "yes",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SEAMARK_TUI_{name}", value)
    assert screen() == screen(
        "--columns", "client:20,time", "--sort", "time", "--no-mouse", "--rate", "slow",
        "--theme", "gruvbox", "--ascii", "--privacy", "--filter", "helo:x", "--tail",
    )  # fmt: skip


def test_the_later_wins(monkeypatch: Environment) -> None:
    """Chosen on the screen, file, environment, command line."""
    before = Chosen(theme="dracula", sort=("helo", True), columns=(Choice("helo"),))
    file = '[tui]\ntheme = "nord"\n'
    assert screen(before=before).theme == "dracula"
    assert screen(file=file, before=before).theme == "nord"
    monkeypatch.setenv("SEAMARK_TUI_THEME", "gruvbox")
    assert screen(file=file, before=before).theme == "gruvbox"
    last = screen("--theme", "monokai", file=file, before=before)
    assert last.theme == "monokai"
    assert last.sort == ("helo", True)
    assert [each.column for each in last.columns if each.shown] == ["helo"]


def test_said_is_said_though_it_is_the_default() -> None:
    """``--theme auto`` asks for what suits the terminal, whatever was chosen before."""
    before = Chosen(theme="dracula", sort=("helo", True))
    assert screen("--theme", "auto", before=before).theme == "seamark"
    assert screen("--sort", "flow", before=before).sort == ("flow", False)


@pytest.mark.parametrize(("env", "theme"), [
    ({"TERM": "linux"}, "terminal"),
    ({"TERM": "xterm"}, "terminal"),
    ({"COLORFGBG": "0;15"}, "seamark-light"),
    ({"NO_COLOR": "1"}, "terminal"),
])  # fmt: skip
def test_auto_goes_by_the_terminal(
    monkeypatch: Environment, env: dict[str, str], theme: str
) -> None:
    """Its own colours where there are few; a light theme where its background is."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert screen().theme == theme


def test_a_theme_that_was_chosen_has_to_suit(monkeypatch: Environment) -> None:
    """One that is gone, or needs more colours than there are here, was not chosen."""
    own = '[themes.mine]\nbase = "nord"\n'
    assert screen(file=own, before=Chosen(theme="mine")).theme == "mine"
    assert screen(before=Chosen(theme="mine")).theme == "seamark"
    monkeypatch.setenv("TERM", "linux")
    assert screen(file=own, before=Chosen(theme="mine")).theme == "terminal"
    assert screen(before=Chosen(theme="ansi-light")).theme == "ansi-light"
    assert screen("--theme", "nord").theme == "nord"


@pytest.mark.parametrize("words", [("--no-color",), ("--no-color", "--theme", "nord")])
def test_no_colour(words: tuple[str, ...]) -> None:
    """Then no theme of colours is of use."""
    bare = screen(*words)
    assert not bare.colour
    assert bare.theme == "terminal"


def test_no_color_in_the_environment(monkeypatch: Environment) -> None:
    """The same."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert screen("--theme", "nord") == screen("--no-color")


def test_rate_and_glyphs_are_detected_until_said(monkeypatch: Environment) -> None:
    """Inside ssh slow, without UTF-8 in ASCII; both can be said otherwise."""
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    monkeypatch.setenv("LC_ALL", "C")
    assert (screen().low_rate, screen().ascii_only) == (True, True)
    said = screen("--rate", "fast", "--unicode")
    assert (said.low_rate, said.ascii_only) == (False, False)


def test_keys_and_themes() -> None:
    """As the app takes them."""
    file = '[keys]\nquit = ["Q", "Esc"]\nnote = ""\n[keys.ladder]\nquit = "Q"\n'
    found = screen("--theme", "mine", file=file + '[themes.mine]\nseam = "red"\n')
    assert found.keymap["seam.quit"] == "Q,escape"
    assert found.keymap["ladder.quit"] == "Q"
    assert found.keymap["flows.note"] == "no_key"
    assert found.themes == {"mine": {"seam": "red"}}
    assert found.theme == "mine"


@pytest.mark.parametrize(("file", "words"), [
    ('[keys]\nqiut = "Q"', ("config.toml", "keys", "'qiut'", "quit")),
    ('[keys]\nquit = "F99"', ("config.toml", "keys.quit", "'F99'")),
    ('[keys]\nmark = "x"', ("config.toml", "mark", "privacy")),
    ('[themes.mine]\nbase = "nrod"', ("config.toml", "themes.mine.base", "nord")),
    ('[tui]\ntheme = "mine"', ("config.toml", "tui.theme", "'mine'")),
    ('[tui]\ncolumns = "clinet"', ("config.toml", "tui.columns", "client")),
    ('[tui]\nsort = "time:down"', ("config.toml", "tui.sort", "desc")),
    ('[tui]\nfilter = "("', ("config.toml", "tui.filter")),
    ('[tui]\nfilter = ["a"]', ("config.toml", "tui.filter")),
    ("[tui]\nascii = 1", ("config.toml", "tui.ascii", "true, false")),
    ("[open]\nascii = true", ("config.toml", "'open'", "tui")),
])  # fmt: skip
def test_wrong_files(file: str, words: tuple[str, ...]) -> None:
    """What is wrong, in which file, and what to write."""
    told = refused(file=f"{file}\n")
    assert [word for word in words if word not in told] == []


def test_a_doubt_is_no_error() -> None:
    """A key that may not arrive is taken."""
    assert screen(file='[keys]\nnote = "Alt-n"\n').keymap["flows.note"] == "alt+n"


@pytest.mark.parametrize(("words", "said"), [
    (("--columns", "client:1"), "a width is a number"),
    (("--columns", "client:x"), "a width is a number"),
    (("--columns", "client:"), "a width is a number"),
    (("--columns", "client,,nothing"), "'nothing'"),
    (("--sort", "cleint"), "client"),
    (("--sort", "client:up"), "asc or desc"),
    (("--filter", "(a"), "parenthesis"),
    (("--rate", "medium"), "slow"),
    (("--theme", "seamrk"), "seamark"),
])  # fmt: skip
def test_wrong_words(words: tuple[str, ...], said: str) -> None:
    """What can be meant is said."""
    with pytest.raises((UsageError, click.BadParameter)) as error:
        screen(*words)
    assert said in str(error.value)


def test_no_columns_are_the_usual_ones() -> None:
    """An empty list asks for nothing else."""
    assert screen("--columns", "").columns == USUAL
    assert screen(file="[tui]\ncolumns = []\n").columns == USUAL
