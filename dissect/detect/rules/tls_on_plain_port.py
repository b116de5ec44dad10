"""TLS from the first byte, on a port where SMTP begins in the clear.

## What it reports
A client whose first bytes are a TLS ClientHello on port 25, 587 or 2525, without STARTTLS.

## Why it matters
The server waits for EHLO and the client for a ServerHello: the connection hangs or ends with an
error, and no mail passes. It is a setting of the client ("SSL" instead of "STARTTLS"), or a
redirection of port 465.

## What it cannot see
What is said inside TLS. Where the server answers in TLS as well, both are set up so, and it is
only noted.

## Example dialogue
    C: (TLS ClientHello)
    S: 220 mx.example.net ESMTP
    S: 500 5.5.2 Error: bad syntax

## Remedy
Set the client to STARTTLS, or to port 465, where TLS begins at once (RFC 8314).

## Sources
RFC 8314 section 3; RFC 3207. Exim logs it as `SMTP protocol synchronization error (input sent
without waiting for greeting)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Exchange

PLAIN: Final = frozenset({25, 587, 2525})
"""Ports where the server speaks first, in the clear (RFC 5321 section 3.1, RFC 6409)."""


class TlsOnPlainPort(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="tls-on-plain-port",
        group="tls",
        severity=Severity.MEDIUM,
        summary="TLS from the first byte, on a port where SMTP begins in the clear",
        sources=("PROTO-04", "RFC 8314 section 3"),
    )

    when = traits.STARTTLS

    def __init__(self) -> None:
        self._asked = False

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:  # noqa: ARG002
        """Remember that the client asked for TLS, whatever can be seen of the answer."""
        self._asked = True
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """The flow was TLS, and no STARTTLS was granted."""
        if not ended.tls or self._asked or context.midway or context.unsure:
            return
        if context.server.port not in PLAIN or context.hello is not None:
            return
        both = context.greeting is None and ended.server.sent > 0
        context.tally.sender_faults += not both
        yield self.finding(
            context,
            (context.greeting.reply if context.greeting else None,),
            f"The client begins with TLS on port {context.server.port}"
            + (", and so does the server" if both else "; the server does not"),
            severity=Severity.INFO if both else Severity.MEDIUM,
            confidence=0.95,
            frames=(context.first_frame,),
            impact="" if both else "No mail passes: each side waits for the other.",
            remedy=() if both else ("On the client: STARTTLS instead of TLS, or port 465",),
        )
