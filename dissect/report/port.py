"""What an output format must be able to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dissect.analysis.model import FlowDetail, Peer, Verdict
from dissect.maillog import Ties

Write = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The end of a scan."""

    captures: int
    """How many were read."""
    packets: int
    """How many were in them."""
    flows: int
    """SMTP conversations."""
    findings: dict[str, int]
    """How often each rule fired."""
    status: str
    """The worst of the captures': complete, truncated or failed."""
    warnings: tuple[str, ...]
    """What the captures and logs cannot tell, and what was odd about reading them."""


class Reporter(Protocol):
    """Writes flows as they end; verdicts, peers and a summary at the end."""

    def __init__(self, write: Write, *, colour: bool = False) -> None:
        """Write through ``write``; use colour where the format has any."""

    def flow(self, detail: FlowDetail) -> None:
        """A flow is over."""

    def log(self, ties: Ties) -> None:
        """The lines of mail logs that belong to flows; before the verdicts."""

    def verdicts(self, verdicts: tuple[Verdict, ...]) -> None:
        """What the flows of all captures prove together."""

    def peers(self, peers: tuple[Peer, ...]) -> None:
        """The clients, those with the largest share of damaged flows first."""

    def summary(self, summary: Summary) -> None:
        """The end."""
