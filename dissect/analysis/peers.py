"""What each client did: how much it asked for, how much of it was accepted, and what it retried."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable
from itertools import islice
from typing import Final

from dissect.analysis.model import Bucket, Moment, Peer, Retry
from dissect.detect.context import Context
from dissect.detect.effort import Failed
from dissect.detect.finding import Severity

PEERS: Final = 5_000
"""Clients remembered; one not seen for long is forgotten, a clean one if there is any."""

NEXT: Final = 100
"""Clients not seen for longest, among which a clean one is looked for."""

ALL_RETRIES: Final = 10_000
"""Envelopes remembered of all clients; those of the client not seen for longest go first."""

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

COUNTED: Final = (
    "flows", "damaged", "messages_tried", "messages_accepted", "recipients_asked",
    "recipients_accepted", "recipients_delivered",
)  # fmt: skip
"""What of two readings adds up."""


class Rate:
    """RCPTs asked for and accepted, by time: two numbers for each bucket of a short stretch."""

    def __init__(self) -> None:
        self.width = WIDTH
        self._first = 0
        """Number of the first bucket, counted from the epoch."""
        self._asked, self._accepted = array("Q"), array("Q")

    def add(self, time: float, asked: int, accepted: int) -> None:
        """Count at a time, seconds since the epoch."""
        at = self._room(time) - self._first
        self._asked[at] += asked
        self._accepted[at] += accepted

    def _room(self, time: float) -> int:
        """The bucket of a time, once there is one; where they would be too many, two become one."""
        while True:
            at, size = int(time // self.width), len(self._asked)
            if 0 <= at - self._first < size:
                return at
            if not size:
                self._first = at
            first, last = min(self._first, at), max(self._first + size - 1, at)
            if last - first < BUCKETS:
                break
            self._halve()
        before, behind = bytes(8 * (self._first - first)), bytes(8 * (last + 1 - first))
        for name in ("_asked", "_accepted"):
            counts = before + getattr(self, name).tobytes()
            setattr(self, name, array("Q", counts + behind[len(counts) :]))
        self._first = first
        return at

    def _halve(self) -> None:
        """Make two buckets one."""
        start, self._first = self._first, self._first // 2
        size = (start + len(self._asked) - 1) // 2 - self._first + 1
        for name in ("_asked", "_accepted"):
            counts = array("Q", bytes(8 * size))
            for at, count in enumerate(getattr(self, name), start):
                counts[at // 2 - self._first] += count
            setattr(self, name, counts)
        self.width *= 2

    def told(self) -> tuple[Bucket, ...]:
        """The buckets that are not empty, in their order."""
        counted = enumerate(zip(self._asked, self._accepted, strict=True), self._first)
        return tuple(
            Bucket(at * self.width, asked, accepted)
            for at, (asked, accepted) in counted
            if asked or accepted
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

    def forget(self) -> int:
        """Forget all envelopes; how many they were."""
        many = len(self.retries)
        self.retries.clear()
        return many

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
        self._retries = 0
        """Envelopes of all clients."""

    def add(self, context: Context, severity: Severity | None) -> None:
        """A flow is over.

        Args:
            context: of the flow.
            severity: of its worst finding; None without findings.
        """
        address = context.client.address
        client = self._clients.pop(address, None) or _Client()
        before = len(client.retries)
        client.add(context, severity is not None and severity >= Severity.HIGH)
        self._retries += len(client.retries) - before
        if len(self._clients) >= PEERS:
            self._forget()
        self._clients[address] = client
        if self._retries > ALL_RETRIES:
            self._make_room()

    def _forget(self) -> None:
        """Forget a client that was not seen for long."""
        oldest = list(islice(self._clients, NEXT))
        clean = (address for address in oldest if not self._clients[address].damaged)
        self._retries -= self._clients.pop(next(clean, oldest[0])).forget()

    def _make_room(self) -> None:
        """Forget envelopes, of those clients first that were not seen for longest."""
        for client in self._clients.values():
            if self._retries <= ALL_RETRIES - RETRIES:
                return
            self._retries -= client.forget()

    def told(self) -> tuple[Peer, ...]:
        """All clients, those with the largest share of damaged flows first."""
        peers = (client.told(address) for address, client in self._clients.items())
        return tuple(sorted(peers, key=lambda p: (-p.damaged / p.flows, -p.flows, p.client)))


def joined(peers: Iterable[Peer]) -> tuple[Peer, ...]:
    """Clients that were told of more than once, by readings that do not know of each other."""
    told: dict[str, list[Peer]] = {}
    for peer in peers:
        told.setdefault(peer.client, []).append(peer)
    every = (same[0] if len(same) == 1 else _sum(same) for same in told.values())
    return tuple(sorted(every, key=lambda p: (-p.damaged / p.flows, -p.flows, p.client)))


def _sum(same: list[Peer]) -> Peer:
    """What several readings say of one client."""
    rate = Rate()
    for bucket in (bucket for peer in same for bucket in peer.rate):
        rate.add(bucket.start, bucket.asked, bucket.delivered)
    retries = (retry for peer in same for retry in peer.retries)
    trouble = (moment for peer in same for moment in peer.trouble)
    counts = {name: sum(getattr(peer, name) for peer in same) for name in COUNTED}
    return Peer(
        client=same[0].client,
        width=rate.width,
        rate=rate.told(),
        retries=tuple(sorted(retries, key=lambda retry: -retry.tries)[:TOLD]),
        trouble=tuple(sorted(trouble)[-MOMENTS:]),
        **counts,
    )
