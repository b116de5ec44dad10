"""The end of message data, lost on the way because it came in two packets.

## What it reports
In front of the middlebox: CRLF.CRLF with a seam inside, whose last packet was sent again and
never acknowledged. Behind it: message data that ends at a
line end, one to four bytes of CRLF.CRLF short, when the client gives up.

## Why it matters
The server waits for the end and the client for the answer, until a timeout. The message is sent
again and again; where the answer alone is lost, the recipients get it several times.

## What it cannot see
Where the sender itself never wrote a proper end (that is the sender's fault, not the path's), a
capture at the sender shows the difference.

## Example dialogue
    C: the last line of the message␍␊
    C: .␍␊         (sent again, never acknowledged)

## Remedy
Upgrade or turn off the SMTP inspection; on a sending Postfix `smtp_pix_workarounds =
delay_dotcrlf` with a threshold of 0.

## Sources
PIX-07 and ASA-05: Cisco bug CSCds90792, Microsoft KB 295725, and the PIX work-around of Postfix.
RFC 5321 section 4.1.1.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import impact, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, SeamInside, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command, Ended, Transaction
from dissect.dialogue.events import END_OF_DATA

DOT: Final = b"\r\n.\r\n"

CLOSING: Final = 421

REPEATS: Final = 2
"""Times that the end was sent again in vain: one is ordinary loss."""

IMPACT: Final = (
    "The server never sees the end of the message: no recipient gets it, and the sender, who sees "
    "a timeout, tries it again."
)


class TerminatorSwallowed(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="terminator-swallowed",
        group="ending",
        severity=Severity.CRITICAL,
        summary="CRLF.CRLF in two packets, of which the last never arrived",
        sources=("PIX-07", "ASA-05", "RFC 5321 section 4.1.1.4"),
    )

    concerns = traits.SEAM

    def __init__(self) -> None:
        self._given_up: Command | None = None

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:  # noqa: ARG002
        """Remember data that the server answered with 421: it did not wait for its end."""
        final = transaction.final
        if final is not None and final.reply is not None and final.reply.code == CLOSING:
            self._given_up = final.command
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at how message data ended, on either side of the middlebox."""
        data = next((c for c in ended.pending if c.verb == END_OF_DATA), self._given_up)
        if data is not None and data.seams and not data.seams[0].record:
            yield from self._in_front(context, ended, data)
        elif ended.body is not None:
            yield from self._behind(context, ended, ended.body)

    def _in_front(self, context: Context, ended: Ended, data: Command) -> Iterator[Finding]:
        """The client sent the whole end, and its last part never arrived."""
        seam = data.seams[0]
        offset = seam.offset - (data.offset + data.size - len(DOT))
        unacked = ended.client.acked <= seam.offset
        if not (ended.server_seen and unacked and ended.tail_repeats >= REPEATS):
            return
        context.tally.terminators_swallowed += 1
        yield self.finding(
            context,
            (data, *ended.closed[:1]),
            f"The last {len(DOT) - offset} bytes of CRLF.CRLF, in a packet of their own, were sent "
            f"{ended.tail_repeats + 1} times and never acknowledged",
            confidence=0.9,
            observed=DOT,
            seam=SeamInside(seam=seam, within="terminator", offset=offset),
            impact=f"{IMPACT} {impact.habit(context, 'terminator')}".rstrip(),
            remedy=(*remedies.FIREWALL, *remedies.DOT),
        )

    def _behind(self, context: Context, ended: Ended, body: Command) -> Iterator[Finding]:
        """The server's side of it: data that stops just before its end."""
        missing = _missing(ended)
        have = len(DOT) - missing
        if not 1 <= missing < len(DOT) or not body.line.endswith(DOT[:have]):
            return
        context.tally.terminators_swallowed += 1
        yield self.finding(
            context,
            (body, *ended.closed[:1]),
            f"Message data stops {missing} bytes short of CRLF.CRLF: the client sent them, "
            "and they never arrived",
            confidence=0.85,
            observed=body.line,
            impact=f"{IMPACT} {impact.habit(context, 'terminator')}".rstrip(),
            remedy=(*remedies.FIREWALL, *remedies.DOT),
        )


def _missing(ended: Ended) -> int:
    """How many bytes the client's FIN or RST says were sent and never came; 0 without one."""
    offsets = [note.offset for note in ended.closed if note.side.value == "client"]
    body = ended.body
    assert body is not None
    lost = sum(offset - (body.offset + body.size) for offset in offsets[:1])
    return max(0, lost)
