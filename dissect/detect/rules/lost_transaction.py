"""A mail transaction that was cut off.

## What it reports
A connection that ended between MAIL and the server's answer to the end of data, with a recipient
accepted or still unanswered: in which phase, who ended it, and how.

## Why it matters
Nobody has taken responsibility for the message. The sender tries it again, and where the cause
is a middlebox it fails again at the same byte.

## What it cannot see
A connection that is still open at the end of the capture is not called lost. Where packets are
missing from the capture the confidence is lower.

## Example dialogue
    C: MAIL FROM:<a@example.org>
    S: 250 OK
    C: RCPT TO:<b@example.net>
    S: 250 Accepted
    S! RST

## Remedy
Look at what stands directly before the end; other findings of the flow name the cause.

## Sources
RFC 5321 sections 3.8 and 4.1.1.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import envelope, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import (
    Command,
    Ended,
    Exchange,
    Note,
    NoteKind,
    Reply,
    Transaction,
    TransactionEnd,
)
from dissect.dialogue.events import END_OF_DATA
from dissect.dialogue.grammar import PHASES
from dissect.evidence import Side

GIVES_UP: Final = 2.0
"""Seconds of silence below which a client that closes its direction has not given up."""

UNSEEN: Final = "and the capture lacks what would tell whether the message was accepted"

CLOSING: Final = (421, 554)
"""Replies with which a server ends a connection."""


class LostTransaction(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="lost-transaction",
        group="loss",
        severity=Severity.HIGH,
        summary="A connection that ended between MAIL and the final reply",
        sources=("RFC 5321 section 3.8",),
    )
    concerns = traits.LOST

    def __init__(self) -> None:
        self._lost: Transaction | None = None

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:  # noqa: ARG002
        """Remember a transaction that the end cut off."""
        if transaction.end is TransactionEnd.LOST and envelope.undecided(transaction):
            self._lost = transaction
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Who ended it, and how."""
        transaction = self._lost
        if transaction is None or not ended.closed or not ended.server_seen or ended.tls:
            return
        closing = ended.closed[0]
        if _only_said_all(ended, closing, _latest(transaction, ended)):
            return
        how = "reset" if closing.kind is NoteKind.RESET else "closed"
        mail = envelope.read(transaction)
        last = _last(transaction, ended)
        context.tally.server_faults += _own_words(last, closing)
        blind = context.gap
        count = len(mail.recipients)
        people = f"none of its {count} recipients" if count > 1 else "nobody"
        yield self.finding(
            context,
            (last, closing),
            f"The {closing.side.value} {how} the connection in the {_phase(transaction, ended)} "
            "phase, " + (UNSEEN if blind else "before the message was accepted"),
            severity=Severity.LOW if blind else None,
            confidence=0.4 if blind else 0.6 if ended.partial else 0.95,
            observed=last.text if isinstance(last, Reply) else last.line if last else b"",
            impact=""
            if blind
            else f"The message from <{mail.sender}> reached {people} in this try.",
            recipients=() if blind else mail.recipients[:100],
        )


def _phase(transaction: Transaction, ended: Ended) -> str:
    """How far the server came: the last command that it answered, or message data."""
    if ended.body is not None or any(c.verb == END_OF_DATA for c in ended.pending):
        return "data"
    answered = [e.command for e in transaction.exchanges if e.command and e.reply]
    if answered and answered[-1].verb == END_OF_DATA:
        return "data"
    return PHASES.get(envelope.original(answered[-1]), "mail") if answered else "mail"


def _last(transaction: Transaction, ended: Ended) -> Command | Reply | None:
    """What stands directly before the end: the last reply, or unfinished data."""
    if ended.body is not None:
        return ended.body
    replies = [e.reply for e in transaction.exchanges if e.reply]
    closing = [r for r in replies if r.code in CLOSING]
    first: Exchange = transaction.exchanges[0]
    return closing[-1] if closing else replies[-1] if replies else first.command


def _latest(transaction: Transaction, ended: Ended) -> float:
    """When the dialogue last moved, seconds since the epoch."""
    times = [e.command.time for e in transaction.exchanges if e.command]
    times += [e.reply.time for e in transaction.exchanges if e.reply]
    return max([*times, ended.body.time] if ended.body else times)


def _only_said_all(ended: Ended, closing: Note, latest: float) -> bool:
    """Whether a client closed its own direction with its last bytes, and no more is seen.

    Some clients do; the server may still have answered when the capture had ended.
    """
    alone = all(note.side is Side.CLIENT and note.kind is NoteKind.FIN for note in ended.closed)
    return alone and closing.time - latest < GIVES_UP


def _own_words(last: Command | Reply | None, closing: Note) -> bool:
    """Whether the server ended it with a reason of its own, which nothing on the way can have made.

    A timeout, or too many errors, may be the effect of what happened on the way.
    """
    mine = closing.side is Side.SERVER
    return mine and isinstance(last, Reply) and envelope.own_words(last)
