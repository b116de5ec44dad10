"""A stream of packets that comes in parts, each a capture with a beginning of its own."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from dissect.source.descriptor import some


class After(Enum):
    """What comes behind a part."""

    NOTHING = "nothing"
    NEXT = "next"
    """Another part, and no packet is missing in between."""
    CUT = "cut"
    """Another part, and packets may be missing in between."""


class Parts(Protocol):
    """Where the bytes of a source come from."""

    async def read(self, most: int) -> bytes:
        """What there is, as soon as there is something; empty at the end of a part.

        Raises:
            OSError: if it cannot be read.
        """
        ...

    async def after(self) -> After:
        """What comes behind the part that has ended; the next one is read from then on.

        Raises:
            OSError: if it cannot be opened.
        """
        ...

    def stop(self) -> None:
        """Let it end."""
        ...

    def close(self) -> None:
        """Close what it has opened."""
        ...


class Pipe:
    """A descriptor that is read to its end: one part.

    Args:
        descriptor: never closed here.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def read(self, most: int) -> bytes:
        """What there is."""
        return await some(self._descriptor, most)

    async def after(self) -> After:
        """Nothing."""
        return After.NOTHING

    def stop(self) -> None:
        """Nothing: it ends when whoever writes ends."""

    def close(self) -> None:
        """Nothing: it has opened nothing."""
