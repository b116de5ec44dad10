"""An EHLO that the server took for NOOP.

## What it reports
In front of the middlebox: EHLO answered by a lone `250 OK`, without the domain that the answer
to EHLO begins with. Behind it: NOOP as the client's first command, then HELO, then a message.

## Why it matters
Some PIX versions turn each command that they do not know into NOOP. The client believes that it
speaks ESMTP with a server that has no extension, or falls back to HELO: no TLS, no SIZE.

## What it cannot see
A server of nothing but a few lines of code may answer `250 OK` to everything: where nothing is
known of the server it stays silent, unless HELO gets another answer. Behind the middlebox a client
that begins with NOOP by itself looks the same, unless the argument of EHLO has stayed.

## Example dialogue
    C: EHLO mail.example.org
    S: 250 OK

## Remedy
Turn the SMTP inspection off.

## Sources
PIX-04: Microsoft KB 320027; Cisco community document 3129202. RFC 5321 section 4.1.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.detect.tally import SURE
from dissect.dialogue import Command, Exchange, Reply, Transaction

MASKED, NAMED = 0.95, 0.85
"""Confidence in front of the box: the greeting is masked too; the server is a product that names
itself in its answer to EHLO, or does so in its answer to HELO."""

ARGUMENT, BARE = 0.85, 0.6
"""Confidence behind it: NOOP has the argument that HELO has; it has none."""

IMPACT: Final = (
    "The session goes on without ESMTP: no TLS, no SIZE, no pipelining; mail that needs an "
    "extension is refused."
)


class EhloAnsweredAsNoop(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="ehlo-answered-as-noop",
        group="mask",
        severity=Severity.HIGH,
        summary="An EHLO that the server took for NOOP",
        sources=("PIX-04", "RFC 5321 section 4.1.1.1"),
    )
    when = traits.NOOPED
    concerns = traits.NOOPED

    def __init__(self) -> None:
        self._doubtful: Exchange | None = None
        self._behind: Exchange | None = None

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """An answer to EHLO; or a HELO behind one, or behind NOOP."""
        command = exchange.command
        doubtful, self._doubtful = self._doubtful, None
        if command is None or exchange.reply is None or context.unsure or context.midway:
            return
        if command.verb != "HELO":
            if context.corroborated or context.product:
                yield self._in_front(context, exchange)
            else:
                self._doubtful = exchange
        elif doubtful is not None:
            yield self._in_front(context, doubtful)
        elif context.first is not None and not _is_hello(context.first):
            self._behind = exchange

    def _in_front(self, context: Context, exchange: Exchange) -> Finding:
        """An EHLO that was answered as NOOP is."""
        command, reply, _ = exchange
        assert command is not None
        assert reply is not None
        return self._told(
            context,
            (command, reply),
            f"EHLO was answered as NOOP is, by {reply.text.decode('latin-1').strip()} alone",
            MASKED if context.corroborated else NAMED,
        )

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:  # noqa: ARG002
        """The message that tells a client from a check of the server's health."""
        behind, self._behind = self._behind, None
        first = context.first
        if behind is None or first is None or behind.command is None or first.command is None:
            return
        noop, hello = first.command, behind.command
        same = bool(noop.argument.strip()) and noop.argument.split() == hello.argument.split()
        yield self._told(
            context,
            (noop, first.reply, hello),
            "The client began with NOOP"
            + (" and the argument of its HELO" if same else "")
            + " where it would say EHLO, and fell back to HELO",
            ARGUMENT if same else BARE,
        )

    def _told(
        self,
        context: Context,
        events: tuple[Command | Reply | None, ...],
        message: str,
        confidence: float,
    ) -> Finding:
        """The finding."""
        context.tally.hellos_nooped += confidence >= SURE
        first = events[0]
        return self.finding(
            context,
            events,
            message,
            confidence=confidence,
            observed=first.line if isinstance(first, Command) else b"",
            original="EHLO",
            impact=IMPACT,
            remedy=remedies.FIREWALL,
        )


def _is_hello(exchange: Exchange) -> bool:
    """Whether a command is EHLO or HELO."""
    return exchange.command is not None and exchange.command.verb in traits.HELLOS
