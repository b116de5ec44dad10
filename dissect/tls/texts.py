"""What records say, until the streams have come to them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

from dissect.segments.decode import PLAIN, Row, opened

ROOM: Final = 16 << 20
"""Bytes of texts that are kept for records that have not come; the oldest go first.

Records of connections that are no mail are opened too, and nobody asks for them.
"""

COST: Final = 200
"""Bytes that one takes beside its text."""

KNOWN_BY: Final = 32
"""Bytes at the end of a record by which it is known: the tag of an AEAD has 16 of them, and those
of a block cipher depend on all that is in front."""


class Key(NamedTuple):
    """What a record is known by."""

    size: int
    end: bytes


class Texts:
    """Texts that no record has claimed."""

    def __init__(self) -> None:
        self.opened = 0
        """Records that could be read, so far."""
        self.unread = 0
        """Records that could not, as far as tshark says."""
        self._texts: OrderedDict[Key, bytes | None] = OrderedDict()
        self._room = ROOM

    def take(self, rows: list[Row]) -> list[Row]:
        """Take what tshark has read in a batch of rows; the rows without it."""
        self.add(opened(rows))
        return [row[:PLAIN] for row in rows]

    def add(self, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take records and what they say; None for one that tshark could not read."""
        for sealed, text in records:
            self.opened += text is not None
            self.unread += text is None
            key = _key(sealed)
            if key in self._texts:
                self._drop(key)
            self._texts[key] = text
            self._room -= COST + len(text or b"")
        while self._room < 0:
            self._drop(next(iter(self._texts)))

    def has(self, sealed: bytes) -> bool:
        """Whether something is known of a record: those with no application data never are."""
        return _key(sealed) in self._texts

    def claim(self, sealed: bytes) -> bytes | None:
        """What a record says, which is forgotten here; None if that is not known."""
        key = _key(sealed)
        return self._drop(key) if key in self._texts else None

    def _drop(self, key: Key) -> bytes | None:
        text = self._texts.pop(key)
        self._room += COST + len(text or b"")
        return text


def _key(sealed: bytes) -> Key:
    return Key(len(sealed), sealed[-KNOWN_BY:])
