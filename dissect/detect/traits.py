"""What an exchange has about it, as bits: most have nothing, and then no rule looks at them.

A rule names in ``when`` the bits of an exchange that concern it, and in ``concerns`` those of a
mail transaction (the bits of all its exchanges, and how it ended).
"""

from __future__ import annotations

from typing import Final

from dissect.dialogue import Exchange

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
"""A seam or a mask, and a refusal or no answer."""
LOST: Final = 1024
"""Of a transaction: the connection or the capture ended it."""

LAST: Final = frozenset({"EHLO", "HELO", "DATA", "VRFY", "EXPN", "TURN", "NOOP", "ETRN", "ATRN"})
"""Verbs that must be the last of a pipelining group (RFC 2920 section 3.1). QUIT is left out:
nothing that matters can follow it; so is STARTTLS, whose early bytes are another matter."""

HELLOS: Final = frozenset({"EHLO", "HELO", "LHLO"})
MASKS: Final = frozenset({b"X", b"x", b"*"})
FAILURE: Final = 400


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
    else:
        if reply.code >= FAILURE:
            bits = REFUSED
        if reply.seams:
            bits |= REPLY_SEAM
    if command is None:
        return bits | ALONE
    if command.seams:
        bits |= SEAM
    if command.line[:1] in MASKS:
        bits |= MASK
    if bits & (SEAM | MASK) and bits & (REFUSED | UNANSWERED):
        bits |= HURT
    if (
        reply is not None
        and reply.acked > command.offset + command.size
        and (not pipelining or command.verb in LAST)
    ):
        bits |= EARLY
    return bits
