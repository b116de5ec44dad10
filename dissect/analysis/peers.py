"""What each client did: how much it asked for, how much of it was accepted, and what it retried."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from dissect.analysis.model import Bucket, Moment, Peer, Retry
from dissect.detect.context import Context
from dissect.detect.effort import Failed
from dissect.detect.finding import Severity

PEERS: Final = 5_000
"""Clients remembered; the one not seen for longest is forgotten."""

BUCKETS: Final = 120
"""Points of a rate over time; where there are more, two become one."""

WIDTH: Final = 60.0
"""Seconds of a bucket at first."""

RETRIES: Final = 100
"""Envelopes remembered of one client."""

MOMENTS: Final = 40
"""Tries of an envelope, and damaged flows of a client, that are told with their time."""

TOLD: Final = 10
"""Envelopes told of one client, the most tried first."""


class Rate:
    """RCPTs asked for and accepted, by time."""

    def __init__(self) -> None:
        self.width = WIDTH
        self._counts: dict[int, tuple[int, int]] = {}

    def add(self, time: float, asked: int, accepted: int) -> None:
        """Count at a time, seconds since the epoch."""
        self._count(int(time // self.width), asked, accepted)
        while len(self._counts) > BUCKETS or self._span() > BUCKETS:
            self._halve()

    def _count(self, at: int, asked: int, accepted: int) -> None:
        before = self._counts.get(at, (0, 0))
        self._counts[at] = (before[0] + asked, before[1] + accepted)

    def _span(self) -> int:
        """Buckets from the first to the last, the empty ones between them too."""
        return max(self._counts) - min(self._counts) + 1

    def _halve(self) -> None:
        """Make two buckets one."""
        old, self._counts, self.width = self._counts, {}, self.width * 2
        for at, (asked, accepted) in old.items():
            self._count(at // 2, asked, accepted)

    def told(self) -> tuple[Bucket, ...]:
        """The buckets that are not empty, in their order."""
        return tuple(
            Bucket(at * self.width, asked, accepted)
            for at, (asked, accepted) in sorted(self._counts.items())
        )


class _Client:
    """One client, so far."""

    def __init__(self) -> None:
        self.flows = self.damaged = 0
        self.tried = self.accepted = 0
        self.asked = self.agreed = self.delivered = 0
        self.rate = Rate()
        self.retries: OrderedDict[int, Retry] = OrderedDict()
        self.trouble: tuple[Moment, ...] = ()

    def add(self, context: Context, damaged: bool) -> None:  # noqa: FBT001 - one flow's facts
        """One more flow."""
        self.flows += 1
        self.damaged += damaged
        moment = Moment(context.start, context.flow)
        if damaged:
            self.trouble = (*self.trouble, moment)[-MOMENTS:]
        effort = context.spending.total
        self.tried += effort.messages
        self.accepted += effort.accepted
        self.asked += effort.asked
        self.agreed += effort.agreed
        self.delivered += effort.delivered
        if effort.asked:
            self.rate.add(context.start, effort.asked, effort.delivered)
        for failed in context.spending.failed:
            self._retry(failed, moment)

    def _retry(self, failed: Failed, moment: Moment) -> None:
        """One more try of an envelope that was not accepted."""
        known = self.retries.pop(failed.key, Retry(failed.reverse_path, failed.recipients, 0))
        moments = (*known.moments, moment)[-MOMENTS:]
        self.retries[failed.key] = known._replace(tries=known.tries + 1, moments=moments)
        if len(self.retries) > RETRIES:
            self.retries.popitem(last=False)

    def told(self, address: str) -> Peer:
        """All of it."""
        again = sorted(self.retries.values(), key=lambda retry: -retry.tries)
        return Peer(
            client=address,
            flows=self.flows,
            damaged=self.damaged,
            messages_tried=self.tried,
            messages_accepted=self.accepted,
            recipients_asked=self.asked,
            recipients_accepted=self.agreed,
            recipients_delivered=self.delivered,
            width=self.rate.width,
            rate=self.rate.told(),
            retries=tuple(retry for retry in again if retry.tries > 1)[:TOLD],
            trouble=self.trouble,
        )


class Peers:
    """All clients."""

    def __init__(self) -> None:
        self._clients: OrderedDict[str, _Client] = OrderedDict()

    def add(self, context: Context, severity: Severity | None) -> None:
        """A flow is over.

        Args:
            context: of the flow.
            severity: of its worst finding; None without findings.
        """
        address = context.client.address
        client = self._clients.pop(address, None) or _Client()
        self._clients[address] = client
        if len(self._clients) > PEERS:
            self._clients.popitem(last=False)
        client.add(context, severity is not None and severity >= Severity.HIGH)

    def told(self) -> tuple[Peer, ...]:
        """All clients, those with the largest share of damaged flows first."""
        peers = (client.told(address) for address, client in self._clients.items())
        return tuple(sorted(peers, key=lambda p: (-p.damaged / p.flows, -p.flows, p.client)))
