"""A server quotes a mask for a command that was whole here.

## What it reports
A 5xx reply that quotes `"XXXX …"` although the command that it answers was sent with a real verb.

## Why it matters
It proves from the clean side that the command was overwritten between here and the server.

## What it cannot see
Servers that do not quote the command (Exim, Postfix) give no echo. A verb with a seam inside is
told as `split-masked-verb` instead.

## Example dialogue
    C: STARTTLS
    S: 500 5.5.1 Command unrecognized: "XXXXXXXX"

## Remedy
Turn the SMTP inspection off, or let it allow TLS.

## Sources
ECHO-1: Recog (`smtp_ehlo.xml`), and "Neither Snow Nor Rain Nor MITM", IMC 2015, which used the
echo to measure masking on the Internet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import masks, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange


class EchoedMask(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="echoed-mask",
        group="mask",
        severity=Severity.HIGH,
        summary="A server quotes a mask for a command that was whole here",
        sources=("ECHO-1",),
    )
    when = traits.REFUSED

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A command with the reply that quotes it."""
        command, reply = exchange.command, exchange.reply
        if command is None or reply is None or command.verb not in masks.REAL_VERBS:
            return
        mask = masks.echo(reply.lines)
        if mask is None or len(mask) != len(command.verb) or masks.seam_in_verb(command):
            return
        context.tally.echoes += 1
        yield self.finding(
            context,
            (command, reply),
            f"{command.verb} reached the server as {mask.decode()}: its reply quotes the mask",
            confidence=0.98,
            observed=reply.text,
            original=command.verb,
            impact=f"The server never got the {command.verb} command.",
            remedy=(*remedies.FIREWALL, *remedies.KEEP_TLS),
        )
