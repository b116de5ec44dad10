"""Fisher's exact test: how likely chance alone makes a two-by-two table so uneven."""

from __future__ import annotations

from math import exp, lgamma
from typing import Final

NOTHING: Final = 1e-300
"""Below what a float tells apart from zero."""


def one_sided(a: int, b: int, c: int, d: int) -> float:
    """The probability of at least ``a`` hits among the first ``a + b`` cases.

    The table is ``a`` hits and ``b`` misses of one kind of case, ``c`` hits and ``d`` misses of
    the other; if the kind of a case had nothing to do with it, hits would be spread over the cases
    by chance (R. A. Fisher, 1935; the hypergeometric distribution).

    Raises:
        ValueError: for a count below zero.
    """
    if min(a, b, c, d) < 0:
        raise ValueError("counts cannot be below zero")
    first, hits, every = a + b, a + c, a + b + c + d
    total = _choose(every, first)
    most = min(first, hits)
    terms = (
        exp(_choose(hits, k) + _choose(every - hits, first - k) - total)
        for k in range(a, most + 1)
        if first - k <= every - hits
    )
    return min(1.0, sum(terms))


def in_words(probability: float) -> str:
    """``1 in 3.9 billion``, or ``5 %`` where it is no small number."""
    if probability < NOTHING:
        return "less than 1 in 10^300"
    if probability > 0.01:  # noqa: PLR2004 - a percentage says more there
        return f"{probability:.0%}"
    odds = 1 / probability
    for name, size in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if size <= odds < size * 1000:
            return f"1 in {odds / size:.3g} {name}"
    return f"1 in {odds:,.0f}" if odds < 1e6 else f"1 in {odds:.1e}".replace("e+", " x 10^")  # noqa: PLR2004


def _choose(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose ``k`` of ``n``."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
