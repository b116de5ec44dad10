"""A comparison as a list: each flow with what became of it, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from dissect.compare import words
from dissect.compare.comparison import Comparison
from dissect.compare.pair import Change, Pair, Trait
from dissect.compare.tape import Tape
from dissect.compare.text import Source
from dissect.compare.view import View

BRIEF: Final = 48
"""Bytes that a list shows of a difference."""


class Item(NamedTuple):
    """A pair of flows, or a flow that only one capture has."""

    pair: int
    """The number of the pair, as in the JSON Lines; -1 for a flow without partner."""
    one: Tape | None
    """What the inside has, without its bytes."""
    two: Tape | None
    octets: tuple[tuple[str, int], ...] = ()
    """Bytes that changed, appeared or vanished, by kind."""
    places: int = 0
    """Differences."""
    first: tuple[View, View] | None = None
    """The first of them that is bytes, as it was sent and as it arrived, at most ``BRIEF``."""
    resets: int = 0
    tls: int = 0
    traits: tuple[Trait, ...] = ()
    renumbered: bool = False
    relayed: bool = False
    unsure: tuple[str, ...] = ()

    @property
    def translated(self) -> bool:
        """Whether addresses or ports are not the same on both sides."""
        one, two = self.one, self.two
        return one is not None and two is not None and (
            (one.client, one.server) != (two.client, two.server)
        )  # fmt: skip

    @property
    def rank(self) -> tuple[int, ...]:
        """The order of a list that begins with the worst."""
        alone = self.pair < 0
        tcp = bool(self.traits or self.renumbered or self.translated)
        group = 0 if self.places else 1 if alone else 2 if self.unsure else 3 if tcp else 4
        return group, -self.places, -sum(count for _, count in self.octets), self.pair


class Overview(NamedTuple):
    """What two captures say together, without their bytes."""

    family: str
    message: str
    """What is between them, in a sentence or two."""
    numbers: str
    clocks: str
    traits: tuple[str, ...]
    sources: tuple[Source, Source]
    warnings: tuple[str, ...]
    items: tuple[Item, ...]
    differs: bool


def overview(found: Comparison, sources: tuple[Source, Source], warnings: list[str]) -> Overview:
    """The list of a comparison, and its verdict."""
    told = (f"{words.trait(each)} ({count:,} flows)" for each, count in words.traits(found))
    return Overview(
        found.family, words.message(found), words.numbers(found), words.clocks(found), tuple(told),
        sources, tuple(warnings), tuple(sorted(_items(found), key=lambda item: item.rank)),
        found.differs,
    )  # fmt: skip


def _items(found: Comparison) -> Iterator[Item]:
    for number, pair in enumerate(found.pairs):
        yield _item(found, number, pair)
    for tape in found.only_one:
        yield Item(-1, tape.bare, None)
    for tape in found.only_two:
        yield Item(-1, None, tape.bare)


def _item(found: Comparison, number: int, pair: Pair) -> Item:
    octets = Counter[str]()
    for change in pair.changes:
        octets[change.kind] += change.octets
    kinds = ("changed", "appeared", "vanished")
    return Item(
        number, pair.one.bare, pair.two.bare,
        tuple((kind, octets[kind]) for kind in kinds if octets[kind]), len(pair.changes),
        _first(found, pair),
        sum(change.reset for change in pair.changes),
        sum(change.kind == "tls" for change in pair.changes), pair.traits, pair.renumbered,
        pair.relayed, pair.unsure,
    )  # fmt: skip


def _first(found: Comparison, pair: Pair) -> tuple[View, View] | None:
    """The beginning of the first difference that can be read."""
    for change in pair.changes:
        if not change.reset and change.kind != "tls":
            views = _brief(change)
            return views if words.first_seen(found, change.side) else views[::-1]
    return None


def _brief(change: Change) -> tuple[View, View]:
    """A difference from its first byte on that is not the same, on both sides."""
    start = change.runs[0][0] if change.runs else 0
    last = sum(change.runs[-1]) if change.runs else max(change.one.length, change.two.length)
    end = min(last, start + BRIEF)
    return _cut(change.one, start, end), _cut(change.two, start, end)


def _cut(view: View, start: int, end: int) -> View:
    """Some bytes of a view."""
    text = view.text[start:end]
    seams = tuple(at - start for at in view.seams if start < at < end)
    return View(view.offset + start, len(text), text, seams, ())
