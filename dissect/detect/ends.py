"""Ends of message data that only some servers see, and what stands behind them.

RFC 5321 section 4.1.1.4 ends message data with CRLF.CRLF.  A server that takes anything else for
the end reads what follows as commands: SMTP smuggling (CVE-2023-51764, -51765, -51766).
"""

from __future__ import annotations

import re
from typing import Final

from dissect.dialogue import Command, Exchange
from dissect.dialogue.events import END_OF_DATA, FalseEnd

COMMAND: Final = re.compile(
    rb"(?:MAIL FROM:|RCPT TO:|(?:EHLO|HELO|LHLO) \S|DATA\r?\n|BDAT \d|RSET\r?\n)", re.IGNORECASE
)
"""What stands behind the end where somebody wants it to be read as commands."""

NAMES: Final = ((b"\r\n", "CRLF "), (b"\r", "CR "), (b"\n", "LF "), (b"\0", "NUL "), (b".", "dot "))


def named(octets: bytes) -> str:
    """An end in words: ``LF dot CRLF``."""
    words = ""
    while octets:
        mark, name = next(
            (pair for pair in NAMES if octets.startswith(pair[0])), (octets[:1], "? ")
        )
        words, octets = words + name, octets[len(mark) :]
    return words.strip()


def smuggled(command: Command) -> FalseEnd | None:
    """The first false end in message data that has a command directly behind it, or None."""
    if command.verb != END_OF_DATA or command.oddity is None:
        return None
    return next((end for end in command.oddity.ends if COMMAND.match(end.follows)), None)


def last(command: Command) -> FalseEnd | None:
    """The false end behind which message data has nothing more but line ends, or None."""
    if command.oddity is None or not command.oddity.ends:
        return None
    end = command.oddity.ends[-1]
    behind = command.offset + command.size - end.offset - len(end.octets)
    return end if behind <= len(end.follows) and not end.follows.strip(b"\r\n") else None


def taken(exchange: Exchange) -> FalseEnd | None:
    """The false end that the server took for the end: it answered there, before any other."""
    command, reply, _ = exchange
    if command is None or command.verb != END_OF_DATA or command.ending:
        return None
    return last(command) if reply is not None and reply.positive else None
