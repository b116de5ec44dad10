"""A recipient who gets no mail because the RCPT was damaged on the way.

## What it reports
A masked RCPT, or one that was masked further on, refused while the message was accepted for the
other recipients.

## Why it matters
Mail is lost one address at a time. The sender sees a 500 for that recipient and bounces or
retries; everybody else has the mail, so nobody looks at the firewall.

## What it cannot see
Whether the sender tried that recipient again alone, outside of the capture.

## Example dialogue
    C: RCPT TO:<a@example.net>
    C: XX¦XX TO:<b@example.net>
    C: DATA
    S: 250 Accepted
    S: 500 unrecognized command
    S: 354 go ahead

## Remedy
As for `split-masked-verb`.

## Sources
PIX-06: Tony Finch, "more firewall hate",
https://dotat.at/@/2009-09-01-more-firewall-hate.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import envelope, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Reply, Transaction


class LostRecipient(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="lost-recipient",
        group="loss",
        severity=Severity.CRITICAL,
        summary="A damaged RCPT refused while the message was accepted for the others",
        sources=("PIX-06",),
    )
    concerns = traits.HURT

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:
        """A message that was accepted, but not for all."""
        if not transaction.accepted:
            return
        mail = envelope.read(transaction)
        accepted = sum(recipient.accepted for recipient in mail.offered)
        for recipient in mail.offered:
            if not recipient.damaged or not accepted:
                continue
            command, reply = recipient.exchange.command, recipient.exchange.reply
            yield self.finding(
                context,
                (command, reply),
                f"<{recipient.path}> gets no mail: its RCPT was damaged, and the message was "
                f"accepted for {accepted} of {len(mail.offered)} recipients",
                confidence=0.95,
                observed=command.line if command else b"",
                original="RCPT",
                impact=f"The message from <{mail.sender}> did not reach <{recipient.path}>. "
                + _noticed(reply),
                remedy=remedies.split(context.product),
                recipients=(recipient.path,),
            )


def _noticed(reply: Reply | None) -> str:
    """Whether the sender can have noticed."""
    if reply is None:
        return "The sender got no answer for this recipient, and may take it for accepted."
    return (
        f"The sender was told {reply.code} for this recipient alone: it reports this address as "
        "failed, and nothing points to the path."
    )
