"""CRLF.CRLF cut by a segment boundary, and answered all the same.

## What it reports
Message data whose end, CRLF.CRLF, has a seam inside, and that the server answered.

## Why it matters
Some servers and firewalls have lost a terminator that came in two packets (PIX-07). Here it
arrived; a path that swallows it shows `terminator-swallowed`.

## What it cannot see
Whether it is the sender's habit: many write the final `.␍␊` in a packet of its own. Inside TLS,
opened with `--keylog`, the boundary is one of TLS records; then it is reported as info, because
no device without the keys sees it.

## Example dialogue
    C: the last line¦.
    S: 250 OK

## Remedy
None is needed.

## Sources
RFC 5321 section 4.1.1.4; PIX-07: Cisco bug CSCds90792.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, SeamInside, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange
from dissect.dialogue.events import END_OF_DATA

CLOSING = 421

DOT = b"\r\n.\r\n"


class SplitTerminator(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="split-terminator",
        group="seam",
        severity=Severity.LOW,
        summary="CRLF.CRLF cut by a segment boundary, and answered all the same",
        sources=("RFC 5321 section 4.1.1.4", "PIX-07"),
    )
    when = traits.SEAM

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """Message data and the reply to it."""
        command = exchange.command
        if command is None or command.verb != END_OF_DATA or not command.seams:
            return
        if exchange.reply is None or exchange.reply.code == CLOSING:
            return
        seam = command.seams[0]
        offset = seam.offset - (command.offset + command.size - len(DOT))
        yield self.finding(
            context,
            (command,),
            f"The end of data, CRLF.CRLF, is cut by {seam.what} after {offset} of its bytes",
            severity=Severity.INFO if seam.record else None,
            confidence=0.8 if seam.inferred else 1.0,
            observed=DOT,
            seam=SeamInside(seam=seam, within="terminator", offset=offset),
        )
