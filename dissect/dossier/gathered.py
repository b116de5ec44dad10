"""What a scan tells of the conversations that were chosen: flows without findings are counted.

Memory grows with the damage and not with the capture.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from dissect.analysis.model import FlowDetail, FlowSummary, Peer, Retry, Verdict
from dissect.detect.finding import Severity
from dissect.maillog import Tie, Ties
from dissect.report import Summary


@dataclass(slots=True)
class Party:
    """What one client got done."""

    flows: int = 0
    damaged: int = 0
    """Flows with a finding of medium severity or worse."""
    messages: int = 0
    """Messages that a server took responsibility for."""
    offered: int = 0
    accepted: int = 0
    """RCPTs."""


PARTIES = 10_000
"""Clients that are told apart; the others are counted together."""

OTHERS = "others"


@dataclass(slots=True)
class Gathered:
    """A ``dissect.report.Reporter`` that keeps what a report needs.

    Args:
        wants: tells whether a conversation was chosen.
    """

    wants: Callable[[FlowDetail], bool]
    details: list[FlowDetail] = field(default_factory=list)
    """The chosen flows that have findings, without their rows."""
    flows: int = 0
    """All chosen flows."""
    left: int = 0
    """Flows that were not chosen."""
    drawn: list[Verdict] = field(default_factory=list)
    """What the pairs of hosts that were chosen prove, the surest first."""
    whole: list[Peer] = field(default_factory=list)
    """The clients across their flows, where all of those were chosen."""
    retried: list[tuple[str, Retry]] = field(default_factory=list)
    """Clients, and the envelopes that they tried again and again in vain."""
    outcomes: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    """Flows in TLS of which a key log has opened something."""
    parties: dict[str, Party] = field(default_factory=dict)
    """By the client's address."""
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Addresses of clients and servers; at most ``PARTIES``."""
    ties: Ties | None = None
    """How the mail logs fit the capture; None where none were read."""
    lines: list[Tie] = field(default_factory=list)
    """Their lines about flows that have findings."""
    first: float = 0.0
    last: float = 0.0
    """Seconds since the epoch: the first frame of the chosen flows, and the last."""
    told: Summary | None = None
    """How the reading ended."""

    def flow(self, detail: FlowDetail) -> None:
        """A flow is over."""
        if not self.wants(detail):
            self.left += 1
            return
        flow = detail.summary
        self.first = min(self.first or flow.start, flow.start)
        self.last = max(self.last, flow.end)
        self.flows += 1
        self.outcomes[flow.outcome.value] += 1
        self.opened += flow.opened
        self._count(flow, damaged=any(f.severity >= Severity.MEDIUM for f in detail.findings))
        if len(self.pairs) < PARTIES:
            self.pairs.add((flow.client.address, flow.server.address))
        if detail.findings:
            self.details.append(
                FlowDetail(summary=flow, rows=(), findings=detail.findings)
            )  # fmt: skip

    def _count(self, flow: FlowSummary, *, damaged: bool) -> None:
        """Add a flow to what its client got done."""
        known = flow.client.address in self.parties or len(self.parties) < PARTIES
        party = self.parties.setdefault(flow.client.address if known else OTHERS, Party())
        party.flows += 1
        party.damaged += damaged
        party.messages += flow.messages
        party.offered += flow.recipients.offered
        party.accepted += flow.recipients.accepted

    def log(self, ties: Ties) -> None:
        """Keep the lines that belong to flows with findings."""
        known = {detail.summary.flow for detail in self.details}
        self.ties = ties
        self.lines = [tie for tie in ties.tied if tie.flow in known]

    def verdicts(self, verdicts: tuple[Verdict, ...]) -> None:
        """Keep those about hosts that were chosen."""
        self.drawn = [verdict for verdict in verdicts if self._about(verdict)]

    def _about(self, verdict: Verdict) -> bool:
        """Whether a verdict is about a pair of hosts that was chosen."""
        return any(
            server == verdict.server and _within(client, verdict.client)
            for client, server in self.pairs
        )

    def peers(self, peers: tuple[Peer, ...]) -> None:
        """Keep the clients, and what those that were chosen tried in vain."""
        self.whole = list(peers) if not self.left else []
        self.retried = [
            (peer.client, retry)
            for peer in peers
            if peer.client in self.parties
            for retry in peer.retries
        ]

    def summary(self, summary: Summary) -> None:
        """The end."""
        self.told = summary


def _within(address: str, network: str) -> bool:
    """Whether an address lies in a network, or is the one that is named."""
    return address == network or (
        "/" in network and ipaddress.ip_address(address) in ipaddress.ip_network(network)
    )
