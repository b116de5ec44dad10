"""What is said of a source: its counters, how late it is, and its clock."""

from __future__ import annotations

from typing import Final

from dissect.escape import visible
from dissect.live.inlet import Source
from dissect.source.clock import By, Offset

HOW: Final = {By.SSH: "it was asked over ssh", By.PACKETS: "by packets that both saw"}


def counted(source: Source) -> str:
    """What came of the packets that were seen, and how many were not."""
    left_out = f"{source.left_out:,} left out by the display filter, "
    return (
        f"{source.packets:,} packets seen, {source.decoded:,} decoded, "
        f"{left_out if source.left_out else ''}{source.lost:,} lost with tshark, "
        f"{source.dropped_kernel:,} dropped by the kernel, {source.dropped_interface:,} "
        "by the interface"
    )


def timed(source: Source) -> str:
    """How late its packets were, and its clock."""
    return f"packets were at most {source.lag_most:.1f} s late; its clock {clock(source.clock)}"


def lagging(source: Source) -> str:
    """That it lags, or does no more."""
    if not source.behind:
        return "not behind any more"
    return f"{source.lag:.0f} s behind: packets come faster than they are decoded"


def clock(offset: Offset | None) -> str:
    """How far a clock is from which other one, and how that is known."""
    if offset is None:
        return "is not known"
    if offset.by is By.SAME:
        return "is ours"
    whose = f"that of {visible(offset.against)}" if offset.against else "ours"
    within = f"to within {_span(offset.error)} ({HOW[offset.by]})"
    if abs(offset.seconds) <= offset.error:
        return f"agrees with {whose} {within}"
    side = "ahead of" if offset.seconds > 0 else "behind"
    return f"is {_span(abs(offset.seconds))} {side} {whose}, {within}"


TOLD: Final = 0.0005
"""Seconds between two clocks from which on a header tells them apart: what it rounds to is 1 ms."""


def clock_in_short(offset: Offset | None) -> str:
    """The same for a header; empty for our own clock."""
    if offset is None:
        return "clock unknown"
    if offset.by is By.SAME:
        return ""
    whose = f"{visible(offset.against)}'s" if offset.against else "ours"
    seconds = abs(offset.seconds)
    side = "ahead of" if offset.seconds > 0 else "behind"
    far = f"{seconds:.3f} s {side}" if seconds >= TOLD else "as"
    return f"clock {far} {whose} ({offset.by.value})"


def _span(seconds: float) -> str:
    """Seconds in a unit in which they have some digits."""
    return f"{seconds:,.3f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
