"""A line of a message that is a lone dot, and ends it too early.

## What it reports
Message data that the server answered at a lone dot, while the client was sending on: what
follows in the same flight is the rest of the message, and is refused line by line.

## Why it matters
The client must write a second dot in front of each line that begins with one. Where it does not,
the server accepts the message cut short, reads the rest as commands and drops the connection;
the client sees a failure, and sends the same message again and again. Lines of the message that
are commands are carried out.

## What it cannot see
Whether the dot was stuffed and something on the way took it out again: a capture at the sender
shows it. Where a single line follows, it is taken for an unknown command.

## Example dialogue
    C: .
    C: This was the second half of the message,
    C: which the server reads as commands.
    S: 250 OK id=1
    S: 500 unrecognized command
    S: 500 unrecognized command

## Remedy
Mend the sending software (RFC 5321 section 4.5.2).

## Sources
PROTO-18: Tony Finch, "weird message: SMTP dot-stuffing bug", Exchange 2003,
https://dotat.at/@/2010-05-21-weird-message-smtp-dot-stuffing-bug.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.detect.storms import Storm
from dissect.dialogue import Command, Ended
from dissect.dialogue.events import END_OF_DATA

SURE = 0.9
"""Confidence: text behind the dot, in one flight with it, has hardly another reason."""


class UnstuffedDot(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="unstuffed-dot",
        group="ending",
        severity=Severity.HIGH,
        summary="A lone dot inside a message that ends it too early",
        sources=("PROTO-18", "RFC 5321 section 4.5.2"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:  # noqa: ARG002
        """All runs of refused text."""
        for storm in context.storms:
            data = storm.cause.command
            if data is not None and data.verb == END_OF_DATA and _same_flight(storm, data):
                context.tally.sender_faults += 1
                yield self._told(context, storm, data)

    def _told(self, context: Context, storm: Storm, data: Command) -> Finding:
        """One message."""
        reply = storm.cause.reply
        accepted = reply is not None and reply.positive
        became = "accepted, cut short," if accepted else "refused"
        return self.finding(
            context,
            (data, reply, storm.first),
            f"A line that is a lone dot ended the message after {data.size} bytes: it was {became} "
            f"and {storm.lines} lines of text stood behind it, {storm.count} of which the server "
            "refused as commands",
            confidence=SURE,
            observed=data.line,
            original="..",
            impact="The recipients get the first part of the message, and may get it again with "
            "each retry."
            if accepted
            else "The message is refused, and lines of it may be carried out as commands.",
            remedy=(
                (
                    "Mend the sending software: it must double the dot at the beginning of a line "
                    "(RFC 5321 section 4.5.2)"
                ),
            ),
        )


def _same_flight(storm: Storm, data: Command) -> bool:
    """Whether text stood behind the dot before the client can have seen a reply to it."""
    reply, first = storm.cause.reply, storm.first
    if reply is None or not isinstance(first, Command) or not storm.text:
        return False
    return data.offset + data.size <= first.offset < reply.acked
