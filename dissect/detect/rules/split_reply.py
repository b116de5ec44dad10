"""A reply cut by a segment boundary.

## What it reports
The first reply of a flow that has a seam inside.

## Why it matters
This is legal. A middlebox or a client that reads packet by packet may take a part for the whole.

## What it cannot see
Whether anything minded.

## Example dialogue
    S: 250-mx.exam¦ple.net
    S: 250 PIPELINING

## Remedy
None is needed.

## Sources
RFC 9293 section 3.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, SeamInside, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange


class SplitReply(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="split-reply",
        group="seam",
        severity=Severity.INFO,
        summary="A reply cut by a segment boundary",
        sources=("RFC 9293 section 3.8",),
    )
    when = traits.REPLY_SEAM

    def __init__(self) -> None:
        self._told = False

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """The first such reply."""
        reply = exchange.reply
        if reply is None or not reply.seams or self._told:
            return
        self._told = True
        seam = reply.seams[0]
        offset = seam.offset - reply.offset
        yield self.finding(
            context,
            (reply,),
            f"The reply {reply.code} is cut by {seam.what} after {offset} bytes",
            confidence=0.8 if seam.inferred else 1.0,
            observed=reply.text[:200],
            seam=SeamInside(seam=seam, within="reply", offset=offset),
        )
