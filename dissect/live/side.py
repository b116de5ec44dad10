"""One source of a watch: its packets on their way into flows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from dissect.live import hidden
from dissect.live.inlet import Inlet, Source
from dissect.pipeline import Pipeline
from dissect.segments.decode import Row, seconds
from dissect.source import asked
from dissect.source.tap import Line

if TYPE_CHECKING:
    from dissect.live.watch import Watch


class Side:
    """One source, and what is made of it."""

    def __init__(self, watch: Watch, at: int, line: Line, numbers: Iterator[int]) -> None:
        self._watch, self._at, self._line = watch, at, line
        self.pipeline = Pipeline(
            line.name, watch.settings, ledger=watch.ledger, numbers=numbers, ladders=watch.ladders,
            transcripts=watch.memory.transcripts if watch.memory else None,
        )  # fmt: skip
        self._inbox = watch.memory.source(line.name) if watch.memory else None
        wanted = watch.settings
        options = asked.options(wanted.display_filter, wanted.keylog, wanted.ports)
        self.inlet = Inlet(
            line, watch.tshark, self._take, options, self._inbox, self.pipeline.interrupt
        )
        self.told: Source | None = None
        self._clock = (0.0, 0.0)

    @property
    def source(self) -> Source:
        """How it stands; its clock is best known by packets that another source saw, too."""
        source, clocks = self.inlet.source, self._watch.clocks
        clock = clocks.offset(self._at) if clocks else None
        redactor = self._watch.settings.redactor
        if redactor and source.error:
            source = replace(source, error=hidden.error(source.error, self._line, redactor))
        return source if clock is None else replace(source, clock=clock)

    def _take(self, rows: list[Row]) -> None:
        if self._watch.clocks is not None:
            self._watch.clocks.see(self._at, rows)
        if self._inbox is None:
            self.pipeline.rows(rows)
        else:
            self.pipeline.owners = []
            self.pipeline.rows(rows)
            self._inbox.claim(rows, self.pipeline.owners)
        self._clock = (seconds(rows[-1][2]), time.monotonic())
        self._watch.news()

    def idle(self) -> None:
        """Let time pass where no packets come."""
        last, since = self._clock
        if last:
            self.pipeline.idle(last + time.monotonic() - since)
