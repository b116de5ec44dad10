"""What is remembered across flows, of one capture or of several.

A connection that two captures show, taken at two places, is one try: it has the same client port
and the same time.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple

from dissect.detect.effort import NOTHING, Effort
from dissect.evidence import Endpoint

ENVELOPES: Final = 20_000
"""Envelopes remembered; the one not tried for longest is forgotten."""

FRAMES: Final = 20
"""Frames kept as evidence for one envelope."""

SAME_SECONDS: Final = 90.0
"""Seconds within which two tries from the same client port are one, seen at two places."""

HOUR: Final = 3600.0
"""Seconds over which efforts are added up."""

CLIENTS: Final = 5_000
FLOWS: Final = 200
"""Clients, and the latest flows of each, whose efforts are remembered."""

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
    latest: tuple[tuple[int, float], ...]
    """Client port and time of the last few."""
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

    Attributes:
        capture: the name of the capture that is being read.
        captures: how many have been, this one included.
    """

    def __init__(self, capture: str = "") -> None:
        self.capture = capture
        self.captures = 1
        self._envelopes: OrderedDict[int, Tries] = OrderedDict()
        self._offers: OrderedDict[tuple[Endpoint, bool], Offer] = OrderedDict()
        self._efforts: OrderedDict[str, deque[_Spent]] = OrderedDict()

    def reads(self, capture: str) -> None:
        """Another capture, or the first one, is read from here on."""
        self.captures += bool(self.capture) and capture != self.capture
        self.capture = capture

    def add(self, key: Hashable, port: int, time: float, frames: tuple[int, ...]) -> Tries:
        """One more damaged try; all of them so far.

        Args:
            key: what makes an envelope the same.
            port: of the client.
            time: seconds since the epoch.
            frames: the first frame of this try.
        """
        known = self._envelopes.pop(hash(key), None)
        tries = self._joined(known, port, time, frames)
        self._envelopes[hash(key)] = tries
        if len(self._envelopes) > ENVELOPES:
            self._envelopes.popitem(last=False)
        return tries

    def _joined(
        self, known: Tries | None, port: int, time: float, frames: tuple[int, ...]
    ) -> Tries:
        """One more try of an envelope that may be known."""
        if known is None:
            return Tries(1, time, frames, self.capture, ((port, time),))
        again = known.capture == self.capture
        seen = any(p == port and abs(t - time) < SAME_SECONDS for p, t in known.latest)
        if seen and not again:
            return known
        return Tries(
            known.number + 1,
            min(known.first, time),
            ((known.frames if again else ()) + frames)[-FRAMES:],
            self.capture,
            (*known.latest[1 - FRAMES :], (port, time)),
            known.captures + (not again),
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
        spent = self._efforts.pop(client.address, None)
        if spent is None:
            spent = deque(maxlen=FLOWS)
        self._efforts[client.address] = spent
        if len(self._efforts) > CLIENTS:
            self._efforts.popitem(last=False)
        if not self._seen_elsewhere(spent, client.port, start):
            spent.append(_Spent(client.port, start, self.capture, effort))

    def rate(self, client: Endpoint, start: float) -> Effort:
        """A client's effort in the hour up to a time, seconds since the epoch."""
        spent = self._efforts.get(client.address, ())
        latest = [each.effort for each in spent if 0 <= start - each.start <= HOUR]
        return Effort(*(sum(counts) for counts in zip(*latest, strict=True))) if latest else NOTHING

    def _seen_elsewhere(self, spent: Iterable[_Spent], port: int, start: float) -> bool:
        """Whether another capture has shown the same flow."""
        return self.captures > 1 and any(
            each.port == port
            and each.capture != self.capture
            and abs(each.start - start) < SAME_SECONDS
            for each in spent
        )


class _Spent(NamedTuple):
    """One flow's effort."""

    port: int
    start: float
    capture: str
    effort: Effort
