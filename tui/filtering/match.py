"""What a filter asks of a flow, with three answers: yes, no, and only the dialogue can tell.

A test has two sides.  ``quick`` looks at the summary and may leave it open (None); ``deep`` looks
at the whole flow and decides.  Where ``quick`` decides, ``deep`` says the same.  Tests are joined
by Kleene's rules, so that what can be told from summaries is told: no, whatever else is unknown,
ends an ``and``, and yes ends an ``or``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail, FlowSummary, LogLine, Verdict


class Facts(Protocol):
    """What a filter may ask beside the flow."""

    def marked(self, flow: int, /) -> bool:
        """Whether the user has marked the flow of that number."""
        ...

    def note(self, flow: int, /) -> str:
        """The user's note on it; empty without."""
        ...

    def verdicts(self) -> tuple[Verdict, ...]:
        """All verdicts; the same tuple until they change."""
        ...

    def log(self, flow: int, /) -> tuple[LogLine, ...]:
        """What mail logs say of it."""
        ...


class Bare:
    """Nothing beside the flow: no marks, no notes, no verdicts, no log."""

    def marked(self, _flow: int, /) -> bool:
        """Nothing is marked."""
        return False

    def note(self, _flow: int, /) -> str:
        """There are no notes."""
        return ""

    def verdicts(self) -> tuple[Verdict, ...]:
        """There are no verdicts."""
        return ()

    def log(self, _flow: int, /) -> tuple[LogLine, ...]:
        """There are no logs."""
        return ()


BARE: Final = Bare()

Quick = Callable[["FlowSummary", Facts], "bool | None"]
Deep = Callable[["FlowDetail", Facts], bool]


class Probe(NamedTuple):
    """One question."""

    quick: Quick
    deep: Deep
    sure: bool
    """Whether ``quick`` always decides."""


def sure(quick: Callable[[FlowSummary, Facts], bool]) -> Probe:
    """A test that the summary answers."""
    return Probe(quick, lambda detail, facts: quick(detail.summary, facts), sure=True)


def open_(quick: Quick, look: Callable[[FlowDetail], bool]) -> Probe:
    """A test that the dialogue answers where the summary does not."""

    def deep(detail: FlowDetail, facts: Facts) -> bool:
        told = quick(detail.summary, facts)
        return look(detail) if told is None else told

    return Probe(quick, deep, sure=False)


EVERYTHING: Final = sure(lambda _flow, _facts: True)


def negated(test: Probe) -> Probe:
    """The opposite."""
    quick, deep = test.quick, test.deep

    def firm(flow: FlowSummary, facts: Facts) -> bool:
        return not quick(flow, facts)

    def loose(flow: FlowSummary, facts: Facts) -> bool | None:
        told = quick(flow, facts)
        return None if told is None else not told

    return Probe(
        firm if test.sure else loose, lambda detail, facts: not deep(detail, facts), test.sure
    )


def every(tests: list[Probe]) -> Probe:
    """All of them."""
    return _joined(tests, ends=False)


def some(tests: list[Probe]) -> Probe:
    """At least one of them."""
    return _joined(tests, ends=True)


def _joined(tests: list[Probe], *, ends: bool) -> Probe:
    """Tests of which one that says ``ends`` decides for all; the quick ones are asked first."""
    firm = tuple(test.quick for test in tests if test.sure)
    loose = tuple(test.quick for test in tests if not test.sure)
    deep = tuple(test.deep for test in sorted(tests, key=lambda test: not test.sure))

    def quick(flow: FlowSummary, facts: Facts) -> bool | None:
        for ask in firm:
            if ask(flow, facts) is ends:
                return ends
        told: bool | None = not ends
        for ask in loose:
            said = ask(flow, facts)
            if said is ends:
                return ends
            if said is None:
                told = None
        return told

    def look(detail: FlowDetail, facts: Facts) -> bool:
        for ask in deep:
            if ask(detail, facts) is ends:
                return ends
        return not ends

    return Probe(quick, look, not loose)
