"""The findings of all flows, grouped by rule, as references that are opened when they are drawn.

Findings live in the flows' compressed ladders.  The index holds a flow number and a position per
finding, so that 100,000 of them cost a few megabytes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail
    from dissect.detect.finding import Finding, Severity
    from tui.store import Store


class Ref(NamedTuple):
    """One finding: the ``position``-th of a flow."""

    flow: int
    position: int


@dataclass(slots=True)
class Group:
    """The findings of one rule, by flow."""

    rule: str
    severity: Severity
    refs: list[Ref] = field(default_factory=list)
    open: bool = True


class Entry(NamedTuple):
    """One line of the list: a group's head, or one of its findings."""

    group: Group
    ref: Ref | None


class Evidence:
    """All findings known so far, in the order in which they are shown.

    Args:
        store: where the ladders are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
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

    def index(self, rule: str, ref: Ref | None) -> int | None:
        """The position of a finding, or of its group's head where ``ref`` is None or folded."""
        at = 0
        for group in self._order:
            if group.rule == rule:
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
        for position, finding in enumerate(findings):
            group = self._groups.setdefault(finding.rule, Group(finding.rule, finding.severity))
            group.severity = max(group.severity, finding.severity)
            insort(group.refs, Ref(flow, position))
        self._rules[flow] = tuple(finding.rule for finding in findings)
        self._total += len(findings)
        self._arrange()

    def _forget(self, flow: int) -> None:
        for position, rule in enumerate(self._rules.pop(flow, ())):
            refs = self._groups[rule].refs
            del refs[bisect_left(refs, Ref(flow, position))]
            self._total -= 1

    def _arrange(self) -> None:
        filled = [group for group in self._groups.values() if group.refs]
        self._order = sorted(filled, key=lambda group: (-group.severity, group.rule))


def _height(group: Group) -> int:
    return 1 + (len(group.refs) if group.open else 0)


def _place(group: Group, ref: Ref | None) -> int:
    if ref is None or not group.open:
        return 0
    return min(bisect_left(group.refs, ref), len(group.refs) - 1) + 1
