"""Two captures that are compared in a process of its own, for the screens that show it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from dissect.compare.ladder import Laid
from dissect.compare.overview import Overview
from dissect.errors import CaptureError
from tui.feed import ProcessFeed

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEPT: Final = 8
"""Ladders that stay at hand."""


class Both(Protocol):
    """What the screens ask."""

    overview: Overview | None
    """None until both captures are read."""

    async def laid(self, pair: int) -> Laid:
        """A pair, row by row.

        Raises:
            CaptureError: if nobody is there to be asked.
        """
        ...


class BothFeed(ProcessFeed):
    """A feed of how far the comparison is, which knows its result.

    Args:
        command: the argument list of the worker.
        capture: both names, for the words of a failure.
    """

    ANSWERS: ClassVar[tuple[type, ...]] = (Overview, Laid)

    def __init__(self, command: Sequence[str], *, capture: str) -> None:
        super().__init__(command, capture=capture)
        self._serves, self._stdin = True, asyncio.subprocess.PIPE
        self.overview: Overview | None = None
        self._ladders: OrderedDict[int, Laid] = OrderedDict()

    async def laid(self, pair: int) -> Laid:
        """A pair, row by row; a few are remembered."""
        if pair not in self._ladders:
            self._ladders[pair] = await self._asked_for(pair)
        self._ladders.move_to_end(pair)
        while len(self._ladders) > _KEPT:
            self._ladders.popitem(last=False)
        return self._ladders[pair]

    async def _asked_for(self, pair: int) -> Laid:
        try:
            found: Laid = await self._ask((pair,))
        except asyncio.CancelledError:
            if not self._closed:
                raise
            raise CaptureError("The dissector has ended before it answered.") from None
        return found

    def _answered(self, told: Any) -> None:
        if isinstance(told, Overview):
            self.overview = told
        else:
            self._settle((told.pair,), told)
