"""The user's own themes: the tables ``[themes.NAME]`` of the configuration file, checked.

[themes.mine]
base = "seamark"             # any theme that is there anyway
cursor = "#30405a"
critical = "rgb(255, 90, 90)"
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from textual.color import Color, ColorParseError

from dissect.config.problem import Problem
from dissect.config.tables import THEMES, TUI
from dissect.detect.policy import nearest
from tui.settings import AUTO
from tui.theme import COLOURS, DEFAULT, NAMES, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

BASE: Final = "base"
WAYS: Final = '"#6cb6c4", "rgb(108, 182, 196)", "teal"'
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


def problems(said: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with the tables of themes."""
    for name, words in said.items():
        if not isinstance(words, dict):
            hint = f"A theme is a table: [{THEMES}.{name}]"
            yield Problem(THEMES, name, f"{THEMES}.{name} cannot be {words!r}.", hint)
        else:
            yield from _theme(name, words)


def wrong_choice(name: str, own: Iterable[str]) -> Problem | None:
    """What is wrong with the name of a theme that is to be shown."""
    every = (AUTO, *NAMES, *own)
    if name in every:
        return None
    hint = nearest(name, every) or f"Themes: {', '.join(every)}"
    return Problem(TUI, "theme", f"{TUI}.theme: there is no theme called {name!r}.", hint)


def _theme(name: str, said: Mapping[str, object]) -> Iterator[Problem]:
    table = f"{THEMES}.{name}"
    if name in (AUTO, *NAMES):
        yield Problem(table, "", f"{table}: that theme is there already.", "Choose another name.")
    elif not _NAME.fullmatch(name):
        hint = "A letter, then letters, digits, - and _; 40 at most."
        yield Problem(table, "", f"{table!r} is no name for a theme.", hint)
    base = said.get(BASE, DEFAULT)
    if base not in NAMES:
        hint = nearest(str(base), NAMES) or f"Themes: {', '.join(NAMES)}"
        yield Problem(table, BASE, f"{table}.{BASE}: there is no theme called {base!r}.", hint)
    ansi = base in NAMES and known(str(base)).ansi
    for colour, value in said.items():
        if colour != BASE:
            yield from _colour(table, colour, value, ansi=ansi)


def _colour(table: str, name: str, value: object, *, ansi: bool) -> Iterator[Problem]:
    if name not in COLOURS:
        hint = nearest(name, [*COLOURS, BASE]) or f"Colours: {', '.join(COLOURS)}"
        yield Problem(table, name, f"{table}: nothing is called {name!r}.", hint)
    elif hint := _wrong(value, ansi=ansi):
        yield Problem(table, name, f"{table}.{name} cannot be {value!r}.", hint)


def _wrong(value: object, *, ansi: bool) -> str:
    """What a colour would be, where a value is none."""
    try:
        colour = Color.parse(value) if isinstance(value, str) else None
    except ColorParseError:
        colour = None
    if colour is None or colour.a < 1 or value == AUTO:
        return f"A colour is written as {WAYS}."
    if colour.ansi is not None and not ansi:
        return f'The terminal\'s own colours need {BASE} = "terminal".'
    return ""
