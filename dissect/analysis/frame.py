"""What is asked of a capture a second time, when somebody looks: one frame, or one message.

A capture's first reading keeps what every view needs; these values come from reading a few of
its frames again.
"""

from __future__ import annotations

from typing import NamedTuple

from dissect.evidence import Seam


class WireFacts(NamedTuple):
    """The facts of a frame's headers that tell an endpoint from something on the way."""

    frame: int
    protocol: str = ""
    """Wireshark's Protocol column."""
    info: str = ""
    """Wireshark's Info column, credentials masked."""
    ip_checksum: str = ""
    """``0x1a2b``; empty for IPv6, which has none."""
    tcp_checksum: str = ""
    options: tuple[str, ...] = ()
    """The TCP options in their order: ``MSS 1460``, ``SACK permitted``, ``NOP``."""
    link: tuple[str, str] = ("", "")
    """Link-layer addresses of sender and receiver, where there are any."""


class Node(NamedTuple):
    """One line of Wireshark's protocol tree."""

    depth: int
    text: str
    """As Wireshark shows it, credentials masked."""
    name: str
    """Name for a display filter; empty for a line that is only text."""
    start: int
    """First byte of the frame that it is about."""
    size: int
    """Bytes; 0 for a line about none."""


class Packet(NamedTuple):
    """One frame, with Wireshark's reading of it."""

    frame: int
    data: bytes
    """The frame, from its link layer on; credentials are ``#``."""
    nodes: tuple[Node, ...]
    """The tree, each line before those beneath it."""
    left_out: int = 0
    """Lines of the tree that were not kept, because its size is bounded."""


class BodyLine(NamedTuple):
    """One line of message data as it was on the wire."""

    offset: int
    """Stream offset of ``text[0]`` in the client's direction."""
    text: bytes
    """Without its line end, dots still stuffed."""
    ending: bytes
    """CRLF, a bare LF, or nothing where the data ends or a line was too long to keep whole."""
    seams: tuple[Seam, ...] = ()
    """Seams inside the line, its end included."""
    header: bool = False
    """Whether it stands before the first empty line."""


class Kept(NamedTuple):
    """The packets of some flows of a live capture, as a file of their own."""

    flows: tuple[int, ...]
    frames: tuple[int, ...]
    """The numbers that the packets have in the capture, in the file's order."""
    missing: int
    """Packets of the flows that are kept no more."""
    data: bytes
    """A pcapng; empty where there are none."""


class Message(NamedTuple):
    """Message data, unfolded."""

    lines: tuple[BodyLine, ...]
    left_out: int = 0
    """Bytes that are not shown, because this is bounded."""
    gaps: int = 0
    """Bytes that the capture does not hold."""
