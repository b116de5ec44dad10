"""A greeting overwritten with asterisks.

## What it reports
A 220 greeting of asterisks that keeps only `2`, `0` and blanks, or the `SMTP/cmap` of PIX 4.x.

## Why it matters
Cosmetic by itself, but it proves that something in the path rewrites SMTP in place. Postfix as a
client then avoids ESMTP altogether, and with it TLS.

## What it cannot see
Whether the server hides its own banner: some do. Where the keywords behind it are legible that a
box with such a banner masks too (HELP, CHUNKING and others), and no verb is masked either, nothing
but the banner is masked, by a device unknown or by the server itself: that is only noted. The
verdict asks for another mask beside it.

## Example dialogue
    S: 220 ************************0*2******0***********

## Remedy
ASA: `no mask-banner` in the ESMTP inspection map, or turn the inspection off.

## Sources
PIX-01: the greeting test of Postfix (`src/smtp/smtp_proto.c`), Nmap (`nmap-service-probes`) and
Recog (`smtp_banners.xml`) know it. PIX-02: Recog. ASA-01: Cisco document 113423.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import masks, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Exchange, Reply

POSTFIX = "; a Postfix client avoids ESMTP, and so TLS, when it sees this."
AVOIDED = re.compile(rb"[20 *\t\r\n]*")
"""Postfix's own test of a greeting (src/smtp/smtp_proto.c)."""

ASTERISKS = "The greeting is masked with asterisks"
OWN = ", and nothing else is: by the server itself, or a device unknown"


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

    def __init__(self) -> None:
        self._greeting: Reply | None = None

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """The greeting, and then the answer to EHLO or HELO, which tells whose mask it is."""
        reply = exchange.reply
        if reply is not None and reply.greeting and masks.banner(reply.lines):
            self._greeting, context.awaited = reply, True
        elif exchange.command is not None and not context.tally.greetings_own:
            yield from self._told(context)

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:  # noqa: ARG002
        """A dialogue without a hello; and a box that shows itself by another mask."""
        tally = context.tally
        other = tally.whole_verbs_masked or tally.verbs_with_seam_masked or tally.asterisks
        yield from self._told(context, own=bool(tally.greetings_own and not other))

    def _told(self, context: Context, *, own: bool = False) -> Iterator[Finding]:
        """The finding, once; ``own`` where nothing but the greeting is masked."""
        reply, self._greeting = self._greeting, None
        if reply is None:
            return
        asterisks = masks.banner(reply.lines) == "asterisks"
        yield self.finding(
            context,
            (reply,),
            ASTERISKS + OWN * own if asterisks else "The greeting is that of PIX 4.x, SMTP/cmap",
            severity=Severity.INFO if own else None,
            confidence=0.5 if own else 0.9,
            observed=reply.text,
            impact="None by itself" + (POSTFIX if AVOIDED.fullmatch(reply.text) else "."),
            remedy=remedies.BANNER_ONLY,
        )
