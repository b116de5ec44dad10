"""Which verdict a flow belongs to: that of its client's network and its server."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dissect.analysis.model import FlowSummary, Verdict

REMEMBERED: Final = 65_536
"""Pairs whose verdict is remembered."""


class VerdictOf:
    """The first verdict for each pair of client and server.

    Args:
        verdicts: the surest first.
    """

    def __init__(self, verdicts: tuple[Verdict, ...] = ()) -> None:
        self.verdicts = verdicts
        self._find = lru_cache(REMEMBERED)(self._search)

    def __call__(self, flow: FlowSummary) -> Verdict | None:
        """The flow's verdict, None where nothing is known of its path."""
        return self._find(flow.client.address, flow.server.address) if self.verdicts else None

    def _search(self, client: str, server: str) -> Verdict | None:
        return next(
            (
                verdict
                for verdict in self.verdicts
                if verdict.server == server and _within(client, verdict.client)
            ),
            None,
        )


def _within(address: str, network: str) -> bool:
    """Whether an address is one, or lies in a network."""
    if address == network:
        return True
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False
