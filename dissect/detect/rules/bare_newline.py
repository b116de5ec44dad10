"""Line feeds or carriage returns that stand alone.

## What it reports
Commands that end with a line feed without a carriage return: once for each flow, with their
number. Message data with a CR or LF that has not the other beside it: once for each message.

## Why it matters
A line ends with CRLF, and neither may stand alone. Servers differ: Postfix reads a bare line feed
as a line end unless `smtpd_forbid_bare_newline` is `reject`, and then answers 550; some other
servers refuse the message. Where two servers differ about one message, it can be split in two.

## What it cannot see
Lines of text that a server reads as commands are left to the rules for that. Whether the sender
wrote it so, or a proxy on the way took the carriage returns out: compare both
sides. Octets of BDAT are not looked at, because BINARYMIME allows any; nor are AUTH exchanges.

## Example dialogue
    C: MAIL FROM:<a@example.org>␊

## Remedy
The sending software must end each line with CRLF.

## Sources
RFC 5321 section 2.3.8. Postfix `postconf(5)`, smtpd_forbid_bare_newline. PROTO-05.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import ClassVar, Final

from dissect.detect import ends, masks, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command, Ended, Exchange
from dissect.dialogue.events import END_OF_DATA

LF: Final = b"\n"

NOT_READ: Final = frozenset({"", "AUTH", "X-EXPS"})
"""AUTH exchanges."""

BY_HAND: Final = 1.0
"""Seconds between two commands, in the median, from which on it is a person who types them."""

SINGLES: Final = 8
"""Segments of one byte from which on it is a person; a program writes empty lines so."""

TIMES: Final = 50
"""Commands whose times are kept."""


class BareNewline(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="bare-newline",
        group="ending",
        severity=Severity.LOW,
        summary="Line feeds or carriage returns that stand alone",
        sources=("PROTO-05", "RFC 5321 section 2.3.8"),
    )
    when = traits.ODD_ENDS

    def __init__(self) -> None:
        self._first: Command | None = None
        self._count = 0
        self._times: list[float] = []

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A command line, or a message."""
        command = exchange.command
        if command is None or command.verb in NOT_READ:
            return
        if command.verb != END_OF_DATA:
            self._line(context, command)
        elif not (ends.smuggled(command) or ends.taken(exchange)):
            yield from self._message(context, command)

    def _line(self, context: Context, command: Command) -> None:
        """Remember one command; they are told of together."""
        known = command.verb in masks.REAL_VERBS or masks.verb(command) is not None
        if command.ending != LF or not known:
            return
        context.awaited = True
        self._first = self._first or command
        self._count += 1
        if len(self._times) < TIMES:
            self._times.append(command.time)

    def _message(self, context: Context, command: Command) -> Iterator[Finding]:
        """One message."""
        oddity = command.oddity
        if oddity is None or not oddity.bare:
            return
        several = oddity.bare > 1
        yield self.finding(
            context,
            (command,),
            f"{oddity.bare} CR or LF in the message {'stand' if several else 'stands'} alone",
            confidence=0.95,
            impact="Servers that forbid it refuse the message; others change the text.",
            remedy=remedies.LINE_ENDS,
            frames=tuple(sorted({*command.frames, oddity.frame} - {0})),
        )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """The commands."""
        first, count = self._first, self._count
        if first is None:
            return
        typed = self._typed(ended)
        yield self.finding(
            context,
            (first,),
            f"{count} command{'s end' if count > 1 else ' ends'} with LF instead of CRLF"
            + (": typed by hand, it seems" if typed else ""),
            severity=Severity.INFO if typed else None,
            confidence=0.95,
            observed=first.line + first.ending,
            impact="An artefact of the test: netcat sends LF."
            if typed
            else "Servers that are strict refuse it, or wait for a CRLF that never comes.",
            remedy=("Test with a tool that sends CRLF: swaks, or nc -C",)
            if typed
            else remedies.LINE_ENDS,
        )

    def _typed(self, ended: Ended) -> bool:
        """Whether a person typed it: a byte a packet, or slower than any program."""
        gaps = [b - a for a, b in zip(self._times, self._times[1:], strict=False)]
        return ended.singles >= SINGLES or (len(gaps) > 1 and median(gaps) >= BY_HAND)
