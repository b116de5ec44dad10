"""Several feeds as one: captures that were opened, and live sources that are begun beside them.

Live sources share one worker, as long as it lives, so that its verdicts hold across them.  Each
feed numbers its flows from where those before it end.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from dissect.analysis.model import Progress, Status, Update
from dissect.analysis.peers import joined
from dissect.errors import CaptureError, UsageError
from dissect.source.tap import written
from tui.bell import Ringing
from tui.feed import ProcessFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from dissect.analysis.frame import Kept
    from dissect.analysis.model import Peer, Verdict
    from dissect.detect.finding import Severity
    from dissect.source.tap import Tap
    from tui.watching import Watching

_NOTHING = Progress(capture="", status=Status.IDLE)


class _Told:
    """A feed, and what it said last.

    Args:
        feed: the feed.
        first: number of its first flow.
        live: whether it takes orders.
        updates: what it says.
    """

    def __init__(
        self, feed: ProcessFeed, first: int, updates: AsyncIterator[Update], *, live: bool
    ) -> None:
        self.feed, self.first, self.updates, self.live = feed, first, updates, live
        self.progress: Progress | None = None
        self.verdicts: tuple[Verdict, ...] = ()
        self.peers: tuple[Peer, ...] = ()
        self.task: asyncio.Task[None] | None = None

    @property
    def loads(self) -> bool:
        """Whether it is a capture that is being read, whose flows have no last number yet."""
        return not self.live and (self.progress is None or self.progress.status.goes_on)

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self.task is None or not self.task.done()


class Feeds:
    """A feed that others can be added to.

    Args:
        wanted: how live sources are watched that are begun later.
    """

    def __init__(self, wanted: Callable[[], Watching]) -> None:
        self.ring: Callable[[], object] = lambda: None
        """What rings for findings; known once there is an app."""
        self._wanted = wanted
        self._feeds: list[_Told] = []
        self._next = 0
        """The lowest number that no flow has."""
        self._queue: asyncio.Queue[tuple[_Told, Update] | Exception] = asyncio.Queue()

    def add(self, feed: ProcessFeed, *, live: bool = False, bell: Severity | None = None) -> _Told:
        """Let a feed speak beside the others, once there are ``updates``.

        Args:
            feed: the feed.
            live: whether it takes orders.
            bell: from which severity on its findings ring.
        """
        updates = feed.updates()
        if bell is not None:
            ringing = Ringing(feed, bell)
            ringing.ring = lambda: self.ring()  # noqa: PLW0108 - it is set later
            updates = ringing.updates()
        self._feeds.append(_Told(feed, self._next, updates, live=live))
        return self._feeds[-1]

    async def updates(self) -> AsyncIterator[Update]:
        """What all say, for ever: another capture can be begun at any time."""
        for told in self._feeds:
            self._listen(told)
        if not self._feeds:
            yield Update(progress=_NOTHING)
        while True:
            said = await self._queue.get()
            if isinstance(said, Exception):
                raise said
            yield self._joined(*said)

    def _listen(self, told: _Told) -> None:
        told.task = asyncio.create_task(self._pump(told))

    async def _pump(self, told: _Told) -> None:
        try:
            async for update in told.updates:
                self._queue.put_nowait((told, update))
        except Exception as error:  # noqa: BLE001 - the app tells of it
            self._queue.put_nowait(error)

    def _joined(self, told: _Told, update: Update) -> Update:
        """An update of one feed, with what the others say of the same."""
        flows = (summary.flow + 1 for summary in update.summaries)
        self._next = max(self._next, update.progress.flows, *flows)
        told.progress = update.progress
        told.verdicts = told.verdicts if update.verdicts is None else update.verdicts
        told.peers = told.peers if update.peers is None else update.peers
        spoken = [each for each in self._feeds if each.progress is not None]
        if len(spoken) == 1:
            return update
        return replace(
            update,
            progress=_progress([each.progress for each in spoken if each.progress is not None]),
            verdicts=None if update.verdicts is None else tuple(_surest(spoken)),
            peers=None
            if update.peers is None
            else joined(p for each in spoken for p in each.peers),
        )

    def stop(self) -> None:
        """End what is captured; a capture that is being read goes on."""
        for told in self._feeds:
            if told.live:
                told.feed.stop()

    async def close(self) -> None:
        """Leave nothing behind."""
        for told in self._feeds:
            await told.feed.close()
            if told.task is not None:
                told.task.cancel()

    async def kept(self, flows: Sequence[int]) -> Kept:
        """The packets of some live flows, as far as they are kept.

        Raises:
            CaptureError: if the worker that has them is gone.
        """
        newest = max(flows)
        holder = next(each for each in reversed(self._feeds) if each.first <= newest)
        return await holder.feed.kept(flows)

    # Live sources.

    async def start(self, taps: Sequence[Tap], *, again: bool) -> None:
        """Capture at some places, beside what there is; returns once packets may come.

        Args:
            taps: where.
            again: whether a source is connected again when it ends by itself.

        Raises:
            SeamarkError: if one of them cannot be captured; then none is.
        """
        if any(each.loads for each in self._feeds):
            raise UsageError("The capture is still being read.", "Begin when that is complete.")
        live = self._live or self._begin()
        await _order(live.feed, start=[written(tap) for tap in taps], again=again)

    async def change(self, bpf: str) -> None:
        """Let all live sources capture something else.

        Raises:
            SeamarkError: if one cannot; it goes on as before.
        """
        if self._live is None:
            raise UsageError("Nothing is being captured.")
        await _order(self._live.feed, filter=bpf)

    async def cancel(self) -> None:
        """Do not wait for what is being begun."""
        if self._live is not None:
            await _order(self._live.feed, cancel=True)

    @property
    def begun(self) -> bool:
        """Whether there is anything that speaks."""
        return bool(self._feeds)

    @property
    def _live(self) -> _Told | None:
        """The feed that takes orders, if there is one that has not died."""
        return next((each for each in self._feeds if each.live and each.lives), None)

    def _begin(self) -> _Told:
        wanted = self._wanted()
        feed = ProcessFeed(wanted.command((), self._next), live=True)
        told = self.add(feed, live=True, bell=wanted.bell)
        self._listen(told)
        return told


async def _order(feed: ProcessFeed, **words: object) -> None:
    answer = await feed.order(**words)
    if answer.error:
        raise CaptureError(answer.error)


def _surest(told: Sequence[_Told]) -> Iterator[Verdict]:
    """All verdicts, the surest first."""
    every = [verdict for each in told for verdict in each.verdicts]
    yield from sorted(every, key=lambda verdict: -verdict.confidence)


def _progress(every: Sequence[Progress]) -> Progress:
    """How several readings stand together: as the newest, with what they counted."""
    last = every[-1]
    dropped = [each.dropped for each in every if each.dropped is not None]
    before = [each.error.replace("\n", " ") for each in every[:-1] if each.error]
    return replace(
        last,
        capture=", ".join(dict.fromkeys(each.capture for each in every if each.capture)),
        packets=sum(each.packets for each in every),
        bytes_read=0,
        bytes_total=0,
        flows=max(each.flows for each in every),
        warnings=tuple(dict.fromkeys((*(w for each in every for w in each.warnings), *before))),
        dropped=sum(dropped) if dropped else None,
        evicted=sum(each.evicted for each in every),
    )
