"""What is wrong with a filter, and where."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from dissect import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN: Final = 30


@dataclass
class FilterError(Exception):
    """A text that is no filter.

    Args:
        at: where in the text it goes wrong, from 0; the text's length at its very end.
        size: how many characters are wrong; 0 where something is missing.
        what: what is wrong, in one sentence without a full stop.
        hint: what would be right, where that can be said.
    """

    at: int
    size: int
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.what}; {self.hint}" if self.hint else self.what


def shown(words: str) -> str:
    """A part of the filter in quotes, as it may stand in a message."""
    kept = words if len(words) <= _SHOWN else words[: _SHOWN - 3] + "..."
    return f'"{escape.visible(kept)}"'


def meant(word: str, names: Iterable[str]) -> str:
    """``did you mean``, and the name that is nearest; nothing where none is near."""
    near = get_close_matches(word.lower(), list(names), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""
