"""A feed that rings when a flow gets worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissect.live.triggers import Bell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from dissect.analysis.model import Update
    from dissect.detect.finding import Severity
    from tui.feed import Feed


class Ringing:
    """Passes a feed's updates on, and rings for findings.

    Args:
        feed: where the updates come from.
        lowest: findings below it do not ring.
    """

    def __init__(self, feed: Feed, lowest: Severity) -> None:
        self.ring: Callable[[], object] = lambda: None
        """What rings; known once there is an app."""
        self._feed, self._lowest = feed, lowest
        self._bell = Bell(self._sound)
        self._rung: dict[int, tuple[str, ...]] = {}

    async def updates(self) -> AsyncIterator[Update]:
        """The updates, as they come."""
        async for update in self._feed.updates():
            if self._is_news(update):
                self._bell()
            yield update

    def _sound(self) -> None:
        self.ring()

    def _is_news(self, update: Update) -> bool:
        """Whether a rule has fired in a flow that is as bad as that."""
        news = False
        for flow in update.summaries:
            bad = flow.severity is not None and flow.severity >= self._lowest
            if bad and self._rung.get(flow.flow) != flow.rules:
                self._rung[flow.flow] = flow.rules
                news = True
        for gone in update.gone:
            self._rung.pop(gone, None)
        return news

    def stop(self) -> None:
        """Passed on."""
        self._feed.stop()

    async def close(self) -> None:
        """Passed on."""
        await self._feed.close()
