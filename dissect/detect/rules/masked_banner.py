"""A greeting overwritten with asterisks.

## What it reports
A 220 greeting of asterisks that keeps only `2`, `0` and blanks, or the `SMTP/cmap` of PIX 4.x.

## Why it matters
Cosmetic by itself, but it proves that something in the path rewrites SMTP in place. Postfix as a
client then avoids ESMTP altogether, and with it TLS.

## What it cannot see
Whether the server hides its own banner: some do. The verdict asks for another mask beside it.

## Example dialogue
    S: 220 ************************0*2******0***********

## Remedy
ASA: `no mask-banner` in the ESMTP inspection map, or turn the inspection off.

## Sources
PIX-01: the greeting test of Postfix (`src/smtp/smtp_proto.c`), Nmap (`nmap-service-probes`) and
Recog (`smtp_banners.xml`) know it. PIX-02: Recog. ASA-01: Cisco document 113423.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import masks, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange


class MaskedBanner(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="masked-banner",
        group="mask",
        severity=Severity.LOW,
        summary="A greeting overwritten with asterisks, or the SMTP/cmap of PIX 4.x",
        sources=("PIX-01", "PIX-02", "ASA-01"),
    )
    when = traits.MASKED_GREETING

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """The greeting."""
        reply = exchange.reply
        if reply is None or not reply.greeting:
            return
        how = masks.banner(reply.lines)
        if how is None:
            return
        yield self.finding(
            context,
            (reply,),
            "The greeting is masked with asterisks"
            if how == "asterisks"
            else "The greeting is that of PIX 4.x, SMTP/cmap",
            confidence=0.9,
            observed=reply.text,
            impact="None by itself; a Postfix client avoids ESMTP, and so TLS, when it sees this.",
            remedy=remedies.BANNER_ONLY,
        )
