"""The read model: what every view, report and export is made from.

All values are immutable and can cross a process or a network (``pickle``).  A flow comes in two
sizes: ``FlowSummary``, small enough to list 100,000 of them, and ``FlowDetail``, its ladder.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from dissect.detect.finding import Finding, Severity
from dissect.evidence import Endpoint, FrameFacts, Seam, Side
from dissect.maillog import What


class Outcome(Enum):
    """What became of the mail in a flow."""

    DELIVERED = "delivered"
    """All mail was accepted."""
    PARTLY = "partly-delivered"
    """Some recipients or messages were refused."""
    REJECTED = "rejected"
    """All mail was refused."""
    LOST = "lost"
    """Ended without the server's word on a message."""
    ENCRYPTED = "encrypted"
    """TLS: what became of the mail cannot be seen."""
    OPEN = "open"
    """Still going on."""
    EMPTY = "empty"
    """No mail was tried."""


class RowKind(Enum):
    """What one row of the ladder is."""

    OPEN = "open"
    """The TCP handshake, or the first frame seen of a flow joined midway."""
    GREETING = "greeting"
    """The first words of the server."""
    COMMAND = "command"
    """A line of the client."""
    REPLY = "reply"
    """An answer of the server, all its lines."""
    MESSAGE = "message"
    """Message data, folded: the DATA body, or one BDAT chunk."""
    AUTH = "auth"
    """A client's answer in an AUTH exchange (masked)."""
    UNKNOWN = "unknown"
    """Client bytes read without knowing the state (joined midway, after a gap)."""
    TLS = "tls"
    """Encrypted bytes."""
    GAP = "gap"
    """Bytes that are missing."""
    RETRANSMISSION = "retransmission"
    """Bytes that were sent again."""
    RESET = "reset"
    """RST."""
    CLOSE = "close"
    """FIN."""
    LOG = "log"
    """A line of a mail log, which ``with_log`` puts among the others; no traffic."""


class LogLine(NamedTuple):
    """A line of a mail log that belongs to a flow."""

    file: str
    """The log, as the user named it."""
    number: int
    """Which line of it, from 1."""
    make: str
    """``exim``, ``postfix`` or ``sendmail``."""
    what: What
    """What has happened."""
    time: float
    """Seconds since the epoch, by the clock of the capture as far as that is known."""
    stamp: float
    """The same by the log's own clock."""
    text: str
    """The line behind its stamp; bytes that are no UTF-8 are lone surrogates. Not sanitised."""
    masked: str = ""
    """The verb in ``text`` that a middlebox overwrote."""

    @property
    def coarse(self) -> bool:
        """Whether the stamp has whole seconds, so that it happened within the one that follows."""
        return not self.stamp % 1


class Row(NamedTuple):
    """One row of the ladder, in order of time."""

    number: int
    """In order of appearance, from 0; other values refer to a row by it."""
    kind: RowKind
    """What it is."""
    side: Side | None
    """Who sent it; None for a row about the flow."""
    time: float
    """Seconds since the epoch, when its last byte arrived."""
    frames: tuple[int, ...]
    """The frames that brought it, ascending (for long message data: the first and the last)."""
    offset: int
    """Stream offset of ``text[0]`` in the direction of ``side``."""
    size: int
    """Bytes on the wire, line ends included."""
    text: bytes
    """The bytes as on the wire, without the last line end, credentials masked. Replies of
    several lines keep the CRLF between them. Capped. For rows about the flow: our own words."""
    verb: str = ""
    """For commands: the verb in capitals as on the wire (``RCPT``, ``XXXX``)."""
    code: int = 0
    """For replies: the reply code."""
    seams: tuple[Seam, ...] = ()
    """Seams inside the row, by stream offset: the seam is before ``text[seam.offset - offset]``."""
    pieces: tuple[FrameFacts, ...] = ()
    """For rows with seams: the frames on both sides of each seam, by frame number."""
    partner: int | None = None
    """The row that answers this command, or the command that this reply answers."""
    group: int | None = None
    """Number of the pipelining group (RFC 2920) of a command; None where it came alone."""
    masked: tuple[tuple[int, int], ...] = ()
    """Ranges of ``text`` that a middlebox overwrote."""
    original: str = ""
    """What the masked part was, where that can be told: ``RCPT``, ``STARTTLS``."""
    retransmitted: int = 0
    """How often frames that carry it were sent again."""
    log: LogLine | None = None
    """For lines of a mail log: the line."""
    tls: bool = False
    """Whether it came inside TLS, and was decrypted: its seams are boundaries of records."""


class Recipients(NamedTuple):
    """Forward-paths offered and accepted in a flow."""

    offered: int
    accepted: int


NOBODY = Recipients(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSummary:
    """One TCP connection that spoke SMTP, in a line."""

    flow: int
    """Number in order of appearance, from 0."""
    capture: str
    """Name of the capture, as given by the user."""
    tcp_stream: int
    """tshark's label, for a Wireshark filter only."""
    client: Endpoint
    """Who opened the connection."""
    server: Endpoint
    """Who took it."""
    start: float
    """Seconds since the epoch of the first frame."""
    end: float
    """Seconds since the epoch of the last frame."""
    helo: str = ""
    """The name that the client gave in EHLO or HELO."""
    banner: str = ""
    """The first greeting line, as on the wire (not sanitised)."""
    product: str = ""
    """The server's product, where its greeting, keywords or words tell."""
    reverse_path: str = ""
    """Of the first mail transaction."""
    outcome: Outcome = Outcome.OPEN
    """What became of the mail."""
    tls: str = ""
    """``encrypted``, ``partly`` or ``decrypted`` where TLS has begun; empty where it has not."""
    phase: str = "greeting"
    """How far it came: greeting, hello, auth, mail, rcpt, data, bdat, quit or tls."""
    messages: int = 0
    """Messages that the server took responsibility for (2xx to end-of-data)."""
    recipients: Recipients = NOBODY
    """How many were offered, and how many accepted."""
    bytes_client: int = 0
    """Payload that the client sent."""
    bytes_server: int = 0
    """Payload that the server sent."""
    first_frame: int = 0
    """Number of the first frame."""
    last_frame: int = 0
    """Number of the last frame."""
    frames: int = 0
    """How many frames it has."""
    severity: Severity | None = None
    """The worst finding's, None without findings."""
    rules: tuple[str, ...] = ()
    """Names of the rules that fired, sorted."""
    closed: bool = False
    """Whether the connection is over."""

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the last."""
        return self.end - self.start

    @property
    def opened(self) -> bool:
        """Whether a key log has opened TLS, if only for a while."""
        return self.tls in {"partly", "decrypted"}

    @property
    def filter(self) -> str:
        """A Wireshark display filter for this flow."""
        return f"tcp.stream eq {self.tcp_stream}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowDetail:
    """A flow with its ladder and its findings."""

    summary: FlowSummary
    """The flow in a line."""
    rows: tuple[Row, ...]
    """The dialogue, row by row."""
    findings: tuple[Finding, ...]
    """What is wrong in it."""
    left_out: int = 0
    """Rows that were not kept, because a flow's memory is bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is between a client network and a server, drawn across their flows."""

    capture: str
    """Name of the capture, or of all those that it is drawn from."""
    client: str
    """An address, or a network where several of its clients show it."""
    server: str
    """An address."""
    device: str
    """A machine-readable family: ``cisco-smtp-inspection``."""
    title: str
    """The same for people."""
    confidence: float
    """0 to 1."""
    counts: tuple[tuple[str, int], ...]
    """Names and numbers that prove it, for and against."""
    message: str
    """One sentence, for people."""
    remedy: tuple[str, ...]
    """Exact commands or steps."""
    confirm: tuple[str, ...]
    """What would confirm it, or refute it."""
    flows: tuple[int, ...]
    """Numbers of the flows that it is drawn from; at most the first 1000."""


class Bucket(NamedTuple):
    """A stretch of time in a client's rate."""

    start: float
    """Seconds since the epoch."""
    asked: int
    """RCPTs."""
    delivered: int
    """Of those, accepted together with their message."""


class Moment(NamedTuple):
    """A flow, and when it began."""

    time: float
    """Seconds since the epoch."""
    flow: int
    """Its number."""


class Retry(NamedTuple):
    """An envelope that was tried and not accepted."""

    reverse_path: str
    """The sender of the envelope."""
    recipients: int
    """How many it has."""
    tries: int
    """How often it was tried."""
    moments: tuple[Moment, ...] = ()
    """The last of the tries, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One client, across its flows."""

    client: str
    """Its address."""
    flows: int
    """How many connections it opened."""
    damaged: int
    """Flows with a finding of high severity or worse."""
    messages_tried: int
    """Mail transactions."""
    messages_accepted: int
    """Of those, the ones that the server took."""
    recipients_asked: int
    """RCPTs."""
    recipients_accepted: int
    """RCPTs that the server accepted, whatever became of the message."""
    recipients_delivered: int
    """RCPTs that were accepted together with their message."""
    width: float
    """Seconds of a bucket of ``rate``."""
    rate: tuple[Bucket, ...]
    """RCPTs over time: buckets that are not empty, ascending."""
    retries: tuple[Retry, ...]
    """Envelopes that were tried more than once and not accepted, the most tried first."""
    trouble: tuple[Moment, ...] = ()
    """The last of the damaged flows, in their order."""

    @property
    def share(self) -> float:
        """The share of damaged flows, 0 to 1."""
        return self.damaged / self.flows if self.flows else 0.0


class Status(Enum):
    """How the reading of a capture stands."""

    IDLE = "idle"
    """Nothing is read: a capture can be begun."""
    LOADING = "loading"
    COMPLETE = "complete"
    TRUNCATED = "truncated"
    FAILED = "failed"
    LIVE = "live"
    """Packets come from sources that go on."""
    LOST = "lost"
    """A live capture that is over, and of which a source had gone by itself."""

    @property
    def goes_on(self) -> bool:
        """Whether more is to come."""
        return self in {Status.LOADING, Status.LIVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source of a live capture stands, in words and numbers for a header."""

    name: str
    state: str
    """``connected``, ``reconnecting``, ``ended`` or ``gone``."""
    seen: int
    """Packets that came; they are decoded, left out by a display filter, lost or waiting."""
    decoded: int
    left_out: int
    waiting: int
    lost: int
    """Packets that a tshark took with it when it died."""
    dropped: int
    """Packets that never came: dropped by the kernel or the interface."""
    lag: float
    """Seconds by which its newest packets are late."""
    clock: str
    """How far its clock is from another one; empty where it is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reading is, in numbers that a header can show."""

    capture: str
    status: Status
    packets: int = 0
    bytes_read: int = 0
    """Bytes of the file that tshark has read, estimated from the frames; 0 where unknown."""
    bytes_total: int = 0
    """Size of the file; 0 where unknown (standard input, compressed)."""
    flows: int = 0
    warnings: tuple[str, ...] = ()
    error: str = ""
    """What ended the reading and what to do about it, if it failed or was cut."""
    dropped: int | None = None
    """Packets that were dropped while the capture was made; None where it does not tell."""
    evicted: int = 0
    """Flows of a live capture that are counted and no longer kept."""
    reading: str = ""
    """The mail log that is being read, behind the captures; empty while none is."""
    sources: tuple[SourceState, ...] = ()
    """Of a live capture."""


class Packed(NamedTuple):
    """A ``FlowDetail``, compressed: what a store keeps of a flow that nobody looks at."""

    flow: int
    blob: bytes


class FlowLog(NamedTuple):
    """All that mail logs say of a flow."""

    flow: int
    """Its number."""
    lines: tuple[LogLine, ...]
    """In the order of their times."""
    left_out: int = 0
    """Lines behind them that were not kept, because a flow's memory is bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFacts:
    """How well the lines of mail logs found their flows."""

    lines: int
    """Lines that name a client."""
    tied: int
    """Of those, the ones that belong to flows."""
    flows: int
    """Flows to which lines belong."""
    offset: float | None
    """Seconds by which the clock of the log is ahead; None where nothing tells, taken as 0."""
    ambiguous: int = 0
    """Lines without a port that fit several flows, and belong to none."""
    left_out: int = 0
    """Lines that were too many to keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What has changed since the last update: the one thing that crosses to a view."""

    progress: Progress
    summaries: tuple[FlowSummary, ...] = ()
    """New and changed flows, each whole."""
    details: tuple[Packed, ...] = ()
    """The same flows' ladders, compressed (``dissect.analysis.unpack`` opens one)."""
    verdicts: tuple[Verdict, ...] | None = None
    """All verdicts, where they changed."""
    peers: tuple[Peer, ...] | None = None
    """All clients, where they changed."""
    gone: tuple[int, ...] = ()
    """Flows that are no longer kept."""
    logs: tuple[FlowLog, ...] = ()
    """What mail logs say of flows that were told of before, of each flow all."""
    log: LogFacts | None = None
    """How well mail logs and flows fit together, where that is known."""
