"""A connection that died at the first octet beyond a limit of an inspection engine.

## What it reports
The client's segment at which the connection stopped, or that a RST answered, where it holds
exactly the first octet beyond a default limit of Cisco's SMTP inspection: octet 513 of a command
line, recipient 101 of a message, octet 999 of a header line, octet 321 of a sender address, or
octet 256 of a MIME file name.

## Why it matters
The firewall drops the connection and says nothing to either end. The sender tries the same message
again, which goes beyond the same limit again, until it bounces.

## What it cannot see
Why the segment was lost: that it holds just this octet is the evidence, and chance can do it once.
Where the segment is of full size too, the limit is still the better explanation, because it is met
exactly, and `path-mtu-black-hole` stays silent. A server that refuses in words (452, 500, 552) is
no limit drop. File names in the parts of a message are not looked at, only in its header section.
The firewall's log confirms it ("Dropped connection for ESMTP Request … matched Class"), and so
does a capture on the other side, where that segment never arrives.

## Example dialogue
    C: RCPT TO:<user100@example.net>
    S: 250 2.1.5 Ok
    C: RCPT TO:<user101@example.net>     (sent 6 times, never acknowledged)

## Remedy
A higher limit in an ESMTP inspection map of your own, or `no inspect esmtp`.

## Sources
ASA-04: Cisco ASA Firewall CLI configuration guide, `_default_esmtp_map`,
https://easymanua.ls/cisco/asa-5512-x/manual/124633?p=315
RFC 5321 section 4.5.3.1; RFC 5322 section 2.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import envelope, limits, remedies, silences, stalls
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended

CONFIDENCE, CORROBORATED = 0.8, 0.9
"""Confidence, and where something in the flow is masked as such devices do."""


class LimitDrop(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="limit-drop",
        group="path",
        severity=Severity.HIGH,
        summary="A connection that died at the first octet beyond a limit of SMTP inspection",
        sources=("ASA-04", "RFC 5321 section 4.5.3.1"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at the segment at which the client stopped."""
        stuck = stalls.stuck(context, ended)
        if stuck is None or ended.partial or silences.fatal(context, ended) is not None:
            return
        crossing = limits.crossing(context, ended, stuck.start, stuck.stop)
        if crossing is None:
            return
        context.tally.limits += 1
        words, recipients = envelope.loss(context.lost)
        command = crossing.command
        yield self.finding(
            context,
            (
                command or stalls.place(ended, stuck.start),
                *([stuck.reset.note] if stuck.reset else []),
            ),
            f"The segment with {crossing.words} {stuck.words}; at that octet Cisco's SMTP "
            f"inspection drops a connection by default ({crossing.match})",
            confidence=CORROBORATED if context.corroborated else CONFIDENCE,
            observed=command.line[:100] if command else b"",
            impact=f"{words} The sender is told nothing, and each try goes beyond the limit again.",
            remedy=(*remedies.LIMITS, *remedies.OTHER_SIDE),
            recipients=recipients,
            frames=tuple(frame for frame in stuck.frames if frame),
        )
