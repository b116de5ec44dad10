"""One flow of the read model, put together as it is read."""

from __future__ import annotations

from typing import Final

from dissect.analysis.model import FlowDetail, FlowSummary, Outcome, Recipients
from dissect.analysis.rows import Ladder
from dissect.detect import envelope, masks
from dissect.detect.finding import Finding, Severity
from dissect.detect.traits import HELLOS, MASKS
from dissect.dialogue import Ended, Exchange, Session, Transaction, TransactionEnd
from dissect.dialogue.events import DialogueEvent
from dissect.dialogue.grammar import PHASES
from dissect.streams import Flow

FINDINGS: Final = 5_000
"""Findings kept of one flow."""

SHORT: Final = 256
"""Characters of a name in a summary."""


class Builder:
    """Gathers what a flow's summary and ladder say."""

    def __init__(self, flow: Flow, capture: str, session: Session, *, ladder: bool = True) -> None:
        self.flow = flow
        self.capture = capture
        self.session = session
        self.ladder = Ladder()
        self._keep = ladder
        self.findings: list[Finding] = []
        self.changed = True
        self.ended: Ended | None = None
        self.helo = self.banner = self.reverse_path = self.product = ""
        self.messages = 0
        self.offered = self.accepted = 0
        self._before = (0, 0)
        """Recipients offered and accepted before the transaction that is open."""
        self.left = 0
        """Recipients that were not accepted, of messages that were."""
        self.refused = 0
        self.lost = False
        self.phase = "greeting"
        """How far the server came: the last command that it answered."""

    def add(self, events: list[DialogueEvent], findings: list[Finding]) -> None:
        """Take what one segment has brought."""
        self.changed = True
        tell, keep = self.ladder.tell, self._keep
        for event in events:
            if isinstance(event, Exchange):
                self._learn_exchange(event)
            elif isinstance(event, Transaction):
                self._learn_transaction(event)
            elif isinstance(event, Ended):
                self.ended = event
            elif keep:
                tell(event)
        if findings:
            self.findings.extend(findings[: max(0, FINDINGS - len(self.findings))])

    def _learn_exchange(self, exchange: Exchange) -> None:
        """Count recipients, and remember names."""
        command, reply, _ = exchange
        if command is None:
            if reply is not None and reply.greeting:
                self.banner = _short(reply.lines[0])
            return
        if reply is not None and self._keep:
            self.ladder.pair(command, reply)
        verb = command.verb
        if command.line[:1] in MASKS:
            verb = envelope.original(command)
        if reply is not None:
            self.phase = PHASES.get(verb, self.phase)
        if verb == "RCPT":
            self.offered += 1
            self.accepted += reply is not None and reply.positive
        elif verb == "MAIL" and not self.reverse_path:
            self.reverse_path = _short(masks.path(command.line).encode())
        elif verb in HELLOS:
            self.helo = _short(command.line[len(command.verb) :].strip())

    def _learn_transaction(self, transaction: Transaction) -> None:
        offered, accepted = self.offered - self._before[0], self.accepted - self._before[1]
        self._before = (self.offered, self.accepted)
        if transaction.accepted:
            self.messages += 1
            self.left += offered - accepted
        elif transaction.end is TransactionEnd.LOST and envelope.undecided(transaction):
            self.lost = True
        elif envelope.refused(transaction):
            self.refused += 1

    def outcome(self) -> Outcome:
        """What became of the mail."""
        tests = (
            (self.lost and self._over(), Outcome.LOST),
            (self.messages and self.left, Outcome.PARTLY),
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

    def _tls(self) -> str:
        """Whether it is in TLS, and how much of that was opened."""
        return self.session.within.state or ("encrypted" if self.session.encrypted else "")

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
            product=self.product,
            reverse_path=self.reverse_path,
            outcome=self.outcome(),
            tls=self._tls(),
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
        """The flow with its findings, and with its rows where a ladder is kept."""
        return FlowDetail(
            summary=self.summary(),
            rows=self.ladder.rows(self.session.within.decrypted),
            findings=tuple(sorted(self.findings, key=lambda f: (f.rows[:1] or (1 << 30,), f.rule))),
            left_out=self.ladder.left_out,
        )


def _short(value: bytes) -> str:
    """Bytes from the wire as text of a bounded length, not sanitised."""
    return value[:SHORT].decode("utf-8", "backslashreplace")
