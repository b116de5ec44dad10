"""Bytes of one direction that have come and are not read yet, and where each came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from dissect.evidence import FrameFacts, Seam
from dissect.streams import Chunk

EXCERPT: Final = 96
"""Payload bytes kept on each side of a seam: six rows of a hex view."""


MARKED: Final = 1_024
"""Seams among bytes not read yet, from which on retransmissions add no more."""

TERMINATOR: Final = 8
"""Bytes behind the reader for which seams are kept: CRLF.CRLF and some."""


class Origin(NamedTuple):
    """Where bytes came from."""

    frames: tuple[int, ...]
    time: float
    """When the last of them arrived."""
    seams: tuple[Seam, ...]
    """The seams strictly inside."""


class Buffer:
    """What a reader has not consumed."""

    __slots__ = ("data", "marks", "pos", "scanned", "seams", "start")

    def __init__(self) -> None:
        self.data = b""
        self.pos = 0
        """Index in ``data`` of the first byte that is not consumed."""
        self.start = 0
        """Stream offset of that byte."""
        self.marks: list[tuple[int, int, float]] = []
        """Offset, frame and time of each chunk that is not consumed."""
        self.seams: list[Seam] = []
        self.scanned = 0
        """Index in ``data`` before which there is no line end that is not consumed."""

    def __len__(self) -> int:
        return len(self.data) - self.pos

    def add(self, chunk: Chunk) -> None:
        """Take new bytes."""
        if self.pos == len(self.data):
            self.data = chunk.data
            self.start = chunk.offset
            self.scanned = 0
        else:
            self.data = self.data[self.pos :] + chunk.data
            self.scanned -= self.pos
        self.pos = 0
        self.marks.append((chunk.offset, chunk.frame, chunk.time))
        if chunk.seams:
            self.seams.extend(chunk.seams)

    @property
    def end(self) -> int:
        """Stream offset behind the last byte."""
        return self.start + len(self.data) - self.pos

    def rest(self) -> bytes:
        """All bytes that are not consumed."""
        return self.data[self.pos :] if self.pos else self.data

    def mark(self, seams: Sequence[Seam]) -> None:
        """Seams that a retransmission has shown, among bytes that are here."""
        if len(self.seams) < MARKED:
            self.seams = sorted({*self.seams, *seams})

    def line(self) -> bytes | None:
        """The next line with its end, or None while there is none; nothing is consumed."""
        at = self.data.find(b"\n", max(self.scanned, self.pos))
        if at < 0:
            self.scanned = len(self.data)
            return None
        return self.data[self.pos : at + 1]

    def consume(self, size: int) -> Origin:
        """Drop bytes from the front; where they came from."""
        start = self.start
        if len(self.marks) == 1:
            _, frame, time = self.marks[0]
            origin = Origin((frame,), time, self._inside(start, start + size))
        else:
            frames, time = self._sought(start, start + size)
            origin = Origin(frames, time, self._inside(start, start + size))
        self.pos += size
        self.start = start + size
        if self.seams or len(self.marks) > 1 or self.pos == len(self.data):
            self._forget()
        return origin

    def advance(self, pos: int) -> None:
        """Drop the bytes in front of an index of ``data``; they came in one chunk."""
        self.start += pos - self.pos
        self.pos = pos
        if self.seams or pos == len(self.data):
            self._forget()

    def skip(self, chunk: Chunk) -> None:
        """Pass over new bytes while nothing else is here; keep the seams that end data can need."""
        self.start = chunk.offset + len(chunk.data)
        if chunk.seams or self.seams:
            near = self.start - TERMINATOR
            self.seams = [seam for seam in (*self.seams, *chunk.seams) if seam.offset > near]

    def _inside(self, start: int, end: int) -> tuple[Seam, ...]:
        """The seams strictly inside a range."""
        if not self.seams:
            return ()
        return tuple(sorted({seam for seam in self.seams if start < seam.offset < end}))

    def _sought(self, start: int, end: int) -> tuple[tuple[int, ...], float]:
        """The frames and the latest time of a range that several chunks may have brought."""
        frames, time = set(), 0.0
        stream_end = self.end
        for index, (offset, frame, arrived) in enumerate(self.marks):
            behind = self.marks[index + 1][0] if index + 1 < len(self.marks) else stream_end
            if offset < end and behind > start:
                frames.add(frame)
                time = max(time, arrived)
        return tuple(sorted(frames)), time

    def _forget(self) -> None:
        """Drop marks and seams in front of the first byte that is left."""
        start = self.start
        while len(self.marks) > 1 and self.marks[1][0] <= start:
            del self.marks[0]
        if self.pos == len(self.data):
            self.marks.clear()
        if self.seams:
            self.seams = [seam for seam in self.seams if seam.offset > start - TERMINATOR]

    def clear(self) -> None:
        """Forget everything, as after a hole."""
        self.data = b""
        self.pos = self.scanned = 0
        self.marks.clear()
        self.seams.clear()


def behind(recent: Iterable[Chunk], start: int) -> list[Chunk]:
    """What was delivered last, from a stream offset on."""
    return [
        chunk._replace(offset=chunk.offset + cut, data=chunk.data[cut:])
        for chunk in recent
        if _end(chunk) > start
        for cut in (max(0, start - chunk.offset),)
    ]


def pieces(
    seams: Sequence[Seam],
    recent: Iterable[Chunk],
    end: int,
    secrets: Sequence[tuple[int, int]],
) -> tuple[FrameFacts, ...]:
    """The frames on both sides of seams, with the bytes next to them.

    Args:
        seams: inside one line.
        recent: what was delivered last.
        end: stream offset behind the line; nothing behind it is shown, because it has not been
            read yet and may hold credentials.
        secrets: ranges of stream offsets to mask.
    """
    found: dict[tuple[int, int], FrameFacts] = {}
    for seam in seams:
        for frame, left, right in (
            (seam.before, seam.offset - EXCERPT, seam.offset),
            (seam.after, seam.offset, min(end, seam.offset + EXCERPT)),
        ):
            for chunk in recent:
                if chunk.frame == frame and chunk.offset < right and left < _end(chunk):
                    found[frame, max(left, chunk.offset)] = _facts(chunk, left, right, secrets)
    return tuple(found[key] for key in sorted(found))


def _end(chunk: Chunk) -> int:
    """Stream offset behind a chunk."""
    return chunk.offset + len(chunk.data)


def _facts(chunk: Chunk, left: int, right: int, secrets: Sequence[tuple[int, int]]) -> FrameFacts:
    """One frame, with the bytes of it that lie between two stream offsets."""
    offset, segment = chunk.offset, chunk.segment
    left, right = max(left, offset), min(right, _end(chunk))
    excerpt = bytearray(chunk.data[left - offset : right - offset])
    for start, stop in secrets:
        for at in range(max(start, left), min(stop, right)):
            excerpt[at - left] = ord("#")
    secret = any(start < _end(chunk) and offset < stop for start, stop in secrets)
    return FrameFacts(
        segment.frame, segment.time, segment.seq, segment.length, segment.flags, segment.window,
        segment.ttl, segment.ip_id, left, bytes(excerpt), "" if secret else segment.wireshark,
    )  # fmt: skip
