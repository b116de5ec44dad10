"""What is left to tell of a flow when it is over."""

from __future__ import annotations

from typing import Final

from dissect.dialogue.events import Tail
from dissect.streams import Stall
from dissect.streams.half import Half

HEADER: Final = 20
"""Bytes of a TCP header without options (RFC 9293 section 3.1)."""


def tail(half: Half, peer: Half) -> Tail:
    """How far one side came."""
    stall = half.stall
    waiting = half.edge > half.acked
    held = stall is not None and stall.offset == half.acked and waiting
    return Tail(
        seen=half.seen,
        sent=half.edge,
        acked=half.acked,
        limit=half.limit(HEADER),
        stall=stall if held else None,
        ttl=half.usual_ttl,
        strays=tuple(half.strays),
        sack_strays=tuple(half.sack_strays),
        after_reset=tuple(half.after_reset),
        offloaded=bool(half.offloaded) and half.acked >= half.offloaded_end,
        mss=half.mss,
        passed=half.passed if waiting else 0,
        largest=half.largest if waiting else 0,
        answered=stall is not None and held and _answered(half, peer, stall),
    )


def _answered(half: Half, peer: Half, stall: Stall) -> bool:
    """Whether the peer was heard of while bytes were sent again in vain."""
    return peer.seen > stall.heard or half.sacked[1] > stall.offset


def first(*frames: int) -> int:
    """The first of some frames; 0 where there is none."""
    return min((frame for frame in frames if frame), default=0)
