"""A verb that a middlebox overwrote with X, whole.

## What it reports
A command whose verb is nothing but mask letters (`XXXX`, `xxxx`, `****`), with no seam inside,
and what it was, inferred from its argument, its length and the state of the dialogue.

## Why it matters
An inspecting firewall allows only the verbs that it knows; STARTTLS, BDAT and other extensions
arrive as X and are refused by the server.

## What it cannot see
Whether somebody typed it. One-octet segments, or no argument and no other mask in the flow, lower
the confidence. Inside TLS, opened with `--keylog`, no device that only passes packets on can have
done it: the remedy is another then, and it counts for no verdict. Real X-verbs (XCLIENT, XFORWARD,
XEXCH50, X-EXPS) have other letters and are left.

## Example dialogue
    C: XXXXXXXX
    S: 500 5.5.1 Command unrecognized

## Remedy
Turn the SMTP inspection off, or let it allow TLS.

## Sources
PIX-05 and ASA-03: Cisco documents 113423 and 117801, on ESMTP inspection and TLS. IOS-01: Cisco
document 69309, on the IOS firewall, which gives lower-case x.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import impact, masks, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.masks import Mask
from dissect.detect.rule import Info, Rule
from dissect.detect.storms import Storm
from dissect.dialogue import Ended, Exchange

INSIDE = " inside TLS: before it was encrypted, or by something that ends TLS on the way"
TYPED = ", typed one byte a packet: an artefact of the test"

IMPACT = {
    "STARTTLS": "The mail goes on without TLS, or not at all where TLS is required.",
    "BDAT": "The server does not know that message data follows, and reads it as commands.",
    "EHLO": "The session falls back to HELO: no TLS, no SIZE, no pipelining.",
    "AUTH": "The client cannot log in.",
}


class MaskedVerb(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="masked-verb",
        group="mask",
        severity=Severity.HIGH,
        summary="A verb overwritten with mask letters on the way",
        sources=("PIX-05", "ASA-03", "IOS-01"),
    )
    when = traits.MASK

    def __init__(self) -> None:
        self._bare: list[tuple[Exchange, Mask, Storm]] = []
        """Words of X without an argument among text that was refused: they may be text too."""

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """One masked command."""
        command = exchange.command
        mask = masks.verb(command) if command else None
        if command is None or mask is None or masks.seam_in_verb(command):
            return
        storm = context.stray(exchange)
        if storm is not None and not mask.certain:
            self._bare.append((exchange, mask, storm))
            context.awaited = True
            return
        yield from self._tell(context, exchange, mask)

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:  # noqa: ARG002
        """What stood among refused lines: text, if some of those are no masks."""
        for exchange, mask, storm in self._bare:
            if storm.text and any(c and masks.verb(c) is None for c, _, _ in storm.exchanges):
                context.uncount(exchange.command)
            else:
                yield from self._tell(context, exchange, mask)

    def _tell(self, context: Context, exchange: Exchange, mask: Mask) -> Iterator[Finding]:
        """The finding."""
        command = exchange.command
        assert command is not None
        typed = masks.typed(command)
        yield self.finding(
            context,
            (command, exchange.reply),
            f"{masks.said(mask)} was masked as {command.verb}"
            + (TYPED if typed else INSIDE if context.inside else ""),
            severity=Severity.LOW if typed else None,
            confidence=0.5 if typed else _confidence(context, mask),
            observed=command.line,
            original=mask.original,
            impact=_impact(context, exchange, mask),
            remedy=(*remedies.FIREWALL, *remedies.KEEP_TLS),
        )


def _confidence(context: Context, mask: Mask) -> float:
    """More where something else is masked too; less where it can have been typed."""
    if context.corroborated:
        return 0.99
    return 0.95 if mask.confidence > 0.9 else 0.6  # noqa: PLR2004 - the argument proves it


def _impact(context: Context, exchange: Exchange, mask: Mask) -> str:
    """What it means for mail, and what this server did about it."""
    asterisks = exchange.command is not None and exchange.command.line[:1] == b"*"
    damage = "asterisks" if asterisks else "chunk" if mask.original == "BDAT" else "verb"
    return f"{IMPACT.get(mask.original, '')} {impact.told(context, exchange, damage)}".strip()
