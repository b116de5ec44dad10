"""EHLO keywords overwritten with X.

## What it reports
Lines of an EHLO reply that are X with an ordinal letter at the end (`XXXXXXXA`, `XXXB`), or X or
asterisks alone, and what each was, from its length and the order of the server's keywords.

## Why it matters
The client is not told of extensions that the server has. Where STARTTLS is among them the mail
goes in the clear.

## What it cannot see
Which of two keywords of the same length it was, where the order leaves both: then the
alternatives are named. It is no proof of an attack: an ordinary ASA writes the same bytes.

## Example dialogue
    C: EHLO mail.example.org
    S: 250-mx.example.net
    S: 250-PIPELINING
    S: 250-XXXXXXXA
    S: 250 XXXB

## Remedy
ASA: `allow-tls` in the ESMTP inspection map, or `no inspect esmtp`.

## Sources
ASA-02: Cisco document 118550, "Why do you see XXXXXXXA after EHLO"; ASA-02b: the same without the
ordinals, from devices unknown. RFC 5321 section 4.1.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.keywords import Keyword
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange

LIKELY = 0.6
"""How sure it must be that STARTTLS is hidden, for the impact to be stated as a fact."""


class MaskedEhloKeyword(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="masked-ehlo-keyword",
        group="mask",
        severity=Severity.MEDIUM,
        summary="EHLO keywords overwritten with X; critical where STARTTLS is among them",
        sources=("ASA-02", "ASA-02b"),
    )
    when = traits.MASKED_KEYWORDS

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """One EHLO reply, with all its masked keywords."""
        command, reply = exchange.command, exchange.reply
        found = context.keywords
        if reply is None:
            return
        tls = [word.confidence for word in found if word.original == "STARTTLS"]
        yield self.finding(
            context,
            (reply, command),
            f"EHLO keywords are masked: {', '.join(map(_said, found))}",
            severity=Severity.CRITICAL if tls else Severity.MEDIUM,
            confidence=0.98 if any(word.ordinal for word in found) else 0.8,
            observed=b"\r\n".join(reply.lines[word.line] for word in found),
            original=", ".join(word.original or "?" for word in found),
            impact=_impact(tls),
            remedy=(*remedies.KEEP_TLS, *remedies.FIREWALL),
            frames=reply.frames,
        )


def _impact(tls: list[float]) -> str:
    """What it means for mail, from how sure it is that STARTTLS is hidden."""
    if not tls:
        return "The client does not learn what the server can do."
    hidden = "is" if max(tls) >= LIKELY else "may be"
    return (
        f"TLS {hidden} hidden from the client: mail goes in the clear, and the sender is not told."
    )


def _said(word: Keyword) -> str:
    """``XXXXXXXA = STARTTLS (60% sure, or CHUNKING)``."""
    if not word.original:
        return f"{word.mask} = unknown"
    others = [other for other in word.candidates if other != word.original][:3]
    more = f", or {', '.join(others)}" if others else ""
    return f"{word.mask} = {word.original} ({word.confidence:.0%} sure{more})"
