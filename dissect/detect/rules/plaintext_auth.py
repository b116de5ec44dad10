"""A user name and a password, sent in the clear.

## What it reports
AUTH with a mechanism that shows the credentials themselves (PLAIN, LOGIN, XOAUTH2, OAUTHBEARER),
answered or with them in the command, on a connection without TLS. Once for a flow.

## Why it matters
Everybody on the path can read and use them. Often it is the effect of a middlebox that hides
STARTTLS, on a client that does not insist on it.

## What it cannot see
Whether the capture was decrypted before it was saved: what follows a STARTTLS is taken for the
inside of TLS. The credentials are not kept: they are masked where they are read.

## Example dialogue
    C: AUTH PLAIN ################
    S: 235 2.7.0 Authentication successful

## Remedy
Let the server offer AUTH only inside TLS: Postfix `smtpd_tls_auth_only = yes`; Exim
`auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}`. Change the password.

## Sources
RFC 4954 section 4; RFC 8314 section 4.1; RFC 4616.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import ClassVar, Final

from dissect.detect import remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Command, Exchange

REVEALS: Final = re.compile(
    rb"(?:AUTH|X-EXPS)\s+(PLAIN|LOGIN|XOAUTH2|OAUTHBEARER)(?:\s+(\S+))?", re.IGNORECASE
)
"""Mechanisms whose answers are the credentials themselves, and an initial response."""

EMPTY: Final = b"="
"""An initial response of no octets (RFC 4954 section 4)."""

TLS_PORT: Final = 465


class PlaintextAuth(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="plaintext-auth",
        group="tls",
        severity=Severity.MEDIUM,
        summary="A user name and a password, sent in the clear",
        sources=("RFC 4954 section 4", "RFC 8314 section 4.1"),
    )
    when = traits.CREDENTIALS

    def __init__(self) -> None:
        self._asked: Command | None = None
        self._missing = 0
        """Answers of the client that are still to come before its password is shown."""
        self._told = False

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """An AUTH command, or an answer in its exchange."""
        command = exchange.command
        if command is None or self._told or not _exposed(context):
            return
        if not command.verb:
            self._missing -= 1
            cancelled = command.size <= len(b"*\r\n")
            if self._asked is not None and self._missing == 0 and not cancelled:
                yield self._tell(context, exchange, self._asked)
            return
        match = REVEALS.match(command.line)
        self._asked = command if match else None
        if match:
            initial = match.group(2) not in (None, EMPTY)
            self._missing = (2 if match.group(1).upper() == b"LOGIN" else 1) - initial
            if not self._missing:
                yield self._tell(context, exchange, command)

    def _tell(self, context: Context, exchange: Exchange, asked: Command) -> Finding:
        """The finding, on the command that asked for it."""
        self._told = True
        match = REVEALS.match(asked.line)
        assert match is not None
        mechanism = match.group(1).decode("ascii").upper()
        hidden = " and STARTTLS was not offered" * ("STARTTLS" not in context.extensions)
        return self.finding(
            context,
            (exchange.command, exchange.reply),
            f"Credentials were sent in the clear with AUTH {mechanism}{hidden}",
            confidence=0.95,
            observed=asked.line,
            impact="Whoever is on the path has the password.",
            remedy=remedies.AUTH_INSIDE_TLS,
        )


def _exposed(context: Context) -> bool:
    """Whether the connection is one that others can read."""
    if context.inside or context.starttls is not None or context.server.port == TLS_PORT:
        return False
    try:
        return not ip_address(context.server.address).is_loopback
    except ValueError:
        return True
