"""What one side of a connection said, with names replaced, by stream offset.

Only what is kept or mapped is remembered: lines of the dialogue, and of message data the few bytes
that are not blank.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final

from dissect.streams import Copies

LINE_ENDS: Final = b"\r\n\0"
BLANK: Final = bytes(at if at in LINE_ENDS else ord("-") for at in range(256))
"""A table for ``bytes.translate``: what message data, and bytes that nobody has read, become."""

HYPHEN, PLUS = b"-+"
"""What stands for a byte of message data, and for another one that came in its place."""

MODULUS: Final = 1 << 32
HALF: Final = 1 << 31

PIECE: Final = 64 << 10
"""Bytes that are kept in one piece, more or less: what has to go, goes in whole pieces."""

OVERHEAD: Final = 150
"""Bytes that a piece costs beside its own."""


class Spoken:
    """The bytes of one side.

    Args:
        most: bytes that are remembered; beyond it the older half goes, and is blank from then on.
    """

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._size = 0
        self.base: int | None = None
        """Raw sequence number of offset 0, once it is known."""
        self.encrypted: int | None = None
        """The offset from which on it is TLS; what is not remembered there is zero."""
        self._starts: list[int] = []
        self._pieces: list[bytearray] = []
        self._others: dict[int, list[tuple[int, bytes]]] = {}
        """By frame: other bytes, where a repeat was not what had come first."""

    def put(self, offset: int, data: bytes) -> None:
        """Remember bytes, behind all that are remembered."""
        last = self._pieces[-1] if self._pieces else b""
        if last and self._starts[-1] + len(last) == offset and len(last) < PIECE:
            self._pieces[-1] += data
        elif data:
            self._starts.append(offset)
            self._pieces.append(bytearray(data))
            self._size += OVERHEAD
        self._size += len(data)
        if self._most and self._size > self._most:
            self.shed(self._most // 2)

    def shed(self, left: int = 0) -> None:
        """Forget what is oldest, until no more than so many bytes are left."""
        at = 0
        while self._size > left and at < len(self._pieces):
            self._size -= len(self._pieces[at]) + OVERHEAD
            at += 1
        del self._starts[:at]
        del self._pieces[:at]

    def put_body(self, offset: int, data: bytes, shown: bytes) -> None:
        """Remember what of a line of message data is shown and is not blank anyway."""
        usual = data.translate(BLANK)
        if shown == usual:
            return
        differ = [at for at in range(len(data)) if shown[at] != usual[at]]
        self.put(offset + differ[0], shown[differ[0] : differ[-1] + 1])

    def differs(self, frame: int, copies: Copies, shown: Callable[[bytes], bytes]) -> None:
        """A frame repeats bytes, and they are others than before: they stay others.

        Args:
            frame: its number.
            copies: what came first, and what comes now.
            shown: replaces names in a line of this side.
        """
        offset, one, two = copies
        found = self.laid(offset, one)
        for at, new in enumerate(shown(two)):
            if one[at] != two[at]:
                found[at] = self._other(offset + at, found[at], two[at], new)
        self._others.setdefault(frame, []).append((offset, bytes(found)))

    def _other(self, offset: int, stands: int, came: int, new: int) -> int:
        """The byte that stands for one that came in the place of another."""
        if self.encrypted is not None and offset >= self.encrypted:
            return stands ^ 1
        if came in LINE_ENDS and came != stands:
            return came
        if stands == HYPHEN:
            return PLUS
        if new != stands:
            return new
        return ord("z") if stands != ord("z") else ord("y")

    def offset(self, seq: int, near: int) -> int | None:
        """The offset of a raw sequence number; None where it is not known.

        Args:
            seq: the number, which comes round every 4 GiB.
            near: an offset that is not far from it.
        """
        if self.base is None:
            return None
        return near + (seq - self.base - near + HALF) % MODULUS - HALF

    def payload(self, frame: int, offset: int, data: bytes) -> bytes:
        """The payload of a segment as it may be shown; as long.

        Args:
            frame: its number.
            offset: that of its first byte.
            data: as it came.
        """
        found = self.laid(offset, data)
        for start, piece in self._others.get(frame, ()):
            _lay(found, offset, start, piece)
        return bytes(found)

    def laid(self, offset: int, data: bytes) -> bytearray:
        """Bytes at an offset: those that are remembered, over blanks."""
        found = bytearray(data.translate(BLANK))
        if self.encrypted is not None and offset + len(data) > self.encrypted:
            at = max(0, self.encrypted - offset)
            found[at:] = bytes(len(data) - at)
        for start, piece in self._between(offset, offset + len(data)):
            _lay(found, offset, start, piece)
        return found

    def _between(self, left: int, right: int) -> Iterator[tuple[int, bytearray]]:
        """The pieces that have bytes between two offsets."""
        at = max(0, bisect_right(self._starts, left) - 1)
        while at < len(self._starts) and self._starts[at] < right:
            yield self._starts[at], self._pieces[at]
            at += 1


def _lay(found: bytearray, offset: int, start: int, piece: bytes | bytearray) -> None:
    """Lay a piece over bytes, as far as both are there."""
    left, right = max(start, offset), min(start + len(piece), offset + len(found))
    if left < right:
        found[left - offset : right - offset] = piece[left - start : right - start]
