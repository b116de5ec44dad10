"""A Wireshark that knows frames made by hand, waits when it is told to, and fails on demand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from dissect.analysis.frame import Message, Node, Packet, WireFacts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dissect.analysis.model import FlowDetail, FlowSummary, Row
    from dissect.errors import SeamarkError

HEAD = bytes.fromhex(
    "020000000225" "020000000210" "0800"
    "4500004e1a2b40004006c730" "c000020a" "c0000219"
    "83ca0019" "e4971d03a2a2273a" "501801f5b9b50000"
)  # fmt: skip
"""Ethernet, IPv4 and TCP, as they come before a payload."""


def nodes(payload: bytes) -> tuple[Node, ...]:
    """The tree of a frame with a payload: five protocols and a little beneath each."""
    size, whole = len(payload), len(payload) + len(HEAD)
    return (
        Node(0, f"Frame: {whole} bytes on wire", "frame", 0, whole),
        Node(1, "Frame Number: 7", "frame.number", 0, 0),
        Node(0, "Ethernet II, Src: 02:00:00:00:02:10, Dst: 02:00:00:00:02:25", "eth", 0, 14),
        Node(1, "Type: IPv4 (0x0800)", "eth.type", 12, 2),
        Node(0, "Internet Protocol Version 4, Src: 192.0.2.10, Dst: 192.0.2.25", "ip", 14, 20),
        Node(1, "010. .... = Flags: 0x2, Don't fragment", "ip.flags", 20, 1),
        Node(2, ".1.. .... = Don't fragment: Set", "ip.flags.df", 20, 1),
        Node(1, "Time to Live: 64", "ip.ttl", 22, 1),
        Node(1, "Source Address: 192.0.2.10", "ip.src", 26, 4),
        Node(1, "Destination Address: 192.0.2.25", "ip.dst", 30, 4),
        Node(0, "Transmission Control Protocol, Src Port: 33738, Dst Port: 25", "tcp", 34, 20),
        Node(1, "[Stream index: 0]", "tcp.stream", 34, 0),
        Node(1, f"TCP payload ({size} bytes)", "tcp.payload", len(HEAD), size),
        Node(0, "Simple Mail Transfer Protocol", "smtp", len(HEAD), size),
        *_commands(payload),
    )


def _commands(payload: bytes) -> Iterable[Node]:
    at = len(HEAD)
    for line in payload.splitlines(keepends=True):
        text = line.decode("latin-1").rstrip("\r\n")
        yield Node(1, f"Command Line: {text}\\r\\n", "smtp.command_line", at, len(line))
        yield Node(2, f"Command: {text[:4]}", "smtp.req.command", at, min(len(text), 4))
        at += len(line)


def payload_of(detail: FlowDetail, frame: int) -> bytes:
    """What a frame of a flow carries: what is known of it, between bytes that fill it up."""
    for row in detail.rows:
        for piece in row.pieces:
            if piece.frame == frame:
                before = any(seam.before == frame for seam in row.seams)
                return b"MAIL\r\n" + piece.excerpt if before else piece.excerpt + b"DATA\r\n"
    texts = [row.text for row in detail.rows if frame in row.frames]
    return b"".join(text + b"\r\n" for text in texts)


class Wire:
    """Answers at once, or when ``go`` is called; what was asked and cancelled is noted.

    Args:
        slow: whether answers wait for ``go``.
        fails: what every call raises, until it is taken away.
        infos: the Info column by frame, where it matters.
    """

    def __init__(
        self,
        *,
        slow: bool = False,
        fails: SeamarkError | Exception | None = None,
        infos: dict[int, str] | None = None,
    ) -> None:
        self.slow = slow
        self.fails = fails
        self.infos = infos or {}
        self.more: dict[int, WireFacts] = {}
        """Facts that differ from the usual ones."""
        self.gone: set[int] = set()
        """Frames that tshark does not know."""
        self.trees: dict[int, Packet] = {}
        self.asked: list[tuple[int, ...]] = []
        self.read: list[int] = []
        self.cancelled: list[int] = []
        self._gate = asyncio.Event()

    def go(self) -> None:
        """Let the answers come."""
        self._gate.set()

    async def _wait(self) -> None:
        if self.slow:
            await self._gate.wait()
        if self.fails is not None:
            raise self.fails

    async def facts(self, flow: FlowSummary, frames: tuple[int, ...]) -> dict[int, WireFacts]:
        """The usual facts of a frame, with its number in the checksum."""
        assert flow.capture == "founding-behind.pcap"
        self.asked.append(frames)
        await self._wait()
        return {frame: self._facts(frame) for frame in frames if frame not in self.gone}

    def _facts(self, frame: int) -> WireFacts:
        usual = WireFacts(
            frame, "SMTP", self.infos.get(frame, f"C: Info of {frame}"), f"0x{frame:04x}", "0xb9b5",
            ("NOP", "NOP", f"timestamps {frame}, 1"), ("02:00:00:00:02:10", "02:00:00:00:02:25"),
        )  # fmt: skip
        return self.more.get(frame, usual)

    async def packet(self, detail: FlowDetail, frame: int) -> Packet:
        """A frame whose payload is what the flow's rows say."""
        self.read.append(frame)
        try:
            await self._wait()
        except asyncio.CancelledError:
            self.cancelled.append(frame)
            raise
        payload = payload_of(detail, frame)
        return self.trees.get(frame) or Packet(frame, HEAD + payload, nodes(payload))

    async def message(self, detail: FlowDetail, row: Row) -> Message:
        """Nothing."""
        del detail, row
        return Message(())

    async def save(self, flows: Iterable[FlowSummary], path: Path) -> int:
        """Nothing."""
        del flows, path
        return 0

    def path(self, capture: str) -> str:
        """The same."""
        return capture
