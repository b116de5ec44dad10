"""Segments larger than the MSS: segmentation offload hides where the wire cut.

## What it reports
A flow with a payload larger than the MSS that its receiver announced.

## Why it matters
The network card cut or joined these packets outside of the capture. The boundaries that a middlebox
saw are multiples of the MSS: they are inferred, and every finding that rests on them says so.

## What it cannot see
Whether the card used the full MSS, and where it joined packets that were shorter.

## Example dialogue
    C: (4,344 bytes in one segment, MSS 1448)

## Remedy
Turn it off while capturing: `ethtool -K eth0 tso off gso off gro off lro off`.

## Sources
RFC 9293 section 3.7.1; ethtool(8).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import stalls
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended


class OffloadedCapture(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="offloaded-capture",
        group="capture",
        severity=Severity.INFO,
        summary="Segments larger than the MSS: segmentation offload hides where the wire cut",
        sources=("RFC 9293 section 3.7.1",),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What the whole flow showed; not where the wire itself had a segment that large."""
        large = any(stalls.oversized(ended, side) for side in (ended.client, ended.server))
        if ended.offloaded and not large:
            yield self.finding(
                context,
                (),
                "Segments are larger than the MSS: segmentation offload, so seams are inferred",
                confidence=1.0,
                frames=(ended.offloaded,),
                remedy=("While capturing: ethtool -K IFACE tso off gso off gro off lro off",),
            )
