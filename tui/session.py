"""What the screens share: the store, the listed flows, the findings, and work done in slices.

Opening ladders takes time, so the findings' index and a search of the dialogues advance a few
milliseconds per tick; keys are answered in between.
"""

from __future__ import annotations

import gc
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Final

from tui.columns import COLUMNS, Column
from tui.evidence import Evidence
from tui.search import Search
from tui.store import Store, is_damaged, slices
from tui.view import View

if TYPE_CHECKING:
    from dissect.analysis.model import FlowSummary, Update

_FREEZE_EVERY: Final = 10_000
_BUDGET: Final = 0.01
"""Seconds of work per tick."""


class Session:
    """One capture being looked at."""

    def __init__(self) -> None:
        self.store = Store()
        self.view = View(self.store.summaries)
        self.evidence = Evidence(self.store)
        self.search = Search("")
        self.only_damaged = False
        self.column: Column = COLUMNS[0]
        self.revision = 0
        """Grows with every change that a screen may show."""
        self._pending: deque[Update] = deque()
        self._unread: dict[int, None] = {}
        self._frozen = 0
        self._unsearched: deque[int] = deque()

    @property
    def searching(self) -> int:
        """Ladders that the search has not looked into yet."""
        return len(self._unsearched)

    @property
    def indexing(self) -> int:
        """Flows whose findings are not listed yet."""
        return len(self._unread)

    def feed(self, update: Update) -> None:
        """Queue an update; ``work`` takes it in."""
        self._pending.extend(slices(update))

    def work(self, budget: float = _BUDGET) -> bool:
        """Do what is pending for at most ``budget`` seconds; True where something changed."""
        end = perf_counter() + budget
        before = self.revision
        for todo in (self._take, self._index, self._look_into):
            while perf_counter() < end and todo():
                self.revision += 1
        return self.revision != before

    def sort(self, column: Column, *, reverse: bool) -> None:
        """Order the flows by a column."""
        self.column = column
        self.view.sort(column.key, reverse=reverse)
        self.revision += 1

    def find(self, words: str) -> None:
        """List the flows that hold ``words``; the dialogues are searched in slices."""
        self.search = Search(words)
        self._unsearched = deque(self.store.packed if words else ())
        self._narrow()

    def toggle_damaged(self) -> None:
        """List only damaged flows, or all again."""
        self.only_damaged = not self.only_damaged
        self._narrow()

    def next_damaged(self, flow: int | None, step: int) -> int | None:
        """The next listed flow with a finding at or above medium, going by ``step``."""
        start = self.view.index(flow) if flow is not None else None
        if start is None:
            start = -1 if step > 0 else len(self.view)
        at = self.view.find(start, step, is_damaged)
        return None if at is None else self.view[at]

    def neighbour(self, flow: int, step: int) -> int | None:
        """The listed flow before or after one."""
        at = self.view.index(flow)
        if at is None or not 0 <= at + step < len(self.view):
            return None
        return self.view[at + step]

    def _narrow(self) -> None:
        free = not self.search.words and not self.only_damaged
        self.view.narrow(None if free else self._wanted)
        self.revision += 1

    def _wanted(self, summary: FlowSummary) -> bool:
        if self.only_damaged and not is_damaged(summary):
            return False
        return self.search.matches(summary)

    def _take(self) -> bool:
        if not self._pending:
            return False
        update = self._pending.popleft()
        flows = self.store.apply(update)
        touched = [packed.flow for packed in update.details]
        if self.search.words:
            self._unsearched.extend(touched)
        self._unread.update(dict.fromkeys(flow for flow in flows if self._has_findings(flow)))
        self._unread.update(dict.fromkeys(touched))
        self.view.update(flows)
        self._freeze()
        return True

    def _freeze(self) -> None:
        """Keep the garbage collector from walking the store: its pauses would be felt in keys."""
        if len(self.store.summaries) - self._frozen >= _FREEZE_EVERY:
            self._frozen = len(self.store.summaries)
            gc.freeze()

    def _has_findings(self, flow: int) -> bool:
        return bool(self.store.summaries[flow].rules)

    def _index(self) -> bool:
        if not self._unread:
            return False
        flow = next(iter(self._unread))
        del self._unread[flow]
        summary = self.store.summaries.get(flow)
        if summary is not None and (summary.rules or self.evidence.knows(flow)):
            self.evidence.take(flow, self.store.peek(flow))
        return True

    def _look_into(self) -> bool:
        if not self._unsearched:
            return False
        flow = self._unsearched.popleft()
        detail = self.store.peek(flow)
        if detail is not None and self.search.look_into(detail):
            self.view.update((flow,))
        return True
