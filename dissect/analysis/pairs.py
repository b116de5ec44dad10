"""The sums of what flows show, for each pair of client network and server.

The same connection may be in two captures, taken at two places: then what the second one shows
is added only as far as the first did not.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import fields
from functools import lru_cache
from itertools import islice
from operator import add, attrgetter
from typing import Final

from dissect.analysis.families import FAMILIES
from dissect.detect.context import Context
from dissect.detect.history import CONNECTIONS
from dissect.detect.tally import Tally
from dissect.evidence import Endpoint

PAIRS: Final = 20_000
"""Pairs of client network and server remembered; one not seen for long is forgotten, one without
a proof if there is any."""

NEXT: Final = 100
"""Pairs not seen for longest, among which one without a proof is looked for."""

FLOWS: Final = 1_000
ALL_FLOWS: Final = 200_000
"""Flow numbers kept for a pair, and for all of them."""

CAPTURES: Final = 8
"""Names of captures kept for a pair."""

COUNTS: Final = attrgetter(*(field.name for field in fields(Tally)))
"""All counts of a tally, in their order."""


MARKS: Final = tuple(  # one field twice, because of one alone attrgetter makes no tuple
    (family.device, attrgetter(*family.marks, family.marks[0])) for family in FAMILIES
)
"""Which fields of a flow's tally make it a part of a family's proof."""

EVERY_MARK: Final = attrgetter(*sorted({name for family in FAMILIES for name in family.marks}))


class Pair:
    """The flows between one client network and one server."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.clients: set[str] = set()
        self.flows: dict[str, list[int]] = {}
        """By device: numbers of the flows that prove it."""
        self.captures: list[str] = []
        self.count = 0
        """Connections, each once."""

    def add(self, context: Context, capture: str, counts: tuple[int, ...], *, room: bool) -> None:
        """One more flow, or another view of one; its number is kept if there is room."""
        self.count += not context.again
        if len(self.clients) < 2:  # noqa: PLR2004 - one, or several
            self.clients.add(context.client.address)
        if capture not in self.captures[-CAPTURES:]:
            self.captures = [*self.captures[:CAPTURES], capture]
        if any(EVERY_MARK(context.proof)):
            self._proof(context, room=room)
        self.tally = Tally(*map(add, COUNTS(self.tally), counts))

    def _proof(self, context: Context, *, room: bool) -> None:
        """Which families a flow is a part of the proof of."""
        for device, marks in MARKS:
            if any(marks(context.proof)):
                proof = self.flows.setdefault(device, [])
                if not proof or (room and len(proof) < FLOWS):
                    proof.append(context.flow)

    @property
    def numbers(self) -> int:
        """Flow numbers that are kept."""
        return sum(map(len, self.flows.values()))


class Pairs:
    """All pairs.

    Args:
        several: whether there may be more than one capture.
    """

    def __init__(self, *, several: bool = False) -> None:
        self.several = several
        self._pairs: OrderedDict[tuple[str, str], Pair] = OrderedDict()
        self._shown: OrderedDict[tuple[Endpoint, Endpoint], tuple[int, ...]] = OrderedDict()
        """What the first capture that had it shows of each connection."""
        self._numbers = 0
        """Flow numbers of all pairs."""

    def add(self, context: Context, capture: str) -> None:
        """A flow is over."""
        key = (network(context.client.address), context.server.address)
        pair = self._pairs.pop(key, None) or Pair()
        if len(self._pairs) >= PAIRS:
            self._forget()
        self._pairs[key] = pair
        counts = COUNTS(context.proof)
        if self.several:
            counts = self._more(context, counts)
        before = pair.numbers
        pair.add(context, capture, counts, room=self._numbers < ALL_FLOWS)
        self._numbers += pair.numbers - before

    def _forget(self) -> None:
        """Forget a pair that was not seen for long."""
        oldest = list(islice(self._pairs, NEXT))
        bare = (key for key in oldest if not self._pairs[key].flows)
        self._numbers -= self._pairs.pop(next(bare, oldest[0])).numbers

    def _more(self, context: Context, counts: tuple[int, ...]) -> tuple[int, ...]:
        """What a flow shows beyond what another capture has shown of the same connection."""
        key = (context.client, context.server)
        if context.again:
            before = self._shown.get(key, (0,) * len(counts))
            return tuple(max(0, now - old) for now, old in zip(counts, before, strict=True))
        self._shown[key] = counts
        if len(self._shown) > CONNECTIONS:
            self._shown.popitem(last=False)
        return counts

    def summed(self) -> list[tuple[str, str, Pair]]:
        """Client network, server and their sums, with what the server offered to others."""
        offers: dict[str, int] = {}
        for (_, server), pair in self._pairs.items():
            offers[server] = offers.get(server, 0) + pair.tally.offers
        for (_, server), pair in self._pairs.items():
            pair.tally.offers_elsewhere = offers[server] - pair.tally.offers
        return [(client, server, pair) for (client, server), pair in self._pairs.items()]


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """The client network of an address: /24, or /64 for IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    length = 24 if parsed.version == 4 else 64  # noqa: PLR2004 - the IP version
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))
