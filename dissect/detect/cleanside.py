"""The founding case seen from the clean side: the verb is whole here, and was masked further on.

In front of the middlebox a verb with a seam inside is untouched; what shows the damage is the
reply: exactly that command is refused as unknown, while its neighbours are accepted (PIX-06c).
"""

from __future__ import annotations

import re
from typing import Final

from dissect.detect import masks
from dissect.dialogue import Exchange, Reply, Transaction
from dissect.dialogue.events import END_OF_DATA
from dissect.dialogue.grammar import ENDS_TRANSACTION

QUOTED: Final = re.compile(rb"\"[^\"]*\"|<[^>]*>|'[^']*'")
"""What a reply quotes of a command."""

UNKNOWN: Final = frozenset({500, 502, 554})
"""Reply codes of a server that does not know a verb; 554 is Exim's synchronisation error."""

OTHER: Final = re.compile(
    rb"^5\d\d 5\.(?:[1247]\.\d+|5\.3)\b|user|mailbox|recipient|relay|disabled", re.IGNORECASE
)
"""What a 500 or 502 says that knows the verb well (enhanced codes of RFC 3463)."""

KNOWN: Final = frozenset(
    {
        "HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "BDAT", "AUTH",
        "STARTTLS",
    }
)  # fmt: skip
"""Verbs that nearly every server knows: of others a refusal proves nothing."""

SYNC: Final = re.compile(rb"synchroni[sz]ation", re.IGNORECASE)

ECHOED, REFUSED, SYNC_ERROR, DIED = 0.98, 0.85, 0.8, 0.6
"""Confidence: the server quotes the mask; 500 to exactly this one; 554; no answer any more."""


def suspect(exchange: Exchange) -> bool:
    """Whether a whole verb with a seam inside was refused as unknown, or never answered."""
    command, reply = exchange.command, exchange.reply
    if command is None or not command.seams or (reply is not None and reply.positive):
        return False
    if command.verb == END_OF_DATA or masks.verb(command):
        return False
    if command.verb not in masks.REAL_VERBS or masks.seam_in_verb(command) is None:
        return False
    if command.verb not in KNOWN and not echoed(exchange):
        return False
    return not exchange.unseen and (reply is None or _unknown(reply))


def _unknown(reply: Reply) -> bool:
    """Whether a reply says that the verb is not known."""
    if reply.code == 554:  # noqa: PLR2004 - only Exim's words count, 554 means much else
        return SYNC.search(reply.text) is not None
    return reply.code in UNKNOWN and not OTHER.search(QUOTED.sub(b"", reply.text))


def alone(exchange: Exchange, *, in_transaction: bool) -> bool:
    """Whether a suspect has no neighbours to be judged by: only an echo can prove it."""
    command = exchange.command
    outside = not in_transaction or (command is not None and command.verb in ENDS_TRANSACTION)
    return outside and suspect(exchange)


def echoed(exchange: Exchange) -> bool:
    """Whether the reply quotes the mask."""
    return exchange.reply is not None and masks.echo(exchange.reply.lines) is not None


def masked(transaction: Transaction) -> dict[int, float]:
    """Command numbers that were masked further on, with the confidence of that."""
    suspects = [e for e in transaction.exchanges if suspect(e)]
    if not suspects:
        return {}
    whole = [e for e in transaction.exchanges if e.command and not masks.seam_in_verb(e.command)]
    accepted = any(e.reply and e.reply.positive for e in whole)
    refused = any(e.reply and _unknown(e.reply) for e in whole)
    found: dict[int, float] = {}
    for exchange in suspects:
        confidence = _confidence(exchange, transaction)
        if confidence == ECHOED or (accepted and not refused and confidence):
            assert exchange.command is not None
            found[exchange.command.number] = confidence
    return found


def _confidence(exchange: Exchange, transaction: Transaction) -> float:
    """How much the reply to one suspect proves."""
    reply = exchange.reply
    if reply is None:
        return DIED if _first_unanswered(exchange, transaction) else 0.0
    if echoed(exchange):
        return ECHOED
    return SYNC_ERROR if reply.code == 554 else REFUSED  # noqa: PLR2004


def _first_unanswered(exchange: Exchange, transaction: Transaction) -> bool:
    """Whether the connection died just at this command."""
    silent = (e for e in transaction.exchanges if e.reply is None)
    return next(silent, None) is exchange
