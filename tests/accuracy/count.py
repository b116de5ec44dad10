"""Right, wrong and missing findings, counted by rule.

Counts are compared, not places: that each finding stands where the damage is, is what
``test_captures.py`` proves for the same captures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What one capture has in it."""

    capture: str
    exact: Mapping[str, int] = field(default_factory=dict)
    """By rule: so many findings, no more and no fewer."""
    least: Mapping[str, int] = field(default_factory=dict)
    """By rule: so many, and any number beyond."""
    may: frozenset[str] = frozenset()
    """Rules that are free to fire, among them some that are only planned."""


class Seen(NamedTuple):
    """The findings in one capture, by rule."""

    judged: Counter[str]
    """Those that count as false where nobody expects them."""
    free: Counter[str]
    """Those that nobody has judged, and that count neither way."""


class Score(NamedTuple):
    """One rule, over captures."""

    captures: int = 0
    """In which it was expected."""
    expected: int = 0
    """Findings, in those."""
    right: int = 0
    wrong: int = 0
    missed: int = 0
    allowed: int = 0
    """Findings that are free to be there, or that nobody has judged."""

    def plus(self, other: Score) -> Score:
        """Both together."""
        return Score(*(a + b for a, b in zip(self, other, strict=True)))


NOTHING: Final = Score()


def of_rule(rule: str, wanted: Expectation, seen: Seen) -> Score:
    """How one rule did in one capture.

    A rule with an exact count is judged by it, whatever else is said of the rule.
    """
    got, exact, least = seen.judged[rule], wanted.exact.get(rule), wanted.least.get(rule, 0)
    want = least if exact is None else exact
    right = min(want, got)
    open_ended = exact is None and (least > 0 or rule in wanted.may)
    allowed = got - right if open_ended else 0
    wrong = got - right - allowed
    return Score(int(want > 0), want, right, wrong, want - right, allowed + seen.free[rule])


def scores(rules: Iterable[str], captures: Iterable[tuple[Expectation, Seen]]) -> dict[str, Score]:
    """How each rule did over all captures, in the order of ``rules``.

    Rules that are not among them but that a capture should have findings of come last: all that
    is expected of them is missed.
    """
    pairs = list(captures)
    total = dict.fromkeys(rules, NOTHING)
    expected = {name for wanted, _ in pairs for name in {*wanted.exact, *wanted.least}}
    total |= dict.fromkeys(sorted(expected - total.keys()), NOTHING)
    for wanted, seen in pairs:
        for rule in total:
            total[rule] = total[rule].plus(of_rule(rule, wanted, seen))
    return total


def faults(wanted: Expectation, seen: Seen) -> Iterator[str]:
    """What is false or missing in one capture, a line for each rule."""
    for rule in sorted({*seen.judged, *wanted.exact, *wanted.least}):
        score = of_rule(rule, wanted, seen)
        if score.wrong or score.missed:
            yield f"{wanted.capture}: {rule}: {score.wrong} false, {score.missed} missed"
