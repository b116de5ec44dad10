"""A capture that arrives in pieces, cut into its packets.

A live capture is handed to tshark packet by packet, so that one tshark can be replaced by another
between two packets, and packets can be kept for evidence without decoding them.  pcap
(draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), both byte orders.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.source import blocks

PCAP: Final = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\x3c\x4d": ">",
}
"""The first bytes of pcap, of micro- and nanoseconds, and the byte order that they tell."""

MAGIC: Final = 4
HEADER: Final = 24
"""Bytes in front of a pcap's first packet."""

RECORD: Final = 16
"""Bytes in front of a packet in a pcap."""

LARGEST: Final = 1 << 20
"""Bytes of a packet from which on its length is taken for damage; the snap length is smaller."""

INTERFACE: Final = 1
"""The type of the block of pcapng that describes an interface."""

SHOWN: Final = 200
"""Bytes that are shown of what is no capture."""


class Record(NamedTuple):
    """A piece of a capture that stands for itself."""

    data: bytes
    """As it stands in the file, its header included."""
    is_packet: bool = True


class Records:
    """Cuts a capture into records.

    ``head`` is what a reader has to be given in front of any record that comes later.
    """

    def __init__(self) -> None:
        self.head = b""
        self.packets = 0
        self.saved: list[Record] = []
        """What stood in front of damage, in the same piece."""
        self._rest = bytearray()
        self._cut: Callable[[], Record | None] = self._begin
        self._order = "<"

    @property
    def has_begun(self) -> bool:
        """Whether what has come is a capture."""
        return bool(self.head)

    @property
    def left(self) -> int:
        """Bytes of a record that has not come whole; at the end, what was cut off."""
        return len(self._rest)

    def again(self) -> None:
        """Another capture follows, with a head of its own; what was left is forgotten."""
        self._rest.clear()
        self._cut = self._begin

    def feed(self, data: bytes) -> list[Record]:
        """The records that are whole now.

        Raises:
            CaptureError: if this is no capture, or it is damaged; the whole records in front of
                the damage are given by the call before, or are in ``saved``.
        """
        self._rest += data
        found: list[Record] = []
        try:
            while (record := self._cut()) is not None:
                if record.data:
                    found.append(record)
                    self.packets += record.is_packet
        except CaptureError:
            self.saved = found
            raise
        return found

    def _take(self, size: int) -> bytes:
        data = bytes(self._rest[:size])
        del self._rest[:size]
        return data

    def _begin(self) -> Record | None:
        """Tell pcap from pcapng, and both from everything else."""
        if len(self._rest) < MAGIC:
            return None
        magic = bytes(self._rest[:MAGIC])
        if magic == blocks.SECTION.to_bytes(MAGIC, "big"):
            self._cut = self._block
            return Record(b"")
        if magic not in PCAP:
            raise _no_capture(bytes(self._rest))
        if len(self._rest) < HEADER:
            return None
        self._order = PCAP[magic]
        self.head = self._take(HEADER)
        self._cut = self._packet
        return Record(b"")

    def _packet(self) -> Record | None:
        """A packet of a pcap."""
        if len(self._rest) < RECORD:
            return None
        (size,) = struct.unpack_from(f"{self._order}I", self._rest, 8)
        if size > LARGEST:
            raise _damaged(size)
        if len(self._rest) < RECORD + size:
            return None
        return Record(self._take(RECORD + size))

    def _block(self) -> Record | None:
        """A block of a pcapng."""
        if len(self._rest) < blocks.FRAME:
            return None
        section = self._rest[:MAGIC] == blocks.SECTION.to_bytes(MAGIC, "big")
        if section:
            self._order = blocks.ORDERS.get(bytes(self._rest[8:12]), self._order)
        kind, size = struct.unpack_from(f"{self._order}II", self._rest)
        if size < blocks.FRAME or size % 4 or size > LARGEST:
            raise _damaged(size)
        if len(self._rest) < size:
            return None
        data = self._take(size)
        if section:
            self.head = data
        elif kind == INTERFACE:
            self.head += data
        return Record(data, kind in blocks.PACKETS)


def _no_capture(data: bytes) -> CaptureError:
    """What came instead of a capture, shown."""
    said = visible(data[:SHOWN].decode("utf-8", "replace").strip())
    return CaptureError(
        f"This is not a capture; it begins with: {said}",
        "Text in front of it, such as a login banner, has to go: the shell's start files must "
        "print nothing where no terminal is.",
    )


def _damaged(size: int) -> CaptureError:
    return CaptureError(
        f"The capture is damaged: a packet claims {size:,} bytes.", "What came before is shown."
    )
