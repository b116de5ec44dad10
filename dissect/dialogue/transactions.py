"""Mail transactions (RFC 5321 section 3.3), put together from exchanges in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dissect.dialogue.events import END_OF_DATA, Exchange, Transaction, TransactionEnd
from dissect.dialogue.grammar import ENDS_TRANSACTION, MOST

BEGINS: Final = frozenset({"MAIL", "RCPT", "SEND", "SOML", "SAML"})
"""RCPT too: its MAIL may be in front of the capture, or have been masked."""


class Transactions:
    """The transaction that is open, if one is."""

    def __init__(self) -> None:
        self._open: list[Exchange] = []
        self._left_out = 0

    @property
    def is_open(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._open)

    def exchange(self, exchange: Exchange) -> Iterator[Transaction]:
        """Take the next exchange; give the transaction that it ends, if it does."""
        command = exchange.command
        verb = command.verb if command else ""
        if verb in ENDS_TRANSACTION or (verb == "MAIL" and self._has_mail()):
            yield from self.end(TransactionEnd.ABANDONED)
        if command is None and not self._open:
            return
        if self._open or verb in BEGINS or verb == END_OF_DATA:
            self._keep(exchange)
        if verb == END_OF_DATA or (command and verb == "BDAT" and _is_last(exchange)):
            yield from self.end(TransactionEnd.ANSWERED, exchange)

    def _has_mail(self) -> bool:
        """Whether the open transaction got beyond its MAIL."""
        return any(e.command and e.command.verb == "MAIL" for e in self._open[:1]) or bool(
            self._open
        )

    def _keep(self, exchange: Exchange) -> None:
        """Keep an exchange, within the bound."""
        if len(self._open) < MOST:
            self._open.append(exchange)
        else:
            self._left_out += 1

    def end(self, how: TransactionEnd, final: Exchange | None = None) -> Iterator[Transaction]:
        """End the open transaction, if there is one."""
        if not self._open:
            return
        if final is not None and final.reply is None:
            how = TransactionEnd.LOST
        yield Transaction(tuple(self._open), final, how, self._left_out)
        self._open = []
        self._left_out = 0


def _is_last(exchange: Exchange) -> bool:
    """Whether a BDAT command is the last one of its message (RFC 3030 section 2)."""
    command = exchange.command
    return command is not None and command.line.rstrip().upper().endswith(b" LAST")
