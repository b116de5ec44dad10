"""The names of keys: as people write them, as Textual calls them, and whether they arrive.

A terminal sends bytes, not keys: Ctrl with a letter is a control character, which is why Ctrl-I
is Tab, and why nothing tells Ctrl-Enter from Enter.
"""

from __future__ import annotations

import string
import unicodedata
from itertools import chain
from typing import Final

_SIGNS: Final = {
    "/": "slash", "\\": "backslash", "@": "at", "-": "minus", "+": "plus", "_": "underscore",
}  # fmt: skip
"""Those that Textual calls otherwise than Unicode does."""


def _sign(character: str) -> str:
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return _SIGNS.get(character, name)


SIGNS: Final = {character: _sign(character) for character in string.punctuation}
"""Textual's names of all punctuation."""

_SHOWN: Final = {
    **{name: character for character, name in SIGNS.items()},
    "enter": "Enter", "escape": "Esc", "space": "Space", "tab": "Tab", "backspace": "Backspace",
    "insert": "Ins", "delete": "Del", "home": "Home", "end": "End", "pageup": "PgUp",
    "pagedown": "PgDn", "up": "Up", "down": "Down", "left": "Left", "right": "Right",
}  # fmt: skip

_WORDS: Final = {
    "return": "enter", "esc": "escape", "spacebar": "space", "bs": "backspace", "ins": "insert",
    "del": "delete", "pgup": "pageup", "page-up": "pageup", "page_up": "pageup",
    "pgdn": "pagedown", "pgdown": "pagedown", "page-down": "pagedown", "page_down": "pagedown",
    " ": "space",
}  # fmt: skip
"""Other words for the same keys, in lower case."""

_FUNCTIONS: Final = {f"f{number}": f"F{number}" for number in range(1, 13)}
_NAMED: Final = frozenset(chain(_SHOWN, _FUNCTIONS))
_MODIFIERS: Final = {
    "ctrl": "ctrl", "control": "ctrl", "c": "ctrl", "^": "ctrl", "shift": "shift", "s": "shift",
    "alt": "alt", "meta": "alt", "m": "alt", "option": "alt", "super": "super", "cmd": "super",
}  # fmt: skip

_SAME: Final = {"ctrl+i": "Tab", "ctrl+m": "Enter", "ctrl+h": "Backspace", "ctrl+j": "Enter"}
"""Letters with Ctrl that arrive as another key."""
_TAKEN: Final = {
    "ctrl+c": "asks whether to quit",
    "ctrl+q": "quits everywhere",
    "ctrl+p": "opens the commands everywhere",
}
_KEPT: Final = frozenset({"f11", "f12"})

EXAMPLES: Final = "n, G, /, Enter, Esc, Space, PgDn, F5, Ctrl-F"


def written(key: str) -> str:
    """A key of Textual's as people write it."""
    modifiers, base = _split(key)
    shown = _SHOWN.get(base) or _FUNCTIONS.get(base) or base
    if modifiers and len(shown) == 1:
        shown = shown.upper()
    return "-".join([*(each.title() for each in modifiers if each), shown])


def read(word: str) -> str:
    """The key that a word means, as Textual calls it.

    Raises:
        ValueError: with the reason, if no key is called so, or it cannot be had.
    """
    modifiers, base = _split(word)
    name = _base(base)
    if not name or None in modifiers:
        raise ValueError(f"There is no key called {word!r}.")
    key = _joined([each for each in modifiers if each], name)
    _check(word, key)
    return key


def doubt(key: str) -> str:
    """Why a key of Textual's may not arrive; empty for those that do everywhere."""
    modifiers, base = _split(key)
    if key in _KEPT:
        return "many terminals keep it for themselves"
    plain = modifiers == ["ctrl"] and len(base) == 1
    if plain or not modifiers or key == "shift+tab":
        return ""
    return "most terminals do not send it, or send another key"


def _check(word: str, key: str) -> None:
    """Refuse keys that mean something else already."""
    if key.isdecimal():
        raise ValueError(f"{word!r} is a digit, and those are numbers before another key.")
    if key in _SAME:
        raise ValueError(f"{written(key)} arrives as {_SAME[key]}.")
    if key in _TAKEN:
        raise ValueError(f"{written(key)} {_TAKEN[key]}.")


def _split(word: str) -> tuple[list[str | None], str]:
    """Modifiers, None for those that there are not, and what stands behind them."""
    if word.startswith("^") and len(word) == len("^x"):
        return ["ctrl"], word[1:].lower()
    body, last = word[:-1], word[-1:]
    parts = body.replace("+", "-").split("-")
    modifiers: list[str | None] = [_MODIFIERS.get(each.lower()) for each in parts[:-1]]
    whole = word.lower()
    if len(word) == 1 or whole in _NAMED or whole in _WORDS or not modifiers:
        return [], word
    return modifiers, parts[-1] + last


def _base(word: str) -> str:
    """The key without modifiers; empty where there is none."""
    if len(word) == 1:
        known = SIGNS.get(word) or _WORDS.get(word)
        return known or (word if word.isalnum() else "")
    name = _WORDS.get(word.lower(), word.lower())
    return name if name in _NAMED else ""


def _joined(modifiers: list[str], name: str) -> str:
    """A key as Textual calls it: an upper-case letter is one with Shift."""
    if modifiers == ["shift"] and len(name) == 1:
        return name.upper()
    if modifiers and len(name) == 1:
        name = name.lower()
    return "+".join([*sorted(set(modifiers), key=_ORDER.index), name])


_ORDER: Final = ("super", "alt", "ctrl", "shift")
