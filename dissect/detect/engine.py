"""Runs the rules over one flow's events; a rule that crashes never loses the others' findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from dissect.detect.context import Context
from dissect.detect.finding import Finding
from dissect.detect.registry import RULES
from dissect.detect.rule import Rule
from dissect.dialogue import Command, Ended, Exchange, Note, Transaction
from dissect.dialogue.events import DialogueEvent

HANDLERS: Final[dict[type, str]] = {
    Command: "command",
    Exchange: "exchange",
    Transaction: "transaction",
    Note: "note",
    Ended: "ended",
}
"""Which method of a rule takes which event."""

FLOW_FINDINGS: Final = 2_000
"""Findings of one rule kept for one flow; more add nothing and could fill the memory."""

Handler = Callable[[Context, Any], Iterator[Finding]]


def handlers(rule: Rule) -> Iterator[tuple[type, Handler]]:
    """The events that a rule takes, with the methods that take them."""
    for event, name in HANDLERS.items():
        if name in type(rule).__dict__:
            yield event, getattr(rule, name)


class Engine:
    """The rules of one flow.

    Args:
        context: of the flow.
        rules: those to run.
    """

    def __init__(self, context: Context, rules: Iterable[type[Rule]] = RULES) -> None:
        self.context = context
        self.bugs: list[str] = []
        """Rules that crashed, each in a sentence: bugs of ours, not of the traffic."""
        self._counts: dict[str, int] = {}
        self._table: dict[type, list[tuple[str, Handler]]] = {event: [] for event in HANDLERS}
        for rule in rules:
            for event, handler in handlers(rule()):
                self._table[event].append((rule.info.name, handler))

    def feed(self, events: list[DialogueEvent]) -> list[Finding]:
        """The findings that events give."""
        found: list[Finding] = []
        table, context = self._table, self.context
        for event in events:
            context.learn(event)
            for name, handler in table.get(type(event), ()):
                self._run(name, handler, event, found)
        return found

    def _run(self, name: str, handler: Handler, event: DialogueEvent, found: list[Finding]) -> None:
        """One rule on one event."""
        try:
            for finding in handler(self.context, event):
                count = self._counts[name] = self._counts.get(name, 0) + 1
                if count <= FLOW_FINDINGS:
                    found.append(finding)
        except Exception as error:  # noqa: BLE001 - isolates a bug of ours, and tells of it
            self.bugs.append(
                f"bug in rule {name} on flow {self.context.flow}: {type(error).__name__}: {error}"
            )
