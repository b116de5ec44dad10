"""A proxy or a filter that says who it is.

## What it reports
A greeting that is that of a known SMTP proxy (a firewall's, a virus scanner's), or a reply that
only one of them words so. Once for each product in a flow.

## Why it matters
The other side of this connection is not the mail server: what is wrong with it is the proxy's,
and the proxy decides which commands and keywords the server ever sees.

## What it cannot see
A proxy that passes the server's greeting on, or whose administrator has changed the words. Anyone
may choose a greeting: it is a hint, not a proof.

## Example dialogue
    S: 220 CheckPoint FireWall-1 secure ESMTP server
    C: EHLO mail.example.org

## Remedy
Where the proxy does damage: exempt the mail server, or port 25, from it.

## Sources
nmap's service probes, https://github.com/nmap/nmap (nmap-service-probes); Rapid7's Recog,
https://github.com/rapid7/recog (xml/smtp_banners.xml); the vendors' manuals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import proxies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange

CONFIDENCE = 0.9


class ProxyBanner(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="proxy-banner",
        group="proxy",
        severity=Severity.INFO,
        summary="A proxy or a filter that says who it is",
        sources=("AV-1", "VND-CP1", "VND-FSEC"),
    )
    when = traits.PROXY

    def __init__(self) -> None:
        self._told: set[str] = set()

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A greeting or a refusal in known words."""
        reply = exchange.reply
        if reply is None:
            return
        read = proxies.greeting(reply.lines) if reply.greeting else proxies.reply(reply.text)
        if read is None or read.injects or read.product in self._told:
            return
        self._told.add(read.product)
        context.tally.proxies += 1
        yield self.finding(
            context,
            (reply, exchange.command),
            f"These are the words of {read.product}, not of a mail server behind it",
            confidence=CONFIDENCE,
            observed=reply.text,
            remedy=("Exempt the mail server, or port 25, from the proxy",),
        )
