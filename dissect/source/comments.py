"""Comments in blocks of pcapng, beside the options that are there already.

draft-ietf-opsawg-pcapng, 3.5: ``opt_comment`` may stand in any block, and more than once; UTF-8.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from dissect.source import blocks

COMMENT: Final = 1
"""The code of the option."""

MOST: Final = 8_000
"""Bytes of one comment; an option holds 65,535, and a comment is read by people."""

FIXED: Final = {blocks.SECTION: 16, blocks.OBSOLETE: 20, blocks.ENHANCED: 20}
"""Bytes of a body in front of a packet's data, or of the options, in blocks that take comments."""

UNKNOWN: Final = b"\xff" * 8
"""The length of a section that does not say its length."""


def commented(data: bytes, order: str, comments: Sequence[str]) -> bytes:
    """A whole block with more comments, behind all options that it has.

    Args:
        data: the block: a section's header, or a packet that is no simple one.
        order: ``<`` or ``>``.
        comments: text that is safe to show; none leaves the block as it is.
    """
    if not comments:
        return data
    (kind,) = struct.unpack_from(f"{order}I", data)
    body = data[8:-4]
    if kind == blocks.SECTION:  # its blocks become longer
        body = body[:8] + UNKNOWN + body[16:]
    end = _end(body, order, _start(kind, body, order))
    more = b"".join(_option(text, order) for text in comments)
    return _framed(kind, order, body[:end] + more + bytes(4))


def _start(kind: int, body: bytes, order: str) -> int:
    """Where the options of a body begin."""
    if kind == blocks.SECTION:
        return FIXED[kind]
    (size,) = struct.unpack_from(f"{order}I", body, 12)
    return FIXED[kind] + int(size) + -int(size) % 4


def _end(body: bytes, order: str, at: int) -> int:
    """Where the last option of a body ends, the mark of their end left out."""
    for _, value in blocks.options(body[at:], order):
        at += 4 + len(value) + -len(value) % 4
    return at


def _option(text: str, order: str) -> bytes:
    """A comment as an option, cut at a character where it is too long."""
    value = text.encode("utf-8", "replace")[:MOST].decode("utf-8", "ignore").encode()
    return struct.pack(f"{order}HH", COMMENT, len(value)) + value + bytes(-len(value) % 4)


def _framed(kind: int, order: str, body: bytes) -> bytes:
    """A body as a block."""
    size = struct.pack(f"{order}I", blocks.FRAME + len(body))
    return struct.pack(f"{order}I", kind) + size + body + size
