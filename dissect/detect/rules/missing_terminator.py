"""Message data whose sender never wrote its end.

## What it reports
Message data that stops with a dot that has no line end in front of it, or with an end that only
some servers take for one; all of it was acknowledged, and then there was silence until one side
gave up.

## Why it matters
The server waits for CRLF.CRLF and the client for the answer. In the logs of both it looks exactly
like a firewall that swallows the end, and it is not: the sending software is at fault. Exchange
2003 did so with binary TNEF bodies that do not end in a line end.

## What it cannot see
Behind a middlebox, whether the end was swallowed on the way: where the client closes, its FIN or
RST shows that nothing is missing; where it does not, the confidence is lower. A capture at the
sender decides.

## Example dialogue
    C: the last line.␍␊     (a dot, but no line of its own)
    S: 421 timeout          (five minutes later)

## Remedy
Mend the sending software, or let it send such bodies in base64 or quoted-printable.

## Sources
PROTO-06: Tony Finch, "firewall fallout: Exchange oddity",
https://dotat.at/@/2009-09-02-firewall-fallout-exchange-oddity.html; RFC 5321 section 4.1.1.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import ends
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.detect.tally import SURE
from dissect.dialogue import Command, Ended
from dissect.evidence import Side

DOT: Final = re.compile(rb"[^\r\n]\.\r\n$")

PAUSE, PATIENCE = 3.0, 60.0
"""Seconds of silence behind which the client may have said all, and behind which it surely has."""

UNREAD: Final = frozenset({354, 421, 451})
"""Last replies of a server that still waits, or waited in vain; any other refuses the message."""

CLIENT_CLOSED, SENTENCE, UNSURE = 0.85, 0.7, 0.6
"""Confidence: after a long silence the client's FIN or RST shows that it sent no more; the silence
was short, so that the client may have died, or nothing shows that no byte was lost."""


class MissingTerminator(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="missing-terminator",
        group="ending",
        severity=Severity.HIGH,
        summary="Message data whose sender never wrote CRLF.CRLF",
        sources=("PROTO-06", "RFC 5321 section 4.1.1.4"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Message data that was open when the flow ended."""
        body = ended.body
        if body is None or not _waited(context, ended, body):
            return
        false = ends.last(body)
        if false is None and not DOT.search(body.line):
            return
        sent = [note.offset for note in ended.closed if note.side is Side.CLIENT]
        if any(offset != body.offset + body.size for offset in sent):
            return
        seconds = ended.closed[0].time - body.time
        long = bool(sent) and seconds >= PATIENCE
        confidence = UNSURE if not long else CLIENT_CLOSED if false else SENTENCE
        context.tally.sender_faults += confidence >= SURE
        how = ends.named(false.octets) if false else "a dot that is not alone on its line"
        yield self.finding(
            context,
            (body, *ended.closed[:1]),
            f"The sender ended its message with {how} instead of CRLF.CRLF, and both sides waited "
            f"for {seconds:.0f} seconds",
            confidence=confidence,
            observed=body.line,
            original="CRLF.CRLF",
            impact="No recipient gets the message. The path is not at fault: all that the sender "
            "sent was acknowledged. It will send the same again, unless it died at this place.",
            remedy=(
                "Mend the sending software: it must end message data with CRLF.CRLF",
                (
                    "Until then, let it send bodies without a last line end in base64 or "
                    "quoted-printable (Exchange: no TNEF to that domain)"
                ),
                "If in doubt, capture at the sender: there CRLF.CRLF is missing too",
            ),
        )


def _waited(context: Context, ended: Ended, body: Command) -> bool:
    """Whether the server had all that was sent, and both sides waited."""
    if context.unsure or ended.partial or not ended.closed or not ended.server_seen:
        return False
    if ended.client.acked < body.offset + body.size:
        return False
    heeded = context.last is None or context.last.code in UNREAD
    return heeded and ended.closed[0].time - body.time >= PAUSE
