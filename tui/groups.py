"""The flow list in groups: by client, by server, by verdict; the most damaged group first.

A grouped view is sorted by group first, so that each group is a stretch of it.  This gives every
line of the list its meaning: the head of a group, or a flow.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tui.view import Predicate, View


class Grouping(Enum):
    """What flows are grouped by."""

    NONE = "not grouped"
    CLIENT = "by client"
    SERVER = "by server"
    VERDICT = "by verdict"

    @property
    def next(self) -> Grouping:
        """The one after this."""
        order = list(Grouping)
        return order[(order.index(self) + 1) % len(order)]


class Group(NamedTuple):
    """Some flows that have something in common."""

    name: str
    start: int
    """Position of its first flow in the view, in the view's own order."""
    flows: int
    damaged: int


class Groups:
    """The lines of a list of flows.

    Args:
        view: the listed flows.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._version = -1
        self._folded: set[str] = set()
        self._groups: list[Group] = []
        self._ends: list[int] = []
        """By place of a group: the number of the first line behind it."""
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        """Number of lines."""
        if not self._view.grouped:
            return len(self._view)
        self._sync()
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, line: int) -> Group | int:
        """A group, where the line is its head, or the number of a flow."""
        if not self._view.grouped:
            return self._view[line]
        self._sync()
        place = bisect_right(self._ends, line)
        group = self._groups[place]
        within = line - self._first(place)
        return group if within == 0 else self._flow(group, within - 1)

    def line(self, flow: int) -> int | None:
        """The line of a flow, its group's where that is folded, None where it is not listed."""
        at = self._view.index(flow)
        if at is None or not self._view.grouped:
            return at
        self._sync()
        place = self._places[self._view.group_of(flow)]
        group = self._groups[place]
        if group.name in self._folded:
            return self._first(place)
        within = (group.start + group.flows - 1 - at) if self._view.reverse else at - group.start
        return self._first(place) + 1 + within

    def find(self, start: int, step: int, wanted: Predicate) -> int | None:
        """The nearest flow after line ``start``, going by ``step``, that is wanted."""
        line = start + step
        while 0 <= line < len(self):
            flow = self[line]
            if isinstance(flow, int) and wanted(self._view.summary(flow)):
                return flow
            line += step
        return None

    def head(self, name: str) -> int | None:
        """The line of a group's head."""
        self._sync()
        return self._first(self._places[name]) if name in self._places else None

    def folded(self, name: str) -> bool:
        """Whether a group shows only its head."""
        return name in self._folded

    def fold(self, name: str, *, folded: bool) -> None:
        """Show only the head of a group, or all of it."""
        (self._folded.add if folded else self._folded.discard)(name)
        self._version = -1

    def _flow(self, group: Group, within: int) -> int:
        """The flow at a place of its group, in the order that is shown."""
        last = group.start + group.flows - 1
        return self._view.at(last - within if self._view.reverse else group.start + within)

    def _first(self, place: int) -> int:
        return self._ends[place - 1] if place else 0

    def _sync(self) -> None:
        """Count the lines again where the view has changed."""
        if self._version == self._view.version:
            return
        self._version = self._view.version
        self._groups = sorted(self._stretches(), key=lambda group: (-group.damaged, -group.flows))
        self._places = {group.name: place for place, group in enumerate(self._groups)}
        self._ends = list(
            accumulate(
                1 + (0 if group.name in self._folded else group.flows) for group in self._groups
            )
        )

    def _stretches(self) -> list[Group]:
        """The groups in the view's own order."""
        found, start = [], 0
        for name, (count, damaged) in sorted(self._view.counts.items()):
            found.append(Group(name, start, count, damaged))
            start += count
        return found
