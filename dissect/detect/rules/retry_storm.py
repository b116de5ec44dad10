"""The same envelope, tried again and again, and damaged each time.

## What it reports
From the third try on: a mail transaction of a client with the same reverse-path and the same
forward-paths as earlier ones, each of which was lost or lost a recipient to damage.

## Why it matters
The byte layout of a retry is the same, so what broke it once breaks it every time: the sending
rate goes up and no mail is accepted.

## What it cannot see
Tries outside of the capture, and senders that split the recipients anew on each try.

## Example dialogue
    C: MAIL FROM:<a@example.org> … RCPT … (lost at 12:00)
    C: MAIL FROM:<a@example.org> … RCPT … (lost at 12:15)
    C: MAIL FROM:<a@example.org> … RCPT … (lost at 12:30)

## Remedy
Mend what damages the tries; other findings of these flows name it.

## Sources
RFC 5321 section 4.5.4.1; Tony Finch, "more firewall hate", 2009-09-01.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import envelope, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.history import Tries
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Transaction, TransactionEnd

STORM: Final = 3
"""Damaged tries from which on it is a storm: one may be chance, two an ordinary retry."""


class RetryStorm(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="retry-storm",
        group="loss",
        severity=Severity.HIGH,
        summary="The same envelope tried again and again, and damaged each time",
        sources=("RFC 5321 section 4.5.4.1",),
    )
    concerns = traits.LOST | traits.HURT

    def __init__(self) -> None:
        self._tries: list[Transaction] = []

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:  # noqa: ARG002
        """Remember a try that lost something."""
        replies = [e.reply for e in transaction.exchanges if e.reply]
        deferred = bool(replies) and envelope.own_words(replies[-1])
        lost = transaction.end is TransactionEnd.LOST and envelope.undecided(transaction)
        if (lost and not deferred) or any(r.damaged for r in envelope.read(transaction).offered):
            self._tries.append(transaction)
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Count the tries of this flow with those of earlier ones."""
        if not ended.closed or not ended.server_seen or context.gap:
            return
        for transaction in self._tries:
            yield from self._count(context, transaction)

    def _count(self, context: Context, transaction: Transaction) -> Iterator[Finding]:
        """One more damaged try of an envelope."""
        mail = envelope.read(transaction)
        command = transaction.exchanges[0].command
        if command is None or not mail.offered:
            return
        key = (context.client.address, mail.sender, mail.recipients)
        again = context.again
        tries = context.history.add(key, command.time, command.frames[:1], again=again)
        if tries.number < STORM or again:
            return
        yield self.finding(
            context,
            (command,),
            f"Try {tries.number} of the same message from <{mail.sender}> to "
            f"{len(mail.offered)} recipients, damaged each time",
            confidence=0.95,
            observed=command.line,
            frames=tries.frames,
            impact=f"The sender keeps trying: first {command.time - tries.first:.0f} seconds ago, "
            f"{_where(tries)}.",
        )


def _where(tries: Tries) -> str:
    """Where the earlier tries are."""
    if tries.captures > 1:
        return f"in {tries.captures} captures"
    return f"at frame {tries.frames[0]}"
