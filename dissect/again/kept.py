"""Packets of a live capture, asked for again: there is no file, only what is kept of each flow.

A flow's packets become a file without a name in which they are counted from 1.  What is known of
the flow is told in these numbers, and what comes back in those of the capture.
"""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from dissect.again.again import Again
from dissect.analysis.frame import Kept, Message, Node, Packet, WireFacts
from dissect.analysis.model import FlowDetail, FlowSummary, Row
from dissect.errors import CaptureError, UsageError
from dissect.evidence import Seam
from dissect.pipeline import Settings
from dissect.source import Tshark, newfile
from dissect.source.file import held
from dissect.source.process import nameless

Fetch = Callable[[Sequence[int]], Awaitable[Kept]]
"""Gives the packets of flows."""


class KeptAgain:
    """Live flows whose packets are kept for a while.

    Args:
        tshark: to read with.
        fetch: gives the packets.
        settings: those of the watch; what its display filter leaves out is not kept.
    """

    def __init__(self, tshark: Tshark, fetch: Fetch, settings: Settings | None = None) -> None:
        self._tshark = tshark
        self._settings = replace(settings or Settings(), display_filter="")
        self._fetch = fetch
        self._last: tuple[tuple[int, int], _Sheet] | None = None

    async def facts(self, flow: FlowSummary, frames: tuple[int, ...]) -> dict[int, WireFacts]:
        """The headers' facts by frame; frames that are not kept are left out.

        Raises:
            CaptureError: if nothing of the flow is kept.
            ToolError: if tshark cannot be started.
        """
        sheet = await self._sheet(flow)
        numbers = sheet.numbers
        here = tuple(filter(None, map(numbers.here, frames)))
        found = await sheet.again.facts(flow, here) if here else {}
        return {
            numbers.there(frame): facts._replace(frame=numbers.there(frame))
            for frame, facts in found.items()
        }

    async def packet(self, detail: FlowDetail, frame: int) -> Packet:
        """One frame of a flow, whole; credentials that the flow carries are masked.

        Raises:
            CaptureError: if the frame is not kept.
            ToolError: if tshark cannot be started.
        """
        sheet = await self._sheet(detail.summary)
        here = sheet.numbers.here(frame)
        if not here:
            raise CaptureError(f"Frame {frame} is not kept any more.", *_KEEP)
        found = await sheet.again.packet(sheet.numbers.detail(detail), here)
        nodes = tuple(_renamed(node, here, frame) for node in found.nodes)
        return found._replace(frame=frame, nodes=nodes)

    async def message(self, detail: FlowDetail, row: Row) -> Message:
        """The message data of a row, line by line.

        Raises:
            CaptureError: if nothing of the flow is kept.
            ToolError: if tshark cannot be started.
            UsageError: for a row that is none of message data.
        """
        sheet = await self._sheet(detail.summary)
        numbers = sheet.numbers
        found = await sheet.again.message(numbers.detail(detail), numbers.row(row))
        lines = tuple(
            line._replace(seams=tuple(map(numbers.back, line.seams))) for line in found.lines
        )
        return found._replace(lines=lines)

    async def save(self, flows: Iterable[FlowSummary], path: Path) -> int:
        """Write the packets of some flows as pcapng, mode 0600; the number of packets.

        Raises:
            UsageError: if the file is there already, or no flow is given.
            CaptureError: if none of their packets are kept, or the file cannot be written.
        """
        wanted = [flow.flow for flow in flows]
        if not wanted:
            raise UsageError("There is no conversation to save.")
        kept = await self._fetch(wanted)
        if not kept.frames:
            raise CaptureError("The packets of these conversations are not kept any more.", *_KEEP)
        await asyncio.to_thread(newfile.write, path, (kept.data,))
        return len(kept.frames)

    def path(self, capture: str) -> str:
        """A live capture lies nowhere.

        Raises:
            CaptureError: always.
        """
        del capture
        raise CaptureError("A live capture is in no file.", "Save the flows first (S).")

    async def _sheet(self, flow: FlowSummary) -> _Sheet:
        """The flow's packets; those of the flow that was asked for last are still there."""
        key = (flow.flow, flow.frames)
        if self._last is None or self._last[0] != key:
            kept = await self._fetch((flow.flow,))
            if not kept.frames:
                raise CaptureError(
                    "The packets of this conversation are not kept any more.", *_KEEP
                )
            sheet = await asyncio.to_thread(
                _Sheet, self._tshark, flow.capture, kept, self._settings
            )
            self._last = key, sheet
        return self._last[1]


_KEEP = ("Packets that have to stay go into files: seamark live --keep-dir DIR.",)


class _Sheet:
    """The packets of a flow in a file without a name, which is there as long as this."""

    def __init__(self, tshark: Tshark, capture: str, kept: Kept, settings: Settings) -> None:
        self.numbers = Numbers(kept.frames)
        self._file = nameless()
        self._file.write(kept.data)
        self._file.flush()
        os.fchmod(self._file.fileno(), _FOR_TSHARK)
        self.again = Again(tshark, [held(capture, self._file.fileno())], settings)

    def __del__(self) -> None:
        self._file.close()


_FOR_TSHARK = 0o644
"""It has no name by which others could open it; tshark, which runs without rights, inherits it."""


class Numbers:
    """Frames by their numbers in the capture and, from 1, in the file of a flow's packets.

    Args:
        frames: those in the capture, ascending.
    """

    def __init__(self, frames: Sequence[int]) -> None:
        self._frames = frames

    def here(self, frame: int) -> int:
        """The number in the file; 0 for a frame that is not in it."""
        at = bisect_left(self._frames, frame)
        return at + 1 if self._frames[at : at + 1] == (frame,) else 0

    def there(self, frame: int) -> int:
        """The number in the capture."""
        return self._frames[frame - 1]

    def detail(self, detail: FlowDetail) -> FlowDetail:
        """The flow in the file's numbers; findings, which nobody asks for again, are left out."""
        summary = replace(detail.summary, first_frame=1, last_frame=len(self._frames))
        return replace(detail, summary=summary, rows=tuple(map(self.row, detail.rows)), findings=())

    def row(self, row: Row) -> Row:
        """A row in the file's numbers, without frames that are not in it."""
        frames = tuple(filter(None, map(self.here, row.frames)))
        return row._replace(frames=frames, seams=tuple(map(self._forth, row.seams)))

    def _forth(self, seam: Seam) -> Seam:
        return seam._replace(before=self.here(seam.before), after=self.here(seam.after))

    def back(self, seam: Seam) -> Seam:
        """A seam of the file in the capture's numbers."""
        return seam._replace(before=self.there(seam.before), after=self.there(seam.after))


def _renamed(node: Node, here: int, frame: int) -> Node:
    """A line of the tree that tells the frame's number, with that of the capture."""
    if node.name not in {"frame", "frame.number"}:
        return node
    return node._replace(text=node.text.replace(f" {here}", f" {frame}", 1))
