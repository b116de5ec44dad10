"""A command line cut by a segment boundary.

## What it reports
A command whose line has a seam inside: in the verb, in the argument, or in its CRLF.

## Why it matters
This is legal: TCP knows no lines (RFC 9293 section 3.8). It is where a middlebox that reads
packet by packet goes wrong, so it tells which messages would be hit.

## What it cannot see
Whether something on the way minded: that is `split-masked-verb`, which then replaces this.
In a capture with segmentation offload the seams are inferred from the MSS. Inside TLS, opened
with `--keylog`, the seam is a boundary of TLS records: no device without the keys sees it, but a
program that takes each record for a line goes wrong there.

## Example dialogue
    C: RCPT TO:<a@example.net>
    C: RC¦PT TO:<b@example.net>
    S: 250 Accepted
    S: 250 Accepted

## Remedy
None is needed.

## Sources
RFC 9293 section 3.8; RFC 2920 section 3.1; PIX-06: see `split-masked-verb`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import cleanside, masks, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, SeamInside, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command, Exchange, Transaction
from dissect.dialogue.events import END_OF_DATA

WHERE = {
    "verb": "inside its verb",
    "argument": "inside its argument",
    "crlf": "between its CR and LF",
}


class SplitCommand(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="split-command",
        group="seam",
        severity=Severity.INFO,
        summary="A command line cut by a segment boundary: in the verb, the argument or the CRLF",
        sources=("RFC 9293 section 3.8", "PIX-06"),
    )
    when = traits.SEAM
    concerns = traits.HURT

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """At once, unless the whole transaction is needed in order to judge."""
        command = exchange.command
        if command is None or not command.seams or command.verb == END_OF_DATA:
            return
        if masks.seam_in_verb(command) and masks.verb(command):
            return
        if cleanside.alone(exchange, in_transaction=context.in_transaction):
            if cleanside.echoed(exchange):
                return
        elif cleanside.suspect(exchange):
            return
        yield self._tell(context, command)

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:
        """The suspects that turned out to be harmless."""
        masked = cleanside.masked(transaction)
        for exchange in transaction.exchanges:
            command = exchange.command
            judged = cleanside.suspect(exchange)
            if command and judged and command.number not in masked:
                yield self._tell(context, command)

    def _tell(self, context: Context, command: Command) -> Finding:
        """The finding."""
        seam = masks.inside(command)
        assert seam is not None
        verb = command.verb.strip() or "AUTH answer"
        return self.finding(
            context,
            (command,),
            f"{verb} is cut {_where(command, seam)} by {seam.seam.what} "
            f"after byte {seam.offset} of the line",
            confidence=0.8 if seam.seam.inferred else 1.0,
            observed=command.line,
            seam=seam,
        )


def _where(command: Command, seam: SeamInside) -> str:
    """In which part of the line a seam lies, in words."""
    if seam.offset == command.size - len(command.ending):
        return "in front of its line end"
    return WHERE[seam.within]
