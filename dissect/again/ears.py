"""Where credentials stand in a flow's streams, by the dialogue's own reading of it."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final, NamedTuple

from dissect.analysis.model import Row, RowKind
from dissect.dialogue import OpaqueKind, Session, redact
from dissect.dialogue.buffer import Origin
from dissect.dialogue.mode import Mode
from dissect.evidence import Side
from dissect.segments import SYN, Segment
from dissect.streams import Chunk, Flow, StreamEvent
from dissect.streams.half import HALF, MODULUS

WINDOW: Final = 512 << 10
"""Bytes of a stream that are remembered: more than the dialogue ever holds unread."""

VALUES: Final = 256
"""Credentials that are looked for in what a server says."""

ANSWERED: Final = frozenset({"AUTH", "X-EXPS", ""})
"""Commands behind which a client's bytes are a credential."""

BLOB: Final = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}\r?")
"""A line of base64, as answers in an AUTH exchange are."""

MASKED: Final = re.compile(rb"[Xx]+|\*+")
"""What a middlebox writes, and base64 never is."""

TOKEN: Final = re.compile(rb"[A-Za-z0-9+/]{12,}={0,2}")
"""A word that may be base64."""

SIGNS: Final = re.compile(rb"#+")

MASKED_ROWS: Final = frozenset({RowKind.COMMAND, RowKind.AUTH, RowKind.REPLY})
"""Rows whose text is as on the wire, credentials masked."""

DIGIT: Final = re.compile(rb"[0-9=]")

REST: Final = re.compile(rb"[A-Za-z0-9+/=]*")

RESPONSE: Final = re.compile(
    redact.MECHANISM.pattern + rb"+([A-Za-z0-9+/]{4,}={0,2})", re.IGNORECASE
)
"""A mechanism and a response to it, in a server's reply."""

AGREED: Final = re.compile(rb"[23]\d\d")
"""How a reply begins that quotes no credential."""

WORD: Final = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}")

QUOTE: Final = 1_024
"""Bytes of a stream in which a quote may have begun."""

Span = tuple[int, int]
"""A range of stream offsets, or of a frame's bytes."""


class Place(NamedTuple):
    """Where a frame's payload lies in the flow."""

    side: Side
    offset: int
    size: int


class Places:
    """The frames of a flow that carry payload, ascending; three numbers for each."""

    def __init__(self) -> None:
        self._frames, self._sequences, self._edges = array("Q"), array("Q"), array("Q")
        self._sizes = array("q")
        self._flow: Flow | None = None

    def note(self, flow: Flow, segment: Segment) -> None:
        """Remember a segment that the flow has just taken."""
        if not segment.length:
            return
        self._flow = flow
        client = segment[2:4] == flow.client
        half = flow.half_client if client else flow.half_server
        self._frames.append(segment.frame)
        self._sequences.append((segment.seq + bool(segment.flags & SYN)) % MODULUS)
        self._edges.append(half.edge)
        self._sizes.append(segment.length if client else -segment.length)

    def find(self, frame: int) -> Place | None:
        """Where a frame's payload lies; None for a frame that is not the flow's, or has none."""
        at = bisect_left(self._frames, frame)
        if self._flow is None or at == len(self._frames) or self._frames[at] != frame:
            return None
        size, edge = self._sizes[at], self._edges[at]
        half = self._flow.half_client if size > 0 else self._flow.half_server
        ahead = self._sequences[at] - (half.base or 0) - edge
        return Place(half.side, edge + ((ahead + HALF) % MODULUS) - HALF, abs(size))


class Heard(NamedTuple):
    """What a flow says of its credentials."""

    places: Places
    spans: dict[Side, list[Span]]
    """Ascending, none touching another."""
    values: tuple[bytes, ...]
    """Credentials as they were on the wire."""
    edges: dict[Side, int]
    """Stream offsets up to which each side was read."""
    tls: dict[Side, int]
    """Where TLS begins, of sides that speak it."""

    def hidden(self, place: Place) -> list[Span]:
        """Ranges of a payload that may not be shown."""
        end, edge = place.offset + place.size, self.edges[place.side]
        found = [
            (max(left, place.offset) - place.offset, min(right, end) - place.offset)
            for left, right in self.spans[place.side]
            if left < end and right > place.offset
        ]
        unread = max(edge, place.offset)
        return [*found, (unread - place.offset, place.size)] if unread < end else found

    def encrypted(self, place: Place) -> bool:
        """Whether a payload holds TLS."""
        return place.offset + place.size > self.tls.get(place.side, place.offset + place.size)


class Window:
    """The last bytes of a stream."""

    def __init__(self) -> None:
        self.start = 0
        self.data = bytearray()

    def add(self, chunk: Chunk) -> None:
        """More of it; what is missing in front is filled up, behind a wide gap it begins anew."""
        gap = chunk.offset - self.start - len(self.data)
        if 0 <= gap < WINDOW:
            self.data += b"\n" * gap
        else:
            self.start = chunk.offset
            self.data.clear()
        self.data += chunk.data
        if len(self.data) > 4 * WINDOW:
            self.start += len(self.data) - 2 * WINDOW
            del self.data[: -2 * WINDOW]

    def part(self, offset: int, end: int) -> tuple[int, bytes]:
        """What there is between two offsets, and where that begins."""
        offset = max(offset, self.start)
        return offset, bytes(self.data[offset - self.start : max(0, end - self.start)])


class Ears(Session):
    """A dialogue that remembers where credentials stand, and what may be one.

    Args:
        flow: whose streams are read.
        rows: what the first reading made of it; what it masked is masked here.
    """

    def __init__(self, flow: Flow, rows: Iterable[Row]) -> None:
        super().__init__(flow)
        self.places = Places()
        self._spans: dict[Side, list[Span]] = {side: [] for side in Side}
        for row in rows:
            if row.side is not None and row.kind in MASKED_ROWS and not row.tls:
                self._spans[row.side] += _signs(row)
        self._said: dict[bytes, None] = {}
        self._tls: dict[Side, int] = {}
        self._windows = {side: Window() for side in Side}

    def note(self, segment: Segment) -> None:
        """The flow has taken a segment."""
        self.places.note(self.flow, segment)

    def hear(self, events: list[StreamEvent]) -> None:
        """Read what the streams brought."""
        chunks = [event for event in events if isinstance(event, Chunk)]
        for chunk in chunks:
            self._windows[chunk.side].add(chunk)
        self.feed(events)
        if not self.encrypted:
            for chunk in chunks:
                self._spans[chunk.side] += self._quoted(chunk)

    def secret(self, start: int, value: bytes) -> None:
        """A credential stands at a stream offset of the client."""
        super().secret(start, value)
        self._spans[Side.CLIENT].append((start, start + len(value)))
        self._say(value)

    def _say(self, value: bytes) -> None:
        """Remember a credential, which may come again."""
        if len(self._said) < VALUES and len(value) >= redact.SHORTEST:
            self._said[value] = None

    def opaque(
        self,
        kind: OpaqueKind,
        offset: int,
        size: int,
        origin: Origin,
        side: Side = Side.CLIENT,
        feeds: int = 0,
    ) -> None:
        """Bytes that are not read: those of a client may hold credentials."""
        super().opaque(kind, offset, size, origin, side, feeds)
        if kind is OpaqueKind.TLS:
            self._tls.setdefault(side, offset)
        elif kind is OpaqueKind.UNKNOWN and side is Side.CLIENT:
            self._spans[side] += self._doubtful(offset, size)

    def _doubtful(self, offset: int, size: int) -> list[Span]:
        """Ranges of bytes not read that may be credentials."""
        reader = self.client
        answers = reader.mode is Mode.WAIT and reader.waits in ANSWERED
        start, data = self._windows[Side.CLIENT].part(offset, offset + size)
        if answers or reader.mode is Mode.ANSWER or start > offset:
            return [(offset, offset + size)]
        found = doubtful(data)
        for left, right in found:
            self._say(data[left:right])
        return [(start + left, start + right) for left, right in found]

    def _quoted(self, chunk: Chunk) -> list[Span]:
        """Credentials that come again, in what is new and what it continues.

        One that is cut short here, by the snap length, may be quoted whole.
        """
        longest = max(map(len, self._said), default=0)
        end = chunk.offset + len(chunk.data)
        start, data = self._windows[chunk.side].part(chunk.offset - max(longest, QUOTE), end)
        found = redact.quoted(data, list(self._said))
        if chunk.side is Side.SERVER:
            found += [match.span(1) for match in RESPONSE.finditer(data) if _mixed(match[1])]
            found += refused(data) if self.holes or self.midway else []
        return [(start + left, start + _stretched(data, right)) for left, right in found]

    def heard(self, last: list[StreamEvent]) -> Heard:
        """What was heard in all; ``last`` is what the flow still had to give."""
        self.hear(last)
        self.finish()
        edges = {side: self.flow.half(side).edge for side in Side}
        spans = {side: merged(self._spans[side]) for side in Side}
        return Heard(self.places, spans, tuple(self._said), edges, self._tls)


def _signs(row: Row) -> list[Span]:
    """Where the signs of a mask stand in a row; one that is on the wire hides only itself."""
    return [
        (row.offset + sign.start(), row.offset + sign.end()) for sign in SIGNS.finditer(row.text)
    ]


def doubtful(data: bytes) -> list[Span]:
    """Ranges of a client's bytes, read without knowing the state, that may be credentials."""
    found: list[Span] = []
    at = 0
    for line in data.splitlines(keepends=True):
        found += [(at + left, at + right) for left, right in _in_line(line.rstrip(b"\r\n"))]
        at += len(line)
    return found


def refused(data: bytes) -> list[Span]:
    """Ranges of what a server says, if not to agree, that may quote a credential not captured."""
    found: list[Span] = []
    at = 0
    for line in data.splitlines(keepends=True):
        words = () if AGREED.match(line) else WORD.finditer(line)
        found += [(at + word.start(), at + word.end()) for word in words if _coded(word[0])]
        at += len(line)
    return found


def _in_line(line: bytes) -> list[Span]:
    """Ranges of one line that may be credentials."""
    _, secret = redact.command(line)
    if secret:
        return [(len(line) - len(secret), len(line))]
    if BLOB.fullmatch(line) and not MASKED.fullmatch(line):
        return [(0, len(line))]
    if match := redact.MECHANISM.search(b" " + line):
        return [(match.end() - 1, len(line))]
    return [
        match.span()
        for match in TOKEN.finditer(line)
        if _mixed(match[0]) and DIGIT.search(match[0])
    ]


def _mixed(word: bytes) -> bool:
    """Whether a word is none that people write: of both cases, or padded."""
    return word.endswith(b"=") or not (word.islower() or word.isupper() or word.istitle())


def _coded(word: bytes) -> bool:
    """The same of a word that stands anywhere: with digits, too."""
    return _mixed(word) and bool(DIGIT.search(word))


def _stretched(data: bytes, right: int) -> int:
    """The end of the base64 that goes on at an index."""
    match = REST.match(data, right)
    return match.end() if match else right


def merged(spans: list[Span]) -> list[Span]:
    """Ranges in order, those that touch made one."""
    found: list[Span] = []
    for left, right in sorted(spans):
        if found and left <= found[-1][1]:
            found[-1] = (found[-1][0], max(right, found[-1][1]))
        elif left < right:
            found.append((left, right))
    return found
