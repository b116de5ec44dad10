"""Fisher's exact test, against the same sum in whole numbers."""

from __future__ import annotations

from fractions import Fraction
from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect.dossier.fisher import in_words, one_sided

COUNTS = st.integers(0, 60)


def exact(a: int, b: int, c: int, d: int) -> Fraction:
    """The hypergeometric tail, without rounding."""
    first, hits, every = a + b, a + c, a + b + c + d
    ways = sum(
        comb(hits, k) * comb(every - hits, first - k) for k in range(a, min(first, hits) + 1)
    )
    return Fraction(ways, comb(every, first))


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_it_is_the_hypergeometric_tail(a: int, b: int, c: int, d: int) -> None:
    """For every table the probability is that of exact arithmetic, and between 0 and 1."""
    found = one_sided(a, b, c, d)
    assert 0 <= found <= 1
    assert isclose(found, float(exact(a, b, c, d)), rel_tol=1e-6)


def test_a_lady_tasting_tea() -> None:
    """Fisher's own example: four of four cups right are 1 in 70."""
    assert isclose(one_sided(4, 0, 0, 4), 1 / 70)


def test_a_million_verbs_are_no_work() -> None:
    """Large counts neither overflow nor take long."""
    assert one_sided(10_000, 0, 0, 1_000_000) == 0.0
    assert one_sided(10, 99_990, 90, 899_910) > 0.1


def test_a_count_below_zero_is_refused() -> None:
    """There is no such table."""
    with pytest.raises(ValueError, match="below zero"):
        one_sided(1, -1, 0, 0)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "100%"),
        (0.05, "5%"),
        (1 / 70, "1%"),
        (1 / 5000, "1 in 5,000"),
        (2.5e-10, "1 in 4 billion"),
        (1e-20, "1 in 1.0 x 10^20"),
        (0.0, "less than 1 in 10^300"),
    ],
)
def test_words_for_it(probability: float, words: str) -> None:
    """A number that a manager can read."""
    assert in_words(probability) == words
