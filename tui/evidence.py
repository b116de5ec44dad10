"""The findings of all flows, in groups, as references that are opened when they are drawn.

Findings live in the flows' compressed ladders.  The index holds a flow number and a position per
finding, so that 100,000 of them cost a few megabytes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from dissect.analysis.model import FlowDetail, FlowSummary
    from dissect.detect.finding import Finding, Severity
    from tui.store import Store


class By(Enum):
    """What findings are grouped by."""

    RULE = "by rule"
    CLIENT = "by client"
    VERDICT = "by verdict"

    @property
    def next(self) -> By:
        """The one after this."""
        order = list(By)
        return order[(order.index(self) + 1) % len(order)]


class Ref(NamedTuple):
    """One finding: the ``position``-th of a flow."""

    flow: int
    position: int


@dataclass(slots=True)
class Group:
    """The findings of one rule, client or verdict, by flow."""

    name: str
    severity: Severity
    refs: list[Ref] = field(default_factory=list)
    open: bool = True


NONE = "no verdict"
"""The group of findings whose flows no verdict is drawn from."""


class Entry(NamedTuple):
    """One line of the list: a group's head, or one of its findings."""

    group: Group
    ref: Ref | None


class Evidence:
    """All findings known so far, in the order in which they are shown.

    Args:
        store: where the ladders are.
        verdict: the title of a flow's verdict, or nothing.
    """

    def __init__(self, store: Store, verdict: Callable[[FlowSummary], str]) -> None:
        self._store = store
        self._verdict = verdict
        self.by = By.RULE
        self._worst: dict[str, Severity] = {}
        """The worst severity of each rule."""
        self._groups: dict[str, Group] = {}
        self._order: list[Group] = []
        self._rules: dict[int, tuple[str, ...]] = {}
        self._total = 0

    @property
    def groups(self) -> list[Group]:
        """Groups with findings, the worst first."""
        return self._order

    @property
    def total(self) -> int:
        """Number of findings."""
        return self._total

    def __len__(self) -> int:
        """Number of lines."""
        return sum(_height(group) for group in self._order)

    def __getitem__(self, index: int) -> Entry:
        """The line at a position; there are few groups, so walking them is quick."""
        for group in self._order:
            if index < _height(group):
                return Entry(group, group.refs[index - 1] if index else None)
            index -= _height(group)
        raise IndexError(index)

    def index(self, name: str, ref: Ref | None) -> int | None:
        """The position of a finding, or of its group's head where ``ref`` is None or folded."""
        at = 0
        for group in self._order:
            if group.name == name:
                return at + _place(group, ref)
            at += _height(group)
        return None

    def finding(self, ref: Ref) -> Finding | None:
        """The finding itself, from its flow's ladder."""
        detail = self._store.detail(ref.flow)
        if detail is None or ref.position >= len(detail.findings):
            return None
        return detail.findings[ref.position]

    def knows(self, flow: int) -> bool:
        """True where findings of the flow are listed."""
        return bool(self._rules.get(flow))

    def take(self, flow: int, detail: FlowDetail | None) -> None:
        """Know the flow's findings as they are now."""
        self._forget(flow)
        findings = detail.findings if detail is not None else ()
        for finding in findings:
            worst = self._worst.get(finding.rule, finding.severity)
            self._worst[finding.rule] = max(worst, finding.severity)
        self._rules[flow] = tuple(finding.rule for finding in findings)
        self._total += len(findings)
        self._put(flow)
        self._arrange()

    def drop(self, flow: int) -> None:
        """Know the flow no more."""
        if self.knows(flow):
            self.take(flow, None)
        self._rules.pop(flow, None)

    def group(self, by: By) -> None:
        """Group the findings by something else, or anew where verdicts have come."""
        folded = {group.name for group in self._order if not group.open}
        self.by = by
        self._groups = {}
        for flow in sorted(self._rules):
            self._put(flow)
        for name in folded & self._groups.keys():
            self._groups[name].open = False
        self._arrange()

    def _put(self, flow: int) -> None:
        """Put the references to a flow's findings into their groups."""
        for position, rule in enumerate(self._rules[flow]):
            name, severity = self._place_of(flow, rule)
            group = self._groups.setdefault(name, Group(name, severity))
            group.severity = max(group.severity, severity)
            insort(group.refs, Ref(flow, position))

    def _place_of(self, flow: int, rule: str) -> tuple[str, Severity]:
        """The group of a finding, and how bad that makes the group."""
        summary = self._store.summaries.get(flow)
        if self.by is By.RULE or summary is None:
            return rule, self._worst[rule]
        worst = summary.severity if summary.severity is not None else self._worst[rule]
        by_client = self.by is By.CLIENT
        return summary.client.address if by_client else self._verdict(summary) or NONE, worst

    def _forget(self, flow: int) -> None:
        rules = self._rules.pop(flow, ())
        self._total -= len(rules)
        for group in self._groups.values() if rules else ():
            low = bisect_left(group.refs, Ref(flow, 0))
            high = bisect_left(group.refs, Ref(flow + 1, 0))
            del group.refs[low:high]

    def _arrange(self) -> None:
        filled = [group for group in self._groups.values() if group.refs]
        self._order = sorted(filled, key=lambda each: (-each.severity, -len(each.refs), each.name))


def _height(group: Group) -> int:
    return 1 + (len(group.refs) if group.open else 0)


def _place(group: Group, ref: Ref | None) -> int:
    if ref is None or not group.open:
        return 0
    return min(bisect_left(group.refs, ref), len(group.refs) - 1) + 1
