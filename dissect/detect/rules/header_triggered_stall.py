"""A connection that died while a signed header was on its way.

## What it reports
The client's segment at which the connection stopped, or that a RST in the server's name answered,
where it lies in the header section of a message and holds the beginning of a DKIM-Signature or
DomainKey-Signature, and nothing more specific explains the end.

## Why it matters
Cisco PIX before 7.2(3), with SMTP inspection, ended connections wrongly where header names stand
inside other headers, as in the list of signed headers. Unsigned mail passes and signed mail fails.

## What it cannot see
It is a guess, as its confidence says: a server that dies just then looks the same, and the bytes
that trigger the bug are not published. Send the same message without a signature: if that one
passes, it is confirmed. A capture on the other side shows whether the segment arrives.

## Example dialogue
    S: 354 Enter message, ending with "." on a line by itself
    C: DKIM-Signature: v=1; a=rsa-sha256; h=From:To:Content-Type:…
    S! RST

## Remedy
PIX 7.2(3) or later, or its SMTP inspection off; until then no signature for that destination.

## Sources
PIX-08: Cisco document 118550, "Why do you see XXXXXXXA after EHLO". RFC 6376 section 3.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import envelope, limits, remedies, silences, stalls
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.detect.stalls import Stuck
from dissect.dialogue import Ended

SIGNATURE: Final = re.compile(rb"^(?:DKIM|DomainKey)-Signature:", re.IGNORECASE | re.MULTILINE)

CONFIDENCE: Final = 0.4


class HeaderTriggeredStall(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="header-triggered-stall",
        group="path",
        severity=Severity.MEDIUM,
        summary="A connection that died while a signed header was on its way",
        sources=("PIX-08", "RFC 6376 section 3.5"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at the segment at which the client stopped."""
        stuck = stalls.stuck(context, ended)
        if stuck is None or not ended.header or _explained(context, ended, stuck):
            return
        field = _signature(ended, stuck)
        if not field:
            return
        context.tally.header_stalls += 1
        words, recipients = envelope.loss(context.lost)
        yield self.finding(
            context,
            (
                stalls.place(ended, stuck.start),
                *([stuck.reset.note] if stuck.reset else []),
            ),
            f"The segment with a {field.decode()} header {stuck.words}",
            confidence=CONFIDENCE,
            observed=field,
            impact=f"{words} The sender is told nothing, and tries it again with the same header.",
            remedy=(*remedies.SIGNATURES, *remedies.OTHER_SIDE),
            recipients=recipients,
            frames=tuple(frame for frame in stuck.frames if frame),
        )


def _explained(context: Context, ended: Ended, stuck: Stuck) -> bool:
    """Whether a limit, the size of the segment or a silence explains the end."""
    return bool(
        ended.partial
        or limits.crossing(context, ended, stuck.start, stuck.stop)
        or stalls.oversized(ended, ended.client)
        or stalls.swallowed(ended, ended.client)
        or silences.fatal(context, ended)
    )


def _signature(ended: Ended, stuck: Stuck) -> bytes:
    """The name of the signature's header in a segment; empty without one."""
    found = (
        match[0].removesuffix(b":")
        for match in SIGNATURE.finditer(ended.header)
        if stuck.start <= ended.header_start + match.start() < stuck.stop
    )
    return next(found, b"")
