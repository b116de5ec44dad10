"""A reply that no command had asked for.

## What it reports
The first reply of a flow, behind the greeting, that arrives when no command waits for one.

## Why it matters
Client and server are out of step, or somebody else has spoken for the server.

## What it cannot see
Commands that the capture lacks: joined midway, with gaps, or with the server's side only, it
stays silent. A 421 before the server closes is allowed at any time (RFC 5321 section 3.8), and a
refusal while message data is on its way is told of as such by other rules. Replies to text that
was read as commands are left to `body-parsed-as-commands`, and those to commands behind a false
end of message data to `ambiguous-end-of-data`.

## Example dialogue
    C: NOOP
    S: 250 OK
    S: 250 OK

## Remedy
Compare with a capture on the other side.

## Sources
RFC 5321 section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import masks, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.detect.storms import Storm
from dissect.dialogue import Ended, Exchange, Reply

CLOSING = 421


class UnsolicitedReply(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="unsolicited-reply",
        group="sequence",
        severity=Severity.LOW,
        summary="A reply that no command had asked for",
        sources=("RFC 5321 section 4.2",),
    )
    when = traits.ALONE

    def __init__(self) -> None:
        self._told = False
        self._stray: tuple[Storm, Reply] | None = None

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A reply alone."""
        command, reply, unseen = exchange
        if command is not None or reply is None or reply.greeting or unseen or self._told:
            return
        if reply.code == CLOSING or context.unsure or context.smuggled is not None:
            return
        if _lmtp(context):
            return  # it answers message data once for each recipient (RFC 2033 section 4.2)
        if context.first is None and masks.banner(reply.lines):
            return  # a further line of a masked greeting
        self._told = True
        if storm := context.stray(exchange):
            self._stray = (storm, reply)
            return
        yield self._found(context, reply)

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:  # noqa: ARG002
        """A refusal behind which no others came, so that it is no part of a run."""
        if self._stray is not None and not self._stray[0].unread:
            yield self._found(context, self._stray[1])

    def _found(self, context: Context, reply: Reply) -> Finding:
        """The finding."""
        return self.finding(
            context,
            (reply,),
            f"The reply {reply.code} came although no command waited for one",
            confidence=0.8,
            observed=reply.text,
        )


def _lmtp(context: Context) -> bool:
    """Whether this is LMTP and not SMTP."""
    first = context.first
    return first is not None and first.command is not None and first.command.verb == "LHLO"
