"""A reply that a device on the way put into the server's stream.

## What it reports
A refusal in the words of a known filter; or a 541, or a 552 or 554 to message data that has not
ended, whose TTL is not the server's, behind which a RST came that is not the server's either, or
at whose place in the stream the server's own bytes came too, and differ.

## Why it matters
The sender takes it for the server's word and returns the message. The server knows nothing of it:
it waits for the rest of the message until it gives up, and its log shows a lost connection.

## What it cannot see
Where a filter sits at the server and uses its own TTL, its reply looks like the server's. A 552 or
554 that the server sends and closes behind is its own business, and nothing is said. A 541 alone,
with the right TTL and no RST, is odd, because no RFC defines it for SMTP; but it does not tell
where it came from, so that nothing is said either. A capture on the server's side proves it: the
reply is not there.

## Example dialogue
    C: (message data)
    S: 541 5.4.1 Content blocked by Palo Alto Networks Firewall
    S! RST

## Remedy
Exempt the mail servers from content inspection on the way, or look up there what was found.

## Sources
INJ-1 and VND-PAN: "Palo Alto blocks SMTP virus with 541 response",
https://blog.webernetz.net/2014/08/28/palo-alto-blocks-smtp-virus-with-541-response/
VND-SW: SonicWall gateway anti-virus manual, 552; VND-JNPR: Juniper Junos security configuration
guide, anti-spam. RFC 5321 section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import envelope, injections, remedies, resets
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.injections import Injection
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended


class InjectedReply(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="injected-reply",
        group="proxy",
        severity=Severity.HIGH,
        summary="A reply that a device on the way put into the server's stream",
        sources=("INJ-1", "VND-PAN", "VND-SW", "VND-JNPR"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Look at the refusals that may not be the server's."""
        found = injections.found(context, ended)
        if found is None:
            return
        context.tally.replies_injected += 1
        reply = found.reply
        mail = envelope.read(context.lost) if context.lost else None
        whose = f"The message from <{mail.sender}>" if mail else "The message"
        yield self.finding(
            context,
            (
                reply,
                found.reset.note if found.reset else None,
                context.shown(found.conflict) if found.conflict else None,
            ),
            f"The reply {reply.code} was put into the server's stream{_by(found)}: "
            f"{'; '.join(sign.words for sign in found.signs)}",
            confidence=round(resets.combined(sign.weight for sign in found.signs), 2),
            observed=reply.text,
            impact=f"{whose} was refused by something that is not the server: the sender returns "
            "it, and the server knows nothing of it.",
            remedy=(*remedies.FILTER, *remedies.OTHER_SIDE),
            recipients=mail.recipients[:100] if mail else (),
            frames=_frames(found),
        )


def _frames(found: Injection) -> tuple[int, ...]:
    """The reply, the RST behind it, and what the server itself said."""
    reset = found.reset.note.frames if found.reset else ()
    return (*found.reply.frames, *reset, *(found.conflict.frames if found.conflict else ()))


def _by(found: Injection) -> str:
    """Who it was, where the words say so."""
    return f" by {found.product}" if found.product else ""
