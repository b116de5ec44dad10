"""Packets were cut by the snap length of the capture.

## What it reports
A flow with a packet of which the capture has only the first bytes.

## Why it matters
Commands and replies are missing in the middle, so that most rules must stay silent.

## What it cannot see
Whatever the cut bytes held.

## Example dialogue
    C: RCPT TO:<someb… (the rest was not captured)

## Remedy
Capture whole packets: `tcpdump -s 0`.

## Sources
tcpdump(1), option -s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended


class CutSnaplen(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="cut-snaplen",
        group="capture",
        severity=Severity.INFO,
        summary="Packets were cut by the snap length of the capture",
        sources=("tcpdump(1)",),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What the whole flow showed."""
        if ended.cut:
            yield self.finding(
                context,
                (),
                "Packets are cut by the snap length: what they held is not in the capture",
                confidence=1.0,
                frames=(ended.cut,),
                remedy=("Capture whole packets: tcpdump -s 0",),
            )
