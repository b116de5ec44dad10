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
GroupKey = Callable[[FlowSummary], str]

_REBUILD_SHARE: Final = 4
"""From this share of changed flows on, sorting anew is cheaper than moving each."""


def _anything(_summary: FlowSummary) -> bool:
    return True


class View:
    """The listed flows in order.

    Args:
        summaries: the store's flows by number; read, never written.
        damaged: which flows a group counts as damaged.
    """

    def __init__(self, summaries: dict[int, FlowSummary], damaged: Predicate = _anything) -> None:
        self._summaries = summaries
        self._damaged = damaged
        self._sort: SortKey = lambda _summary: 0
        self._group: GroupKey | None = None
        self._wanted: Predicate = _anything
        self._keys: list[tuple[Any, int]] = []
        self._key_of: dict[int, tuple[Any, int]] = {}
        self._counted: dict[int, bool] = {}
        """Of grouped flows: whether they were counted as damaged."""
        self.counts: dict[str, tuple[int, int]] = {}
        """By group: flows, and damaged ones; empty where flows are not grouped."""
        self.reverse = False
        self.version = 0
        """Grows with every change of what is listed."""

    def __len__(self) -> int:
        """Number of listed flows."""
        return len(self._keys)

    def __getitem__(self, index: int) -> int:
        """The number of the flow at a position."""
        return self._keys[-1 - index if self.reverse else index][1]

    def at(self, index: int) -> int:
        """The number of the flow at a position of the view's own order, never turned round."""
        return self._keys[index][1]

    @property
    def grouped(self) -> bool:
        """Whether flows are in groups; then positions are those of the view's own order."""
        return self._group is not None

    def group_of(self, flow: int) -> str:
        """The group of a listed flow."""
        return str(self._key_of[flow][0][0])

    def __iter__(self) -> Iterator[int]:
        """The listed flows, in order."""
        return (self[index] for index in range(len(self)))

    def index(self, flow: int) -> int | None:
        """The position of a flow, or None where it is not listed."""
        key = self._key_of.get(flow)
        if key is None:
            return None
        at = bisect_left(self._keys, key)
        return len(self._keys) - 1 - at if self.reverse and not self.grouped else at

    def group(self, key: GroupKey | None) -> None:
        """Put flows with the same ``key`` together; None lists them in one order."""
        self._group = key
        self._rebuild()

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

    def remove(self, flow: int) -> None:
        """List a flow no more; its summary has to be there still."""
        old = self._key_of.pop(flow, None)
        if old is not None:
            self.version += 1
            del self._keys[bisect_left(self._keys, old)]
            self._count(old, flow, -1)

    def summary(self, flow: int) -> FlowSummary:
        """A flow by its number."""
        return self._summaries[flow]

    def _key(self, summary: FlowSummary) -> tuple[Any, int]:
        sort = self._sort(summary)
        return (sort if self._group is None else (self._group(summary), sort)), summary.flow

    def _place(self, flow: int) -> None:
        summary = self._summaries[flow]
        old, new = self._key_of.get(flow), self._key(summary)
        listed = self._wanted(summary)
        if listed and old == new and self._counted.get(flow) in {None, self._damaged(summary)}:
            return
        self.version += 1
        if old is not None:
            del self._keys[bisect_left(self._keys, old)]
            del self._key_of[flow]
            self._count(old, flow, -1)
        if listed:
            self._keys.insert(bisect_left(self._keys, new), new)
            self._key_of[flow] = new
            self._count(new, flow, 1)

    def _count(self, key: tuple[Any, int], flow: int, step: int) -> None:
        """Count a flow into its group, or out of it."""
        if self._group is None:
            return
        name = key[0][0]
        if step > 0:
            self._counted[flow] = self._damaged(self._summaries[flow])
        bad = self._counted[flow] if step > 0 else self._counted.pop(flow)
        flows, damaged = self.counts.get(name, (0, 0))
        self.counts[name] = (flows + step, damaged + step * bad)
        if not self.counts[name][0]:
            del self.counts[name]

    def _rebuild(self) -> None:
        wanted, key = self._wanted, self._key
        listed = [key(summary) for summary in self._summaries.values() if wanted(summary)]
        listed.sort()
        self.version += 1
        self._keys = listed
        self._key_of = {each[1]: each for each in listed}
        self.counts, self._counted = {}, {}
        for each in listed if self._group is not None else ():
            self._count(each, each[1], 1)
