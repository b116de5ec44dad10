"""A stream of packets that comes in parts, each a capture with a beginning of its own."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from dissect.source.clock import Offset


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

    async def close(self) -> None:
        """Close what is open."""
        ...

    @property
    def lasts(self) -> bool:
        """Whether another part is waited for behind each, while packets pass that are not seen."""
        ...

    @property
    def why(self) -> str:
        """What was said about the end of a part, if anything was."""
        ...

    @property
    def dropped(self) -> tuple[int, int]:
        """Packets that never came: dropped by the kernel, and by the interface."""
        ...

    def ask(self) -> None:
        """Let it say how many packets were dropped so far."""
        ...

    @property
    def clock(self) -> Offset | None:
        """By how much the clock of its packets is ahead of ours; None where that is not known."""
        ...
