"""A verb that a middlebox masked because a segment boundary cut it.

## What it reports
A masked verb (`XXXX`) with a seam strictly inside. Also, from the side where the verb is still
whole: a verb with a seam inside that exactly was refused as unknown, or at which the connection
died, while the commands around it were accepted; then with lower confidence.

## Why it matters
The firewall reads packet by packet. It does not see that `RC` at the end of one packet and `PT`
at the start of the next are one verb, takes each half for an unknown command, and overwrites it.
Only mail with many recipients fills a packet, so only that fails, at the same byte on every retry.

## What it cannot see
A mask on one half only. On the clean side it needs the server's refusal; a server that drops the
connection silently leaves less proof.

## Example dialogue
    C: RCPT TO:<a@example.net>
    C: XX¦XX TO:<b@example.net>
    S: 250 Accepted
    S: 500 unrecognized command

## Remedy
Turn the SMTP inspection off: `no fixup protocol smtp 25` (PIX), `no inspect esmtp` (ASA). Until
then let the sender send one command a packet, by not using PIPELINING.

## Sources
PIX-06 and PIX-06c: Tony Finch, "more firewall hate",
https://dotat.at/@/2009-09-01-more-firewall-hate.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Final

from dissect.detect import cleanside, impact, masks, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, SeamInside, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command, Exchange, Reply, Transaction

SYNC_ERROR: Final = 554


class SplitMaskedVerb(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="split-masked-verb",
        group="mask",
        severity=Severity.CRITICAL,
        summary="A verb masked on the way because a segment boundary lies inside it",
        sources=("PIX-06", "PIX-06c"),
    )
    when = traits.MASK | traits.SEAM
    concerns = traits.HURT

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """Behind the middlebox: the mask itself, with the seam inside."""
        command = exchange.command
        mask = masks.verb(command) if command else None
        seam = masks.seam_in_verb(command) if command else None
        if command is None or seam is None:
            return
        if mask is None:
            yield from self._alone(context, exchange, command, seam)
            return
        confidence = 0.99 if mask.original else 0.95
        if seam.seam.inferred:
            confidence -= 0.1
        message = (
            f"{masks.said(mask)} was masked as {command.verb}: a segment boundary cuts "
            f"it after {seam.offset} of {mask.length} letters"
        )
        yield self._tell(context, command, exchange.reply, seam, mask.original, message, confidence)

    def _alone(
        self, context: Context, exchange: Exchange, command: Command, seam: SeamInside
    ) -> Iterator[Finding]:
        """In front of the middlebox, outside of a transaction: only an echo proves it."""
        alone = cleanside.alone(exchange, in_transaction=context.in_transaction)
        if not alone or not cleanside.echoed(exchange):
            return
        context.tally.verbs_with_seam_refused += 1
        message = (
            f"{command.verb} with a segment boundary after its letter {seam.offset} reached the "
            "server masked: its reply quotes the mask"
        )
        yield self._tell(
            context, command, exchange.reply, seam, command.verb, message, cleanside.ECHOED
        )

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:
        """In front of the middlebox: whole here, refused there."""
        found = cleanside.masked(transaction)
        for exchange in transaction.exchanges:
            command = exchange.command
            if command is None or command.number not in found or _early(context, exchange):
                continue
            seam = masks.seam_in_verb(command)
            assert seam is not None
            context.tally.verbs_with_seam_refused += exchange.reply is not None
            said = f"refused with {exchange.reply.code}" if exchange.reply else "never answered"
            sure = "it was" if exchange.reply else "it may have been"
            message = (
                f"{command.verb} with a segment boundary after its letter {seam.offset} was "
                f"{said}, while the commands around it were accepted: {sure} masked further on"
            )
            finding = self._tell(
                context, command, exchange.reply, seam, command.verb, message,
                found[command.number],
            )  # fmt: skip
            yield finding if exchange.reply else replace(finding, severity=Severity.MEDIUM)

    def _tell(
        self,
        context: Context,
        command: Command,
        reply: Reply | None,
        seam: SeamInside,
        original: str,
        message: str,
        confidence: float,
    ) -> Finding:
        """The finding; its frames are the two at the seam."""
        pair = {seam.seam.before, seam.seam.after} - {0}
        return self.finding(
            context,
            (command, reply),
            message,
            confidence=confidence,
            observed=command.line,
            original=original,
            seam=seam,
            impact=_impact(context, original, Exchange(command, reply)),
            remedy=remedies.split(context.product),
            frames=tuple(sorted(pair)),
        )


def _impact(context: Context, original: str, exchange: Exchange) -> str:
    """What the server missed, and what it did about it."""
    command = exchange.command
    assert command is not None
    missed = "The server never got this command."
    if original == "RCPT":
        missed = f"The server was never asked to take the mail for <{masks.recipient(command)}>."
    elif original:
        missed = f"The server never got the {original} command."
    return f"{missed} {impact.told(context, exchange, 'verb')}"


def _early(context: Context, exchange: Exchange) -> bool:
    """Whether a synchronisation error is the client's own, who pipelines without being offered."""
    reply = exchange.reply
    return reply is not None and reply.code == SYNC_ERROR and not context.pipelining
