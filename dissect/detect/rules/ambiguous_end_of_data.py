"""An end of message data that only some servers take for one.

## What it reports
Inside message data, a lone dot between line ends that are not both CRLF, with SMTP commands
directly behind it; or one at which the server answered, so that it took it for the end.

## Why it matters
Two servers that do not agree where a message ends are what SMTP smuggling is made of: the sending
server sees one message, the receiving one sees two, and the second has any sender that the author
likes, past SPF and DKIM. Some mail gateways make CRLF.CRLF of such an end on the way.

## What it cannot see
Whether somebody meant it, and what servers further on make of it. Without commands behind it and
where the server waited for the real end, `bare-newline` tells of it.

## Example dialogue
    C: Nothing to see here.␍␊
    C: ␊.␍␊
    C: MAIL FROM:<president@example.gov>␍␊

## Remedy
Let the receiving server take nothing but CRLF.CRLF for the end of a message.

## Sources
PROTO-07: CVE-2023-51764 (Postfix), CVE-2023-51765 (Sendmail), CVE-2023-51766 (Exim); SEC Consult,
"SMTP Smuggling"; https://www.postfix.org/smtp-smuggling.html; RFC 5321 sections 2.3.8 and 4.1.1.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import ends, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command, Ended, Exchange, Reply
from dissect.dialogue.events import FalseEnd

CARRIED_OUT, STANDS_THERE, TAKEN = 0.95, 0.8, 0.9
"""Confidence: the server answered the commands behind the end too; commands stand behind it;
the server answered at the end, with nothing behind it."""


class AmbiguousEndOfData(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="ambiguous-end-of-data",
        group="ending",
        severity=Severity.HIGH,
        summary="An end of message data that only some servers take for one (SMTP smuggling)",
        sources=("PROTO-07", "CVE-2023-51764", "CVE-2023-51765", "CVE-2023-51766"),
    )
    when = traits.ODD_ENDS | traits.ALONE

    def __init__(self) -> None:
        self._open: tuple[Command, Reply | None, FalseEnd] | None = None
        self._answers = 0
        """Replies behind that message that no command of ours had asked for."""

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """Message data with its reply, or a reply to what was hidden in it."""
        command, reply, _ = exchange
        if command is None:
            self._answers += self._heard(exchange)
            return
        false = ends.smuggled(command)
        if false is not None:
            yield from self._close(context)
            self._open, context.awaited = (command, reply, false), True
        elif (end := ends.taken(exchange)) and not (context.unsure or context.midway):
            yield self._taken(context, exchange, end)

    def _heard(self, exchange: Exchange) -> bool:
        """Whether a reply can be to a command that is hidden in the message."""
        reply = exchange.reply
        return bool(self._open and reply and reply.positive and not exchange.unseen)

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """What was still open; and message data that never ended otherwise."""
        yield from self._close(context)
        body = ended.body
        if body is not None and (false := ends.smuggled(body)):
            self._open = (body, None, false)
            yield from self._close(context)

    def _close(self, context: Context) -> Iterator[Finding]:
        """One message with commands behind a false end."""
        if self._open is None:
            return
        (command, reply, false), self._open = self._open, None
        stop = false.offset + len(false.octets)
        at_once = command.offset + command.size == stop
        carried_out = self._answers > 0 or at_once
        line = false.follows.split(b"\n")[0].rstrip(b"\r")
        self._answers = 0
        yield self.finding(
            context,
            (command, reply),
            f"Message data holds {ends.named(false.octets)} with the command "
            f"{line.decode('ascii', 'backslashreplace')} behind it"
            + (": the server took it for the end" if carried_out else ""),
            confidence=CARRIED_OUT if carried_out else STANDS_THERE,
            observed=false.octets + line,
            original="CRLF.CRLF",
            impact="The server accepted what stands behind it as further commands: a second "
            "message, whose sender was never checked."
            if carried_out
            else "A server that takes it for the end reads a second message, whose sender was "
            "never checked; this one waited for the real end.",
            remedy=remedies.SMUGGLING,
            frames=tuple(sorted({*command.frames, false.frame, *(reply.frames if reply else ())})),
        )

    def _taken(self, context: Context, exchange: Exchange, false: FalseEnd) -> Finding:
        """A message that ended so, and that the server answered."""
        return self.finding(
            context,
            (exchange.command, exchange.reply),
            f"The server took {ends.named(false.octets)} for the end of a message",
            severity=Severity.MEDIUM,
            confidence=TAKEN,
            observed=false.octets,
            original="CRLF.CRLF",
            impact="This message was answered. But through a sender that lets such an end pass, "
            "a second message can be hidden behind it.",
            remedy=(*remedies.SMUGGLING, remedies.LINE_ENDS[0]),
        )
