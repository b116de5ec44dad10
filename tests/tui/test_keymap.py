"""The user's keys: how they are written, what is refused, and where they show."""

from __future__ import annotations

import itertools
import string

import pytest
from textual.app import App
from textual.keys import _character_to_key
from textual.screen import Screen

from tui import keymap, keys
from tui.actions import ACTIONS, FLOWS, LADDER, SEAM, Action, bindings
from tui.actions import actions as usual_actions

SCREENS = keymap.SCREENS


def keys_of(name: str, where: str, said: dict[str, object]) -> str:
    """The keys of an action as the user has set them."""
    return found(name, where, said).keys


def found(name: str, where: str, said: dict[str, object]) -> Action:
    """An action as the user has set it."""
    parsed = keymap.parse(said)
    assert [each for each in parsed.problems if not each.harmless] == []
    listed = keymap.actions(where, parsed.bindings())
    return next(action for action in listed if action.id == name)


def told(said: dict[str, object]) -> list[str]:
    """What is wrong with a table."""
    return [problem.written("config.toml") for problem in keymap.parse(said).problems]


# ---- names of keys ------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "key"), [
    ("n", "n"), ("G", "G"), ("/", "slash"), ("?", "question_mark"), ("-", "minus"), ("+", "plus"),
    ("Enter", "enter"), ("Return", "enter"), ("Esc", "escape"), ("ESCAPE", "escape"),
    ("PgDn", "pagedown"), ("Page-Up", "pageup"), ("Space", "space"), (" ", "space"),
    ("Tab", "tab"), ("Shift-Tab", "shift+tab"), ("Del", "delete"), ("F5", "f5"), ("f10", "f10"),
    ("Ctrl-F", "ctrl+f"), ("ctrl+f", "ctrl+f"), ("C-f", "ctrl+f"),
    ("^F", "ctrl+f"), ("^", "circumflex_accent"),
    ("Shift-g", "G"), ("question_mark", "question_mark"), ("pagedown", "pagedown"), ("ö", "ö"),
])  # fmt: skip
def test_keys_as_people_write_them(word: str, key: str) -> None:
    """And as Textual calls them."""
    assert keys.read(word) == key
    assert keys.doubt(key) == ""


def test_written_keys_are_read_again() -> None:
    """Whatever an action has, and all punctuation, is called the same everywhere."""
    every = {key for action in ACTIONS for key in action.keys.split(",")}
    assert every | set(keys.SIGNS.values()) == {
        keys.read(keys.written(key)) for key in every | set(keys.SIGNS.values())
    }
    assert {key: keys.read(key) for key in every} == {key: key for key in every}


def test_punctuation_is_called_as_textual_calls_it() -> None:
    """So that a binding to it is one to the key that comes."""
    assert {each: _character_to_key(each) for each in string.punctuation} == keys.SIGNS


def test_keys_that_actions_come_with_arrive_everywhere() -> None:
    """None of them is doubtful, or a digit."""
    every = {key for action in ACTIONS for key in action.keys.split(",")}
    assert {key: keys.doubt(key) for key in every if keys.doubt(key)} == {}
    assert not any(key.isdecimal() for key in every)


@pytest.mark.parametrize("word", [
    "Alt-x", "alt+x", "Ctrl-Enter", "ctrl+enter", "ctrl+shift+f", "Ctrl-Left", "Shift-Up", "F11",
    "Shift-Enter", "Super-k", "Ctrl-Space",
])  # fmt: skip
def test_keys_that_may_not_arrive(word: str) -> None:
    """They are taken, since some terminals send them, and told of."""
    (line,) = told({"note": word})
    assert "only a doubt" in line
    assert "may not arrive" in line
    assert keys_of("note", FLOWS, {"note": word}) == keys.read(word)


@pytest.mark.parametrize(("word", "why"), [
    ("7", "digit"), ("0", "digit"), ("٣", "digit"), ("Ctrl-I", "arrives as Tab"),
    ("Ctrl-M", "arrives as Enter"), ("Ctrl-H", "arrives as Backspace"), ("Ctrl-C", "quit"),
    ("Ctrl-Q", "quits"), ("Ctrl-P", "commands"), ("F13", "no key"), ("Entr", "no key"),
    ("n,f8", "no key"), ("Hyper-x", "no key"), ("Ctrl-", "no key"), ("\x1b", "no key"),
    ("\u202e", "no key"),
])  # fmt: skip
def test_keys_that_cannot_be_had(word: str, why: str) -> None:
    """With the reason; what was written is not echoed raw."""
    (line,) = told({"note": word})
    assert why in line
    assert "keys.note" in line
    assert line.replace("\n", "").isprintable()


# ---- the table ----------------------------------------------------------------------------------


def test_an_action_gets_other_keys() -> None:
    """One, several, or none, on all its screens."""
    said: dict[str, object] = {"quit": "Q", "note": ["N", "F11"], "judge": ""}
    assert {keys_of("quit", where, said) for where in (LADDER, SEAM)} == {"Q"}
    assert keys_of("note", FLOWS, said) == "N,f11"
    assert keys_of("judge", LADDER, said) == ""
    assert keys_of("privacy", LADDER, said) == "x"


def test_a_screen_may_differ() -> None:
    """Its table wins over the general one, wherever that stands."""
    said: dict[str, object] = {"ladder": {"quit": "Backspace", "previous-flow": "D"}, "quit": "Q"}
    assert keys_of("quit", LADDER, said) == "backspace"
    assert keys_of("quit", SEAM, said) == "Q"


def test_keys_can_be_swapped() -> None:
    """What is a clash with the keys that actions come with is none with both changed."""
    said: dict[str, object] = {"mark": "i", "note": "m"}
    assert keys_of("mark", FLOWS, said) == "i"
    assert keys_of("note", FLOWS, said) == "m"


@pytest.mark.parametrize(("said", "words"), [
    ({"quti": "Q"}, ("keys", "'quti'", "Did you mean quit")),
    ({"frobnicate": "Q"}, ("'frobnicate'", "seamark config show keys")),
    ({"lader": {"quit": "Q"}}, ("'lader'", "ladder")),
    ({"ladder": {"filter": "Q"}}, ("keys.ladder", "'filter'", "flows")),
    ({"quit": 5}, ("keys.quit", "5", '""')),
    ({"quit": ["Q", 5]}, ("keys.quit", "5")),
    ({"quit": True}, ("keys.quit", "True")),
    ({"\x1b[31m": "Q"}, ("\\x1b",)),
])  # fmt: skip
def test_wrong_tables(said: dict[str, object], words: tuple[str, ...]) -> None:
    """What is wrong, where, and what to write."""
    (line,) = told(said)
    assert [word for word in words if word not in line] == []
    assert line.replace("\n", "").isprintable()


def test_a_clash_names_both_actions() -> None:
    """And the key, the screens, and what would mend it."""
    (line,) = told({"previous-finding": "x"})
    for word in ("x is the key", "previous-finding", "privacy", "ladder, findings", 'privacy = ""'):
        assert word in line
    assert told({"previous-finding": "x", "privacy": ""}) == []


def test_a_clash_on_one_screen() -> None:
    """The same key may do other things elsewhere."""
    assert told({"flows": {"mark": "n"}}) != []
    assert told({"flows": {"mark": "n", "next-damaged": "m"}}) == []
    assert told({"columns-default": "n"}) == []


def test_all_that_is_wrong_is_told() -> None:
    """Not only the first."""
    said: dict[str, object] = {"x": "y", "note": "77", "mark": ["F99", "9"], "ladder": {"z": ""}}
    assert len(told(said)) == 5


def test_actions_come_without_clashes() -> None:
    """No key does two things on one screen before the user has said anything."""
    for where in SCREENS:
        for one, other in itertools.combinations(usual_actions(where), 2):
            assert set(one.keys.split(",")).isdisjoint(other.keys.split(",")), (where, one, other)


def test_saying_what_holds_anyway_changes_nothing() -> None:
    """All actions with the keys that they come with."""
    said: dict[str, object] = {action.id: list(keymap.usual(action.id)) for action in ACTIONS}
    assert told(said) == []
    for where in SCREENS:
        listed = keymap.actions(where, keymap.parse(said).bindings())
        assert listed == usual_actions(where) == keymap.actions(where, {})


# ---- what the footer says -----------------------------------------------------------------------


@pytest.mark.parametrize(("said", "name", "where", "hint"), [
    ({}, "next-damaged", FLOWS, "n/p|damaged"),
    ({"next-damaged": "N"}, "next-damaged", FLOWS, "N/p|damaged"),
    ({"previous-damaged": ["PgUp"], "page-up": ""}, "next-damaged", FLOWS, "n/PgUp|damaged"),
    ({"previous-damaged": ""}, "next-damaged", FLOWS, "n|damaged"),
    ({"next-damaged": "", "previous-damaged": ""}, "next-damaged", FLOWS, ""),
    ({"filter": "F3"}, "filter", FLOWS, "F3|filter"),
    ({"filter": ["F12", "/"]}, "filter", FLOWS, "/|filter"),
    ({"filter": ""}, "filter", FLOWS, ""),
    ({"privacy": "X"}, "filter", FLOWS, "/|filter"),
    ({"note": ["N", "F12"]}, "note", LADDER, "N|note"),
    ({"column-wider": "W"}, "column-wider", "columns", "W -|width"),
    ({"toggle-column": "t"}, "toggle-column", "columns", "t|show/hide"),
    ({"toggle-column": ["t", "Space"]}, "toggle-column", "columns", "Space|show/hide"),
])  # fmt: skip
def test_hints_name_the_users_keys(
    said: dict[str, object], name: str, where: str, hint: str
) -> None:
    """Also where one hint is for two actions; what has no key is not hinted at."""
    assert found(name, where, said).hint == hint


# ---- in Textual ---------------------------------------------------------------------------------


class _Ladder(Screen[None]):
    """A screen with the ladder's bindings."""

    BINDINGS = bindings(LADDER)


class _App(App[None]):
    def __init__(self, said: dict[str, object]) -> None:
        super().__init__()
        self._said = said

    def on_mount(self) -> None:
        self.set_keymap(keymap.parse(self._said).bindings())
        self.push_screen(_Ladder())


def bound(app: App[None]) -> dict[str, list[str]]:
    """The ids of what each key of the ladder does."""
    _node, found = app.screen._binding_chain[0]
    return {key: [each.id or "" for each in some] for key, some in found.key_to_bindings.items()}


async def test_textual_obeys() -> None:
    """New keys do what they shall, old ones and those that were taken away do nothing."""
    said: dict[str, object] = {
        "quit": ["Q", "F11"],
        "mark": "i",
        "note": "m",
        "judge": "",
        "save": "",
    }
    async with _App(said).run_test() as pilot:
        keys_ = bound(pilot.app)
        assert {key: {*keys_[key]} for key in ("Q", "f11", "i", "m")} == {
            "Q": {"ladder.quit"}, "f11": {"ladder.quit"}, "i": {"ladder.mark"},
            "m": {"ladder.note"},
        }  # fmt: skip
        assert {"q", "escape", "V", "S"}.isdisjoint(keys_)
        assert keys_["x"] == ["ladder.privacy"]
