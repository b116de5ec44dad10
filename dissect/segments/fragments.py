"""Fragments of a datagram belong to the flow of its last one, which has the segment.

tshark puts a datagram together in the frame that completes it, and shows no TCP in the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from dissect.segments.decode import FIELDS, GENINFO, Row

FRAGMENTED: Final = 1_000
"""Datagrams whose fragments wait for the last one."""

MOST: Final = 64
"""Fragments of one of them."""

SOURCE, TARGET, IP_ID, SOURCE6, TARGET6, ICMP, ICMP6, PORT = (
    (*GENINFO, *FIELDS).index(name)
    for name in (
        "ip.src", "ip.dst", "ip.id", "ipv6.src", "ipv6.dst", "icmp.type", "icmpv6.type",
        "tcp.srcport",
    )
)  # fmt: skip

Datagram = tuple[bytes, bytes, bytes]


class Fragments:
    """Fragments that wait for the last one of their datagram."""

    def __init__(self) -> None:
        self._loose: dict[Datagram, list[int]] = {}

    @property
    def held(self) -> int:
        """How many wait."""
        return sum(map(len, self._loose.values()))

    def claim(self, rows: Iterable[Row], owners: Mapping[int, int]) -> Iterator[tuple[int, int]]:
        """Fragments whose flow is known now, each with its flow.

        Args:
            rows: what tshark says of some frames.
            owners: frames among them, and the flows to which they belong.
        """
        for row in rows:
            if not row[PORT] or self._loose:
                yield from self._look(row, owners)

    def _look(self, row: Row, owners: Mapping[int, int]) -> Iterator[tuple[int, int]]:
        """The fragments in front of the last one belong to its flow, too (RFC 791, 3.2)."""
        frame = int(row[0])
        six = bool(row[SOURCE6])
        key = (row[SOURCE6], row[TARGET6], b"") if six else (row[SOURCE], row[TARGET], row[IP_ID])
        if not row[PORT]:
            if key[0] and not row[ICMP] and not row[ICMP6]:
                self._loose[key] = [*self._loose.get(key, ())[-MOST:], frame]
                while len(self._loose) > FRAGMENTED:
                    del self._loose[next(iter(self._loose))]
        elif frame in owners:
            for piece in self._loose.pop(key, ()):
                yield piece, owners[frame]
