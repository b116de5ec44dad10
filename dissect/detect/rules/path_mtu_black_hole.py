"""Segments of full size that the path swallows.

## What it reports
On the sender's side: a segment of nine tenths of the MSS or more, directly behind what was
acknowledged, that was sent three times or more in vain, while shorter ones before it arrived. On
the receiver's side: a hole where segments of full size should be, with shorter ones behind it,
on a connection that then dies. Either direction counts: also a long reply or a certificate.

## Why it matters
Greeting, commands and short messages pass, so everything looks well; each message that fills a
packet is tried again until it bounces. The packets are too large for a link in the middle, and
the ICMP error that would say so is filtered.

## What it cannot see
A server that died at that moment looks the same where nothing more is heard of it: then the
confidence is lower, and the message says so. In a capture with segmentation offload the sizes are
not those of the wire: capture with offload off. A capture that stops while the connection is open
may miss that it recovered: capture for longer. A capture on the other side proves it: there the
short segments arrive and the long ones do not.

## Example dialogue
    S: 354 End data with <CR><LF>.<CR><LF>
    C: (1,448 bytes, sent 6 times, never acknowledged)
    S: 421 4.4.2 mx.example.net Error: timeout exceeded

## Remedy
Let ICMP "fragmentation needed" through, clamp the MSS where the path narrows, or
`net.ipv4.tcp_mtu_probing=1` on the sender.

## Sources
NET-01: Postfix FAQ, timeouts after DATA;
https://heinlein-support.de/blog/mailserver/postfix-timeout-after-data-lost-connection
RFC 1191; RFC 2923 section 2.1; RFC 4821.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import envelope, limits, remedies, resets, silences, stalls, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Note, NoteKind
from dissect.evidence import Side

SENDER, RECEIVER = 0.85, 0.8
"""Confidence on the sender's and on the receiver's side of the hole."""

DOUBT: Final = 0.7
"""What each doubt multiplies it with: the peer fell silent, not even something short was answered
then, offload, the connection is still open, or so much was acknowledged before that some of it
should have been of full size."""

MOST: Final = 16
"""Holes remembered of one flow."""


class PathMtuBlackHole(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="path-mtu-black-hole",
        group="path",
        severity=Severity.CRITICAL,
        summary="Segments of full size never arrive, while shorter ones do",
        sources=("NET-01", "RFC 2923 section 2.1", "RFC 4821"),
    )

    notes = traits.NOTES[NoteKind.LOST]

    def __init__(self) -> None:
        self._holes: list[Note] = []

    def note(self, context: Context, note: Note) -> Iterator[Finding]:  # noqa: ARG002
        """Remember what was sent and did not arrive."""
        if note.kind is NoteKind.LOST and len(self._holes) < MOST:
            self._holes.append(note)
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at where each side stopped, from the sender's side or the receiver's."""
        if not (ended.client_seen and ended.server_seen):
            return
        for side in Side:
            if stalls.swallowed(ended, resets.tail(ended, side)) and not _other(
                context, ended, side
            ):
                yield self._sent(context, ended, side)
                return
        holes = [note for note in self._holes if stalls.hole(ended, note)]
        if holes and ended.closed:
            yield self._missing(context, ended, holes[0])

    def _sent(self, context: Context, ended: Ended, side: Side) -> Finding:
        """The sender's side of it."""
        context.tally.full_size_lost += 1
        tail = resets.tail(ended, side)
        stall = tail.stall
        assert stall is not None
        doubts = _doubts(context, ended, side)
        words, recipients = envelope.loss(context.lost)
        silent = "" if tail.answered else (
            f", and nothing more was heard of the {side.other.value}, which may have died"
        )  # fmt: skip
        return self.finding(
            context,
            (stalls.place(ended, stall.offset if side is Side.CLIENT else -1),),
            f"A segment of {stall.size:,} bytes of the {side.value} was sent {stall.repeats + 1} "
            f"times and never acknowledged; of the segments near it, the longest that arrived had "
            f"{tail.passed:,}{silent}",
            confidence=round(SENDER * DOUBT**doubts, 2),
            impact=f"{words} The sender gets no answer and tries it again, as long.",
            remedy=_remedy(ended),
            recipients=recipients,
            frames=tuple(frame for frame in stall.frames if frame),
        )

    def _missing(self, context: Context, ended: Ended, note: Note) -> Finding:
        """The receiver's side of it."""
        context.tally.full_size_lost += 1
        tail = resets.tail(ended, note.side)
        words, recipients = envelope.loss(context.lost)
        return self.finding(
            context,
            (note, *ended.closed[:1]),
            f"{note.size:,} bytes of the {note.side.value} never arrived, although what it sent "
            f"behind them did; the longest segment that arrived had {tail.largest:,} bytes",
            confidence=round(RECEIVER * DOUBT ** _much(context), 2),
            impact=f"{words} The sender gets no answer and tries it again, as long.",
            remedy=_remedy(ended),
            recipients=recipients,
        )


def _other(context: Context, ended: Ended, side: Side) -> bool:
    """Whether something more specific explains it: a silence, a limit, or the peer's MSS."""
    silence = silences.fatal(context, ended)
    if silence is not None or stalls.oversized(ended, resets.tail(ended, side)):
        return True
    stuck = stalls.stuck(context, ended) if side is Side.CLIENT else None
    return stuck is not None and bool(limits.crossing(context, ended, stuck.start, stuck.stop))


def _doubts(context: Context, ended: Ended, side: Side) -> int:
    """How many things make it less sure."""
    tail = resets.tail(ended, side)
    stall = tail.stall
    assert stall is not None
    left = any(note.side is side and note.kind is NoteKind.FIN for note in ended.closed)
    short = 0 < (tail.sent - stall.offset) % max(1, stall.size) < stalls.full_size(ended)
    return sum(
        (
            not tail.answered,
            not tail.answered and (left or short),
            bool(ended.offloaded),
            not ended.closed,
            side is Side.CLIENT and _much(context),
        )
    )


def _much(context: Context) -> bool:
    """Whether so much of the client arrived that some should have been of full size."""
    return context.tally.full_size_passed > 0


def _remedy(ended: Ended) -> tuple[str, ...]:
    """What to do, and what would confirm it."""
    longer = () if ended.closed else remedies.LONGER
    off = remedies.OFFLOAD_OFF if ended.offloaded else ()
    return (*remedies.MTU, *remedies.OTHER_SIDE, *off, *longer)
