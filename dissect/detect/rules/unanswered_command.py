"""A command that never got a reply, on a connection that was closed in order.

## What it reports
The first command without a reply when the connection has ended, other than QUIT, and where no
mail transaction was lost with it.

## Why it matters
Something ate the command or the reply, or one side gave up waiting.

## What it cannot see
Replies that the capture lacks: with gaps, or with one direction only, it stays silent. Lines of
a message that the server read as commands are left to the rules that tell why.

## Example dialogue
    C: VRFY postmaster
    S! FIN

## Remedy
Capture on the other side too, and see whether the command arrives there.

## Sources
RFC 5321 section 4.2: every command generates exactly one reply.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Transaction, TransactionEnd


class UnansweredCommand(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="unanswered-command",
        group="sequence",
        severity=Severity.LOW,
        summary="A command that never got a reply before the connection ended",
        sources=("RFC 5321 section 4.2",),
    )
    concerns = traits.LOST

    def __init__(self) -> None:
        self._lost = False

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:  # noqa: ARG002
        """Remember a lost transaction: it says the same, and more."""
        self._lost = transaction.end is TransactionEnd.LOST
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What was pending at the end."""
        text = min(
            (s.first.number for s in context.storms if s.text and s.first), default=ended.number
        )
        waiting = [c for c in ended.pending if c.verb != "QUIT" and c.number < text]
        if not waiting or self._lost or not ended.closed or ended.tls:
            return
        if context.unsure or not ended.server_seen or ended.partial:
            return
        command = waiting[0]
        more = f", nor did {len(waiting) - 1} behind it" if len(waiting) > 1 else ""
        yield self.finding(
            context,
            (command,),
            f"{command.verb or 'An AUTH answer'} never got a reply{more}",
            observed=command.line,
        )
