"""What an SMTP dialogue consists of.

Every event carries its evidence: stream offset, frames, and the seams inside it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from dissect.evidence import FrameFacts, Seam, Side
from dissect.streams import Copies, Idle, Stall

END_OF_DATA = "."
"""The verb of message data: CRLF.CRLF, or BDAT's last octet, is what the server answers."""


class FalseEnd(NamedTuple):
    """What some servers take for the end of message data, and others do not."""

    offset: int
    """Stream offset of its first byte."""
    octets: bytes
    """The line ends and the dot, as on the wire: anything like CRLF.CRLF but that."""
    frame: int
    """The frame that brought its last byte."""
    follows: bytes
    """The next bytes of the message, up to ``FOLLOWS``."""


class Oddity(NamedTuple):
    """What about the line ends of message data is not as RFC 5321 section 2.3.8 wants it."""

    bare: int
    """Line feeds and carriage returns that have not the other beside them."""
    frame: int
    """The frame that brought the first of them; 0 without one."""
    ends: tuple[FalseEnd, ...]
    """The first ``ENDS`` of them."""


class Command(NamedTuple):
    """One command line, an answer in an AUTH exchange, or message data up to its end."""

    number: int
    """Place in the dialogue, from 0; replies and notes are counted with it."""
    verb: str
    """In capitals as on the wire; ``.`` for message data; empty for an AUTH answer."""
    line: bytes
    """As on the wire without the line end; credentials masked; capped.  For message data: its
    last bytes."""
    time: float
    """Seconds since the epoch when its last byte arrived."""
    offset: int
    """Stream offset of its first byte."""
    size: int
    """Bytes on the wire, line end included."""
    ending: bytes
    """CRLF, a bare LF, or empty where the stream ended before the line did."""
    frames: tuple[int, ...]
    seams: tuple[Seam, ...]
    """Seams inside the line or its end; for message data: inside CRLF.CRLF."""
    pieces: tuple[FrameFacts, ...]
    """The frames on both sides of the seams."""
    group: int
    """Number of the pipelining group: commands sent before the replies to those before them."""
    phase: str
    """Where the dialogue stood when it came."""
    retransmitted: int = 0
    segments: int = 1
    """For message data: how many segments brought it."""
    strict: bool = True
    """False where it was read without knowing the state."""
    oddity: Oddity | None = None
    """Of message data: what is odd about its line ends; None where nothing is."""

    @property
    def argument(self) -> bytes:
        """What follows the verb."""
        return self.line[len(self.verb) :] if self.verb != END_OF_DATA else b""


class Reply(NamedTuple):
    """One reply, with all its lines (RFC 5321 section 4.2.1)."""

    number: int
    code: int
    lines: tuple[bytes, ...]
    """Each with its code, without line ends."""
    time: float
    offset: int
    size: int
    frames: tuple[int, ...]
    seams: tuple[Seam, ...]
    pieces: tuple[FrameFacts, ...]
    greeting: bool = False
    acked: int = 0
    """Stream offset up to which the client's bytes had come when it was complete."""

    @property
    def text(self) -> bytes:
        """The lines as on the wire, without the last line end."""
        return b"\r\n".join(self.lines)

    @property
    def positive(self) -> bool:
        """Whether it is a 2xx or 3xx reply."""
        return 200 <= self.code < 400  # noqa: PLR2004 - RFC 5321 section 4.2.1


class Exchange(NamedTuple):
    """A command and the reply to it."""

    command: Command | None
    """None for a reply that nobody had asked for."""
    reply: Reply | None
    """None where no reply came."""
    unseen: bool = False
    """True where the other half may be missing from the capture only."""


class TransactionEnd(Enum):
    """How a mail transaction (RFC 5321 section 3.3) ended."""

    ANSWERED = "answered"
    """The server answered the end of data."""
    ABANDONED = "abandoned"
    """RSET, a new EHLO, a new MAIL, QUIT or STARTTLS."""
    LOST = "lost"
    """The connection ended, or the capture did."""


class Transaction(NamedTuple):
    """One mail transaction, from MAIL to its end."""

    exchanges: tuple[Exchange, ...]
    """All of it, in order; at most ``MOST`` of them."""
    final: Exchange | None
    """Message data and the reply to its end."""
    end: TransactionEnd
    left_out: int = 0
    """Exchanges that were not kept."""

    @property
    def accepted(self) -> bool:
        """Whether the server took responsibility for the message."""
        reply = self.final.reply if self.final else None
        return reply is not None and 200 <= reply.code < 300  # noqa: PLR2004


class OpaqueKind(Enum):
    """Why bytes are not read."""

    TLS = "tls"
    UNKNOWN = "unknown"
    """The state is not known: joined midway, behind a hole, or not SMTP."""
    PROXY = "proxy"
    """What a load balancer writes in front of a dialogue: the PROXY protocol of HAProxy."""
    CHUNK = "chunk"
    """The octets of a BDAT command (RFC 3030), or of XEXCH50."""


class Opaque(NamedTuple):
    """Bytes that are not read."""

    number: int
    """The number grows no more while the same stretch goes on."""
    kind: OpaqueKind
    side: Side
    time: float
    offset: int
    size: int
    frames: tuple[int, ...]
    feeds: int = 0
    """Line feeds among the octets of a BDAT command."""


class NoteKind(Enum):
    """What a note is about."""

    UNSEEN = "unseen"
    """Bytes that the peer got and the capture has not."""
    CUT = "cut"
    """Bytes that the snap length cut."""
    LOST = "lost"
    """Bytes that were sent and never acknowledged."""
    INTERRUPTED = "interrupted"
    """The capture lacks all that passed until the next frame."""
    REPEAT = "repeat"
    CONFLICT = "conflict"
    """A repeat with other bytes."""
    FIN = "fin"
    RESET = "reset"
    OPENED = "opened"
    """TLS, for which there are keys: from here on the dialogue is inside."""


class Note(NamedTuple):
    """Something that TCP did."""

    number: int
    kind: NoteKind
    side: Side
    time: float
    offset: int
    size: int
    frames: tuple[int, ...]
    copies: Copies | None = None
    """Of a conflict: both copies, credentials masked; None where they are encrypted."""


class Reset(NamedTuple):
    """A RST, with what tells whose it is."""

    note: Note
    ttl: int
    """TTL or hop limit."""
    edge: int
    """Stream offset up to which its side's bytes had come; ``note.offset`` is where it stands."""
    acked: int
    """Stream offset up to which its side had acknowledged the peer's bytes before."""


class Tail(NamedTuple):
    """How far one side came, as TCP saw it."""

    seen: int
    """Segments in the capture."""
    sent: int
    """Stream offset behind its last byte."""
    acked: int
    """Stream offset up to which the peer has acknowledged."""
    limit: int
    """Payload bytes of the largest segment that the peer's MSS allows, without options."""
    stall: Stall | None
    """The bytes at ``acked``, where they were sent again and never acknowledged."""
    ttl: int
    """TTL or hop limit of most segments."""
    strays: tuple[tuple[int, int], ...]
    """Frame and TTL of segments with another one than the first segment's."""
    sack_strays: tuple[int, ...]
    """Frames with SACK blocks far from anything that the peer has sent."""
    after_reset: tuple[int, ...]
    """Frames in its name behind a RST in its name."""
    offloaded: bool
    """Whether segments larger than the MSS were acknowledged: offload, and not on the wire."""
    mss: int
    """As the peer announced it; 0 where the capture does not show it."""
    passed: int
    """Payload bytes of the largest of its last segments that the peer got; 0 where it got all."""
    largest: int
    """Payload bytes of the largest of its last segments; 0 where the peer got all."""
    answered: bool
    """Of a stall: whether the peer was heard of while the same bytes were sent again."""


class Ended(NamedTuple):
    """The end of the flow, and what is needed to say why."""

    number: int
    time: float
    frame: int
    phase: str
    closed: tuple[Note, ...]
    """The FINs and RSTs, in order."""
    pending: tuple[Command, ...]
    """Commands without a reply."""
    body: Command | None
    """Message data that was not terminated when the flow ended."""
    tail_repeats: int
    """How often the client's last bytes were sent again."""
    client_seen: bool
    server_seen: bool
    """Whether the capture has any segment of that side."""
    midway: bool
    offloaded: int
    cut: int
    """The frame that first showed it, 0 without."""
    singles: int
    """Client segments of one byte."""
    tls: bool
    holes: int
    """Bytes that the capture lacks."""
    client: Tail
    server: Tail
    resets: tuple[Reset, ...]
    idle: tuple[Idle, ...]
    """Long silences."""
    rtt: float
    """Seconds from the SYN to its answer, where the capture was taken; 0 where not seen."""
    chunk: int
    """Octets that a BDAT command announced and that did not come."""
    header: bytes
    """The header section of the last message, or its beginning; empty without DATA."""
    header_start: int
    """Stream offset of its first byte."""
    unfinished: Reply | None = None
    """The lines that there are of a reply whose last line never came."""
    head: bytes = b""
    """The client's first bytes, at most 16: what they are tells its protocol."""
    interrupted: bool = False
    """Whether the capture was interrupted while it went on."""

    @property
    def partial(self) -> bool:
        """Whether something that passed may be missing in the capture."""
        return bool(self.holes) or self.interrupted

    @property
    def stalled(self) -> bool:
        """Whether one side's bytes were sent again and again in vain."""
        return bool(self.client.stall or self.server.stall)


DialogueEvent = Command | Reply | Exchange | Transaction | Opaque | Note | Ended
