"""A greeting that a mask has left without an end.

## What it reports
A greeting of several lines, overwritten with asterisks, in which the code of the last line is
overwritten too, and a client that then sends no command.

## Why it matters
A reply ends with the line that has a blank behind its code. Where that code is masked the client
waits for the rest until it gives up: no mail at all comes through.

## What it cannot see
A capture that ends less than a minute behind such a greeting proves no silence. The work-around
of Postfix for these firewalls does not help: it asks for a greeting of one line.

## Example dialogue
    S: 220-***************************
    S: ***************2**************
    C: (nothing, for five minutes)

## Remedy
Turn the SMTP inspection off; until then, give the server a greeting of one line.

## Sources
PIX-03: Gordano knowledge base, "Why do other servers quit immediately when connecting to GMS?";
Postfix `src/smtp/smtp_proto.c`. RFC 5321 section 4.2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import masks, remedies
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Reply

PATIENCE: Final = 60.0
"""Seconds of silence that show that the client waits; RFC 5321 section 4.5.3.2.1 allows 300."""

LEAVING: Final = "QUIT"


class MaskedGreetingHang(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="masked-greeting-hang",
        group="mask",
        severity=Severity.CRITICAL,
        summary="A greeting of several lines whose end is masked, so that the client waits for it",
        sources=("PIX-03", "RFC 5321 section 4.2.1"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What the client did with such a greeting."""
        reply = ended.unfinished or (context.greeting.reply if context.greeting else None)
        if reply is None or not reply.greeting or not masks.hung(reply.lines):
            return
        if context.unsure or context.midway or not _waited(context, ended, reply):
            return
        self._count(context, ended)
        seconds = _end(ended) - context.start
        yield self.finding(
            context,
            (reply, *ended.closed[:1]),
            f"The masked greeting never ends, because the code of its last line is masked too: the "
            f"client sent no command in {seconds:.0f} seconds",
            confidence=0.95,
            observed=reply.text,
            original="220",
            impact="No mail comes through: the client waits for the end of the greeting and gives "
            "up. It knows that it failed, and tries again.",
            remedy=("On the server, until then: a greeting of one line", *remedies.FIREWALL),
        )

    @staticmethod
    def _count(context: Context, ended: Ended) -> None:
        """Count the greeting, which nobody has counted where it never ended."""
        context.tally.greetings_hung += 1
        if ended.unfinished is not None:
            context.tally.greetings += 1
            context.tally.greetings_masked += 1


def _waited(context: Context, ended: Ended, reply: Reply) -> bool:
    """Whether the client said nothing, or took its leave, and was given time to speak."""
    first = context.first.command if context.first else None
    silent = not ended.client.sent if first is None else first.verb == LEAVING
    return silent and (bool(ended.closed) or _end(ended) - reply.time >= PATIENCE)


def _end(ended: Ended) -> float:
    """When the silence ended."""
    return ended.closed[0].time if ended.closed else ended.time
