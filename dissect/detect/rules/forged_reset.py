"""A reset that the host in whose name it came did not send.

## What it reports
A RST whose TTL is not that of its side (two hops or more away from it), behind which the same side
goes on talking, or which stands where its side's stream is not.

## Why it matters
Somebody on the way has cut the connection: an intrusion prevention system, a content filter, or a
censor. The mail server's logs only say "connection reset by peer", and blame the peer.

## What it cannot see
Who it was. A load balancer in front of a server may reset in its name with a TTL of its own, which
is the same fact, and no attack. A host that begins at 255 for a RST and at 64 for data is as far
away both times: that is no sign by itself; nor is a TTL that many other segments of the side have,
a RST behind 554, 421 or 221 from the right place, one of a client that is done, or one that answers
late data behind a FIN, and stands where that data acknowledged. Where packets are missing from the
capture, places are not judged. A capture on the other side proves it: the RST is not there.

## Example dialogue
    C: MAIL FROM:<a@example.org>
    S! RST            (TTL 62; all others 57)
    S: 250 2.1.0 Ok

## Remedy
Find the device by its distance, and exempt the mail servers there.

## Sources
NET-05: Weaver, Sommer, Paxson, "Detecting Forged TCP Reset Packets", NDSS 2009,
http://www.sciweavers.org/publications/detecting-forged-tcp-reset-packets
RFC 9293 section 3.5.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import envelope, injections, limits, remedies, resets, silences, stalls, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.resets import Sign
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, NoteKind, Reset
from dissect.evidence import Side


class ForgedReset(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="forged-reset",
        group="path",
        severity=Severity.HIGH,
        summary="A reset that the host in whose name it came did not send",
        sources=("NET-05", "RFC 9293 section 3.5.2"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at all resets of the flow."""
        there = [reset for reset in ended.resets if not _over(context, reset)]
        judged = [(reset, resets.signs(context, ended, reset)) for reset in there]
        forged = [(reset, found) for reset, found in judged if resets.forged(found)]
        context.tally.resets += _counted(ended, there, [reset for reset, _ in forged])
        if forged and not _told(context, ended):
            context.tally.resets_forged += len(forged)
            yield self._found(context, ended, forged)

    def _found(
        self, context: Context, ended: Ended, forged: list[tuple[Reset, list[Sign]]]
    ) -> Finding:
        """All of them in one finding: they are one event."""
        reset, found = max(forged, key=lambda pair: resets.combined(s.weight for s in pair[1]))
        name, more = reset.note.side.value, len(forged) - 1
        others = f" ({more} more of them)" if more else ""
        words, recipients = envelope.loss(context.lost)
        frames = {frame for each, _ in forged for frame in each.note.frames}
        return self.finding(
            context,
            (reset.note,),
            f"The reset in the {name}'s name is not the {name}'s own: "
            f"{'; '.join(sign.words for sign in found)}{others}",
            confidence=round(resets.combined(sign.weight for sign in found), 2),
            impact=f"{words} Both servers take it for the other's doing.",
            remedy=(*_remedy(reset, ended), *remedies.FILTER, *remedies.OTHER_SIDE),
            recipients=recipients,
            frames=(*frames, *resets.tail(ended, reset.note.side).after_reset[:3]),
        )


def _told(context: Context, ended: Ended) -> bool:
    """Whether another rule says what the RST was: a silence, a limit, or a filter's reply."""
    if silences.fatal(context, ended) or injections.found(context, ended):
        return True
    stuck = stalls.stuck(context, ended)
    return stuck is not None and bool(limits.crossing(context, ended, stuck.start, stuck.stop))


def _over(context: Context, reset: Reset) -> bool:
    """Whether all had been said and done: then a load balancer may tidy up, and no mail is lost."""
    last = context.last
    done = context.lost is None and last is not None and last.code == traits.LEAVING
    return done and last is not None and reset.note.time >= last.time


def _counted(ended: Ended, there: list[Reset], forged: list[Reset]) -> int:
    """RSTs that may have been forged; what comes behind one that was is an answer to it.

    A host whose connection was reset answers each further segment with a RST of its own
    (RFC 9293 section 3.5.2).
    """
    first = min((reset.note.frames[0] for reset in forged), default=None)
    own = (reset for reset in there if first is None or reset.note.frames[0] < first)
    return len(forged) + sum(_counts(ended, reset) for reset in own)


def _counts(ended: Ended, reset: Reset) -> bool:
    """Whether a RST is the server's, or the client's while the server had not closed."""
    before = (
        note.side is Side.SERVER
        and note.kind is NoteKind.FIN
        and note.frames[0] < reset.note.frames[0]
        for note in ended.closed
    )
    return reset.note.side is Side.SERVER or not any(before)


def _remedy(reset: Reset, ended: Ended) -> tuple[str, ...]:
    """How far away the device is, where the TTL says so."""
    if reset.ttl == resets.tail(ended, reset.note.side).ttl:
        return ()
    away = resets.hops(reset.ttl)
    return (f"Look for a device about {away} hops from here, from the reset's TTL: traceroute",)
