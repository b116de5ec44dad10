"""Blocks of pcapng with their packets rewritten, and without what names people and machines."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.redact import Packets
from dissect.redact.packets import LINKS
from dissect.source import blocks
from dissect.source.comments import commented
from dissect.source.framed import Framed, framed
from dissect.source.records import INTERFACE

Rewrite = Callable[[Iterator[Framed]], Iterator[Framed]]
"""Makes other blocks of those of a capture, from its first to its last."""

KEPT: Final = {
    blocks.SECTION: frozenset[int](),
    INTERFACE: frozenset({9, 13, 14}),
    blocks.STATISTICS: frozenset({2, 3, 4, 5, 6, 7, 8}),
    blocks.ENHANCED: frozenset({2, 4}),
    blocks.OBSOLETE: frozenset({2}),
}
"""The options that stay: resolution and offset of times, check sequences, counters, flags.

Comments, names, descriptions, addresses and filters of interfaces, operating systems, programs and
hashes go.  So do blocks of other types: resolved names, and keys for decryption.
"""

FIXED: Final = {
    blocks.SECTION: 16, INTERFACE: 8, blocks.STATISTICS: 12, blocks.ENHANCED: 20,
    blocks.OBSOLETE: 20,
}  # fmt: skip
"""Bytes of a body in front of options, or of a packet."""

LIVE: Final = "a live capture"
"""What is called so in errors: it is in no file."""

UNKNOWN: Final = b"\xff" * 8
"""The length of a section that is not told."""


def redacted(packets: Packets, owner: Callable[[int], int], name: str) -> Rewrite:
    """What redacts a capture.

    Args:
        packets: rewrites packets.
        owner: tells by its number to which flow a frame belongs.
        name: the capture's, for errors.
    """

    def rewrite(found: Iterator[Framed]) -> Iterator[Framed]:
        links: list[int] = []
        for block in found:
            if block.kind == blocks.SECTION:
                links.clear()
            elif block.kind == INTERFACE:
                links.append(struct.unpack_from(f"{block.order}H", block.data, 8)[0])
            if block.kind == blocks.SIMPLE or block.kind in KEPT:
                yield _block(block, packets, owner, links, name)

    return rewrite


def rewritten(
    packets: Packets, frames: Sequence[tuple[int, int]], data: bytes, comment: str = ""
) -> bytes:
    """A pcapng in memory, redacted.

    Args:
        packets: rewrites packets.
        frames: number and flow of each of them, in their order.
        data: the file.
        comment: said of each section; safe to show.

    Raises:
        CaptureError: for a link type that is not known.
    """
    found = (
        block._replace(frame=frames[block.frame - 1][0]) if block.frame else block
        for block in framed(io.BytesIO(data), LIVE)
    )
    said = [comment] if comment else []
    return b"".join(
        commented(block.data, block.order, said if block.kind == blocks.SECTION else [])
        for block in redacted(packets, dict(frames).__getitem__, LIVE)(found)
    )


def _block(
    block: Framed, packets: Packets, owner: Callable[[int], int], links: list[int], name: str
) -> Framed:
    """A block that stays."""
    body = block.data[8:-4]
    if not block.frame:
        head = body[: FIXED[block.kind]]
        if block.kind == blocks.SECTION:
            head = head[:8] + UNKNOWN
        return _made(block, head + _options(block, body[len(head) :]))
    at, interface, size = _place(block, body)
    link = links[interface] if interface < len(links) else -1
    if link not in LINKS:
        raise _unknown(name, block.frame, link)
    data = packets.rewritten(link, body[at : at + size], block.frame, owner(block.frame))
    rest = b""
    if block.kind != blocks.SIMPLE:
        rest = _options(block, body[at + size + -size % 4 :])
    return _made(block, body[:at] + data + bytes(-size % 4) + rest)


def _place(block: Framed, body: bytes) -> tuple[int, int, int]:
    """Where a packet begins, on which interface it was, and how many bytes there are."""
    if block.kind == blocks.SIMPLE:
        (size,) = struct.unpack_from(f"{block.order}I", body)
        return 4, 0, min(size, len(body) - 4)
    form = "I" if block.kind == blocks.ENHANCED else "H"
    (interface,) = struct.unpack_from(block.order + form, body)
    (size,) = struct.unpack_from(f"{block.order}I", body, 12)
    return FIXED[block.kind], interface, min(size, len(body) - FIXED[block.kind])


def _options(block: Framed, data: bytes) -> bytes:
    """The options that stay, and the mark of their end."""
    kept = KEPT[block.kind]
    found = [
        struct.pack(f"{block.order}HH", code, len(value)) + value + bytes(-len(value) % 4)
        for code, value in blocks.options(data, block.order)
        if code in kept
    ]
    return b"".join(found) + bytes(4) if found else b""


def _made(block: Framed, body: bytes) -> Framed:
    size = struct.pack(f"{block.order}I", blocks.FRAME + len(body))
    kind = struct.pack(f"{block.order}I", block.kind)
    return block._replace(data=kind + size + body + size)


def _unknown(name: str, frame: int, link: int) -> CaptureError:
    return CaptureError(
        f"Frame {frame} of {visible(name)} is of link type {link}, which cannot be redacted.",
        "Ethernet, VLAN, raw IP, loopback and Linux cooked captures can.",
    )
