"""Somebody typed this dialogue, one byte a packet.

## What it reports
A flow in which the client sent many segments of a single byte, as telnet does.

## Why it matters
A test by telnet through a healthy but inspecting firewall yields XXXX, because each byte comes in
a packet of its own: an artefact of the test, not proof of damage to mail.

## What it cannot see
A client that pastes whole lines.

## Example dialogue
    C: E
    C: H
    C: L
    C: O

## Remedy
Test with a tool that sends whole lines, such as swaks.

## Sources
Cisco document 113423: telnet sends one octet a packet, and an inspecting ASA masks each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended

SINGLES = 8
"""One-byte segments from which on it was a person: two verbs."""


class TypedByHand(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="typed-by-hand",
        group="capture",
        severity=Severity.INFO,
        summary="Somebody typed this dialogue, one byte a packet",
        sources=("PROTO-17",),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What the whole flow showed."""
        if ended.singles >= SINGLES:
            yield self.finding(
                context,
                (),
                f"{ended.singles} segments of one byte: this dialogue was typed by hand",
                confidence=0.95,
                frames=(ended.frame,),
                remedy=("Test with a tool that sends whole lines, such as swaks.",),
            )
