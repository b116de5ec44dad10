"""How far the clocks of several sources are apart, by the packets that more than one of them saw.

A packet passes the source that is nearer to its sender first.  So of one connection the packets
of the client say how far the clocks are apart at most, and those of the server how far at least,
or the other way round: the offset lies between (RFC 5905, section 8).  What says otherwise, such
as the handshake of a firewall that answers for the server, says nothing.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from dissect.segments.decode import FIELDS, FLAGS, GENINFO, Row, seconds
from dissect.segments.segment import ACK, SYN
from dissect.source.clock import By, Offset

FLOWS: Final = 2_000
"""Connections that are waited for, until several sources have seen their beginning."""

LATEST: Final = 50
"""Connections that speak for a pair of sources; clocks drift."""

LARGEST: Final = 900.0
"""Seconds that clocks are believed to be apart; what is further apart is another connection."""

SHARPEST: Final = 1e-5
"""Seconds that a capture tells apart: stamps are in microseconds, and two taps of one machine take
theirs one after the other, in either order."""

BEGINNINGS: Final = {written: bool(bits & ACK) for written, bits in FLAGS.items() if bits & SYN}
"""TCP control bits with SYN, as tshark writes them, and whether it is the server's."""

_SRC, _DST, _SRC6, _DST6, _ICMP, _ICMP6, _SPORT, _DPORT, _SEQ, _FLAGS, _LEN = (
    (*GENINFO, *FIELDS).index(name)
    for name in (
        "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "icmp.type", "icmpv6.type", "tcp.srcport",
        "tcp.dstport", "tcp.seq_raw", "tcp.flags", "tcp.len",
    )
)  # fmt: skip

Key = tuple[bytes, bytes, bytes, bytes]
"""Client and server: addresses and ports."""


class _Beginning:
    """When a source has seen the first packets of a connection, by its own clock."""

    __slots__ = ("client", "seq", "server")

    def __init__(self, seq: bytes) -> None:
        self.seq = seq
        self.client: list[float] = []
        """The SYN, and the first that has a payload."""
        self.server: list[float] = []

    @property
    def is_whole(self) -> bool:
        """Whether there is all of it."""
        return len(self.client) == len(self.server) == len(("SYN", "payload"))


class Bounds(NamedTuple):
    """What one connection says of two clocks."""

    least: float
    most: float


class Clocks:
    """The clocks of some sources.

    Args:
        names: of the sources, in their order.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._flows: OrderedDict[Key, dict[int, _Beginning]] = OrderedDict()
        self._bounds: dict[tuple[int, int], deque[Bounds]] = {}
        self._offsets: dict[tuple[int, int], Bounds] = {}

    def add(self, name: str) -> None:
        """One more source, behind the others."""
        self._names.append(name)

    def see(self, source: int, rows: Iterable[Row]) -> None:
        """Take a batch of one source's rows, in their order."""
        for row in rows:
            answer = BEGINNINGS.get(row[_FLAGS])
            if answer is None and row[_LEN] in {b"0", b""}:
                continue
            if not row[_ICMP] and not row[_ICMP6]:
                self._packet(source, row, answer)

    def _packet(self, source: int, row: Row, answer: bool | None) -> None:  # noqa: FBT001
        """A SYN, its answer, or a payload."""
        one = (row[_SRC6] or row[_SRC], row[_SPORT])
        two = (row[_DST6] or row[_DST], row[_DPORT])
        if answer is False:
            self._begin((*one, *two), source, row)
            return
        backwards = (*two, *one)
        served = answer or backwards in self._flows
        key = backwards if served else (*one, *two)
        begun = self._flows.get(key, {}).get(source)
        if begun is None:
            return
        times = begun.server if served else begun.client
        if len(times) == (answer is None):
            times.append(seconds(row[2]))
            if begun.is_whole:
                self._compare(key, source, begun)

    def _begin(self, key: Key, source: int, row: Row) -> None:
        """A client opens a connection; one that had the same ends before is forgotten."""
        seen = self._flows.get(key, {})
        if source in seen:
            if seen[source].seq == row[_SEQ]:
                return
            seen = {}
        begun = seen[source] = _Beginning(row[_SEQ])
        begun.client.append(seconds(row[2]))
        self._flows[key] = seen
        if len(self._flows) > FLOWS:
            self._flows.popitem(last=False)

    def _compare(self, key: Key, source: int, begun: _Beginning) -> None:
        """One source has seen all of a beginning: compare it with those that have, too."""
        seen = self._flows[key]
        for other, theirs in seen.items():
            if other != source and theirs.is_whole:
                first, second = (begun, theirs) if source < other else (theirs, begun)
                self._learn((min(source, other), max(source, other)), _bounds(first, second))
        if sum(each.is_whole for each in seen.values()) == len(self._names):
            del self._flows[key]

    def _learn(self, pair: tuple[int, int], found: Bounds | None) -> None:
        if found is None or abs(found.least + found.most) > 2 * LARGEST:
            return
        known = self._bounds.setdefault(pair, deque(maxlen=LATEST))
        known.append(found)
        self._offsets[pair] = _agreed(known)

    def offset(self, source: int) -> Offset | None:
        """By how much a source's clock is ahead of that of one before it; None where unknown."""
        for other in range(source):
            found = self._offsets.get((other, source))
            if found is not None:
                middle, error = (found.least + found.most) / 2, (found.most - found.least) / 2
                return Offset(middle, max(error, SHARPEST), By.PACKETS, self._names[other])
        return None


def _bounds(one: _Beginning, two: _Beginning) -> Bounds | None:
    """Between what the second clock is ahead; None where the packets contradict each other."""
    client = [b - a for a, b in zip(one.client, two.client, strict=True)]
    server = [b - a for a, b in zip(one.server, two.server, strict=True)]
    for later, sooner in ((client, server), (server, client)):
        least, most = max(sooner) - SHARPEST / 2, min(later) + SHARPEST / 2
        if least <= most:
            return Bounds(least, most)
    return None


def _agreed(known: Iterable[Bounds]) -> Bounds:
    """What as many as possible say; of several such, what the latest says."""
    found = list(known)
    at = max(
        (edge for each in reversed(found) for edge in each),
        key=lambda edge: sum(each.least <= edge <= each.most for each in found),
    )
    agreed = [each for each in found if each.least <= at <= each.most]
    return Bounds(max(each.least for each in agreed), min(each.most for each in agreed))
