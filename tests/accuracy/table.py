"""The scores as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accuracy.count import Score

START: Final = "<!-- accuracy -->"
END: Final = "<!-- /accuracy -->"

HEAD: Final = (
    "| rule | captures | expected | true positives | false positives | missed | not judged |\n"
    "|---|--:|--:|--:|--:|--:|--:|"
)

ALONE: Final = "the public ones were not there"


def caption(own: int, public: int) -> str:
    """What was counted, in a sentence or two."""
    if not public:
        return f"Counted over the {own} captures of the project alone: {ALONE}."
    return (
        f"Counted over the {own} captures of the project, in which the middleboxes' own logs say "
        f"what is to be found, and over {public} public ones, whose findings were judged by hand."
    )


def table(scores: Mapping[str, Score]) -> str:
    """One row a rule, and one for all."""
    rows = [_row(f"`{rule}`", score) for rule, score in scores.items()]
    return "\n".join([HEAD, *rows, _row("all", _sum(scores))])


def _sum(scores: Mapping[str, Score]) -> tuple[int, ...]:
    """All rules together; how many captures is no sum."""
    sums = tuple(sum(column) for column in zip(*scores.values(), strict=True))
    return (-1, *sums[1:])


def _row(name: str, numbers: tuple[int, ...]) -> str:
    cells = ("" if number < 0 else str(number) for number in numbers)
    return f"| {name} | {' | '.join(cells)} |"


def section(scores: Mapping[str, Score], own: int, public: int) -> str:
    """What stands between the marks."""
    return f"{caption(own, public)}\n\n{table(scores)}"


def part(text: str) -> str:
    """What stands between the marks in a file.

    Raises:
        ValueError: if the marks are not there, or more than once.
    """
    found = re.findall(f"{START}\n(.*?){END}", text, re.DOTALL)
    if len(found) != 1:
        raise ValueError(f"{len(found)} parts stand between {START} and {END}")
    return str(found[0]).strip("\n")


def replaced(text: str, new: str) -> str:
    """The text of a file with another part; raises ValueError as ``part`` does."""
    old = part(text)
    between = f"{START}\n{old}\n{END}" if old else f"{START}\n{END}"
    return text.replace(between, f"{START}\n{new}\n{END}")
