"""One packet while it is rewritten, and what its layers share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dissect.redact.spoken import BLANK, Spoken
from dissect.redact.transcript import Transcript

if TYPE_CHECKING:
    from dissect.redact.internet import Heads


@dataclass(slots=True)
class Packet:
    """A packet."""

    data: bytearray
    frame: int
    transcript: Transcript | None
    """Of the flow to which it belongs."""
    mapped: Callable[[bytes], bytes]
    """Gives the address that stands for another."""
    heads: Heads
    """What is known of fragments."""
    near: dict[Spoken, int]
    """How far each side has come."""

    def number(self, at: int, size: int) -> int:
        """An unsigned integer in network order."""
        return int.from_bytes(self.data[at : at + size])

    def zero(self, start: int, end: int) -> None:
        """Nothing stays there."""
        if start < end:
            self.data[start:end] = bytes(end - start)

    def put(self, at: int, value: int) -> None:
        """Write sixteen bits."""
        self.data[at : at + 2] = value.to_bytes(2)

    def address(self, at: int, size: int) -> None:
        """Map an address."""
        self.data[at : at + size] = self.mapped(bytes(self.data[at : at + size]))

    def say(self, spoken: Spoken | None, seq: int, at: int, end: int) -> None:
        """Replace a payload by what its sender said, or blanks.

        Args:
            spoken: the sender's; None for one of no flow.
            seq: raw sequence number of the first byte.
            at: where the payload begins.
            end: where it ends.
        """
        data = bytes(self.data[at:end])
        near = self.near.get(spoken, 0) if spoken else 0
        offset = spoken.offset(seq, near) if spoken else None
        if spoken is None or offset is None:
            self.data[at:end] = data.translate(BLANK)
            return
        self.near[spoken] = max(near, offset)
        self.data[at:end] = spoken.payload(self.frame, offset, data)
