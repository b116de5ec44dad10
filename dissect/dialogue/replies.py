"""The server's side: bytes to replies (RFC 5321 section 4.2)."""

from __future__ import annotations

from typing import Final, NamedTuple

from dissect.dialogue.buffer import Buffer
from dissect.dialogue.grammar import LINE_LIMIT, REPLY

SPACE: Final = ord(" ")
MASK: Final = b"*"


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
    clients read it.  Most replies are of one line: they are told at once.
    """
    data, at = buffer.data, buffer.pos
    end = data.find(b"\r\n", at)
    if end - at > 3 and data[at + 3] == SPACE and data[at : at + 3].isdigit():  # noqa: PLR2004
        return Whole(end + 2 - at, int(data[at : at + 3]), (data[at:end],))
    lines: list[bytes] = []
    code = 0
    while (end := data.find(b"\n", at)) >= 0:
        line = data[at:end].removesuffix(b"\r")
        at = end + 1
        lines.append(line)
        match = REPLY.match(line)
        code = code or (int(match.group(1)) if match else 0)
        if not code or (match and match.group(2) != b"-" and not _goes_on(data, at, line)):
            return Whole(at - buffer.pos, code, tuple(lines))
    if len(buffer) > LINE_LIMIT:
        return Whole(len(buffer), code, (*lines, data[at:]))
    return None


def _goes_on(data: bytes, at: int, line: bytes) -> bool:
    """Whether a line is masked so that its hyphen is too, and the next line is of the same reply.

    So PIX 5 writes a greeting of several lines (``220***``).
    """
    return line[3:4] == MASK and data[at : at + 4] == line[:4]


def begun(buffer: Buffer) -> Whole | None:
    """What there is of a reply of several lines that has not ended; None where none has begun."""
    data, at = buffer.data, buffer.pos
    size = data.rfind(b"\n") + 1 - at
    lines = tuple(line.removesuffix(b"\r") for line in data[at : at + size].split(b"\n")[:-1])
    match = REPLY.match(lines[0]) if size > 0 else None
    return Whole(size, int(match.group(1)), lines) if match else None


def count(buffer: Buffer) -> int:
    """How many complete replies the buffer holds."""
    data, at, number = buffer.data, buffer.pos, 0
    while (end := data.find(b"\n", at)) >= 0:
        match = REPLY.match(data[at:end])
        number += bool(match and match.group(2) != b"-")
        at = end + 1
    return number
