"""A client that pipelines although the server does not offer it.

## What it reports
The first command of a flow that was sent before the reply to the one in front of it, where the
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
RFC 2920 section 3.1; catalogue PROTO-01, ALG-1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import keywords
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command

LENGTH = len("PIPELINING")


class PipeliningNotOffered(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="pipelining-not-offered",
        group="sequence",
        severity=Severity.MEDIUM,
        summary="A client pipelines although the server does not offer it",
        sources=("RFC 2920 section 3.1", "PROTO-01"),
    )

    def __init__(self) -> None:
        self._last: Command | None = None
        self._told = False

    def command(self, context: Context, command: Command) -> Iterator[Finding]:
        """A command that shares its group with the one before it."""
        last, self._last = self._last, command
        if self._told or last is None or last.group != command.group:
            return
        if context.unsure or context.one_sided or context.midway or not self._refused(context):
            return
        self._told = True
        said = "HELO was used" if not context.extensions else "PIPELINING is not offered"
        yield self.finding(
            context,
            (command, last),
            f"{command.verb} was sent before the reply to {last.verb}, although {said}",
            observed=command.line,
            impact="Exim drops such a connection; others may answer out of step.",
        )

    @staticmethod
    def _refused(context: Context) -> bool:
        """Whether the server has answered a hello, and offers no pipelining that can be seen."""
        hello = context.hello
        if hello is None or hello.reply is None or "PIPELINING" in context.extensions:
            return False
        return not any(len(m.mask) == LENGTH for m in keywords.masked(hello.reply.lines))
