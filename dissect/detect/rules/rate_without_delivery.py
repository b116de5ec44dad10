"""A client that asks and asks, and gets hardly any mail delivered.

## What it reports
A client that has offered many recipients within an hour, in several connections, of whom few were
accepted with their message, because the rest was lost: connections that died, recipients that
were left out. Again each time that the number has doubled.

## Why it matters
It is how the trouble first shows: the sending rate goes up, and no more mail arrives. Each try
costs both servers the whole envelope.

## What it cannot see
Recipients that the server refused in its own words (no such user, no relaying, greylisting) are
not counted as lost: that is the server's decision, and a client with many of them is rather a
spammer or has an old list. Tries outside of the captures.

## Example dialogue
    C: MAIL FROM:<a@example.org> … 60 RCPTs … (connection lost)
    C: MAIL FROM:<a@example.org> … 60 RCPTs … (connection lost)
    C: MAIL FROM:<a@example.org> … 60 RCPTs … (connection lost)

## Remedy
Mend what loses the mail: the other findings of these flows name it.

## Sources
RFC 5321 section 4.5.4.1; Tony Finch, "more firewall hate",
https://dotat.at/@/2009-09-01-more-firewall-hate.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import traits
from dissect.detect.context import Context
from dissect.detect.effort import Effort
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Transaction

ASKED: Final = 50
FLOWS: Final = 3
"""Recipients and connections within an hour, below which a rate means nothing."""

DELIVERED: Final = 0.2
LOST: Final = 0.5
"""At most this share was delivered, and at least this share was lost."""


class RateWithoutDelivery(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="rate-without-delivery",
        group="loss",
        severity=Severity.MEDIUM,
        summary="A client's RCPT rate far above what is accepted with its message",
        sources=("RFC 5321 section 4.5.4.1",),
    )
    concerns = traits.LOST | traits.HURT

    def __init__(self) -> None:
        self._hurt: Transaction | None = None

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:  # noqa: ARG002
        """Remember that this flow lost something."""
        self._hurt = transaction
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at the hour up to this flow."""
        if self._hurt is None or not ended.closed or not ended.server_seen:
            return
        rate = context.history.rate(context.client, context.start)
        own = context.spending.total.asked
        if not _futile(rate):
            return
        before = rate.asked - own
        crossed = before < ASKED or rate.flows == FLOWS
        doubled = before.bit_length() != rate.asked.bit_length()
        if not (crossed or doubled):
            return
        yield self.finding(
            context,
            (self._hurt.exchanges[0].command,),
            f"Within an hour {context.client.address} asked for {rate.asked} recipients in "
            f"{rate.flows} connections: {rate.delivered} were delivered, {rate.lost} lost",
            confidence=0.9,
            impact="The sending rate goes up and no more mail arrives.",
        )


def _futile(rate: Effort) -> bool:
    """Whether most of an effort was lost."""
    many = rate.flows >= FLOWS and rate.asked >= ASKED
    few = rate.delivered <= DELIVERED * rate.asked
    return many and few and rate.lost >= LOST * rate.asked
