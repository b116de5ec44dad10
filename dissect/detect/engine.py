"""Runs the rules over one flow's events; a rule that crashes never loses the others' findings.

Most exchanges have nothing about them that could concern a rule: they cost one look at their
bits, and rules are made for a flow only when the first event concerns them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from dissect.detect.context import Context
from dissect.detect.finding import Finding
from dissect.detect.registry import RULES
from dissect.detect.rule import Rule
from dissect.detect.traits import NOTES
from dissect.dialogue import Ended, Exchange, Note, Opaque, Transaction
from dissect.dialogue.events import DialogueEvent

HANDLERS: Final[dict[type, str]] = {
    Exchange: "exchange",
    Transaction: "transaction",
    Note: "note",
    Ended: "ended",
}
"""Which method of a rule takes which event."""

CHOICE: Final[dict[type, Callable[[type[Rule]], int]]] = {
    Exchange: lambda rule: rule.when,
    Transaction: lambda rule: rule.concerns,
    Note: lambda rule: rule.notes,
}
"""Where a rule says which of these events concern it; it takes all of the others."""

FLOW_FINDINGS: Final = 2_000
"""Findings of one rule kept for one flow; more add nothing and could fill the memory."""


@cache
def concerned(event: type, bits: int) -> tuple[int, ...]:
    """The rules, by their place in ``RULES``, that an event with these bits concerns."""
    name, choice = HANDLERS.get(event), CHOICE.get(event)
    return tuple(
        place
        for place, rule in enumerate(RULES)
        if name in rule.__dict__ and (choice is None or choice(rule) & bits)
    )


class Engine:
    """The rules of one flow.

    Args:
        context: of the flow.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.bugs: list[str] = []
        """Rules that crashed, each in a sentence: bugs of ours, not of the traffic."""
        self._counts: dict[str, int] = {}
        self._rules: dict[int, Rule] = {}

    def feed(self, events: list[DialogueEvent]) -> list[Finding]:
        """The findings that events give."""
        found: list[Finding] = []
        context = self.context
        for event in events:
            if type(event) is Exchange:
                bits = context.exchange(event)
                if bits:
                    self._tell(Exchange, bits, event, found)
            elif type(event) is Transaction:
                self._tell(Transaction, context.transaction(event), event, found)
            elif type(event) is Note:
                context.note(event)
                self._tell(Note, NOTES[event.kind], event, found)
            elif type(event) is Opaque:
                context.opaque(event)
            elif type(event) is Ended and context.ended(event):
                self._tell(Ended, 0, event, found)
        return found

    def _tell(self, kind: type, bits: int, event: DialogueEvent, found: list[Finding]) -> None:
        """Let the rules see an event that it concerns."""
        for place in concerned(kind, bits):
            self._run(place, HANDLERS[kind], event, found)

    def _run(self, place: int, method: str, event: Any, found: list[Finding]) -> None:
        """One rule on one event."""
        rule = self._rules.get(place)
        if rule is None:
            rule = self._rules[place] = RULES[place]()
        name = rule.info.name
        try:
            for finding in getattr(rule, method)(self.context, event):
                count = self._counts[name] = self._counts.get(name, 0) + 1
                if count <= FLOW_FINDINGS:
                    found.append(finding)
        except Exception as error:  # noqa: BLE001 - isolates a bug of ours, and tells of it
            self.bugs.append(
                f"bug in rule {name} on flow {self.context.flow}: {type(error).__name__}: {error}"
            )
