"""Which flows are listed and in which order: a sorted list of numbers, kept apart from the store.

Each flow has a sort key that ends with its number, so keys are unique and a position is found by
bisection.  A change costs one bisection and one list shift, however many flows are listed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from dissect.analysis.model import FlowSummary

SortKey = Callable[[FlowSummary], Any]
Predicate = Callable[[FlowSummary], bool]

_REBUILD_SHARE: Final = 4
"""From this share of changed flows on, sorting anew is cheaper than moving each."""


def _anything(_summary: FlowSummary) -> bool:
    return True


class View:
    """The listed flows in order.

    Args:
        summaries: the store's flows by number; read, never written.
    """

    def __init__(self, summaries: dict[int, FlowSummary]) -> None:
        self._summaries = summaries
        self._sort: SortKey = lambda _summary: 0
        self._wanted: Predicate = _anything
        self._keys: list[tuple[Any, int]] = []
        self._key_of: dict[int, tuple[Any, int]] = {}
        self.reverse = False

    def __len__(self) -> int:
        """Number of listed flows."""
        return len(self._keys)

    def __getitem__(self, index: int) -> int:
        """The number of the flow at a position."""
        return self._keys[-1 - index if self.reverse else index][1]

    def __iter__(self) -> Iterator[int]:
        """The listed flows, in order."""
        return (self[index] for index in range(len(self)))

    def index(self, flow: int) -> int | None:
        """The position of a flow, or None where it is not listed."""
        key = self._key_of.get(flow)
        if key is None:
            return None
        at = bisect_left(self._keys, key)
        return len(self._keys) - 1 - at if self.reverse else at

    def sort(self, key: SortKey, *, reverse: bool = False) -> None:
        """Order by ``key``, and by appearance among equals."""
        self._sort, self.reverse = key, reverse
        self._rebuild()

    def narrow(self, wanted: Predicate | None) -> None:
        """List only the flows that ``wanted`` accepts; None lists all."""
        self._wanted = wanted or _anything
        self._rebuild()

    def update(self, flows: Iterable[int]) -> None:
        """Take in new and changed flows."""
        changed = tuple(flows)
        if len(changed) * _REBUILD_SHARE > len(self._keys):
            self._rebuild()
            return
        for flow in changed:
            self._place(flow)

    def find(self, start: int, step: int, wanted: Predicate) -> int | None:
        """The nearest position after ``start``, going by ``step``, whose flow is wanted."""
        at = start + step
        while 0 <= at < len(self):
            if wanted(self._summaries[self[at]]):
                return at
            at += step
        return None

    def _place(self, flow: int) -> None:
        summary = self._summaries[flow]
        old, new = self._key_of.get(flow), (self._sort(summary), flow)
        listed = self._wanted(summary)
        if listed and old == new:
            return
        if old is not None:
            del self._keys[bisect_left(self._keys, old)]
            del self._key_of[flow]
        if listed:
            self._keys.insert(bisect_left(self._keys, new), new)
            self._key_of[flow] = new

    def _rebuild(self) -> None:
        wanted, sort = self._wanted, self._sort
        listed = [
            (sort(summary), flow) for flow, summary in self._summaries.items() if wanted(summary)
        ]
        listed.sort()
        self._keys = listed
        self._key_of = {key[1]: key for key in listed}
