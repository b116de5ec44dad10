"""One flow of the read model, put together as it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dissect.analysis.model import FlowDetail, FlowSummary, Outcome, Recipients
from dissect.analysis.rows import Rows
from dissect.detect import envelope, masks
from dissect.detect.context import HELLO
from dissect.detect.finding import Finding, Severity
from dissect.dialogue import Command, Ended, Exchange, Session, Transaction, TransactionEnd
from dissect.dialogue.events import DialogueEvent
from dissect.dialogue.grammar import PHASES
from dissect.streams import Flow

FINDINGS: Final = 5_000
"""Findings kept of one flow."""

SHORT: Final = 256
"""Characters of a name in a summary."""


class Builder:
    """Gathers what a flow's summary and ladder say."""

    def __init__(self, flow: Flow, capture: str, session: Session) -> None:
        self.flow = flow
        self.capture = capture
        self.session = session
        self.rows = Rows()
        self.findings: list[Finding] = []
        self.changed = True
        self.ended: Ended | None = None
        self.helo = self.banner = self.reverse_path = ""
        self.messages = 0
        self.offered = self.accepted = 0
        self.damaged = 0
        """Recipients that were damaged in messages that were accepted."""
        self.refused = 0
        self.lost = False
        self.commands = 0
        self.phase = "greeting"
        """How far the server came: the last command that it answered."""

    def add(self, events: list[DialogueEvent], findings: list[Finding]) -> None:
        """Take what one segment has brought."""
        self.changed = True
        if events:
            self.rows.add(events)
            for event in events:
                handler = LEARN.get(type(event))
                if handler:
                    handler(self, event)
        if findings:
            self.findings.extend(findings[: max(0, FINDINGS - len(self.findings))])

    def _learn_command(self, command: Command) -> None:
        self.commands += 1
        if command.verb in HELLO:
            self.helo = _short(command.argument.strip())

    def _learn_exchange(self, exchange: Exchange) -> None:
        command, reply = exchange.command, exchange.reply
        if reply is not None and reply.greeting:
            self.banner = _short(reply.lines[0])
        if command is None:
            return
        verb = envelope.original(command)
        if reply is not None:
            self.phase = PHASES.get(verb, self.phase)
        if verb == "RCPT":
            self.offered += 1
            self.accepted += reply is not None and reply.positive
        elif verb == "MAIL" and not self.reverse_path:
            self.reverse_path = _short(masks.path(command.line).encode())
        elif verb == "EHLO" and not self.helo:
            self.helo = _short(command.argument.strip())

    def _learn_transaction(self, transaction: Transaction) -> None:
        self.messages += transaction.accepted
        if transaction.accepted:
            offered = envelope.read(transaction).offered
            self.damaged += sum(not recipient.accepted for recipient in offered)
        elif transaction.end is TransactionEnd.LOST and envelope.undecided(transaction):
            self.lost = True
        elif envelope.refused(transaction):
            self.refused += 1

    def _learn_ended(self, ended: Ended) -> None:
        self.ended = ended

    def outcome(self) -> Outcome:
        """What became of the mail."""
        tests = (
            (self.lost and self._over(), Outcome.LOST),
            (self.messages and self.damaged, Outcome.PARTLY),
            (self.messages and self.refused, Outcome.PARTLY),
            (self.messages, Outcome.DELIVERED),
            (self.session.encrypted, Outcome.ENCRYPTED),
            (self.refused, Outcome.REJECTED),
            (not self.flow.finished, Outcome.OPEN),
        )
        return next((outcome for test, outcome in tests if test), self._bare())

    def _over(self) -> bool:
        """Whether the end of the connection was seen, from both sides."""
        return self.ended is not None and bool(self.ended.closed) and self.ended.server_seen

    def _bare(self) -> Outcome:
        """A flow without a mail transaction."""
        greeting = self.session.replied and self.banner[:1] in "45" and bool(self.banner)
        return Outcome.REJECTED if greeting else Outcome.EMPTY

    def _phase(self) -> str:
        """How far it came; where nothing of the server is there, how far the client went."""
        unseen = not self.flow.half_server.seen or self.session.encrypted
        return self.session.phase if unseen else self.phase

    def summary(self) -> FlowSummary:
        """The flow in a line."""
        flow = self.flow
        worst = max((finding.severity for finding in self.findings), default=None)
        return FlowSummary(
            flow=flow.number,
            capture=self.capture,
            tcp_stream=flow.tcp_stream,
            client=flow.client,
            server=flow.server,
            start=flow.start,
            end=flow.end,
            helo=self.helo,
            banner=self.banner,
            reverse_path=self.reverse_path,
            outcome=self.outcome(),
            phase=self._phase(),
            messages=self.messages,
            recipients=Recipients(self.offered, self.accepted),
            bytes_client=flow.half_client.bytes,
            bytes_server=flow.half_server.bytes,
            first_frame=flow.first_frame,
            last_frame=flow.last_frame,
            frames=flow.frames,
            severity=Severity(worst) if worst is not None else None,
            rules=tuple(sorted({finding.rule for finding in self.findings})),
            closed=flow.over or flow.finished,
        )

    def detail(self) -> FlowDetail:
        """The flow with its ladder."""
        numbers = sorted(self.rows.by_number)
        return FlowDetail(
            summary=self.summary(),
            rows=tuple(self.rows.by_number[number] for number in numbers),
            findings=tuple(sorted(self.findings, key=lambda f: (f.rows[:1] or (1 << 30,), f.rule))),
            left_out=self.rows.left_out,
        )


LEARN: Final[dict[type, Callable[[Builder, DialogueEvent], None]]] = {
    Command: Builder._learn_command,  # type: ignore[dict-item]  # noqa: SLF001
    Exchange: Builder._learn_exchange,  # type: ignore[dict-item]  # noqa: SLF001
    Transaction: Builder._learn_transaction,  # type: ignore[dict-item]  # noqa: SLF001
    Ended: Builder._learn_ended,  # type: ignore[dict-item]  # noqa: SLF001
}
"""Which event teaches what."""


def _short(value: bytes) -> str:
    """Bytes from the wire as text of a bounded length, not sanitised."""
    return value[:SHORT].decode("utf-8", "backslashreplace")
