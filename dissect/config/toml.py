"""Values and names in the words of the configuration file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def value(thing: object) -> str:
    """A value; whatever is no number, switch, list or table becomes text."""
    if isinstance(thing, bool):
        return str(thing).lower()
    if isinstance(thing, int | float):
        return str(thing)
    if isinstance(thing, Mapping):
        words = ", ".join(f"{name(key)} = {value(each)}" for key, each in thing.items())
        return f"{{ {words} }}"
    if isinstance(thing, list | tuple):
        return f"[{', '.join(map(value, thing))}]"
    return _text(str(thing))


def name(word: str) -> str:
    """A name, quoted where it has to be."""
    return word if _BARE.fullmatch(word) else _text(word)


def table(words: str) -> str:
    """The name of a table; only its last part may be the user's own."""
    first, dot, last = words.partition(".")
    return f"[{first}{dot}{name(last) if dot else ''}]"


def _text(words: str) -> str:
    """A text in quotes, without anything that a terminal would obey."""
    return f'"{"".join(map(_character, words))}"'


def _character(character: str) -> str:
    known = _ESCAPES.get(character)
    return known or (character if character.isprintable() else f"\\U{ord(character):08x}")
