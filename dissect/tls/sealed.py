"""Bytes that stay encrypted."""

from __future__ import annotations

from typing import NamedTuple

from dissect.evidence import Side


class Sealed(NamedTuple):
    """A record that is not read, or bytes that are no record."""

    side: Side
    offset: int
    """Stream offset of the encrypted stream."""
    size: int
    """Bytes on the wire."""
    frames: tuple[int, ...]
    """The first and the last frame that brought it."""
    time: float
    """Seconds since the epoch, when its last byte arrived."""
    lost: bool = False
    """Whether it stands in place of text, so that the dialogue lacks something from here on."""
