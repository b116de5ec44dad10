"""What the screens ask of the capture a second time; another room does the asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dissect.analysis.frame import Message, Packet, WireFacts
    from dissect.analysis.model import FlowDetail, FlowSummary, Row


class Wireshark(Protocol):
    """Asks tshark.

    Every call raises ``SeamarkError``, with what happened and what to do, where the capture
    cannot be read a second time (standard input) or tshark fails.
    """

    async def facts(self, flow: FlowSummary, frames: tuple[int, ...]) -> dict[int, WireFacts]:
        """The headers' facts by frame; frames that tshark does not know are left out."""
        ...

    async def packet(self, detail: FlowDetail, frame: int) -> Packet:
        """One frame of a flow's capture, whole; credentials that the flow carries are masked."""
        ...

    async def message(self, detail: FlowDetail, row: Row) -> Message:
        """The message data of a row, line by line."""
        ...

    async def save(self, flows: Iterable[FlowSummary], path: Path) -> int:
        """Write the packets of some flows as pcapng, mode 0600; the number of packets.

        Raises:
            UsageError: if the file is there already.
        """
        ...

    def path(self, capture: str) -> str:
        """Where the capture lies, for other programs; raises where it lies nowhere."""
        ...
