"""Blocks of pcapng files (draft-ietf-opsawg-pcapng), as far as they are looked at here."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final, Literal, NamedTuple

SECTION: Final = 0x0A0D0D0A
SIMPLE, STATISTICS, ENHANCED = 3, 5, 6
OBSOLETE: Final = 2
"""Types of blocks: a section's header, packets of three kinds, an interface's statistics."""

PACKETS: Final = frozenset({OBSOLETE, SIMPLE, ENHANCED})

FRAME: Final = 12
"""Bytes of a block around its body: its type, and its length in front and behind."""

LARGEST: Final = 64 << 20
"""Bytes of a block from which on it is taken for damage."""

ORDERS: Final = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
"""The byte-order magic of a section, and what ``struct`` calls the order."""


class Block(NamedTuple):
    """One block."""

    kind: int
    order: str
    """``<`` or ``>``."""
    body: bytes


def forward(file: BinaryIO, *, body: int = LARGEST) -> Iterator[Block]:
    """The blocks from the beginning, up to the first that is damaged.

    Args:
        file: at its beginning.
        body: bytes of each body that are read.
    """
    order = "<"
    while len(head := file.read(8)) == 8:  # noqa: PLR2004 - a type and a length
        if head[:4] == SECTION.to_bytes(4, "big"):
            order = ORDERS.get(file.read(4), order)
            file.seek(-4, 1)
        kind, size = struct.unpack(f"{order}II", head)
        if size < FRAME or size > LARGEST:
            return
        rest = size - FRAME
        data = file.read(min(rest, body))
        yield Block(kind, order, data)
        file.seek(rest - len(data) + 4, 1)


def backward(file: BinaryIO) -> Iterator[Block]:
    """The blocks from the end, up to the first that is damaged."""
    end = file.seek(0, 2)
    while end >= FRAME:
        found = next(filter(None, (_before(file, end, order) for order in "<>")), None)
        if found is None:
            return
        yield found
        end -= FRAME + len(found.body)


def _before(file: BinaryIO, end: int, order: str) -> Block | None:
    """The block that ends somewhere, if there is one in this byte order."""
    file.seek(end - 4)
    (size,) = struct.unpack(f"{order}I", file.read(4))
    if size % 4 or not FRAME <= size <= min(end, LARGEST):
        return None
    file.seek(end - size)
    data = file.read(size - 4)
    kind, again = struct.unpack(f"{order}II", data[:8])
    return Block(kind, order, data[8:]) if again == size else None


def captured(block: Block) -> bytes | None:
    """The bytes of a packet, as far as they were captured; None for another block."""
    body, order = block.body, block.order
    if block.kind == SIMPLE:
        return body[4 : 4 + int.from_bytes(body[:4], _endian(order))]
    if block.kind in PACKETS and len(body) >= 20:  # noqa: PLR2004 - what stands before the bytes
        (size,) = struct.unpack(f"{order}I", body[12:16])
        return body[20 : 20 + size]
    return None


def options(body: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """The codes and values of the options at the end of a body, up to the first damaged one."""
    at = 0
    while at + 4 <= len(body):
        code, size = struct.unpack(f"{order}HH", body[at : at + 4])
        value = body[at + 4 : at + 4 + size]
        if not code or len(value) < size:
            return
        yield code, value
        at += 4 + size + -size % 4


def number(value: bytes, order: str) -> int:
    """An unsigned integer of any size."""
    return int.from_bytes(value, _endian(order))


def _endian(order: str) -> Literal["little", "big"]:
    return "little" if order == "<" else "big"
