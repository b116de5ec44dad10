"""What goes wrong below SMTP: packets lost, swapped, sent twice, or sent again with another cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.packet import Segment


@dataclass
class Mischief:
    """The fate of the data packets of one direction of one connection, by their number from 0.

    Only packets that carry new data are counted, so that a retransmission always gets through.
    """

    fates: Mapping[int, str]
    """Number of the packet to `drop`, `swap`, `duplicate` or `overlap`."""
    _count: int = 0
    _held: list[Segment] = field(default_factory=list)
    _last: Segment | None = None

    def apply(self, segment: Segment) -> list[Segment]:
        """What is sent in place of one packet with new data, in this order."""
        fate = self.fates.get(self._count, "pass")
        self._count += 1
        sent = _FATES[fate](self, segment)
        if fate != "swap":
            sent, self._held = sent + self._held, []
        self._last = segment
        return sent

    def _pass(self, segment: Segment) -> list[Segment]:
        return [segment]

    def _drop(self, _segment: Segment) -> list[Segment]:
        return []

    def _swap(self, segment: Segment) -> list[Segment]:
        self._held.append(segment)
        return []

    def _duplicate(self, segment: Segment) -> list[Segment]:
        return [segment, segment]

    def _overlap(self, segment: Segment) -> list[Segment]:
        """After the packet, once more the end of the one before and the beginning of this one."""
        if self._last is None:
            return [segment]
        middle = len(self._last.payload) // 2
        again = self._last.payload[middle:] + segment.payload[: len(segment.payload) // 2]
        return [segment, self._last.moved(self._last.sequence + middle, again)]


_FATES: dict[str, Callable[[Mischief, Segment], list[Segment]]] = {
    "pass": Mischief._pass,
    "drop": Mischief._drop,
    "swap": Mischief._swap,
    "duplicate": Mischief._duplicate,
    "overlap": Mischief._overlap,
}
