"""What holds across flows and across captures: one for a whole scan."""

from __future__ import annotations

from dissect.analysis.model import Peer, Verdict
from dissect.analysis.peers import Peers
from dissect.analysis.verdicts import Verdicts
from dissect.detect.context import Context
from dissect.detect.finding import Severity
from dissect.detect.history import History


class Ledger:
    """Retried envelopes, what servers offered, verdicts and peers.

    Args:
        several: whether there may be more than one capture, so that one connection may be seen
            twice.
    """

    def __init__(self, *, several: bool = False) -> None:
        self.history = History(several=several)
        self._verdicts = Verdicts(several=several)
        self._peers = Peers()

    def add(self, context: Context, capture: str, severity: Severity | None) -> None:
        """A flow is over."""
        self._verdicts.add(context, capture)
        if not context.again:
            self._peers.add(context, severity)

    def verdicts(self) -> tuple[Verdict, ...]:
        """What the flows so far prove together."""
        return self._verdicts.drawn()

    def peers(self) -> tuple[Peer, ...]:
        """The clients of the flows so far."""
        return self._peers.told()
