"""Only one direction of the connection is in the capture.

## What it reports
A flow of which the capture has no segment of one side.

## Why it matters
Replies cannot be paired with commands, so that most rules must stay silent.

## What it cannot see
Everything that the other side said.

## Example dialogue
    C: EHLO mail.example.org
    C: MAIL FROM:<a@example.org>

## Remedy
Capture where both directions pass; routing may be asymmetric.

## Sources
RFC 5321 section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended


class OneSided(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="one-sided",
        group="capture",
        severity=Severity.INFO,
        summary="Only one direction of the connection is in the capture",
        sources=("RFC 5321 section 4.2",),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What the whole flow showed."""
        if ended.client_seen and ended.server_seen:
            return
        side = "client" if ended.client_seen else "server"
        yield self.finding(
            context,
            (),
            f"Only the {side} is in the capture: replies cannot be paired with commands",
            confidence=1.0,
            frames=(ended.frame,),
            remedy=("Capture where both directions pass; routing may be asymmetric.",),
        )
