"""A segment that is longer than its receiver allows, and never arrives.

## What it reports
A segment with more payload than the MSS of the peer's SYN leaves room for, that was sent three
times or more, each time as long, and never acknowledged.

## Why it matters
Some firewalls drop such segments without a word (a Cisco ASA logs 419001, "MSS exceeded"); the
sender sends the same one again until it gives up.

## What it cannot see
Where segments as long were acknowledged, or the other direction shows segmentation offload, the
network card cuts them outside of the capture, and it stays silent: capture with offload off, or
on the other side. Without the handshake the MSS is not known. What the peer announced may have
been lowered on the way: then the sender is right, and the device is not.

## Example dialogue
    S! SYN ACK (MSS 1380)
    C: (1,460 bytes, sent 5 times, never acknowledged)

## Remedy
ASA: `tcp-map` with `exceed-mss allow`; on the sender: respect the MSS of the peer.

## Sources
NET-02: "ASA-4-419001 MSS exceeded",
http://fir3net.com/Firewalls/ASA-Cisco/asa-mss-exceeded.html
RFC 9293 section 3.7.1; RFC 6691.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import envelope, remedies, resets, silences, stalls
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended
from dissect.evidence import Side

CONFIDENCE, UNHEARD = 0.8, 0.6
"""Confidence, and where nothing more was heard of the peer, which may have died."""

ASA: Final = "The sender gets no answer, and tries the message again with segments as long."


class OversizedSegment(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="oversized-segment",
        group="path",
        severity=Severity.MEDIUM,
        summary="A segment longer than the peer's MSS that was never acknowledged",
        sources=("NET-02", "RFC 9293 section 3.7.1"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at where each side stopped."""
        if ended.midway or not (ended.client_seen and ended.server_seen):
            return
        if silences.fatal(context, ended) is not None:
            return
        for side in Side:
            tail = resets.tail(ended, side)
            if stalls.oversized(ended, tail):
                yield self._told(context, ended, side)

    def _told(self, context: Context, ended: Ended, side: Side) -> Finding:
        """One side's segment."""
        tail = resets.tail(ended, side)
        stall = tail.stall
        assert stall is not None
        words, recipients = envelope.loss(context.lost)
        return self.finding(
            context,
            (stalls.place(ended, stall.offset if side is Side.CLIENT else -1),),
            f"A segment of {stall.size:,} bytes of the {side.value} was sent {stall.repeats + 1} "
            f"times and never acknowledged; the MSS that the {side.other.value} announced leaves "
            f"room for {stall.room:,}",
            confidence=CONFIDENCE if tail.answered else UNHEARD,
            impact=f"{words} {ASA}",
            remedy=(*remedies.MSS, *remedies.OFFLOAD_OFF, *remedies.OTHER_SIDE),
            recipients=recipients,
            frames=tuple(frame for frame in stall.frames if frame),
        )
