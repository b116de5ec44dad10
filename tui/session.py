"""What the screens share: the store, the listed flows, the findings, and work done in slices.

Opening ladders takes time, so the findings' index and a filter that looks into dialogues advance
a few milliseconds per tick; keys are answered in between.
"""

from __future__ import annotations

import gc
from collections import deque
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Final

from tui.columns import AS_THEY_COME, COLUMNS, USUAL, Choice, Column, with_source
from tui.evidence import By, Evidence
from tui.filtering import Filter, Known, parse
from tui.groups import Grouping, Groups
from tui.look import UNICODE
from tui.pairs import VerdictOf
from tui.source_names import labels
from tui.store import Store, is_damaged, slices
from tui.target import Target
from tui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dissect.analysis.model import FlowSummary, LogLine, Update, Verdict
    from tui.notes import Notes
    from tui.view import GroupKey

_FREEZE_EVERY: Final = 10_000
_BUDGET: Final = 0.01
"""Seconds of work per tick."""
_MOST_AROUND: Final = 200
"""Flows that are looked into for a frame."""
_MOST_KNOWN: Final = 2_000
"""Flows whose names a completion offers."""
_MOST_WAITING: Final = 10_000
"""Updates that a paused view lets wait; from then on the oldest are taken in."""
_NO_VERDICT: Final = "no verdict"


class Session:
    """One capture, or several, being looked at.

    Args:
        notes: the user's own words on flows; None where they have no place.
    """

    def __init__(self, notes: Notes | None = None) -> None:
        self.store = Store()
        self.view = View(self.store.summaries, is_damaged)
        self.lines = Groups(self.view)
        self.evidence = Evidence(self.store, self.verdict)
        self.filter: Filter = parse("")
        self.only_damaged = False
        self.only_source = ""
        """The source whose flows are listed; empty for all."""
        self._labels: dict[str, str] = {}
        self.column: Column = COLUMNS[0]
        self.columns: tuple[Choice, ...] = USUAL
        self.grouping = Grouping.NONE
        self.marks: set[int] = set()
        self.target = Target.CURSOR
        self.notes = notes
        self.revision = 0
        """Grows with every change that a screen may show."""
        self._verdict_of = VerdictOf()
        self.paused = False
        """Whether new packets wait, so that nothing moves on the screen."""
        self.stood_on: Callable[[], set[int]] = set
        """The flows that the user looks at, which therefore cannot go."""
        self._pending: deque[Update] = deque()
        self._leaving: dict[int, None] = {}
        self._unread: dict[int, None] = {}
        self._frozen = 0
        self._unsearched: dict[int, None] = {}
        self._inside: set[int] = set()
        """Flows whose dialogue the filter wants."""
        self._told: dict[int, bool | None] = {}
        """What the filter makes of each summary, while the list is narrowed by it."""

    @property
    def searching(self) -> int:
        """Ladders that the filter has not looked into yet."""
        return len(self._unsearched)

    @property
    def indexing(self) -> int:
        """Flows whose findings are not listed yet."""
        return len(self._unread)

    def feed(self, update: Update) -> None:
        """Queue an update; ``work`` takes it in."""
        self._pending.extend(slices(update))
        self.revision += self.paused  # the header says how much waits

    def work(self, budget: float = _BUDGET) -> bool:
        """Do what is pending for at most ``budget`` seconds; True where something changed."""
        end = perf_counter() + budget
        before = self.revision
        for todo in (self._take, self._drop, self._index, self._look_into):
            while perf_counter() < end and todo():
                self.revision += 1
        return self.revision != before

    @property
    def waiting(self) -> int:
        """Updates that wait because the view is paused."""
        return len(self._pending) if self.paused else 0

    def pause(self) -> bool:
        """Let the view stand still, or go on; whether it stands still now."""
        self.paused = not self.paused
        self.revision += 1
        return self.paused

    @property
    def shown_columns(self) -> tuple[Choice, ...]:
        """The columns as chosen; until they are, with the source where there are several."""
        several = len(self.store.sources) > 1 and self.columns in AS_THEY_COME
        return with_source(self.columns) if several else self.columns

    # What a filter and a column may ask beside the flow itself.

    def marked(self, flow: int) -> bool:
        """Whether the user has marked a flow."""
        return flow in self.marks

    def note(self, flow: int) -> str:
        """The user's verdict and comment on a flow, in a line."""
        summary = self.store.summaries.get(flow)
        note = self.notes.of(summary) if self.notes is not None and summary is not None else None
        return "" if note is None else note.line

    def log(self, flow: int) -> tuple[LogLine, ...]:
        """What mail logs say of a flow."""
        found = self.store.logs.get(flow)
        return () if found is None else found.lines

    def verdicts(self) -> tuple[Verdict, ...]:
        """All verdicts."""
        return self.store.verdicts

    def verdict_of(self, flow: FlowSummary) -> Verdict | None:
        """What is known of the path between a flow's ends."""
        return self._verdict_of(flow)

    def verdict(self, flow: FlowSummary) -> str:
        """The same in words."""
        found = self._verdict_of(flow)
        return "" if found is None else found.title

    def source(self, flow: FlowSummary) -> str:
        """Where its packets come from, in short."""
        return self.labels[flow.capture]

    @property
    def labels(self) -> dict[str, str]:
        """The sources, in the order of their first flow, each with its short name."""
        if len(self._labels) != len(self.store.sources):
            self._labels = labels(self.store.sources)
        return self._labels

    # What is listed.

    def sort(self, column: Column, *, reverse: bool) -> None:
        """Order the flows by a column."""
        self.column = column
        self.view.sort(column.order(UNICODE, self), reverse=reverse)
        self.revision += 1

    def narrow(self, wanted: Filter) -> None:
        """List the flows that a filter wants; dialogues are looked into in slices."""
        self.filter = wanted
        self._inside.clear()
        self._told = {}
        if not wanted.matches_all:
            ask = wanted.summary
            self._told = {flow: ask(each, self) for flow, each in self.store.summaries.items()}
            if wanted.loose is not None and set(self._told.values()) <= {False}:
                self.narrow(wanted.loose)
                return
        self._unsearched = {flow: None for flow, told in self._told.items() if told is None}
        self._narrow()
        self._told = {}

    def toggle_damaged(self) -> None:
        """List only damaged flows, or all again."""
        self.only_damaged = not self.only_damaged
        self._narrow()

    def next_source(self) -> str:
        """List the flows of the next source only, behind the last one all again; its name."""
        every = ["", *self.store.sources]
        return self.list_source(every[(every.index(self.only_source) + 1) % len(every)])

    def list_source(self, name: str) -> str:
        """List the flows of one source only; of all where it has no name."""
        self.only_source = name
        self._narrow()
        return name

    def group(self, grouping: Grouping) -> None:
        """Put flows with something in common together."""
        self.grouping = grouping
        self.view.group(_GROUPS[grouping](self))
        self.revision += 1

    def next_damaged(self, flow: int | None, step: int) -> int | None:
        """The next listed flow with a finding at or above medium, going by ``step``."""
        start = self.lines.line(flow) if flow is not None else None
        if start is None:
            start = -1 if step > 0 else len(self.lines)
        return self.lines.find(start, step, is_damaged)

    def neighbour(self, flow: int, step: int) -> int | None:
        """The listed flow before or after one."""
        at = self.lines.line(flow)
        return None if at is None else self.lines.find(at, step, lambda _summary: True)

    def holding(self, frame: int) -> list[int]:
        """The flows that hold a frame; where none surely does, those around it."""
        around = [
            flow.flow
            for flow in self.store.summaries.values()
            if flow.first_frame <= frame <= flow.last_frame
        ]
        wanted = parse(f"frame:{frame}")
        details = filter(None, map(self.store.peek, around[:_MOST_AROUND]))
        exact = [each.summary.flow for each in details if wanted.detail(each, self)]
        return exact or around

    def known(self) -> Known:
        """What a completion can offer: addresses and names of the first flows."""
        some = list(islice(self.store.summaries.values(), _MOST_KNOWN))
        return Known(
            clients=tuple(dict.fromkeys(flow.client.address for flow in some)),
            servers=tuple(dict.fromkeys(flow.server.address for flow in some)),
            helos=tuple(dict.fromkeys(flow.helo for flow in some if flow.helo)),
        )

    # Marks, and what actions take.

    def mark(self, flows: Iterable[int]) -> int:
        """Mark flows, or unmark them where all are marked; how many are marked then."""
        chosen = set(flows)
        if chosen <= self.marks:
            self.marks -= chosen
        else:
            self.marks |= chosen
        self._marked()
        return len(self.marks)

    def unmark(self) -> None:
        """Take all marks off."""
        self.marks.clear()
        self._marked()

    def chosen(self, flow: int | None) -> tuple[int, ...]:
        """The flows that an action takes, in the order of the list where they are in it.

        Args:
            flow: the one under the cursor.
        """
        if self.target is Target.CURSOR:
            return () if flow is None else (flow,)
        if self.target is Target.MARKED:
            return tuple(sorted(self.marks))
        return tuple(self.view) if self.target is Target.SHOWN else tuple(self.store.summaries)

    def noted(self) -> None:
        """Notes have changed: a filter or a column may ask for them."""
        self._marked()

    def _marked(self) -> None:
        self.revision += 1
        if not self.filter.matches_all:
            self.narrow(self.filter)
        elif self.column.key is None:
            self.sort(self.column, reverse=self.view.reverse)

    def _narrow(self) -> None:
        free = self.filter.matches_all and not self.only_damaged and not self.only_source
        self.view.narrow(None if free else self._wanted)
        self.revision += 1

    def _wanted(self, summary: FlowSummary) -> bool:
        if self.only_damaged and not is_damaged(summary):
            return False
        if self.only_source and summary.capture != self.only_source:
            return False
        flow = summary.flow
        known = flow in self._told
        told = self._told[flow] if known else self.filter.summary(summary, self)
        return flow in self._inside if told is None else told

    # Work in slices.

    def _take(self) -> bool:
        if not self._pending or (self.paused and len(self._pending) < _MOST_WAITING):
            return False
        update = self._pending.popleft()
        self._leaving.update(dict.fromkeys(update.gone))
        flows = self.store.apply(update)
        touched = dict.fromkeys(packed.flow for packed in update.details)
        if not self.filter.matches_all:
            self._unsearched.update(touched)
        self._unread.update(dict.fromkeys(flow for flow in flows if self._has_findings(flow)))
        self._unread.update(touched)
        self._judge()
        self.view.update(flows)
        self._freeze()
        return True

    def _drop(self) -> bool:
        """Forget a flow that is no longer kept, unless the user holds on to it."""
        if not self._leaving:
            return False
        held = self.marks | self.stood_on()
        flow = next((each for each in self._leaving if each not in held), None)
        if flow is None:
            return False
        del self._leaving[flow]
        self.view.remove(flow)
        self.evidence.drop(flow)
        self.store.drop(flow)
        for known in (self._unread, self._unsearched):
            known.pop(flow, None)
        self._inside.discard(flow)
        return True

    def _judge(self) -> None:
        """New verdicts: what a filter says, and what flows are grouped by, may have changed."""
        if self._verdict_of.verdicts == self.store.verdicts:
            return
        self._verdict_of = VerdictOf(self.store.verdicts)
        if self.grouping is Grouping.VERDICT:
            self.group(self.grouping)
        if self.evidence.by is By.VERDICT:
            self.evidence.group(By.VERDICT)
        if "verdict" in self.filter.text:
            self.narrow(self.filter)

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
        """Let the filter look into one dialogue, where the summary alone does not tell."""
        if not self._unsearched:
            return False
        flow = next(iter(self._unsearched))
        del self._unsearched[flow]
        summary, detail = self.store.summaries.get(flow), self.store.peek(flow)
        if summary is None or detail is None or self.filter.summary(summary, self) is not None:
            return True
        found = self.filter.detail(detail, self)
        if found is not (flow in self._inside):
            (self._inside.add if found else self._inside.discard)(flow)
            self.view.update((flow,))
        return True


def _by_verdict(session: Session) -> GroupKey:
    return lambda flow: session.verdict(flow) or _NO_VERDICT


_GROUPS: Final[dict[Grouping, Callable[[Session], GroupKey | None]]] = {
    Grouping.NONE: lambda _session: None,
    Grouping.CLIENT: lambda _session: lambda flow: flow.client.address,
    Grouping.SERVER: lambda _session: lambda flow: str(flow.server),
    Grouping.VERDICT: _by_verdict,
}
"""By grouping: what makes the name of a flow's group."""
