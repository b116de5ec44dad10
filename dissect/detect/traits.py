"""What an exchange has about it, as bits: most have nothing, and then no rule looks at them.

A rule names in ``when`` the bits of an exchange that concern it, and in ``concerns`` those of a
mail transaction (the bits of all its exchanges, and how it ended).
"""

from __future__ import annotations

from typing import Final

from dissect.detect import masks, proxies
from dissect.detect.sync import PLACES
from dissect.dialogue import Command, Exchange, NoteKind, Reply
from dissect.dialogue.grammar import CHUNK

CRLF: Final = b"\r\n"
LF: Final = b"\n"

SEAM: Final = 1
"""A seam inside the command."""
MASK: Final = 2
"""The command begins as a mask does."""
REPLY_SEAM: Final = 4
"""A seam inside the reply."""
REFUSED: Final = 8
"""A 4xx or 5xx reply."""
UNANSWERED: Final = 16
ALONE: Final = 32
"""A reply that no command had asked for, and no greeting."""
MASKED_GREETING: Final = 64
MASKED_KEYWORDS: Final = 128
"""A reply to EHLO with masked keywords."""
EARLY: Final = 256
"""The client had sent more before the reply was complete, and must not have."""
HURT: Final = 512
"""A seam or a mask, and a refusal or no answer; or a refusal that quotes a mask."""
LOST: Final = 1024
"""Of a transaction: the connection or the capture ended it."""
ODD_ENDS: Final = 2048
"""A bare line feed ended the command, or the message data has line ends that are odd."""
NOOPED: Final = 4096
"""EHLO was answered as NOOP is."""
STARTTLS: Final = 8192
"""A STARTTLS, whatever the reply."""
CREDENTIALS: Final = 16384
"""AUTH, or a client's answer in an AUTH exchange."""
PROXY: Final = 32768
"""The greeting of a proxy that is known, or a reply that only one words so."""
TALKED_EARLY: Final = 65536
"""The greeting, and the client had sent something before it came."""
GOODBYE: Final = 131072
"""A 221 to something other than QUIT."""
NO_STARTTLS: Final = 262144
"""A reply to EHLO that says otherwise about STARTTLS than an earlier one of the same server."""

INJECTED: Final = 524288
"""A command in the clear behind a STARTTLS, sent before the server had granted it."""

NOTES: Final = {kind: 1 << place for place, kind in enumerate(NoteKind)}
"""One bit for each kind of note."""

LAST: Final = frozenset(verb for verb, place in PLACES.items() if place.last) - {
    "QUIT", "STARTTLS", "AUTH",
}  # fmt: skip
"""Verbs that must be the last of a pipelining group (RFC 2920 section 3.1). QUIT is left out:
nothing that matters can follow it; so are STARTTLS and AUTH, whose early bytes are another
matter."""

HELLOS: Final = frozenset({"EHLO", "HELO", "LHLO"})
MASKS: Final = frozenset({b"X", b"x", b"*"})
FAILURE: Final = 400
LEAVING: Final = 221
"""To QUIT; and from Postfix 3.7 on to a line such as ``Subject: …``, and then it closes."""

RARE: Final = {"STARTTLS": STARTTLS, "AUTH": CREDENTIALS, "X-EXPS": CREDENTIALS, "": CREDENTIALS}
"""Verbs that concern rules whatever becomes of them."""


def of(exchange: Exchange, *, pipelining: bool) -> int:
    """The bits of an exchange.

    Args:
        exchange: any but a greeting.
        pipelining: whether the server offers it, so that only ``LAST`` must not be followed.
    """
    command, reply, _ = exchange
    bits = 0
    if reply is None:
        bits = UNANSWERED
    elif reply.code >= FAILURE or reply.seams or reply.code == LEAVING:
        bits = _of_reply(reply, command)
    if command is None:
        return bits | ALONE
    if _odd(command):
        bits |= _of_command(command)
        if bits & (SEAM | MASK) and bits & (REFUSED | UNANSWERED):
            bits |= HURT
    if (
        reply is not None
        and reply.acked > command.offset + command.size
        and (not pipelining or command.verb in LAST)
        and reply.acked > _end(command)
    ):
        bits |= EARLY
    return bits


def _end(command: Command) -> int:
    """The stream offset behind a command, and behind the octets that a BDAT brings with it."""
    match = CHUNK.match(command.line) if command.verb == "BDAT" else None
    return command.offset + command.size + (int(match.group(1)) if match else 0)


def _of_reply(reply: Reply, command: Command | None) -> int:
    """The bits that a reply has."""
    tests = (
        (reply.seams, REPLY_SEAM),
        (reply.code >= FAILURE, REFUSED),
        (reply.code >= FAILURE and proxies.reply(reply.text), PROXY),
        (reply.code >= FAILURE and masks.echo(reply.lines), HURT),
        (reply.code == LEAVING and command is not None and command.verb != "QUIT", GOODBYE),
    )
    return sum(bit for test, bit in tests if test)


def _odd(command: Command) -> bool:
    """Whether a command has any bit of its own; most have none."""
    return bool(
        command.seams or command.line[:1] in MASKS or command.verb in RARE
        or command.ending != CRLF or command.oddity is not None
    )  # fmt: skip


def _of_command(command: Command) -> int:
    """The bits that a command has."""
    bits = RARE.get(command.verb, 0)
    if command.seams:
        bits |= SEAM
    if command.line[:1] in MASKS:
        bits |= MASK
    if command.ending == LF or command.oddity is not None:
        bits |= ODD_ENDS
    return bits
