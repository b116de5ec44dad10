"""The words that all rooms share: sides, endpoints, frames and the seams between them.

Offsets count bytes of one direction of one flow from 0, the first byte after the SYN (or the
first byte seen, where the capture has no SYN).  Frames are the capture file's own numbers.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Side(Enum):
    """Who sent something: the host that opened the connection, or the one that took it."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


class Endpoint(NamedTuple):
    """An address and a TCP port, written as Wireshark and RFC 3986 do: ``[2001:db8::1]:25``."""

    address: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class FrameFacts(NamedTuple):
    """One frame as TCP/IP saw it, with the bytes that lie at a seam.

    These facts tell an endpoint from something in between that speaks for it
    (TTL, IP id, window), and they are what the seam close-up shows.
    """

    frame: int
    """The capture file's frame number."""
    time: float
    """Seconds since the epoch."""
    seq: int
    """Raw TCP sequence number of the first payload byte."""
    length: int
    """Payload bytes on the wire."""
    flags: int
    window: int
    ttl: int
    ip_id: int
    """-1 where the packet has none (IPv6)."""
    offset: int
    """Stream offset of ``excerpt[0]``."""
    excerpt: bytes
    """The payload bytes next to the seam, credentials masked; at most ``EXCERPT`` bytes."""
    wireshark: str
    """What Wireshark's own SMTP dissector read in this frame, or the empty string."""


class Seam(NamedTuple):
    """A boundary at a stream offset, of segments or of TLS records.

    ``offset`` is the first byte behind it.
    """

    offset: int
    before: int
    """The frame that brought the byte before the seam."""
    after: int
    """The frame that brought the byte behind the seam."""
    inferred: bool
    """True where segmentation offload hid the boundary and the MSS tells where it was."""
    record: bool = False
    """True for a boundary of TLS records, inside TLS.

    Only who has the keys can see it: one of the two ends, or something that ends TLS between them.
    """

    @property
    def kind(self) -> str:
        """``observed``, ``inferred`` or ``record``, as in the JSON."""
        return "record" if self.record else "inferred" if self.inferred else "observed"

    @property
    def what(self) -> str:
        """What it is, in words."""
        return "a boundary of TLS records" if self.record else "a segment boundary"
