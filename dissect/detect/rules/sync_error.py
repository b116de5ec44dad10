"""The server's own words for a synchronisation error.

## What it reports
A 5xx reply in which Exim, Postfix or another server says that the client spoke out of turn.

## Why it matters
The server closes the connection and the message is tried again, with the same end. Where a masked
verb stands in front of it, the client did nothing wrong: Exim takes the mask for an unknown
command, and unknown commands must be the last of their group.

## What it cannot see
A server that only logs it (Postfix before 3.9).

## Example dialogue
    C: XXXX TO:<b@example.net>
    C: RCPT TO:<c@example.net>
    S: 554 SMTP synchronization error

## Remedy
With a mask in the flow: the middlebox. Without one: the sender pipelines where it must not.

## Sources
RFC 2920 section 3.1; Exim `src/smtp_in.c`; Postfix `src/smtpd/smtpd.c`; Sendmail `srvrsmtp.c`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import masks, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command, Exchange, Reply

WORDS: Final = (
    re.compile(rb"synchroni[sz]ation", re.IGNORECASE),
    re.compile(rb"improper (?:use of )?(?:SMTP )?command pipelining", re.IGNORECASE),
    re.compile(rb"pre-?greeting traffic", re.IGNORECASE),
)
"""Exim, Postfix, Sendmail."""

POSTSCREEN: Final = re.compile(rb"5\d\d 5\.5\.1 Protocol error")
"""It says so of more than one fault."""


class SyncError(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="sync-error",
        group="sequence",
        severity=Severity.HIGH,
        summary="The server's own words for a synchronisation error",
        sources=("RFC 2920 section 3.1", "Exim smtp_in.c", "Postfix smtpd.c"),
    )
    when = traits.REFUSED

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A reply with those words, and what it answers."""
        command, reply = exchange.command, exchange.reply
        if reply is None or reply.code < 500:  # noqa: PLR2004 - 5xx
            return
        if not (
            any(pattern.search(reply.text) for pattern in WORDS) or _postscreen(command, reply)
        ):
            return
        masked = (
            bool(command and masks.verb(command))
            or (context.tally.whole_verbs_masked + context.tally.asterisks) > 0
        )
        yield self.finding(
            context,
            (reply, command),
            "The server says that the client spoke out of turn"
            + (": it does not know the masked verb" if masked else ""),
            confidence=0.99,
            observed=reply.text,
            impact="The server drops the connection: no recipient of this message gets it now.",
            remedy=remedies.split(context.product) if masked else remedies.SENDER_PIPELINING,
        )


def _postscreen(command: Command | None, reply: Reply) -> bool:
    """Whether postscreen says so of a client that had sent more."""
    more = command is not None and reply.acked > command.offset + command.size
    return more and POSTSCREEN.match(reply.text) is not None
