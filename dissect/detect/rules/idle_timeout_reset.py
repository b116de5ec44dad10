"""A connection that a device on the way forgot while both ends were silent.

## What it reports
A silence of four minutes or more, behind which the first segment was answered with a RST or was
sent three times in vain, although neither side had closed.

## Why it matters
Firewalls, address translators and load balancers forget connections that are idle. Long callouts,
greylisting, content filters and connections kept open between messages make such silences.

## What it cannot see
Which device forgot, and a host that was restarted meanwhile: it answers with a RST too. A silence
that fits a known timer raises the confidence; that several connections die behind the same silence
proves it. A server that says 421 first has ended the connection itself. A capture on the other side
shows whether the segment arrives there.

## Example dialogue
    S: 250 2.0.0 Ok: queued as 4BCD
    (360 seconds)
    C: MAIL FROM:<a@example.org>
    S! RST

## Remedy
A longer idle timer on the device, or shorter silences: keep-alives, no connection cache.

## Sources
NET-04: "Load Balancer TCP Reset and Idle Timeout",
https://learn.microsoft.com/en-us/azure/load-balancer/load-balancer-tcp-reset
RFC 5382 section 5; RFC 5321 section 4.5.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import envelope, remedies, resets, silences, stalls
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.detect.silences import Fatal
from dissect.dialogue import Ended
from dissect.evidence import Side

FITS, ANY = 0.8, 0.65
"""Confidence where the silence fits a known timer, and where it does not."""


class IdleTimeoutReset(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="idle-timeout-reset",
        group="path",
        severity=Severity.HIGH,
        summary="A long silence, behind which the first segment met a reset or nothing",
        sources=("NET-04", "RFC 5382 section 5"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at what became of the silences."""
        fatal = silences.fatal(context, ended)
        others = (i for i in silences.long(ended) if fatal is None or i is not fatal.idle)
        went_on = [idle for idle in others if silences.survived(ended, idle)]
        context.tally.silences += len(went_on)
        if fatal is None:
            return
        context.tally.silences_fatal += 1
        idle, reset, _ = fatal
        at = idle.offset if idle.side is Side.CLIENT else -1
        words, recipients = envelope.loss(context.lost)
        yield self.finding(
            context,
            (stalls.place(ended, at), *([reset.note] if reset else [])),
            f"After {idle.seconds:,.0f} seconds of silence the {idle.side.value}'s next segment "
            f"{_met(fatal)}{_fits(idle.seconds)}",
            severity=Severity.HIGH if recipients else Severity.MEDIUM,
            confidence=_confidence(context, ended, fatal),
            impact=words,
            remedy=(*remedies.IDLE, *remedies.OTHER_SIDE),
            recipients=recipients,
            frames=(*idle.frames, *(reset.note.frames if reset else ())),
        )


def _met(fatal: Fatal) -> str:
    """What became of the segment."""
    if fatal.reset is not None:
        return "was answered with a reset"
    return f"was sent {fatal.repeats + 1} times and never answered"


def _fits(seconds: float) -> str:
    """Which timer the silence fits."""
    timer = silences.timer(seconds)
    return f", which fits an idle timer of {timer:,} seconds" if timer else ""


def _confidence(context: Context, ended: Ended, fatal: Fatal) -> float:
    """How sure it is; a RST that is not the peer's own makes it surer."""
    weights = [FITS if silences.timer(fatal.idle.seconds) else ANY]
    if fatal.reset is not None:
        found = resets.signs(context, ended, fatal.reset)
        weights += [sign.weight for sign in found]
    return round(resets.combined(weights), 2)
