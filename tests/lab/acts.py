"""What a middlebox does to packets, rather than to their octets.

It takes lines out, sends replies and resets in another's name, drops packets for their size. An
act sees the packets of one connection, each direction by itself, and says what leaves in place of
each. Where it takes octets out or puts some in, it goes on counting for both ends, as an
application gateway does (RFC 2663, 2.9).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import packet
from lab.masker import Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.packet import Segment

STRIPPED_NETWORK = "192.0.2."
"""The clients whose replies lose the line; others, through the same box, see it."""

LARGEST_PACKET = 1400
"""Bytes of the IP packets that a black hole still lets through."""

BLOCKED = b"Subject: forbidden"
"""What a content filter looks for in message data."""

_OFFER = b"250-STARTTLS\r\n"
_GO_AHEAD = re.compile(rb"^354", re.MULTILINE)
_ASKED = b"STARTTLS\r\n"
_REFUSED = b"500 Unsupported command.\r\n"
_BLOCKED_REPLY = b"541 5.4.1 Content blocked\r\n"
_BESIDE = 37
"""How far a reset misses the number that would end the connection: inside of the window, where
the other end asks back instead (RFC 5961, 3.2)."""


@dataclass(frozen=True)
class Sent:
    """One segment that leaves the middlebox."""

    segment: Segment
    back: bool = False
    """Through the port that the looked-at segment came in by."""
    at_once: bool = False
    """Before all that is still on its way through the box."""


@dataclass(frozen=True)
class Step:
    """What becomes of one segment."""

    sent: tuple[Sent, ...]
    changes: tuple[tuple[Segment, Change], ...] = ()
    """What is to be written down, each with the segment whose sequence numbers count."""


@dataclass
class Shift:
    """One direction's sequence numbers where octets were taken out or put in at one place."""

    start: int | None = None
    """Of the first changed octet, in the sender's numbers."""
    by: int = 0
    """Octets put in; negative: taken out."""

    def out(self, number: int) -> int:
        """A sequence number of the sender, as the other end has to see it."""
        return number + self.by if self._behind(number, max(-self.by, 0)) else number

    def back(self, number: int) -> int:
        """What the other end acknowledges, in the numbers of the sender."""
        return number - self.by if self._behind(number, max(self.by, 1)) else number

    def _behind(self, number: int, width: int) -> bool:
        return self.start is not None and packet.distance(self.start, number) >= width


class Act:
    """Let everything through."""

    def __init__(self) -> None:
        self.in_data = False
        self._last: dict[bool, Segment] = {}

    def look(self, segment: Segment, *, from_client: bool) -> Step:
        """What leaves the middlebox in place of one segment."""
        step = self.client(segment) if from_client else self.server(segment)
        self._last[from_client] = segment
        if not from_client and _GO_AHEAD.search(segment.payload):
            self.in_data = True
        return step

    def client(self, segment: Segment) -> Step:
        """One segment from the client."""
        return _on(segment)

    def server(self, segment: Segment) -> Step:
        """One segment from the server."""
        return _on(segment)

    def from_server(self, segment: Segment) -> Segment:
        """A pattern for what is sent in the server's name, just behind what the client has got."""
        said = self._last[False]
        return said.moved(segment.acknowledged, b"").answering(segment.end)


class Swallow(Act):
    """A path on which large packets are lost and nobody is told (RFC 2923, 2.1)."""

    def client(self, segment: Segment) -> Step:
        """Drop what is too large."""
        if segment.size <= LARGEST_PACKET:
            return _on(segment)
        return Step((), ((segment, Change("dropped", "whole", 0, segment.payload, b"")),))


class Strip(Act):
    """Takes STARTTLS out of what the server offers to one network."""

    def __init__(self) -> None:
        super().__init__()
        self._shift = Shift()

    def server(self, segment: Segment) -> Step:
        """Take the line out, wherever it is seen; what follows moves up."""
        place = segment.payload.find(_OFFER)
        if place < 0 or not segment.addresses[1].startswith(STRIPPED_NETWORK):
            return _on(segment.moved(self._shift.out(segment.sequence), segment.payload))
        self._shift = Shift(segment.sequence + place, -len(_OFFER))
        left = segment.payload.replace(_OFFER, b"", 1)
        change = Change("stripped", "whole", place, _OFFER, b"")
        return Step((Sent(segment.moved(segment.sequence, left)),), ((segment, change),))

    def client(self, segment: Segment) -> Step:
        """Acknowledge what the client never got."""
        return _on(segment.answering(self._shift.back(segment.acknowledged)))


class Refuse(Act):
    """Answers STARTTLS itself, and keeps the command to itself (as Norton AntiVirus 2002 did)."""

    def __init__(self) -> None:
        super().__init__()
        self._taken, self._put = Shift(), Shift()

    def client(self, segment: Segment) -> Step:
        """Take the command out of the client's stream, and put a reply into the server's."""
        if segment.payload == _ASKED:
            return self._refuse(segment)
        moved = segment.moved(self._taken.out(segment.sequence), segment.payload)
        return _on(moved.answering(self._put.back(segment.acknowledged)))

    def server(self, segment: Segment) -> Step:
        """Count for both ends."""
        moved = segment.moved(self._put.out(segment.sequence), segment.payload)
        return _on(moved.answering(self._taken.back(segment.acknowledged)))

    def _refuse(self, segment: Segment) -> Step:
        self._taken = Shift(segment.sequence, -len(_ASKED))
        self._put = Shift(segment.acknowledged, len(_REFUSED))
        reply = self.from_server(segment)
        answer = reply.moved(reply.sequence, _REFUSED)
        change = Change("refused", "whole", 0, _ASKED, _REFUSED)
        return Step((Sent(answer, back=True, at_once=True),), ((segment, change),))


class Reset(Act):
    """Cuts a transaction off with a reset to each end, in the name of the other one."""

    beside = 0
    """How far the numbers miss."""
    _last_before_cut = 3
    """Packets of message data that still go ahead of the server's reset."""

    def __init__(self) -> None:
        super().__init__()
        self._seen = 0

    def client(self, segment: Segment) -> Step:
        """Reset the client at the first packet of the message, the server a few packets later."""
        if not (self.in_data and segment.payload):
            return _on(segment)
        self._seen += 1
        if self._seen == 1:
            forged = _shifted(self.from_server(segment), self.beside).forged(packet.RST)
            return _also(segment, forged, Sent(forged, back=True, at_once=True))
        if self._seen == self._last_before_cut:
            end = segment.moved(segment.end + self.beside, b"")
            forged = end.forged(packet.RST)
            return _also(segment, forged, Sent(forged))
        return _on(segment)


class ResetBeside(Reset):
    """The same with numbers that are not quite those of the stream: the ends go on talking."""

    beside = _BESIDE


class Inject(Act):
    """A content filter that answers in the server's name, and lets nothing more through.

    Of the unwanted packet the server gets the acknowledgement and no text, and it is told nothing,
    as with the device described at
    <https://blog.webernetz.net/2014/08/28/palo-alto-blocks-smtp-virus-with-541-response/>.
    """

    def __init__(self) -> None:
        super().__init__()
        self._blocked = False

    def client(self, segment: Segment) -> Step:
        """Answer for the server where the message is not wanted; then let nothing through."""
        if not self._blocked and BLOCKED in segment.payload:
            return self._block(segment)
        return Step(()) if self._blocked else _on(segment)

    def server(self, segment: Segment) -> Step:
        """Nothing from the server gets through any more either."""
        return Step(()) if self._blocked else _on(segment)

    def _block(self, segment: Segment) -> Step:
        self._blocked = True
        name = self.from_server(segment)
        reply = name.forged(packet.PUSH | packet.ACK, _BLOCKED_REPLY)
        reset = reply.moved(reply.end, b"").forged(packet.RST | packet.ACK)
        changes = (
            (reply, Change("injected", "whole", 0, b"", _BLOCKED_REPLY)),
            (segment, Change("blocked", "whole", 0, segment.payload, b"")),
        )
        sent = [Sent(each, back=True, at_once=True) for each in (reply, reset)]
        return Step((*sent, Sent(segment.moved(segment.sequence, b""))), changes)


def _on(segment: Segment) -> Step:
    return Step((Sent(segment),))


def _also(segment: Segment, forged: Segment, sent: Sent) -> Step:
    """The segment goes on, and a reset that is written down goes before or behind it."""
    return Step((Sent(segment), sent), ((forged, Change("reset", "whole", 0, b"", b"RST")),))


def _shifted(segment: Segment, by: int) -> Segment:
    return segment.moved(segment.sequence + by, b"")


ACTS: dict[str, Callable[[], Act]] = {
    "": Act,
    "swallow": Swallow,
    "strip": Strip,
    "refuse": Refuse,
    "reset": Reset,
    "reset-beside": ResetBeside,
    "inject": Inject,
}
"""By the name that a profile gives."""
