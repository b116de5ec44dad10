"""What a client asked for in a flow, and what came of it."""

from __future__ import annotations

from typing import Final, NamedTuple

from dissect.detect import envelope
from dissect.dialogue import Transaction, TransactionEnd

FAILED: Final = 20
SHORT: Final = 256
"""Envelopes remembered of one flow, and characters of a reverse-path."""


class Effort(NamedTuple):
    """Mail transactions and RCPTs, of one flow or of several."""

    flows: int
    messages: int
    """Mail transactions."""
    accepted: int
    """Messages that were accepted."""
    asked: int
    agreed: int
    """Accepted, whatever became of the message."""
    delivered: int
    """Accepted, and their message was."""
    lost: int
    """Of messages whose connection was lost, or left out of a message that was accepted."""

    def plus(self, other: Effort) -> Effort:
        """Both together, as of one flow."""
        return Effort(1, *(mine + yours for mine, yours in zip(self[1:], other[1:], strict=True)))


NOTHING: Final = Effort(0, 0, 0, 0, 0, 0, 0)


class Failed(NamedTuple):
    """An envelope that was not accepted."""

    reverse_path: str
    recipients: int
    key: int
    """A hash of all of it."""


class Spending:
    """The effort of one flow, as it goes on."""

    __slots__ = ("_agreed", "_asked", "failed", "total")

    def __init__(self) -> None:
        self.total = NOTHING
        self.failed: list[Failed] = []
        """The first ``FAILED`` of them."""
        self._asked = self._agreed = 0

    def recipient(self, granted: bool) -> None:  # noqa: FBT001 - what came of it
        """A RCPT of the open transaction."""
        self._asked += 1
        self._agreed += granted

    def transaction(self, transaction: Transaction) -> None:
        """A transaction has ended."""
        asked, agreed, self._asked, self._agreed = self._asked, self._agreed, 0, 0
        if not asked:
            return
        accepted = transaction.accepted
        lost = transaction.end is TransactionEnd.LOST and envelope.undecided(transaction)
        left = asked if lost else asked - agreed if accepted else 0
        delivered = agreed if accepted else 0
        self.total = self.total.plus(Effort(1, 1, accepted, asked, agreed, delivered, left))
        if not accepted and len(self.failed) < FAILED:
            mail = envelope.read(transaction)
            key = hash((mail.sender, mail.recipients))
            self.failed.append(Failed(mail.sender[:SHORT], len(mail.offered), key))
