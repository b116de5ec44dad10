"""The server's side: bytes to replies (RFC 5321 section 4.2)."""

from __future__ import annotations

from typing import NamedTuple

from dissect.dialogue.buffer import Buffer
from dissect.dialogue.grammar import LINE_LIMIT, REPLY


class Whole(NamedTuple):
    """A reply that is complete in the buffer, or bytes that are none."""

    size: int
    """Bytes to consume."""
    code: int
    """0 for a line that is no reply."""
    lines: tuple[bytes, ...]


def next_reply(buffer: Buffer) -> Whole | None:
    """The reply at the front of the buffer; None while it is not complete.

    A line that is no reply ends nothing inside a reply of several lines: it belongs to it, as
    clients read it.
    """
    data, at = buffer.data, buffer.pos
    lines: list[bytes] = []
    code = 0
    while (end := data.find(b"\n", at)) >= 0:
        line = data[at:end].removesuffix(b"\r")
        at = end + 1
        lines.append(line)
        match = REPLY.match(line)
        code = code or (int(match.group(1)) if match else 0)
        if not code or (match and match.group(2) != b"-"):
            return Whole(at - buffer.pos, code, tuple(lines))
    if len(buffer) > LINE_LIMIT:
        return Whole(len(buffer), code, (*lines, data[at:]))
    return None


def count(buffer: Buffer) -> int:
    """How many complete replies the buffer holds."""
    data, at, number = buffer.data, buffer.pos, 0
    while (end := data.find(b"\n", at)) >= 0:
        match = REPLY.match(data[at:end])
        number += bool(match and match.group(2) != b"-")
        at = end + 1
    return number
