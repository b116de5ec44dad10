"""What an SMTP dialogue consists of.

Every event carries its evidence: stream offset, frames, and the seams inside it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from dissect.evidence import FrameFacts, Seam, Side

END_OF_DATA = "."
"""The verb of message data: CRLF.CRLF, or BDAT's last octet, is what the server answers."""


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


class NoteKind(Enum):
    """What a note is about."""

    UNSEEN = "unseen"
    """Bytes that the peer got and the capture has not."""
    CUT = "cut"
    """Bytes that the snap length cut."""
    LOST = "lost"
    """Bytes that were sent and never acknowledged."""
    REPEAT = "repeat"
    CONFLICT = "conflict"
    """A repeat with other bytes."""
    FIN = "fin"
    RESET = "reset"


class Note(NamedTuple):
    """Something that TCP did."""

    number: int
    kind: NoteKind
    side: Side
    time: float
    offset: int
    size: int
    frames: tuple[int, ...]


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
    client_acked: int
    """Bytes that the server acknowledged."""
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


DialogueEvent = Command | Reply | Exchange | Transaction | Opaque | Note | Ended
