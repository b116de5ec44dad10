"""A command sent behind one that must be the last of its group.

## What it reports
Bytes that the client sent after EHLO, HELO, DATA, VRFY, EXPN, TURN, NOOP or ETRN, before the
reply to it had come: for each pipelining group that is broken so.

## Why it matters
These commands are synchronisation points. Exim ends the connection with 554 behind EHLO, HELO,
DATA, VRFY, EXPN, NOOP, ETRN and ATRN; Postfix logs it behind EHLO, HELO, DATA, VRFY and NOOP, and
with `smtpd_forbid_unauth_pipelining` (the default from 3.9) ends it too. The finding says what
this server does, where it is known which one it is.

## What it cannot see
A client whose early bytes were held back by the path until the reply had gone by.

## Example dialogue
    C: DATA
    C: Subject: sent too soon
    S: 354 go ahead

## Remedy
The sender must wait for the reply.

## Sources
RFC 2920 section 3.1; Exim `src/smtp_in.c`; Postfix `src/smtpd/smtpd.c`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import sync, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Exchange

CACHED: Final = frozenset({"PIPECONNECT", "X_PIPE_CONNECT"})
"""Exim's clients that remember one of these do not wait for the reply to EHLO."""


class CommandAfterSyncPoint(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="command-after-sync-point",
        group="sequence",
        severity=Severity.MEDIUM,
        summary="A command sent behind one that must be the last of its group",
        sources=("RFC 2920 section 3.1", "PROTO-02"),
    )
    when = traits.EARLY

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """What had come from the client by the time the reply was complete."""
        command, reply = exchange.command, exchange.reply
        if command is None or reply is None or command.verb not in traits.LAST or context.unsure:
            return
        early = reply.acked - (command.offset + command.size)
        cached = command.verb in traits.HELLOS and CACHED & context.extensions
        if early <= 0 or cached:
            return
        yield self.finding(
            context,
            (command, reply),
            f"{early} bytes were sent behind {command.verb}, the end of pipelining group "
            f"{command.group}, before its reply had come",
            observed=command.line,
            impact=sync.said(command.verb, context.product, pipelining=context.pipelining),
        )
