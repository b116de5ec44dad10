"""A client that speaks before the server has greeted it.

## What it reports
Bytes of the client that came before the greeting was complete, or on a connection on which no
greeting ever came, and what protocol they are: SMTP, the PROXY protocol, HTTP, SOCKS.

## Why it matters
The client must wait for the greeting. Exim drops such a connection with 554, Postfix's
postscreen refuses its mail, Sendmail with a greeting pause answers 554 to everything. HTTP or
SOCKS on this port is no mail at all, but somebody who tries the door. The PROXY protocol in
front of a dialogue is as it must be where the server expects it of a load balancer.

## What it cannot see
Where the capture lacks the greeting, began later or shows one side only, it stays silent; so it
does for an Exim client that knows of PIPECONNECT, and for TLS, of which `tls-on-plain-port`
tells.

## Example dialogue
    C: EHLO mail.example.org
    S: 220 mx.example.net ESMTP

## Remedy
The sending software must wait for the greeting.

## Sources
RFC 5321 section 4.3.1. Exim `src/smtp_in.c`; Postfix `postscreen(8)`, pregreet test; Sendmail
`srvrsmtp.c`. HAProxy, "The PROXY protocol". PROTO-03, PROTO-04.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final, NamedTuple

from dissect.detect import masks, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command, Ended, Exchange, Reply
from dissect.evidence import Side

PATIENCE: Final = 60.0
"""Seconds without a greeting, on a connection that is still open, that are no delay any more."""

CACHED: Final = frozenset({"PIPECONNECT", "X_PIPE_CONNECT"})
"""Exim's extension that lets a client talk at once, if it has seen it offered before."""


class Protocol(NamedTuple):
    """What is known by its first bytes."""

    pattern: re.Pattern[bytes]
    name: str
    severity: Severity
    impact: str
    remedy: str


NO_MAIL: Final = "No mail is concerned: this is no mail client."
FIND_OUT: Final = "Find out who the client is, and whether it means this port"

PROTOCOLS: Final = (
    Protocol(
        re.compile(rb"(?:GET|POST|HEAD|PUT|OPTIONS|CONNECT|PRI) "), "HTTP", Severity.LOW,
        NO_MAIL, FIND_OUT,
    ),
    Protocol(
        re.compile(rb"\x05[\x01-\x09]|\x04[\x01\x02]"), "SOCKS", Severity.LOW, NO_MAIL, FIND_OUT,
    ),
    Protocol(
        re.compile(rb"PROXY |\r\n\r\n\0\r\nQUIT\n"), "the PROXY protocol", Severity.MEDIUM,
        "The server does not expect it, and takes it for a command: no mail gets through.",
        "Let the load balancer leave it out, or the server expect it: Postfix "
        "smtpd_upstream_proxy_protocol = haproxy, Exim hosts_proxy",
    ),
)  # fmt: skip

TLS: Final = re.compile(rb"[\x14-\x17]\x03")

SMTP: Final = Protocol(
    re.compile(rb"[A-Za-z]"), "SMTP", Severity.MEDIUM,
    "Servers that check it drop the connection: none of its mail is accepted there.",
    "The sending software must wait for the greeting (RFC 5321 section 4.3.1)",
)  # fmt: skip

UNKNOWN: Final = Protocol(re.compile(rb""), "an unknown protocol", Severity.LOW, NO_MAIL, FIND_OUT)


class EarlyTalker(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="early-talker",
        group="sequence",
        severity=Severity.MEDIUM,
        summary="A client that speaks before the server has greeted it",
        sources=("PROTO-03", "PROTO-04", "RFC 5321 section 4.3.1"),
    )
    when = traits.TALKED_EARLY

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:  # noqa: ARG002
        """The greeting: what the client said is known when its commands are."""
        context.awaited = True
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What had come of the client when the server greeted it, or never did."""
        greeting = context.greeting.reply if context.greeting else None
        early = min(greeting.acked, ended.client.sent) if greeting else ended.client.sent
        if not early or not _certain(context, ended) or TLS.match(ended.head):
            return
        if greeting is None and (ended.unfinished or not _given_up(ended)):
            return
        if greeting is not None and _interrupted(context, greeting):
            return
        protocol = _protocol(context, ended)
        if protocol is SMTP:
            context.tally.sender_faults += 1
        if _expected(context, greeting):
            yield self._balanced(context, greeting)
            return
        evidence = _evidence(context, ended, greeting)
        yield self.finding(
            context,
            evidence,
            f"The client spoke {protocol.name} "
            + (
                f"before the greeting: {early} bytes came too soon"
                if greeting
                else f"without a greeting: {early} bytes, and the server never greeted it"
            ),
            severity=protocol.severity,
            confidence=0.9 if greeting else 0.8,
            observed=evidence[0].line if isinstance(evidence[0], Command) else b"",
            impact=protocol.impact,
            remedy=(protocol.remedy,),
            frames=() if any(evidence) else (ended.frame,),
        )

    def _balanced(self, context: Context, greeting: Reply | None) -> Finding:
        """The PROXY protocol where the server expects it."""
        preface = context.preface
        return self.finding(
            context,
            (greeting,),
            "A load balancer wrote the PROXY protocol in front of the dialogue, and the server "
            "expects it",
            severity=Severity.INFO,
            confidence=0.9,
            frames=preface.frames if preface else (),
            impact="None: client and server are as they must be.",
        )


def _certain(context: Context, ended: Ended) -> bool:
    """Whether the capture is whole enough, and nothing allows the client to talk at once."""
    whole = not (context.midway or ended.partial or ended.cut)
    cached = context.extensions & CACHED or any(
        CACHED & set(keyword.candidates) for keyword in context.keywords
    )
    return whole and ended.server_seen and ended.client_seen and not ended.tls and not cached


def _interrupted(context: Context, greeting: Reply) -> bool:
    """Whether the server had begun to greet, and went on with something else than its greeting.

    postscreen greets in two steps on purpose; a greeting without an end is no fault of the client.
    """
    first = context.first.command if context.first else None
    begun = context.preface is None and first is not None and greeting.frames[0] < first.frames[0]
    code = b"%d" % greeting.code
    return begun and (
        len(greeting.lines) == 1 or any(not ln.startswith(code) for ln in greeting.lines)
    )


def _given_up(ended: Ended) -> bool:
    """Whether somebody closed, or waited for long, on a connection without a greeting.

    A reset by the server says that nobody listens there, or that it never got the bytes.
    """
    if ended.client.acked < ended.client.sent:
        return False
    return bool(ended.closed) or any(
        idle.side is Side.CLIENT and idle.seconds >= PATIENCE for idle in ended.idle
    )


def _protocol(context: Context, ended: Ended) -> Protocol:
    """What the first bytes are."""
    found = next((known for known in PROTOCOLS if known.pattern.match(ended.head)), None)
    if found is not None:
        return found
    first = context.first.command if context.first else None
    real = first is not None and (first.verb in masks.REAL_VERBS or masks.verb(first) is not None)
    return SMTP if real else UNKNOWN


def _expected(context: Context, greeting: Reply | None) -> bool:
    """Whether nothing but the PROXY protocol came before a greeting that welcomes the client."""
    preface = context.preface
    return (
        preface is not None and greeting is not None and greeting.positive
        and greeting.acked == preface.size
    )  # fmt: skip


def _evidence(
    context: Context, ended: Ended, greeting: Reply | None
) -> tuple[Command | Reply | None, ...]:
    """The first command, and the greeting that it did not wait for."""
    first = context.first.command if context.first else None
    if first is None and ended.pending:
        first = ended.pending[0]
    return (first, greeting) if first is not None else (greeting,)
