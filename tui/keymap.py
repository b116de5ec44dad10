"""The user's keys: the table ``[keys]`` of the configuration file, checked and put into effect.

[keys]
quit = ["Q", "Esc"]          # on every screen that has the action
next-finding = "N"
note = ""                    # no key

[keys.ladder]                # on this screen alone
quit = "Backspace"
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.config.problem import Problem
from dissect.config.tables import KEYS
from dissect.detect.policy import nearest
from tui import actions as table
from tui import keys
from tui.actions import ACTIONS, Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOTHING: Final = "no_key"
"""A key that no terminal sends: Textual takes an empty list of keys for the usual ones."""

SCREENS: Final = tuple(dict.fromkeys(where for action in ACTIONS for where in action.where))
_IDS: Final = {action.id: action for action in ACTIONS}

Keys = dict[tuple[str, str], tuple[str, ...]]
"""Textual's names of keys, by screen and action."""


class Keymap(NamedTuple):
    """What the table says."""

    changed: Keys
    """What is otherwise than usual."""
    problems: tuple[Problem, ...]

    def bindings(self) -> dict[str, str]:
        """As ``App.set_keymap`` takes it."""
        return {
            f"{where}.{name}": ",".join(keys) or NOTHING
            for (where, name), keys in self.changed.items()
        }


class _Entry(NamedTuple):
    """One setting of the table."""

    table: str
    name: str
    said: object
    screens: tuple[str, ...]


def parse(said: Mapping[str, object]) -> Keymap:
    """The user's keys; what is wrong is left out and told."""
    problems: list[Problem] = []
    changed: Keys = {}
    for entry in _entries(said, problems):
        found = _keys(entry, problems)
        action = _IDS[entry.name]
        changed |= {(where, action.id): found for where in action.where if where in entry.screens}
    problems += _clashes(changed)
    return Keymap(changed, tuple(problems))


def actions(where: str, keymap: Mapping[str, str]) -> tuple[Action, ...]:
    """The actions of a screen with the user's keys, in the footer's hints too.

    Args:
        where: the screen.
        keymap: the user's keys, as ``Keymap.bindings`` gives them.
    """
    as_they_come = table.actions(where)
    mine = [_mine(action, keymap.get(f"{where}.{action.id}")) for action in as_they_come]
    shown: dict[str, str] = {}
    for old, new in zip(as_they_come, mine, strict=True):
        shown |= _replaced(old, new)
    return tuple(action._replace(hint=_hint(action, shown)) for action in mine)


def _mine(action: Action, keys_: str | None) -> Action:
    """An action with other keys; None for its own."""
    if keys_ is None:
        return action
    return action._replace(keys="" if keys_ == NOTHING else keys_)


def usual(name: str) -> tuple[str, ...]:
    """The keys that an action comes with, as people write them."""
    return tuple(map(keys.written, _IDS[name].keys.split(",")))


# ---- reading the table --------------------------------------------------------------------------


def _entries(said: Mapping[str, object], problems: list[Problem]) -> Iterator[_Entry]:
    """The settings that name an action; those of one screen come last, and so win."""
    nested = {name: words for name, words in said.items() if isinstance(words, dict)}
    plain = {name: words for name, words in said.items() if name not in nested}
    yield from _known(KEYS, plain, SCREENS, problems)
    for where, words in nested.items():
        if where in SCREENS:
            yield from _known(f"{KEYS}.{where}", words, (where,), problems)
        else:
            hint = nearest(where, SCREENS) or f"Screens: {', '.join(SCREENS)}"
            problems.append(
                Problem(f"{KEYS}.{where}", "", f"There is no screen called {where!r}.", hint)
            )


def _known(
    name: str, said: Mapping[str, object], screens: tuple[str, ...], problems: list[Problem]
) -> Iterator[_Entry]:
    ids = [action.id for action in ACTIONS if not set(screens).isdisjoint(action.where)]
    for action, words in said.items():
        if action in ids:
            yield _Entry(name, action, words, screens)
        else:
            problems.append(_unknown(name, action, ids))


def _unknown(name: str, action: str, ids: list[str]) -> Problem:
    if action in _IDS:
        hint = f"It is an action of {', '.join(_IDS[action].where)}."
        return Problem(name, action, f"{name}: this screen has no action {action!r}.", hint)
    hint = nearest(action, ids) or "seamark config show keys lists all actions."
    return Problem(name, action, f"{name}: there is no action called {action!r}.", hint)


def _keys(entry: _Entry, problems: list[Problem]) -> tuple[str, ...]:
    """The keys of a setting, as far as they can be had."""
    found: dict[str, None] = {}
    for word in _words(entry, problems):
        place = f"{entry.table}.{entry.name}"
        try:
            key = keys.read(word)
        except ValueError as error:
            hint = f"Keys: {keys.EXAMPLES}; several are a list."
            problems.append(Problem(entry.table, entry.name, f"{place}: {error}", hint))
            continue
        found[key] = None
        if doubt := keys.doubt(key):
            what = f"{place}: {keys.written(key)} may not arrive: {doubt}."
            problems.append(Problem(entry.table, entry.name, what, harmless=True))
    return tuple(found)


def _words(entry: _Entry, problems: list[Problem]) -> list[str]:
    """What is to be keys; an empty text is none."""
    words = entry.said if isinstance(entry.said, list) else [entry.said]
    if all(isinstance(word, str) for word in words):
        return [str(word) for word in words if word]
    what = f"{entry.table}.{entry.name} cannot be {entry.said!r}."
    hint = f'A key, a list of keys, or "" for none. Keys: {keys.EXAMPLES}'
    problems.append(Problem(entry.table, entry.name, what, hint))
    return list(usual(entry.name))


def _clashes(changed: Keys) -> Iterator[Problem]:
    """Keys that would do two things on one screen."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for where in SCREENS:
        for one, other in combinations(table.actions(where), 2):
            for key in _shared(where, one, other, changed):
                found.setdefault((key, one.id, other.id), []).append(where)
    for (key, one_id, other_id), screens in found.items():
        what = (
            f"{keys.written(key)} is the key of {one_id} and of {other_id} ({', '.join(screens)})."
        )
        last = other_id if any((where, one_id) in changed for where in screens) else one_id
        hint = f'Give one of them another key, or none: {last} = ""'
        yield Problem(KEYS, one_id, what, hint)


def _shared(where: str, one: Action, other: Action, changed: Keys) -> list[str]:
    """Keys that two actions have on a screen, where one of them is the user's choice."""
    if (where, one.id) not in changed and (where, other.id) not in changed:
        return []
    sets = [changed.get((where, each.id), tuple(each.keys.split(","))) for each in (one, other)]
    return [key for key in sets[0] if key in sets[1]]


# ---- what the footer says -----------------------------------------------------------------------


def _replaced(old: Action, new: Action) -> dict[str, str]:
    """For each key that an action comes with, the one to name in its place; empty for none."""
    kept = new.keys.split(",")
    first = keys.written(kept[0]) if kept[0] else ""
    return {keys.written(key): keys.written(key) if key in kept else first
            for key in old.keys.split(",")}  # fmt: skip


def _hint(action: Action, shown: Mapping[str, str]) -> str:
    """The footer's words, with each key that they name changed as it has been."""
    named, _, label = action.hint.partition("|")
    parts = [named] if named in shown else re.split(r"([/ ])", named)
    between = parts[1] if parts[1:] else ""
    words = between.join(filter(None, (shown.get(part, part) for part in parts[::2])))
    return f"{words}|{label}" if words else ""
