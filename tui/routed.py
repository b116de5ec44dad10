"""What asks tshark, where some flows are in files and others come live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissect.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from dissect.analysis.frame import Message, Packet, WireFacts
    from dissect.analysis.model import FlowDetail, FlowSummary, Row
    from tui.wireshark import Wireshark


class Routed:
    """Asks for a flow where it is.

    Args:
        files: asks files.
        names: the captures that are files.
        live: asks for live flows.
    """

    def __init__(self, files: Wireshark, names: Collection[str], live: Wireshark) -> None:
        self._files, self._names, self._live = files, frozenset(names), live

    def _of(self, capture: str) -> Wireshark:
        return self._files if capture in self._names else self._live

    async def facts(self, flow: FlowSummary, frames: tuple[int, ...]) -> dict[int, WireFacts]:
        """The headers' facts by frame."""
        return await self._of(flow.capture).facts(flow, frames)

    async def packet(self, detail: FlowDetail, frame: int) -> Packet:
        """One frame, whole."""
        return await self._of(detail.summary.capture).packet(detail, frame)

    async def message(self, detail: FlowDetail, row: Row) -> Message:
        """The message data of a row."""
        return await self._of(detail.summary.capture).message(detail, row)

    async def save(self, flows: Iterable[FlowSummary], path: Path) -> int:
        """Write packets of flows that are all in files, or all live.

        Raises:
            UsageError: if they are not.
        """
        wanted = list(flows)
        asked = {flow.capture in self._names for flow in wanted}
        if len(asked) > 1:
            raise UsageError(
                "Flows of a file and of a live source do not fit in one capture.",
                "Save those of one source (C lists them), then those of the other.",
            )
        return await (self._files if asked != {False} else self._live).save(wanted, path)

    def path(self, capture: str) -> str:
        """Where the capture lies."""
        return self._of(capture).path(capture)
