"""Cleartext slipped in between STARTTLS and the beginning of TLS.

## What it reports
Commands that came behind STARTTLS before the server had answered it, and replies that came behind
the server's 220 before TLS began.

## Why it matters
A server that keeps such commands takes them, after the handshake, for commands that came inside
TLS: somebody on the path has spoken in the name of the client. With replies it is the client that
can be lied to. Many servers and clients had this fault.

## What it cannot see
Whether the server threw the commands away, as it must, or acted upon them: that happens inside
TLS. In a capture that was decrypted the commands inside TLS look like cleartext; those come after
the 220 and are not reported.

## Example dialogue
    C: STARTTLS
    C: RSET                      (the same packet)
    S: 220 2.0.0 Ready to start TLS
    C: (TLS handshake)

## Remedy
Update the server: Postfix since 2011, Exim and others throw away what stands behind STARTTLS. If
the client did not send it, something on the path did: use port 465, and look who is there.

## Sources
RFC 3207 section 4; CVE-2011-0411, http://www.postfix.org/CVE-2011-0411.html; CVE-2021-38371;
"NO STARTTLS", https://nostarttls.secvuln.info
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange

CONFIDENCE = 0.95


class StarttlsInjection(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="starttls-injection",
        group="tls",
        severity=Severity.CRITICAL,
        summary="Cleartext between STARTTLS and the beginning of TLS",
        sources=("PROTO-10", "PROTO-11", "RFC 3207 section 4"),
    )
    when = traits.INJECTED | traits.ALONE

    def __init__(self) -> None:
        self._commands = False
        self._replies = False

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A command that stands too early, or a reply that nobody asked for."""
        command, reply, _ = exchange
        granted = context.starttls
        if granted is None or granted.reply is None or context.unsure:
            return
        if command is not None and command.offset < granted.reply.acked and not self._commands:
            self._commands = True
            yield self.finding(
                context,
                (command, granted.command, granted.reply),
                f"{command.verb} was sent behind STARTTLS in the clear, before the server's 220",
                confidence=CONFIDENCE,
                observed=command.line,
                impact="A server that keeps it runs it as if it had come inside TLS.",
                remedy=remedies.STARTTLS_INJECTION,
            )
        elif command is None and reply is not None and not self._replies:
            behind = granted.reply.offset + granted.reply.size
            if reply.offset != behind:
                return
            self._replies = True
            yield self.finding(
                context,
                (reply, granted.command, granted.reply),
                "A reply stands in the clear behind the 220 to STARTTLS, before TLS begins",
                confidence=CONFIDENCE,
                observed=reply.text,
                impact="A client that keeps it takes it for the answer to its first command "
                "inside TLS.",
                remedy=remedies.STARTTLS_INJECTION,
            )
