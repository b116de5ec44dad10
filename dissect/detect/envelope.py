"""The envelope of a mail transaction, masked verbs included."""

from __future__ import annotations

import re
from typing import NamedTuple

from dissect.detect import cleanside, masks
from dissect.dialogue import Command, Exchange, Reply, Transaction

REFUSED = 400
CLOSING = 421
"""Says nothing of the message: the server ends the connection (RFC 5321 section 3.8)."""


EFFECT = re.compile(rb"time ?d? ?out|timeout|too many|exceeded|lost", re.IGNORECASE)
"""Words of a 421 that says what the server waited for in vain, or had enough of."""


def own_words(reply: Reply) -> bool:
    """Whether a server ends a connection for a reason that nothing on the way can have made."""
    return reply.code == CLOSING and not EFFECT.search(reply.text)


class Recipient(NamedTuple):
    """One forward-path that was offered."""

    path: str
    exchange: Exchange
    accepted: bool
    damaged: bool
    """Whether a middlebox kept it from the server."""


class Envelope(NamedTuple):
    """Reverse-path and forward-paths (RFC 5321 section 2.3.1)."""

    sender: str
    offered: tuple[Recipient, ...]

    @property
    def recipients(self) -> tuple[str, ...]:
        """The forward-paths."""
        return tuple(recipient.path for recipient in self.offered)


def original(command: Command) -> str:
    """The verb of a command, or what it was before it was masked."""
    mask = masks.verb(command)
    return mask.original if mask else command.verb


def read(transaction: Transaction) -> Envelope:
    """The envelope of a transaction."""
    masked = cleanside.masked(transaction)
    sender, offered = "", []
    for exchange in transaction.exchanges:
        command = exchange.command
        if command is None:
            continue
        verb = original(command)
        if verb == "MAIL" and not sender:
            sender = masks.path(command.line)
        elif verb == "RCPT":
            offered.append(_recipient(exchange, command, command.number in masked))
    return Envelope(sender, tuple(offered))


def _recipient(exchange: Exchange, command: Command, masked: bool) -> Recipient:  # noqa: FBT001
    """One RCPT."""
    reply = exchange.reply
    accepted = reply is not None and reply.positive
    hurt = masked or masks.verb(command) is not None or cleanside.echoed(exchange)
    damaged = not accepted and hurt
    return Recipient(masks.path(command.line), exchange, accepted, damaged)


def refused(transaction: Transaction) -> bool:
    """Whether the server refused the message: its MAIL, all its recipients, its data or its end."""
    codes = [
        (original(e.command), e.reply.code)
        for e in transaction.exchanges
        if e.command is not None and e.reply is not None and e.reply.code != CLOSING
    ]
    if any(code >= REFUSED and verb in ("MAIL", "DATA", "BDAT", ".") for verb, code in codes):
        return True
    answers = [code for verb, code in codes if verb == "RCPT"]
    return bool(answers) and min(answers) >= REFUSED


def _sender_refused(transaction: Transaction) -> bool:
    """Whether the server refused the reverse-path: then nothing of the message could be taken."""
    replies = (
        e.reply for e in transaction.exchanges if e.command and original(e.command) == "MAIL"
    )
    reply = next(replies, None)
    return reply is not None and reply.code >= REFUSED and reply.code != CLOSING


def undecided(transaction: Transaction) -> bool:
    """Whether a message could still have been accepted when a transaction ended.

    Not where its MAIL, its DATA or all its recipients had been refused in order.
    """
    sync = any(
        cleanside.SYNC.search(e.reply.text)
        for e in transaction.exchanges
        if e.reply and e.reply.code >= REFUSED
    )
    if sync:
        return True
    offered = read(transaction).offered
    if _sender_refused(transaction):
        return False
    if refused(transaction) and not any(r.damaged for r in offered):
        return False
    return any(r.accepted or r.exchange.reply is None or r.damaged for r in offered) or (
        not offered and any(e.reply is None for e in transaction.exchanges)
    )


def loss(transaction: Transaction | None) -> tuple[str, tuple[str, ...]]:
    """What the end of a flow cost, in a sentence, and the recipients who got no mail by it."""
    if transaction is None or not undecided(transaction):
        return "No message was lost by it.", ()
    mail = read(transaction)
    count = len(mail.recipients)
    people = f"its {count} recipients" if count > 1 else "its recipient"
    words = f"The message from <{mail.sender}> did not reach {people} in this try."
    return words, mail.recipients[:100]
