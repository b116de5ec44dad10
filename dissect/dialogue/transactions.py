"""Mail transactions (RFC 5321 section 3.3), put together from exchanges in their order."""

from __future__ import annotations

from typing import Final

from dissect.dialogue.events import END_OF_DATA, Exchange, Transaction, TransactionEnd
from dissect.dialogue.grammar import ENDS_TRANSACTION, MOST

BEGINS: Final = frozenset({"MAIL", "RCPT", "SEND", "SOML", "SAML", END_OF_DATA})
"""RCPT and message data too: their MAIL may be in front of the capture, or have been masked."""

CLOSING: Final = 421
"""No answer to a message: the server ends the connection (RFC 5321 section 3.8)."""


class Transactions:
    """The transaction that is open, if one is."""

    def __init__(self) -> None:
        self._open: list[Exchange] = []
        self._left_out = 0

    def exchange(self, exchange: Exchange) -> tuple[Transaction, ...]:
        """Take the next exchange; the transaction that it ends, if it does."""
        command = exchange[0]
        verb = command.verb if command is not None else ""
        ended: tuple[Transaction, ...] = ()
        if self._open:
            if verb in ENDS_TRANSACTION or verb == "MAIL":
                ended = self.end(TransactionEnd.ABANDONED)
        elif verb not in BEGINS or _is_text(exchange):
            return ()
        if self._open or verb in BEGINS:
            self._keep(exchange)
            if verb == END_OF_DATA or (verb == "BDAT" and _is_last(exchange)):
                return self.end(TransactionEnd.ANSWERED, exchange)
        return ended

    def _keep(self, exchange: Exchange) -> None:
        """Keep an exchange, within the bound."""
        if len(self._open) < MOST:
            self._open.append(exchange)
        else:
            self._left_out += 1

    def end(self, how: TransactionEnd, final: Exchange | None = None) -> tuple[Transaction, ...]:
        """End the open transaction, if there is one."""
        if not self._open:
            return ()
        if final is not None and (final.reply is None or final.reply.code == CLOSING):
            how = TransactionEnd.LOST
        ended = Transaction(tuple(self._open), final, how, self._left_out)
        self._open = []
        self._left_out = 0
        return (ended,)


def _is_text(exchange: Exchange) -> bool:
    """Whether a dot ends nothing: no data was on its way, and none can have been missed."""
    command = exchange.command
    return (
        command is not None
        and command.verb == END_OF_DATA
        and command.strict
        and command.size <= len(b".\r\n")
    )


def _is_last(exchange: Exchange) -> bool:
    """Whether a BDAT command is the last one of its message (RFC 3030 section 2)."""
    command = exchange.command
    return command is not None and command.line.rstrip().upper().endswith(b" LAST")
