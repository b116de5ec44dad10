"""The capture has no beginning of the connection.

## What it reports
A flow whose handshake is not in the capture.

## Why it matters
What was said before is not known: the greeting, what EHLO offered, perhaps the envelope.

## What it cannot see
Everything before the first frame.

## Example dialogue
    C: (the middle of a message)
    C: .
    S: 250 OK

## Remedy
Start the capture before the connection, or capture for longer.

## Sources
RFC 9293 section 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended


class JoinedMidway(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="joined-midway",
        group="capture",
        severity=Severity.INFO,
        summary="The capture has no beginning of the connection",
        sources=("RFC 9293 section 3.5",),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What the whole flow showed."""
        if ended.midway:
            yield self.finding(
                context,
                (),
                "The connection had begun before the capture did",
                confidence=1.0,
                frames=(context.first_frame,),
                remedy=("Start the capture before the connection.",),
            )
