"""TLS that the server has, and that something on the way keeps from the client.

## What it reports
A server that offers STARTTLS in one session and not in another, with no mask in the place of the
keyword; and a STARTTLS that was offered and then refused by something that is nearer than the
server, because its answer came in less than half of the time that the server needs, or as a verb
that the server claims not to know.

## Why it matters
The mail goes in the clear, and nobody is told: opportunistic TLS falls back silently. Some
networks do it on purpose, and some firewalls and virus scanners because they cannot read TLS.

## What it cannot see
A server may choose whom it offers TLS: where the two sessions are of different client networks,
or where their replies differ in more than this keyword, the confidence is lower. A capture that
has only the sessions without it shows nothing. Where the keyword is masked (`XXXXXXXA`), that is
`masked-ehlo-keyword`. A capture on the other side of the suspect proves it.

## Example dialogue
    C: EHLO mail.example.org
    S: 250-mx.example.net
    S: 250-PIPELINING
    S: 250-STARTTLS
    S: 250 8BITMIME
    C: STARTTLS
    S: 500 Unsupported command.       (2 ms later; the server is 90 ms away)

## Remedy
Exempt the mail server from the proxy or the virus scanner, allow TLS through the firewall's SMTP
inspection, or use port 465. MTA-STS (RFC 8461) and DANE (RFC 7672) make senders notice.

## Sources
RFC 3207; Durumeric et al., "Neither Snow Nor Rain Nor MITM…", IMC 2015,
https://dl.acm.org/doi/10.1145/2815675.2815695; Norton AntiVirus 2002 on Bugtraq,
http://mail.spinics.net/lists/bugtraq/msg03715.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import masks, remedies, traits
from dissect.detect.context import Context, named
from dissect.detect.finding import Finding, Severity
from dissect.detect.history import Offer
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Exchange

ALONE, SAME_CLIENT, OTHERWISE = 0.85, 0.75, 0.7
"""Confidence where nothing but STARTTLS differs, to the same client; where more does; where the
other session is another client's."""

NEAR, UNKNOWN_VERB = 0.9, 0.6
"""Confidence where the refusal came too soon; where the server does not know what it offered."""

SHORTEST: Final = 0.002
"""Seconds to the server below which half of it cannot be told from chance."""

FAILURE: Final = 500
UNKNOWN: Final = frozenset({500, 502})

COMPANIONS: Final = frozenset({"STARTTLS", "AUTH"})
"""Keywords that a server itself offers or hides together with TLS."""


class StarttlsStripped(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="starttls-stripped",
        group="tls",
        severity=Severity.CRITICAL,
        summary="STARTTLS taken out of the server's offer, or refused by something nearer",
        sources=("STRIP-1", "AV-1", "RFC 3207"),
    )
    when = traits.NO_STARTTLS | traits.STARTTLS

    def __init__(self) -> None:
        self._refused: Exchange | None = None

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A hello that contradicts another session's, or a STARTTLS that was refused."""
        command, reply, _ = exchange
        if command is None or reply is None:
            return
        if command.verb == "STARTTLS":
            offered = "STARTTLS" in context.extensions
            told = masks.echo(reply.lines) is not None  # as echoed-mask
            if offered and reply.code >= FAILURE and context.starttls is None and not told:
                self._refused, context.awaited = exchange, True
        elif context.offered is not None:
            yield self._contradicted(context, exchange, context.offered)

    def _contradicted(self, context: Context, exchange: Exchange, other: Offer) -> Finding:
        """One session was offered it, the other was not."""
        command, reply, _ = exchange
        here = "STARTTLS" in context.extensions
        context.tally.offers_stripped += not here
        if here:
            said = f"Flow {other.flow} of {other.client} was not offered STARTTLS, and this one is"
        else:
            said = f"The server offered STARTTLS to {other.client} (flow {other.flow}), not here"
        return self.finding(
            context,
            (reply, command),
            said + _difference(context, other),
            confidence=_confidence(context, other),
            observed=reply.text if reply else b"",
            original="STARTTLS",
            impact="The mail of the session without it goes in the clear, and its sender is not "
            "told."
            if command
            else "",
            remedy=remedies.LET_TLS_THROUGH,
        )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Whether the refusal can have come from where the server is."""
        if self._refused is None:
            return
        command, reply, _ = self._refused
        if command is None or reply is None:
            return
        took = reply.time - command.time
        away = min(ended.rtt, _took(context.hello))
        near = away > SHORTEST and 0 <= took < away / 2
        if not near and reply.code not in UNKNOWN:
            return
        context.tally.starttls_near += near
        said = (
            f"after {took * 1000:.1f} ms, and the server is {away * 1000:.0f} ms away"
            if near
            else "as a verb that the server does not know, which had offered it"
        )
        yield self.finding(
            context,
            (reply, command),
            f"STARTTLS was offered, and refused with {reply.code} {said}",
            confidence=NEAR if near else UNKNOWN_VERB,
            severity=None if near else Severity.HIGH,
            observed=reply.text,
            original="STARTTLS",
            impact="There is no TLS: the mail goes in the clear, or not at all where the sender "
            "requires it.",
            remedy=remedies.LET_TLS_THROUGH,
        )


def _took(hello: Exchange | None) -> float:
    """Seconds in which the server answered EHLO; the SYN's answer may be late, or to a repeat."""
    if hello is None or hello.command is None or hello.reply is None:
        return 0.0
    return hello.reply.time - hello.command.time


def _difference(context: Context, other: Offer) -> str:
    """In what else the two replies differ."""
    if _elsewhere(context, other):
        return "; it calls itself otherwise there"
    others = sorted((context.extensions ^ other.extensions) - {"STARTTLS"})
    return f"; they differ in {', '.join(others[:4])} too" if others else "; nothing else differs"


def _elsewhere(context: Context, other: Offer) -> bool:
    """Whether another server answered at this address."""
    reply = context.hello.reply if context.hello else None
    return reply is None or named(reply) != other.server


def _confidence(context: Context, other: Offer) -> float:
    """How sure it is that the path and not the server makes the difference."""
    if other.client != context.client.address or _elsewhere(context, other):
        return OTHERWISE
    return ALONE if (context.extensions ^ other.extensions) <= COMPANIONS else SAME_CLIENT
