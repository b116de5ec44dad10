"""Themes can be read everywhere, and roles are told apart without colours too."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import BUILTIN_THEMES
from tui_roles import WHERE, Looks, looks

from tui.contrast import LEAST, ratio, readable
from tui.line import Role
from tui.own_themes import problems, wrong_choice
from tui.settings import Screen
from tui.theme import (
    COLOURS,
    DEFAULT,
    GROUNDS,
    HIGH_CONTRAST,
    NAMES,
    SEAMARK,
    SEAMARK_LIGHT,
    TERMINAL,
    VARIABLES,
    known,
    palette_of,
    theme_of,
    themes,
)

OURS = {"seamark": SEAMARK, "seamark-light": SEAMARK_LIGHT, "high-contrast": HIGH_CONTRAST}
TEXTUALS = sorted(name for name in BUILTIN_THEMES if not name.startswith("ansi"))
WORDS = [name for name in COLOURS if name not in GROUNDS]
ROOT = Path(__file__).parents[2]


def contrast(one: str, other: str) -> float:
    """That of two colours."""
    return ratio(Color.parse(one), Color.parse(other))


# ---- contrast -----------------------------------------------------------------------------------


def test_contrast_is_that_of_the_standard() -> None:
    """Black on white is 21, a colour on itself 1, and #777 on white just misses 4.5."""
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#123456", "#123456") == pytest.approx(1)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", OURS)
def test_our_themes_can_be_read_everywhere(name: str) -> None:
    """Each colour of words on each ground: the list, the pane, the bands, the cursor's line."""
    palette, least = OURS[name], 7.0 if name == "high-contrast" else LEAST
    low = {
        (word, ground): round(contrast(palette[word], palette[ground]), 2)
        for word in WORDS
        for ground in GROUNDS
        if contrast(palette[word], palette[ground]) < least
    }
    assert low == {}


@pytest.mark.parametrize("name", OURS)
def test_our_themes_can_be_read_with_256_colours(name: str) -> None:
    """The nearest of those are taken, as in PuTTY and in tmux; places still differ."""
    near = {what: nearest(colour) for what, colour in OURS[name].items()}
    low = {
        (word, ground): (near[word], near[ground])
        for word in WORDS
        for ground in GROUNDS
        if contrast(near[word], near[ground]) < LEAST
    }
    assert low == {}
    for one, other in (("cursor", "background"), ("panel", "background"), ("focus", "surface")):
        assert near[one] != near[other], one
    assert near["cursor"] not in {near["partner"], near["same"]}


def nearest(colour: str) -> str:
    """What is painted for a colour on a terminal with 256."""
    return RichColor.parse(colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor().hex


@pytest.mark.parametrize("name", ["seamark", "seamark-light", "high-contrast", "nord"])
async def test_roles_are_painted_with_readable_colours(name: str) -> None:
    """What really comes out of the stylesheet, wherever there are words."""
    shown = await looks(Screen(theme=name))
    low = {
        (where, role): (each.colour, each.ground)
        for where in WHERE
        for role, each in shown[where].items()
        if contrast(each.colour, each.ground) < LEAST
    }
    assert low == {}


@pytest.mark.parametrize("name", TEXTUALS)
def test_textuals_themes_get_readable_colours_of_ours(name: str) -> None:
    """What only we draw can be read on their grounds; their words are their own affair."""
    palette = palette_of(known(name))
    low = {
        (word, ground)
        for word in WORDS
        for ground in GROUNDS
        if word != "foreground" and contrast(palette[word], palette[ground]) < LEAST
    }
    assert low == set()


def test_a_colour_is_moved_no_further_than_needed() -> None:
    """One that can be read stays; one that cannot becomes the end of its way at most."""
    white, black, grey = Color.parse("white"), Color.parse("black"), Color.parse("#777777")
    assert readable(black, [white], black) == black
    assert LEAST <= ratio(readable(grey, [white], black), white) < LEAST + 1
    assert readable(white, [white], white) == white


# ---- all of them --------------------------------------------------------------------------------


def test_every_theme_has_every_colour() -> None:
    """Ours come first, Textual's follow by their names; the stylesheet lacks nothing in any."""
    listed = list(themes(Screen()))
    assert [theme.name for theme in listed] == [*OURS, "terminal", *BUILTIN_THEMES]
    for theme in listed:
        assert VARIABLES.keys() <= theme.variables.keys(), theme.name
        assert set(palette_of(theme)) == set(COLOURS)


@pytest.mark.parametrize("name", NAMES)
async def test_every_theme_can_be_worn(name: str) -> None:
    """The stylesheet can be read with it, and the cursor's line is not like the others."""
    shown = await looks(Screen(theme=name))
    assert {*shown["list"]} == {role.value for role in Role}
    assert shown["cursor"]["text"] != shown["list"]["text"]
    assert shown["focus"]["text"] != shown["pane"]["text"]


async def test_default_is_ours() -> None:
    """Where nothing is set, and what the stylesheet has before any theme is known."""
    shown = await looks(Screen())
    assert Screen().theme == DEFAULT
    assert shown["list"]["seam"] == Looks(SEAMARK["seam"], SEAMARK["background"], "bold")
    assert shown["header"]["text"].ground == SEAMARK["panel"]


def test_all_colours_come_from_the_theme() -> None:
    """The stylesheet has none of its own, which another theme could not change."""
    text = (ROOT / "tui" / "styles" / "seamark.tcss").read_text(encoding="utf-8")
    values = re.findall(r":\s([^;{}]+);", text)
    assert len(values) > 50
    assert [value for value in values if re.search(r"#[0-9a-fA-F]{3}|ansi_|rgb|hsl", value)] == []


# ---- without many colours -----------------------------------------------------------------------


async def test_terminal_uses_its_own_colours() -> None:
    """Nothing but the 16 that the user has chosen there, and the default for most."""
    shown = await looks(Screen(theme="terminal"))
    every = {each for where in WHERE for each in shown[where].values()}
    assert {each.ground for each in every} == {"default"}
    names = {each.colour for each in every}
    assert "default" in names
    assert names <= {"default", *(f"color({n})" for n in range(8)), *ANSI}
    assert set(TERMINAL.values()) <= {f"ansi_{name}" for name in ("default", *ANSI)}


ANSI = ("red", "green", "yellow", "blue", "magenta", "cyan")


def colourless(theme: str, **env: str) -> dict[str, dict[str, Looks]]:
    """How roles look in a process of its own, where NO_COLOR was set before Textual came."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEXTUAL_")}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "tui_roles.py"), theme],
        check=True, capture_output=True, text=True, timeout=60,
        env=kept | {"TERM": "xterm-256color"} | env,
    )  # fmt: skip
    said = json.loads(done.stdout)
    return {w: {role: Looks(*each) for role, each in roles.items()} for w, roles in said.items()}


@pytest.mark.parametrize("theme", ["seamark", "seamark-light", "terminal"])
@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "vt100"}])
def test_without_colours_there_are_none(theme: str, env: dict[str, str]) -> None:
    """Not even greys: the terminal's own two, whichever they are, and whatever the theme is."""
    shown = colourless(theme, **env)
    every = {each for where in WHERE for each in shown[where].values()}
    assert {(each.colour, each.ground) for each in every} == {("default", "default")}
    assert all("reverse" in each.weight for each in shown["cursor"].values())


def test_without_colours_weight_tells_roles_apart() -> None:
    """In the theme that is taken then, on the cursor's line and beside it."""
    shown = colourless("terminal", NO_COLOR="1")
    for where in ("cursor", "list", "pane"):
        weights = {role: each.weight for role, each in shown[where].items()}
        assert_told_apart(weights)
    assert shown["focus"]["text"].weight == "bold"


@pytest.mark.parametrize("name", ["terminal", "ansi-dark", "ansi-light"])
async def test_weight_tells_roles_apart_where_colours_may_not(name: str) -> None:
    """Sixteen colours may be any, so the same holds with them."""
    shown = await looks(Screen(theme=name))
    assert_told_apart({role: each.weight for role, each in shown["list"].items()})
    assert_told_apart({role: each.weight for role, each in shown["cursor"].items()})


def assert_told_apart(weights: dict[str, str]) -> None:
    """By weight alone.

    Those that are left out say what they are by an arrow, a glyph or a word of their own.
    """
    alone = [weights[role] for role in ("text", "dim", "mask", "original", "escaped")]
    assert len(set(alone)) == len(alone), weights
    for role in ("title", "accent", "key", "seam", "critical", "high", "info", "bad"):
        assert weights[role] != weights["text"], role
    assert "italic" not in " ".join(weights.values())


def test_an_empty_no_color_is_none() -> None:
    """As everywhere else, and other than Textual has it."""
    shown = colourless("seamark", NO_COLOR="")
    assert shown["list"]["text"].colour == SEAMARK["foreground"]


# ---- the user's own -----------------------------------------------------------------------------


async def test_a_theme_of_the_users() -> None:
    """Another theme with other colours for some things; all else is as it was."""
    own = {"mine": {"base": "seamark-light", "cursor": "#ffffcc", "critical": "teal"}}
    assert list(problems(own)) == []
    shown = await looks(Screen(theme="mine", themes=own))
    assert shown["cursor"]["text"].ground == "#ffffcc"
    assert shown["list"]["critical"].colour == "#008080"
    assert shown["list"]["text"].colour == SEAMARK_LIGHT["foreground"]
    assert not theme_of("mine", own["mine"]).dark


async def test_a_theme_from_the_terminals_own_colours() -> None:
    """It may name those, and stays one of them."""
    own = {"mine": {"base": "terminal", "seam": "ansi_bright_magenta", "panel": "ansi_blue"}}
    assert list(problems(own)) == []
    shown = await looks(Screen(theme="mine", themes=own))
    assert shown["list"]["seam"].colour == "color(13)"
    assert shown["header"]["text"].ground == "color(4)"
    assert shown["list"]["text"].ground == "default"


@pytest.mark.parametrize("name", COLOURS)
async def test_each_name_colours_something(name: str) -> None:
    """No name of the table is without effect."""
    own = {"mine": {name: "#123456"}}
    before, after = await looks(Screen()), await looks(Screen(theme="mine", themes=own))
    if name in {"partner", "same"}:  # only the ladder has those
        assert theme_of("mine", own["mine"]).variables[f"seam-{name}"] == "#123456"
    else:
        assert before != after


@pytest.mark.parametrize(("said", "words"), [
    ({"mine": 5}, ("themes.mine", "[themes.mine]")),
    ({"nord": {}}, ("themes.nord", "another name")),
    ({"auto": {}}, ("themes.auto", "another name")),
    ({"a b": {}}, ("themes.a b", "letter")),
    ({"\x1b[2J": {}}, ("\\x1b", "letter")),
    ({"mine": {"base": "nrod"}}, ("themes.mine.base", "'nrod'", "nord")),
    ({"mine": {"base": ["nord"]}}, ("themes.mine.base",)),
    ({"mine": {"cursr": "red"}}, ("themes.mine", "'cursr'", "cursor")),
    ({"mine": {"high": "rouge"}}, ("themes.mine.high", "'rouge'", "#6cb6c4")),
    ({"mine": {"high": 5}}, ("themes.mine.high", "5")),
    ({"mine": {"high": "auto"}}, ("themes.mine.high",)),
    ({"mine": {"high": "#12345678"}}, ("themes.mine.high",)),
    ({"mine": {"high": "ansi_red"}}, ("themes.mine.high", 'base = "terminal"')),
])  # fmt: skip
def test_wrong_themes(said: dict[str, object], words: tuple[str, ...]) -> None:
    """What is wrong, where, and what to write."""
    (problem,) = problems(said)
    told = problem.written("config.toml")
    assert [word for word in words if word.lower() not in told.lower()] == []
    assert told.isprintable() or "\n" in told
    assert not problem.harmless


def test_all_that_is_wrong_is_told() -> None:
    """Not only the first."""
    said = {"mine": {"base": "x", "high": "y", "z": "red"}, "nord": {"low": "?"}}
    assert len(list(problems(said))) == 5


def test_the_theme_to_be_shown_has_to_be_there() -> None:
    """One of ours, of Textual's or of the user's, or auto; the nearest is named."""
    assert wrong_choice("auto", ()) is None
    assert wrong_choice("nord", ()) is None
    assert wrong_choice("mine", ["mine"]) is None
    wrong = wrong_choice("seamrk", ["mine"])
    assert wrong is not None
    assert "Did you mean seamark" in wrong.hint
