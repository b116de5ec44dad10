"""Frames of one flow, read a second time: the same bytes at the same stream offsets.

A flow's streams follow from its own segments alone, so that reading those again, from its first
frame on, gives what the first reading gave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from dissect.analysis.model import FlowDetail, FlowSummary
from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.pipeline import Settings
from dissect.segments import SYN, Segment, decode
from dissect.segments.decode import Row
from dissect.source import CaptureFile, Tshark, asked, filters, read
from dissect.streams import Flow, StreamEvent
from dissect.tls import Texts

AFTER: Final = 8
"""Rows behind the one of interest that are read, too: what decides how it is read, such as the
reply to it, or a segment that came late, is in one of them."""


class Listener(Protocol):
    """Takes what a flow brings."""

    def note(self, segment: Segment) -> None:
        """The flow has taken a segment."""

    def hear(self, events: list[StreamEvent]) -> None:
        """What some segments brought together: as many as were read at a time."""


Open = Callable[[Flow], Listener]
"""Called with the flow when its first segment is there."""


def until(detail: FlowDetail, frame: int) -> int:
    """The last frame to read, in order to know how a frame of the flow was read."""
    last, behind = frame, 0
    for row in detail.rows:
        if row.frames and row.frames[0] > frame:
            behind += 1
            last = max(last, *row.frames) if behind <= AFTER else last
        elif row.frames and frame <= row.frames[-1]:
            last = max(last, row.frames[-1])
    return last if behind >= AFTER else max(last, detail.summary.last_frame)


async def stretch(
    tshark: Tshark,
    capture: CaptureFile,
    summary: FlowSummary,
    last: int,
    opened: Open,
    settings: Settings,
    texts: Texts | None = None,
) -> list[StreamEvent]:
    """Read a flow again, from its first frame to another one; what was still waiting at the end.

    Args:
        tshark: to read with.
        capture: the flow's.
        summary: the flow's.
        last: the last frame to read.
        opened: told of the flow; gives what listens to it.
        settings: those of the first reading.
        texts: takes what tshark reads in TLS, for who listens; None where nobody needs it.

    Raises:
        CaptureError: if the capture cannot be read.
    """
    again = _Again(summary, opened, texts)
    chosen = filters.both(settings.display_filter, of_flow(summary, last))
    keys = settings.keylog if texts is not None else ""
    options = ("-c", str(last), *asked.options(chosen, keys, settings.ports))
    outcome = await read(tshark, capture, again.rows, options)
    if again.flow is None:
        raise CaptureError(
            f"{visible(capture.name)}: {outcome.what or 'the conversation is not there'}.",
            outcome.remedy or "Has the file changed?",
        )
    return again.flow.finish()


def of_flow(summary: FlowSummary, last: int) -> str:
    """The display filter for a flow's frames: its ports, whatever tshark calls its stream."""
    client, server = summary.client.port, summary.server.port
    ports = f"tcp.port == {client} and tcp.port == {server}"
    return f"frame.number >= {summary.first_frame} and frame.number <= {last} and {ports}"


class _Again:
    """Feeds a flow with its segments, among others between the same ports."""

    def __init__(self, summary: FlowSummary, opened: Open, texts: Texts | None) -> None:
        self.flow: Flow | None = None
        self._summary = summary
        self._ways = {(*summary.client, *summary.server), (*summary.server, *summary.client)}
        self._opened = opened
        self._texts = texts
        self._listener: Listener | None = None

    def rows(self, rows: list[Row]) -> None:
        """Take a batch of tshark's rows."""
        last, events = self._summary.last_frame, list[StreamEvent]()
        if self._texts is not None:
            rows = self._texts.take(rows)
        for segment in decode(rows):
            if segment[2:6] in self._ways and segment.frame <= last:
                events += self._segment(segment)
        if self._listener is not None:
            self._listener.hear(events)

    def _segment(self, segment: Segment) -> list[StreamEvent]:
        """Take a segment of the flow; the first one is what the flow begins with."""
        if self.flow is None or self._listener is None:
            client, server = self._summary.client, self._summary.server
            midway = not segment.flags & SYN
            key = (*client, *server)
            self.flow = Flow(self._summary.flow, key, segment, client, server, midway=midway)
            self._listener = self._opened(self.flow)
        events = self.flow.feed(segment)
        self._listener.note(segment)
        return events
