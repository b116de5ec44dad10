"""The middlebox: a process that carries frames between two interfaces and rewrites SMTP in them.

It is transparent (addresses stay as they are, and sequence numbers too but for the acts that say
otherwise), works on one packet at a time without putting the stream together, and writes down
every change that it made, one JSON object a line. That log is the truth against which findings
are checked.
"""

from __future__ import annotations

import argparse
import json
import select
import signal
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from lab import packet
from lab.acts import ACTS, Sent
from lab.masker import PROFILES, Change, Conversation, Outcome, Profile
from lab.mischief import Mischief

if TYPE_CHECKING:
    from lab.packet import Segment

SMTP = 25
"""The port whose payload is rewritten."""

_ALL_PROTOCOLS = 3
_OUTGOING = 4
_SOL_PACKET, _PACKET_AUXDATA = 263, 8
_VLAN_VALID = 0x10
_LARGEST = 1 << 17
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Settings:
    """What one run of the middlebox does."""

    profile: Profile
    fates: dict[int, str]
    """See `Mischief`: applied to the client's data packets."""
    delay: float
    """Seconds from one interface to the other, as on a path of some length."""
    pause: float
    """Seconds between two frames of one direction, so that the server reads them one by one."""
    size: int
    """Cut larger payloads to this size, as a card with segmentation offload does; 0: never."""
    tag: int
    """VLAN id that this process adds on the way in and takes off on the way out; 0: none."""


class Port:
    """One interface, as a raw socket that keeps the VLAN tag where the kernel took it off."""

    def __init__(self, interface: str) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
        self.socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        self.socket.bind((interface, _ALL_PROTOCOLS))

    def receive(self) -> bytes | None:
        """The next frame from the wire; None where it is one that this process sent."""
        frame, notes, _, address = self.socket.recvmsg(_LARGEST, 256)
        if address[2] == _OUTGOING:
            return None
        return frame[:12] + _tag_of(notes) + frame[12:]

    def send(self, frame: bytes) -> None:
        """Put a frame on the wire."""
        self.socket.send(frame)


class Outbox:
    """Frames on their way to one port, which leave it in the order in which they came."""

    def __init__(self, port: Port, settings: Settings) -> None:
        self._port = port
        self._settings = settings
        self._free = 0.0
        self._queue: deque[tuple[float, bytes]] = deque()

    def put(self, frame: bytes) -> None:
        """Take a frame in; it will leave when its time has come."""
        soonest = time.monotonic() + self._settings.delay
        self._free = max(soonest, self._free + self._settings.pause)
        self._queue.append((self._free, frame))

    def hurry(self, frame: bytes) -> None:
        """Send a frame at once, ahead of all that waits."""
        self._port.send(frame)

    def wait(self) -> float:
        """Seconds until there is something to send."""
        due = self._queue[0][0] - time.monotonic() if self._queue else _POLL_SECONDS
        return min(max(due, 0.0), _POLL_SECONDS)

    def flush(self) -> None:
        """Send what is due."""
        while self._queue and self._queue[0][0] <= time.monotonic():
            self._port.send(self._queue.popleft()[1])


@dataclass
class Direction:
    """What is remembered of one direction: where the new bytes begin, and what was replaced."""

    next: int | None = None
    replaced: dict[int, int] = field(default_factory=dict)

    def fresh(self, segment: Segment) -> int:
        """The number of payload bytes at the front that have been here before."""
        if self.next is None or segment.flags & packet.SYN:
            return 0
        return min(max(packet.distance(segment.sequence, self.next), 0), len(segment.payload))

    def again(self, segment: Segment, count: int) -> bytes:
        """The first bytes of a retransmission, as they left the middlebox the first time."""
        places = range(segment.sequence, segment.sequence + count)
        old = zip(places, segment.payload[:count], strict=True)
        return bytes(
            self.replaced.get(place % packet.SEQUENCE_SPACE, octet) for place, octet in old
        )

    def remember(self, start: int, changes: tuple[Change, ...]) -> None:
        """Note the replaced bytes for retransmissions of them."""
        for change in changes:
            first = start + change.offset
            for index, octet in enumerate(change.after):
                self.replaced[(first + index) % packet.SEQUENCE_SPACE] = octet


class Log:
    """The truth, one JSON object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def change(self, segment: Segment, skipped: int, change: Change) -> None:
        """Write down one replaced stretch, or one packet that was swallowed."""
        row = {
            "kind": change.kind,
            "part": change.part,
            "client": client_port(segment),
            "to": "server" if segment.ports[1] == SMTP else "client",
            "seq": (segment.sequence + skipped + change.offset) % packet.SEQUENCE_SPACE,
            "before": change.before.decode("latin-1"),
            "after": change.after.decode("latin-1"),
            "rest": change.rest.decode("latin-1"),
        }
        self._stream.write(json.dumps(row) + "\n")
        self._stream.flush()


class Connection:
    """One TCP connection through the middlebox."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._conversation = Conversation(settings.profile)
        self._mischief = Mischief(settings.fates)
        self._directions = {True: Direction(), False: Direction()}
        self._act = ACTS[settings.profile.act]()

    def forward(self, segment: Segment) -> list[Sent]:
        """What leaves the middlebox in place of one segment."""
        if self._settings.profile.act:
            return self._acted(segment)
        pieces = packet.cut(segment, self._settings.size or _LARGEST)
        return [Sent(sent) for piece in pieces for sent in self._piece(piece)]

    def _acted(self, segment: Segment) -> list[Sent]:
        step = self._act.look(segment, from_client=segment.ports[1] == SMTP)
        for concerned, change in step.changes:
            self._log.change(concerned, 0, change)
        return list(step.sent)

    def _piece(self, segment: Segment) -> list[Segment]:
        from_client = segment.ports[1] == SMTP
        direction = self._directions[from_client]
        skipped = direction.fresh(segment)
        outcome = self._look(segment, skipped, from_client=from_client)
        if outcome.dropped:
            return []
        old = direction.again(segment, skipped)
        direction.remember(segment.sequence + skipped, outcome.changes)
        if skipped < len(segment.payload) or segment.flags & packet.SYN:
            direction.next = segment.end + bool(segment.flags & packet.SYN)
        changed = segment.moved(segment.sequence, old + outcome.payload)
        return self._emit(changed, fresh=from_client and bool(outcome.payload))

    def _look(self, segment: Segment, skipped: int, *, from_client: bool) -> Outcome:
        payload = segment.payload[skipped:]
        if not payload:
            return Outcome(b"")
        look = self._conversation.client if from_client else self._conversation.server
        outcome = look(payload)
        for change in outcome.changes:
            self._log.change(segment, skipped, change)
        return outcome

    def _emit(self, segment: Segment, *, fresh: bool) -> list[Segment]:
        return self._mischief.apply(segment) if fresh else [segment]


@dataclass(frozen=True)
class Parcel:
    """A frame that leaves the middlebox: which way, and how soon; see `lab.acts.Sent`."""

    frame: bytes
    back: bool = False
    at_once: bool = False


class Middlebox:
    """Two ports and the connections between them."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self._settings = settings
        self._log = log
        self._connections: dict[tuple[str, int], Connection] = {}

    def frames(self, frame: bytes) -> Iterator[Parcel]:
        """What is sent in place of one frame."""
        segment = packet.parse(frame)
        if segment is None or SMTP not in segment.ports:
            yield Parcel(frame)
            return
        for sent in self._connection(segment).forward(segment):
            yield Parcel(packet.build(sent.segment), sent.back, sent.at_once)

    def _connection(self, segment: Segment) -> Connection:
        key = (segment.addresses[segment.ports[1] != SMTP], client_port(segment))
        return self._connections.setdefault(key, Connection(self._settings, self._log))


def tagged(frame: bytes, tag: int) -> bytes:
    """The frame with a VLAN tag put in, as a switch's access port does."""
    return frame[:12] + struct.pack("!HH", 0x8100, tag) + frame[12:]


def untagged(frame: bytes) -> bytes:
    """The frame without its VLAN tag."""
    return frame[:12] + frame[16:] if frame[12:14] == b"\x81\x00" else frame


def serve(near: str, far: str, settings: Settings, log: Log) -> None:
    """Carry frames between two interfaces until the process is told to end."""
    left, right = Port(near), Port(far)
    to_left, to_right = Outbox(left, settings), Outbox(right, settings)
    inward, outward = _ways(settings, log)
    lines = {
        left.socket: Line(left, inward, to_right, to_left),
        right.socket: Line(right, outward, to_left, to_right),
    }
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not _ended:
        _carry(lines)


_ended: list[int] = []

Way = Callable[[bytes], Iterable[Parcel]]
"""What becomes of a frame in one direction."""


def _ways(settings: Settings, log: Log) -> tuple[Way, Way]:
    """Inward and outward: a switch port where there is a tag, else the middlebox itself."""
    if settings.tag:
        return (
            lambda frame: [Parcel(tagged(frame, settings.tag))],
            lambda frame: [Parcel(untagged(frame))],
        )
    box = Middlebox(settings, log)
    return box.frames, box.frames


@dataclass(frozen=True)
class Line:
    """One direction: where frames come from, what becomes of them, and where they go."""

    source: Port
    way: Way
    outbox: Outbox
    back: Outbox
    """To where they came from."""

    def take(self, parcel: Parcel) -> None:
        """Take one frame that is to leave."""
        outbox = self.back if parcel.back else self.outbox
        outbox.hurry(parcel.frame) if parcel.at_once else outbox.put(parcel.frame)


def _carry(lines: dict[socket.socket, Line]) -> None:
    """Wait for frames, take them in, and send those that are due."""
    soonest = min(line.outbox.wait() for line in lines.values())
    readable, _, _ = select.select(list(lines), [], [], soonest)
    for line in map(lines.__getitem__, readable):
        frame = line.source.receive()
        for parcel in line.way(frame) if frame is not None else ():
            line.take(parcel)
    for line in lines.values():
        line.outbox.flush()


def client_port(segment: Segment) -> int:
    """The port at the client's end of an SMTP connection."""
    return segment.ports[segment.ports[1] != SMTP]


def _tag_of(notes: list[tuple[int, int, bytes]]) -> bytes:
    """The VLAN tag that the kernel took off, from the socket's notes (packet(7))."""
    for level, kind, data in notes:
        if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
            status, _, _, _, _, tci, kind_of_tag = struct.unpack("=IIIHHHH", data[:20])
            if status & _VLAN_VALID:
                return struct.pack("!HH", kind_of_tag, tci)
    return b""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="carry frames, rewriting SMTP")
    parser.add_argument("near", help="interface towards the sender")
    parser.add_argument("far", help="interface towards the server")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="none")
    parser.add_argument("--fates", type=json.loads, default={})
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--tag", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    """Run the middlebox that the command line describes."""
    given = _arguments()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: _ended.append(number))
    fates = {int(number): fate for number, fate in given.fates.items()}
    settings = Settings(
        PROFILES[given.profile], fates, given.delay, given.pause, given.size, given.tag
    )
    with given.log.open("w", encoding="utf-8") as stream:
        serve(given.near, given.far, settings, Log(stream))


if __name__ == "__main__":
    main()
