"""Asks tshark of captures that were read before."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from dissect.again.ears import Ears, Heard
from dissect.again.inside import Inside
from dissect.again.message import Unfolded, before
from dissect.again.packet import Masker
from dissect.again.recent import Recent
from dissect.again.stretch import stretch, until
from dissect.again.words import masked, options
from dissect.analysis.frame import Message, Packet, WireFacts
from dissect.analysis.model import FlowDetail, FlowSummary, Row, RowKind
from dissect.errors import CaptureError, UsageError
from dissect.escape import visible
from dissect.evidence import Side
from dissect.pipeline import Settings
from dissect.source import CaptureFile, Tshark, columns, export, tree
from dissect.streams import Flow
from dissect.tls import Texts

One = TypeVar("One")
Two = TypeVar("Two")

FIELDS: Final = (
    "ipv6.src", "ip.checksum", "tcp.checksum", "tcp.options", "eth.src", "sll.src.eth", "eth.dst",
    "_ws.col.Protocol", "_ws.col.Info",
)  # fmt: skip
"""What is asked of a frame's headers."""

FACTS: Final = 2_000
PACKETS: Final = 32
FLOWS: Final = 8
"""Answers that are kept, of each kind."""


class Again:
    """Captures that were read before; what is asked of them reads them again.

    Args:
        tshark: to read with.
        captures: all captures of the first reading.
        settings: those of the first reading.
    """

    def __init__(
        self, tshark: Tshark, captures: Iterable[CaptureFile], settings: Settings | None = None
    ) -> None:
        self._tshark = tshark
        self._captures = {capture.name: capture for capture in captures}
        self._settings = settings or Settings()
        self._filter = self._settings.display_filter
        self._facts: Recent[tuple[str, int], WireFacts] = Recent(FACTS)
        self._packets: Recent[tuple[str, int, int, int], Packet] = Recent(PACKETS)
        self._heard: Recent[tuple[str, int, int], Heard] = Recent(FLOWS)

    async def facts(self, flow: FlowSummary, frames: tuple[int, ...]) -> dict[int, WireFacts]:
        """The headers' facts of a flow's frames; frames that tshark does not know are left out.

        Raises:
            CaptureError: if the capture cannot be read a second time.
            ToolError: if tshark cannot be started.
        """
        capture = flow.capture
        file = self._file(capture)
        wanted = [frame for frame in frames if self._facts.get((capture, frame)) is None]
        if wanted:
            told = await columns(self._tshark, file, wanted, FIELDS, self._filter)
            for frame, fields in told.items():
                self._facts.put((capture, frame), _facts(frame, fields))
        known = {frame: self._facts.get((capture, frame)) for frame in frames}
        return {frame: facts for frame, facts in known.items() if facts is not None}

    async def packet(self, detail: FlowDetail, frame: int) -> Packet:
        """One frame of a flow's capture, whole; credentials that the flow carries are masked.

        Of a frame that is not the flow's, nothing behind its headers is shown.

        Raises:
            CaptureError: if the capture cannot be read a second time, or has no such frame.
            ToolError: if tshark cannot be started.
        """
        summary = detail.summary
        key = (summary.capture, summary.flow, summary.frames, frame)
        known = self._packets.get(key)
        if known is not None:
            return known
        file = self._file(summary.capture)
        found, flow = await _both(
            tree(self._tshark, file, frame, self._filter), self._listen(detail, file, frame)
        )
        packet = await asyncio.to_thread(lambda: Masker(frame, found, flow).packet())
        self._packets.put(key, packet)
        return packet

    async def message(self, detail: FlowDetail, row: Row) -> Message:
        """The message data of a row, line by line.

        Raises:
            CaptureError: if the capture cannot be read a second time.
            ToolError: if tshark cannot be started.
            UsageError: for a row that is none of message data.
        """
        if row.kind is not RowKind.MESSAGE or row.side is not Side.CLIENT:
            raise UsageError("This row is no message data.")
        file, summary = self._file(detail.summary.capture), detail.summary
        unfolded = Unfolded(row, before(detail, row))
        last = until(detail, max(row.frames, default=summary.last_frame))
        texts = Texts() if row.tls else None
        listener: Unfolded | Inside = unfolded

        def opened(flow: Flow) -> Unfolded | Inside:
            nonlocal listener
            listener = unfolded if texts is None else Inside(flow, texts, unfolded)
            return listener

        rest = await stretch(self._tshark, file, summary, last, opened, self._settings, texts)
        listener.hear(rest)
        return await asyncio.to_thread(unfolded.message)

    async def save(self, flows: Iterable[FlowSummary], path: Path) -> int:
        """Write the packets of some flows as pcapng, mode 0600; the number of packets.

        Raises:
            UsageError: if the file is there already, or no flow is given.
            CaptureError: if a capture cannot be read a second time, or the file not be written.
            ToolError: if a program is missing.
        """
        wanted: dict[CaptureFile, list[int]] = {}
        for flow in flows:
            wanted.setdefault(self._file(flow.capture), []).append(flow.tcp_stream)
        if not wanted:
            raise UsageError("There is no conversation to save.")
        return await export(self._tshark, wanted, path, self._filter)

    def path(self, capture: str) -> str:
        """Where the capture lies, for other programs.

        Raises:
            CaptureError: for standard input and for pipes, which lie nowhere.
        """
        return str(Path(self._file(capture).path).absolute())

    def _file(self, name: str) -> CaptureFile:
        """A capture that can be read a second time."""
        file = self._captures.get(name)
        if file is None:
            raise CaptureError(f"{visible(name)} is none of the captures.", "Open it first.")
        if file.path == "-" or _is_pipe(file.path):
            where = "on standard input" if file.path == "-" else "in a pipe"
            raise CaptureError(
                f"A capture {where} can be read only once.", "Save it in a file first."
            )
        return file

    async def _listen(self, detail: FlowDetail, file: CaptureFile, frame: int) -> Heard:
        """Where the flow's credentials stand, as far as they can be in a frame."""
        summary, last = detail.summary, until(detail, frame)
        key = (summary.capture, summary.flow, last)
        known = self._heard.get(key)
        if known is not None:
            return known
        ears: list[Ears] = []

        def opened(flow: Flow) -> Ears:
            ears.append(Ears(flow, detail.rows))
            return ears[0]

        rest = await stretch(self._tshark, file, summary, last, opened, self._settings)
        heard = ears[0].heard(rest)
        self._heard.put(key, heard)
        return heard


async def _both(one: Coroutine[Any, Any, One], two: Coroutine[Any, Any, Two]) -> tuple[One, Two]:
    """Wait for both, side by side: each waits for a tshark; none is left behind."""
    first, second = asyncio.ensure_future(one), asyncio.ensure_future(two)
    try:
        return await first, await second
    finally:
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


def _is_pipe(path: str) -> bool:
    """Whether a path is that of something that is gone once it was read."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - as in ``open_capture``
    except OSError:
        return False  # tshark says what is wrong with it


def _facts(frame: int, fields: Sequence[str]) -> WireFacts:
    """A row of ``FIELDS``."""
    inner6, ip, tcp, raw, source, cooked, destination, protocol, info = fields
    digits = raw.replace(":", "")
    decoded = options(bytes.fromhex(digits)) if len(digits) % 2 == 0 else ()
    return WireFacts(
        frame, protocol, masked(info), "" if inner6 else ip, tcp, decoded,
        (source or cooked, destination),
    )  # fmt: skip
