"""What is remembered across flows, of one capture or of several.

A connection that two captures show, taken at two places, is one: it has the same endpoints and
the same time.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Final, NamedTuple

from dissect.detect.effort import NOTHING, Effort
from dissect.evidence import Endpoint

ENVELOPES: Final = 20_000
"""Envelopes remembered; the one not tried for longest is forgotten."""

FRAMES: Final = 20
"""Frames kept as evidence for one envelope."""

SAME_SECONDS: Final = 90.0
"""Seconds within which two flows between the same endpoints are one, seen at two places: clocks
differ."""

CONNECTIONS: Final = 50_000
"""Connections remembered where there are several captures."""

HOUR: Final = 3600.0
"""Seconds over which efforts are added up."""

CLIENTS: Final = 5_000
FLOWS: Final = 200
EFFORTS: Final = 100_000
"""Clients, the latest flows of each, and flows of all, whose efforts are remembered."""

SERVERS: Final = 20_000
"""Servers whose offers are remembered."""


class Tries(NamedTuple):
    """The damaged tries of one envelope."""

    number: int
    first: float
    """Seconds since the epoch of the first of them."""
    frames: tuple[int, ...]
    """The first frame of each that the present capture holds."""
    capture: str
    """The capture that ``frames`` are of."""
    captures: int = 1
    """In how many captures they were."""


class Offer(NamedTuple):
    """What a server's reply to EHLO offered, before TLS."""

    starttls: bool
    client: str
    """Whom, by address."""
    extensions: frozenset[str]
    frames: tuple[int, ...]
    capture: str
    flow: int
    server: bytes
    """What the server calls itself."""


class History:
    """Envelopes, offers and efforts.

    Args:
        several: whether there may be more than one capture.

    Attributes:
        capture: the name of the capture that is being read.
    """

    def __init__(self, *, several: bool = False) -> None:
        self.capture = ""
        self.several = several
        self._connections: OrderedDict[tuple[Endpoint, Endpoint], tuple[str, float]] = OrderedDict()
        """By client and server: the capture that showed it first, and its start."""
        self._envelopes: OrderedDict[int, Tries] = OrderedDict()
        self._offers: OrderedDict[tuple[Endpoint, bool], Offer] = OrderedDict()
        self._efforts: OrderedDict[str, deque[tuple[float, Effort]]] = OrderedDict()
        self._remembered = 0
        """Flows in all of them."""

    def again(self, client: Endpoint, server: Endpoint, start: float) -> bool:
        """Whether an earlier capture has shown the same connection; asked once for each flow."""
        if not self.several:
            return False
        capture, began = self._connections.get((client, server), (self.capture, start))
        if capture != self.capture and abs(began - start) < SAME_SECONDS:
            return True
        self._connections[client, server] = (self.capture, start)
        if len(self._connections) > CONNECTIONS:
            self._connections.popitem(last=False)
        return False

    def add(self, key: Hashable, time: float, frames: tuple[int, ...], *, again: bool) -> Tries:
        """One more damaged try; all of them so far.

        Args:
            key: what makes an envelope the same.
            time: seconds since the epoch.
            frames: the first frame of this try.
            again: whether another capture has shown it.
        """
        known = self._envelopes.pop(hash(key), None)
        if known is None:
            known = Tries(1, time, frames, self.capture)
        elif not again:
            known = self._joined(known, time, frames)
        self._envelopes[hash(key)] = known
        if len(self._envelopes) > ENVELOPES:
            self._envelopes.popitem(last=False)
        return known

    def _joined(self, known: Tries, time: float, frames: tuple[int, ...]) -> Tries:
        """One more try of an envelope that is known."""
        here = known.capture == self.capture
        return Tries(
            known.number + 1,
            min(known.first, time),
            ((known.frames if here else ()) + frames)[-FRAMES:],
            self.capture,
            known.captures + (not here),
        )

    def offer(self, server: Endpoint, offer: Offer) -> Offer | None:
        """Remember an offer; the earlier one that says otherwise about STARTTLS, if there is."""
        key = (server, offer.starttls)
        known = key in self._offers
        if not known:
            self._offers[key] = offer
            if len(self._offers) > SERVERS:
                self._offers.popitem(last=False)
        told = known and offer.starttls
        return None if told else self._offers.get((server, not offer.starttls))

    def effort(self, client: Endpoint, start: float, effort: Effort) -> None:
        """Remember a flow's effort.

        Args:
            client: whose.
            start: when the flow began, seconds since the epoch.
            effort: of the flow.
        """
        spent = self._efforts.pop(client.address, None) or deque()
        self._efforts[client.address] = spent
        spent.append((start, effort))
        self._remembered += 1
        if len(spent) > FLOWS:
            spent.popleft()
            self._remembered -= 1
        while len(self._efforts) > CLIENTS or self._remembered > EFFORTS:
            _, oldest = self._efforts.popitem(last=False)
            self._remembered -= len(oldest)

    def rate(self, client: Endpoint, start: float) -> Effort:
        """A client's effort in the hour up to a time, seconds since the epoch."""
        spent = self._efforts.get(client.address, ())
        latest = [effort for began, effort in spent if 0 <= start - began <= HOUR]
        return Effort(*(sum(counts) for counts in zip(*latest, strict=True))) if latest else NOTHING
