"""What a family of devices is: weighted evidence, words, a remedy, and what would confirm it."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

from dissect.detect.tally import Tally

Count = Callable[[Tally], int]


class Evidence(NamedTuple):
    """One kind of evidence for a family."""

    what: str
    """In words: the cases that speak for it, of all cases."""
    weight: float
    """How much it proves when nothing speaks against it, 0 to 1."""
    hits: Count
    """Cases that speak for it."""
    cases: Count
    """All cases: those that do not speak for it speak against it."""
    proves: bool = True
    """False where it is nothing without other evidence."""


def share(what: str, weight: float, hits: str, cases: str = "") -> Evidence:
    """Evidence whose cases are two fields of the tally; without the second all are hits."""
    return Evidence(what, weight, attrgetter(hits), attrgetter(cases or hits))


class Against(NamedTuple):
    """Evidence of another kind that speaks against a family."""

    what: str
    weight: float
    """How much of the confidence it takes when all cases speak against it."""
    hits: Count
    cases: Count


class Said(NamedTuple):
    """A part of the proof, said where its count is not zero."""

    count: Count
    words: Callable[[Tally], str]


class Family(NamedTuple):
    """One kind of thing in between, or none."""

    device: str
    """Machine-readable."""
    title: Callable[[Tally], str]
    evidence: tuple[Evidence, ...]
    said: tuple[Said, ...]
    remedy: Callable[[Tally], tuple[str, ...]]
    confirm: tuple[str, ...]
    """What would make it surer, or refute it."""
    counts: tuple[str, ...]
    """Fields of the tally that prove it, for and against."""
    marks: tuple[str, ...] = ()
    """Fields of a flow's tally that make the flow a part of the proof."""
    always: tuple[str, ...] = ()
    """Those of them that are told even where they are zero."""
    against: tuple[Against, ...] = ()


def of(hits: str, cases: str, what: str) -> Said:
    """``6 of 6 verbs with a seam inside were masked``."""
    return Said(
        lambda t: getattr(t, cases),
        lambda t: f"{getattr(t, hits)} of {getattr(t, cases)} {what}",
    )


def just(field: str, one: str, several: str) -> Said:
    """``1 reply quotes a mask``, ``2 replies quote a mask``."""

    def words(tally: Tally) -> str:
        count = getattr(tally, field)
        return f"{count} {one if count == 1 else several}"

    return Said(lambda t: getattr(t, field), words)


def fixed(title: str) -> Callable[[Tally], str]:
    """The same title, whatever the counts."""
    return lambda _: title


def steps(*remedy: str) -> Callable[[Tally], tuple[str, ...]]:
    """The same remedy, whatever the counts."""
    return lambda _: remedy
