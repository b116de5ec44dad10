"""A client that pipelines although the server does not offer it.

## What it reports
The first command of each group behind which more was sent before its reply had come, where the
server's answer to EHLO has no PIPELINING, or where the client said HELO.

## Why it matters
Exim drops such a connection with a synchronisation error. A middlebox that hides PIPELINING from
one side only, or that refuses EHLO so that the client falls back to HELO, brings it about.

## What it cannot see
Where the EHLO reply is masked, the mask may be PIPELINING itself: then it stays silent.

## Example dialogue
    C: HELO mail.example.org
    S: 250 mx.example.net
    C: MAIL FROM:<a@example.org>
    C: RCPT TO:<b@example.net>

## Remedy
Find out why EHLO is refused; or let the sender wait for each reply.

## Sources
RFC 2920 section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import sync, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange

LENGTH: Final = len("PIPELINING")


class PipeliningNotOffered(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="pipelining-not-offered",
        group="sequence",
        severity=Severity.MEDIUM,
        summary="A client pipelines although the server does not offer it",
        sources=("RFC 2920 section 3.1", "PROTO-01"),
    )
    when = traits.EARLY

    def __init__(self) -> None:
        self._group = -1
        """The pipelining group that was told last."""

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A command behind which more had come before its reply."""
        command, reply = exchange.command, exchange.reply
        if command is None or reply is None or command.verb in (*traits.LAST, "QUIT"):
            return
        if context.unsure or context.midway or not self._refused(context):
            return
        if command.group == self._group:
            return
        self._group = command.group
        hello = context.hello.command if context.hello else None
        helo = hello is not None and hello.verb == "HELO"
        said = "HELO was used" if helo else "PIPELINING is not offered"
        yield self.finding(
            context,
            (command, reply),
            f"More was sent behind {command.verb or 'AUTH'} before its reply, although {said}",
            observed=command.line,
            impact=sync.said(command.verb, context.product, pipelining=False),
        )

    @staticmethod
    def _refused(context: Context) -> bool:
        """Whether the server has answered a hello, and offers no pipelining that can be seen."""
        hello = context.hello
        if hello is None or hello.reply is None or "PIPELINING" in context.extensions:
            return False
        return not any(len(word.mask) == LENGTH for word in context.keywords)
