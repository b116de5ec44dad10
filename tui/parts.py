"""The parts of a line that are compared one by one, and where two lines differ in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import Row, RowKind
from tui import status
from tui.matching import PATH, keyword

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.ladder import Rung

VERB: Final = "the verb"
ARGUMENT: Final = "the argument"
ADDRESS: Final = "the address"
PARAMETERS: Final = "the parameters"
CODE: Final = "the reply code"
ENHANCED: Final = "the enhanced status code"
KEYWORD: Final = "the keyword"
WORDS: Final = "the words"

Range = tuple[int, int]
_WORD: Final = re.compile(rb"[A-Za-z0-9]+|[^A-Za-z0-9]")


class Part(NamedTuple):
    """A part of a line."""

    text: bytes
    start: int


def parts(row: Row, rung: Rung) -> dict[str, Part]:
    """The parts of a line of a row, by name."""
    text = row.text[rung.start : rung.end]
    spans = _PARTS.get(row.kind, _whole)(text, rung)
    return {name: Part(text[low:high], low) for name, (low, high) in spans.items()}


def differing(left: Part | None, right: Part | None) -> tuple[list[Range], list[Range]]:
    """What lies between the words that two parts begin and end with, on each side."""
    if left is None or right is None:
        return _all_of(left), _all_of(right)
    if left.text == right.text:
        return [], []
    mine, theirs = _WORD.findall(left.text), _WORD.findall(right.text)
    head = _common(mine, theirs)
    tail = _common(mine[head:][::-1], theirs[head:][::-1])
    start = sum(map(len, mine[:head]))
    end = sum(map(len, mine[len(mine) - tail :]))
    return _between(left, start, end), _between(right, start, end)


def _between(part: Part, start: int, end: int) -> list[Range]:
    low, high = part.start + start, part.start + len(part.text) - end
    return [(low, high)] if low < high else []


def _all_of(part: Part | None) -> list[Range]:
    return _between(part, 0, 0) if part is not None else []


def _common(left: list[bytes], right: list[bytes]) -> int:
    """How many words both begin with."""
    most = min(len(left), len(right))
    return next((at for at in range(most) if left[at] != right[at]), most)


def _whole(text: bytes, _rung: Rung) -> dict[str, Range]:
    return {WORDS: (0, len(text))}


def _of_command(text: bytes, _rung: Rung) -> dict[str, Range]:
    verb = len(text.split(b" ", 1)[0])
    path = PATH.match(text)
    if path is None:
        return {VERB: (0, verb), ARGUMENT: (verb, len(text))}
    return {VERB: (0, verb), ADDRESS: path.span(2), PARAMETERS: path.span(3)}


def _of_reply(text: bytes, rung: Rung) -> dict[str, Range]:
    """A reply's codes and words; further lines may be keywords."""
    enhanced = status.codes(text)[1]
    end = 4 + len(enhanced)
    if rung.start and not enhanced:
        end += len(keyword(text))
        return {CODE: (0, 3), KEYWORD: (4, end), PARAMETERS: (end, len(text))}
    return {CODE: (0, 3), ENHANCED: (4, end), WORDS: (end, len(text))}


_PARTS: Final[dict[RowKind, Callable[[bytes, Rung], dict[str, Range]]]] = {
    RowKind.COMMAND: _of_command,
    RowKind.REPLY: _of_reply,
    RowKind.GREETING: _of_reply,
}
