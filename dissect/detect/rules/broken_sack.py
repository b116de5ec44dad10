"""Selective acknowledgments that speak of other sequence numbers than the connection's.

## What it reports
Segments with SACK blocks that lie far from anything that the other side has ever sent.

## Why it matters
A firewall that randomises sequence numbers rewrites those of the TCP header, and some do not
rewrite those inside the SACK option. As long as no packet is lost nothing happens; at the first
loss the sender is told nonsense, falls back to timeouts, and long messages crawl or die.

## What it cannot see
Which device does it, and on which side: a capture on the other side shows the same blocks with
sequence numbers that fit. Blocks a little way off are left alone: they may acknowledge bytes that
the capture lacks, or report a duplicate (RFC 2883).

## Example dialogue
    C: (4,380 bytes of a message; one segment is lost)
    S! ACK 1001461, SACK 3205591282-3205592742   (the client is at 1005841)

## Remedy
Cisco ASA/FTD: `set connection random-sequence-number disable` for the mail traffic.

## Sources
NET-03: Cisco, "Disable TCP Sequence Randomization",
https://docs.manage.security.cisco.com/cdfmc/t_disable_tcp_sequence_randomization.html
RFC 2018; RFC 2883.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import remedies, resets
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended
from dissect.evidence import Side

CONFIDENCE: Final = 0.9


class BrokenSack(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="broken-sack",
        group="path",
        severity=Severity.MEDIUM,
        summary="SACK blocks of other sequence numbers than the connection's",
        sources=("NET-03", "RFC 2018"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at the acknowledgments of each side."""
        for side in Side:
            frames = resets.tail(ended, side).sack_strays
            if not frames:
                continue
            other = side.other.value
            yield self.finding(
                context,
                (),
                f"{len(frames)} segments of the {side.value} carry SACK blocks that lie nowhere "
                f"near what the {other} has sent",
                confidence=CONFIDENCE,
                impact=f"After a lost packet the {other} cannot tell what arrived: mail gets slow, "
                "or the connection dies.",
                remedy=(*remedies.SEQUENCE, *remedies.OTHER_SIDE),
                frames=frames,
            )
