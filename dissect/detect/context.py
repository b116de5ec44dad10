"""What a rule may know of the flow that it looks at, gathered once for all rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from dissect.detect import ends, envelope, keywords, masks, products, proxies, traits
from dissect.detect.effort import Spending
from dissect.detect.history import History, Offer
from dissect.detect.keywords import Keyword
from dissect.detect.storms import Storm, Storms
from dissect.detect.tally import Tally
from dissect.dialogue import (
    Command,
    Ended,
    Exchange,
    Note,
    NoteKind,
    Opaque,
    OpaqueKind,
    Reply,
    Transaction,
    TransactionEnd,
)  # fmt: skip
from dissect.dialogue.events import END_OF_DATA
from dissect.dialogue.transactions import BEGINS
from dissect.evidence import Endpoint

ODD_REPLIES: Final = (
    traits.REFUSED | traits.UNANSWERED | traits.ALONE | traits.MASK | traits.GOODBYE
)

UNKNOWN: Final = frozenset({NoteKind.UNSEEN, NoteKind.CUT, NoteKind.INTERRUPTED})
"""Notes that tell of what passed and is not in the capture."""

NO_VERBS: Final = frozenset({"", " ", END_OF_DATA})
"""AUTH answers, empty lines and message data."""

CAUSES: Final = frozenset({END_OF_DATA, "BDAT"})
"""What text that is read as commands may follow, beside masks and a DATA that was refused."""

NOOPED: Final = re.compile(rb"250 (?:2\.\d\.\d )?OK\.?\s*$", re.IGNORECASE)
"""What servers answer to NOOP, and none that names itself to EHLO (RFC 5321 section 4.1.1.1)."""

MANY: Final = 16
"""Conflicts and suspects that are remembered of one flow."""

LONE_DOT: Final = len(b".\r\n")
"""Bytes of an end of data with no data in front of it."""

FULL: Final = 4
"""Times the MSS: a client that got so much acknowledged has sent segments of full size."""

READY: Final = 220
"""What alone grants STARTTLS (RFC 3207 section 4)."""


def named(reply: Reply) -> bytes:
    """The name that a server gives itself in its answer to EHLO."""
    return reply.lines[0][4:].split(b" ")[0].lower()


def nooped(hello: Exchange | None) -> bool:
    """Whether a greeting of the client was answered as NOOP is."""
    reply = hello.reply if hello else None
    return reply is not None and len(reply.lines) == 1 and NOOPED.match(reply.lines[0]) is not None


@dataclass(slots=True)
class Context:
    """One flow, as far as it has been read."""

    flow: int
    client: Endpoint
    server: Endpoint
    start: float
    history: History
    first_frame: int = 0
    midway: bool = False
    greeting: Exchange | None = None
    hello: Exchange | None = None
    """The last EHLO or HELO with its reply."""
    extensions: frozenset[str] = frozenset()
    """Keywords of the EHLO reply, in capitals, masked ones as they are."""
    pipelining: bool = True
    """Whether the server offers it, as far as is known."""
    keywords: tuple[Keyword, ...] = ()
    """The masked keywords of that reply."""
    product: str = ""
    """The server's product (``dissect.detect.products``), empty while unknown."""
    starttls: Exchange | None = None
    """The STARTTLS that was granted: what comes behind it in cleartext was decrypted."""
    offered: Offer | None = None
    """What an earlier session with this server was offered, where it contradicts this one."""
    last: Reply | None = None
    """The server's last reply."""
    first: Exchange | None = None
    """The client's first command, with its reply."""
    preface: Opaque | None = None
    """The PROXY protocol, in front of the dialogue."""
    chunk: Opaque | None = None
    """The octets of the last BDAT command."""
    smuggled: Command | None = None
    """The last message data with an end inside that only some servers see, and commands behind."""
    awaited: bool = False
    """Whether a rule has something to say at the end of the flow."""
    in_transaction: bool = False
    gap: bool = False
    """Whether bytes that were on the wire are not in the capture."""
    unsure: bool = False
    """Whether bytes are missing or cannot be read, so that silence proves nothing."""
    tally: Tally = field(default_factory=Tally)
    before: Tally | None = None
    """The counts when TLS began that was opened with a key log; None where it was not."""
    lost: Transaction | None = None
    """The mail transaction that the end of the flow cut off."""
    conflicts: list[Note] = field(default_factory=list)
    """Bytes that came twice and were not the same."""
    suspects: list[Reply] = field(default_factory=list)
    """Refusals that something on the way may have put into the server's stream."""
    again: bool = False
    """Whether another capture has shown this connection; known when the flow is over."""
    spending: Spending = field(default_factory=Spending)
    """What the client has asked for in this flow, and what came of it."""
    _storms: Storms = field(default_factory=Storms)
    _transaction: int = 0
    """The bits of the exchanges since the last transaction ended."""
    _hurt: int = 0
    """The bits of transactions that were lost or hurt."""

    @property
    def inside(self) -> bool:
        """Whether the dialogue goes on inside TLS, opened with a key log."""
        return self.before is not None

    @property
    def proof(self) -> Tally:
        """What of the counts speaks of devices on the path."""
        return self.tally if self.before is None else self.tally.as_seen(self.before)

    @property
    def corroborated(self) -> bool:
        """Whether something else in this flow was masked too."""
        return bool(self.tally.greetings_masked or self.tally.hellos_masked)

    @property
    def storms(self) -> list[Storm]:
        """Runs of lines that the server refused because they are no commands."""
        return self._storms.all

    def exchange(self, exchange: Exchange) -> int:
        """Learn from an exchange before the rules see it; its bits."""
        command, reply, _ = exchange
        if reply is not None:
            self.last = reply
            if command is None and reply.greeting:
                return self._greeting(exchange, reply)
        bits = traits.of(exchange, pipelining=self.pipelining)
        if bits & ODD_REPLIES:
            self._refused(exchange, bits)
        if command is not None:
            if self.first is None:
                self.first = exchange
            if bits & traits.ODD_ENDS and ends.smuggled(command):
                self.smuggled = command
            bits |= self._command(exchange, command, bits)
        self._transaction |= bits
        return bits

    def _command(self, exchange: Exchange, command: Command, bits: int) -> int:
        """Learn from a command; more bits of it."""
        reply, verb = exchange.reply, command.verb
        granted = reply is not None and reply.positive
        if verb in CAUSES and not bits & ODD_REPLIES:
            self._storms.cause(exchange)
        elif granted and self._storms.source is not None:
            self._storms.over()
        if bits & (traits.SEAM | traits.MASK):
            self._count(command)
            self._masked(command, granted)
        elif verb not in NO_VERBS:
            self.tally.whole_verbs += 1
        if self.starttls is not None and self._too_soon(command):
            return traits.INJECTED
        if verb in BEGINS:
            self._begins(verb, granted)
        elif granted and reply is not None:
            if verb == "STARTTLS" and reply.code == READY:
                self.starttls = exchange
            elif verb in traits.HELLOS:
                masked = traits.MASKED_GREETING if self.tally.greetings_masked else 0
                return masked | self._hello(exchange, command, reply)
        return 0

    def _masked(self, command: Command, granted: bool) -> None:  # noqa: FBT001 - what came of it
        """A masked RCPT asks for a recipient too."""
        if command.verb != "RCPT" and envelope.original(command) == "RCPT":
            self.spending.recipient(granted)

    def _begins(self, verb: str, granted: bool) -> None:  # noqa: FBT001 - what came of it
        """A command of a mail transaction."""
        self.in_transaction = True
        if verb == "RCPT":
            self.spending.recipient(granted)

    def _too_soon(self, command: Command) -> bool:
        """Whether a command was sent before the server had granted STARTTLS."""
        granted = self.starttls
        return (
            granted is not None and granted.reply is not None
            and command.offset < granted.reply.acked
        )  # fmt: skip

    def _refused(self, exchange: Exchange, bits: int) -> None:
        """A refusal or a silence: the cause of a run of refused text, or a part of one."""
        command, reply, unseen = exchange
        if reply is not None:
            self.product = self.product or products.reply(reply.text)
            in_data = command is None and unseen and self.in_transaction
            if bits & traits.PROXY or in_data:
                self._suspect(reply, in_data=in_data)
        if self._causes(exchange, bits):
            self._storms.cause(exchange)
        else:
            self._storms.refused(exchange)

    def _causes(self, exchange: Exchange, bits: int) -> bool:
        """Whether text that is read as commands may follow a refusal or a silence."""
        command, under_way = exchange.command, self._storms.source is not None
        if command is None:  # while message data was still coming, where that is known
            return exchange.unseen and not (under_way or self.unsure or self.midway)
        if command.verb == END_OF_DATA and under_way and command.size <= LONE_DOT:
            return False
        mask = masks.verb(command) if bits & traits.MASK else None
        masked = mask is not None and (mask.certain or not under_way)
        return masked or command.verb in CAUSES or command.verb == "DATA"

    def stray(self, exchange: Exchange) -> Storm | None:
        """The run that an exchange is the latest of, if it is part of one."""
        return self._storms.latest(exchange)

    def _suspect(self, reply: Reply, *, in_data: bool) -> None:
        """A refusal that something on the way may have put into the server's stream."""
        mark = proxies.reply(reply.text)
        injects = mark is not None and mark.injects
        if (injects or (in_data and reply.code in proxies.IN_DATA)) and len(self.suspects) < MANY:
            self.suspects.append(reply)

    def transaction(self, transaction: Transaction) -> int:
        """The bits of a transaction: of all its exchanges, and how it ended."""
        bits, self._transaction = self._transaction, 0
        self.in_transaction = False
        self.spending.transaction(transaction)
        if transaction.end is TransactionEnd.LOST:
            bits |= traits.LOST
            self.lost = transaction
        self._hurt |= bits & (traits.LOST | traits.HURT)
        return bits

    def note(self, note: Note) -> None:
        """Learn what TCP did."""
        if note.kind is NoteKind.OPENED and self.before is None:
            self.before = replace(self.tally)
        self.gap |= note.kind in UNKNOWN
        self.unsure |= self.gap
        if note.kind is NoteKind.CONFLICT and len(self.conflicts) < MANY:
            self.conflicts.append(note)

    def shown(self, conflict: Note) -> Note:
        """The conflict whose row in the ladder shows another: a run of them is one row."""
        first = conflict
        for note in reversed(self.conflicts):
            if note.number == first.number - 1 and note.side is first.side:
                first = note
        return first

    def opaque(self, opaque: Opaque) -> None:
        """Learn of bytes that are not read."""
        self.unsure |= opaque.kind is OpaqueKind.UNKNOWN
        if opaque.kind is OpaqueKind.CHUNK:
            self.chunk = opaque
        elif opaque.kind is OpaqueKind.PROXY:
            self.preface = opaque

    def ended(self, ended: Ended) -> bool:
        """Learn of the end; whether anything about it can concern a rule."""
        self.tally.full_size_passed += ended.client.acked > FULL * ended.client.limit
        self.again = self.history.again(self.client, self.server, self.start)
        if self.spending.total.asked and ended.server_seen and not self.again:
            self.history.effort(self.client, self.start, self.spending.total)
        return bool(
            self._hurt or self.awaited or ended.pending or ended.body or ended.midway
            or ended.offloaded or ended.cut or ended.singles
            or not (ended.client_seen and ended.server_seen)
            or ended.resets or ended.idle or ended.chunk or ended.stalled or self._storms.all
            or (ended.tls and self.starttls is None) or self.greeting is None
            or ended.client.sack_strays or ended.server.sack_strays
            or self.conflicts or self.suspects
        )  # fmt: skip

    def _greeting(self, exchange: Exchange, reply: Reply) -> int:
        """The server's first reply."""
        self.greeting = exchange
        self.tally.greetings += 1
        self.product = products.greeting(reply.lines[0])
        mask = masks.banner(reply.lines)
        masked = mask is not None or masks.hung(reply.lines)
        self.tally.greetings_cmap += mask == "SMTP/cmap"
        self.tally.greetings_masked += masked
        tests = (
            (masked, traits.MASKED_GREETING),
            (reply.seams, traits.REPLY_SEAM),
            (reply.acked and not self.midway, traits.TALKED_EARLY),
            (proxies.greeting(reply.lines), traits.PROXY),
            (reply.code >= traits.FAILURE, traits.REFUSED),
        )
        return sum(bit for test, bit in tests if test)

    def _hello(self, exchange: Exchange, command: Command, reply: Reply) -> int:
        """The reply to EHLO or HELO: what the server offers, and whether keywords are masked."""
        before, self.hello = self.hello, exchange
        self.extensions = frozenset()
        self.keywords = ()
        self.pipelining = False
        if command.verb == "HELO":
            doubtful = nooped(before) and not nooped(exchange)
            return traits.NOOPED if doubtful or self._noop_first() else 0
        if nooped(exchange):
            return traits.NOOPED
        lines = (b"250", *reply.lines[1:])  # the first names the client: not twice the same
        self.extensions = keywords.offered(lines)
        self.pipelining = "PIPELINING" in self.extensions
        greeting = self.greeting.reply if self.greeting else None
        self.keywords = keywords.masked(lines, greeting.text if greeting else b"")
        stars = any(word.mask[:1] == "*" for word in self.keywords)
        self.tally.hellos += 1
        self.tally.asterisks += stars
        self.tally.hellos_masked += bool(self.keywords) and not stars
        self.tally.hellos_ordinal += any(mask.ordinal for mask in self.keywords)
        self.tally.greetings_own += bool(self.tally.greetings_masked) and self._own_mask()
        if not self.product:
            self.product = products.hello(self.extensions, keywords.order(lines))
        return (traits.MASKED_KEYWORDS if self.keywords else 0) | self._offers(reply)

    def _noop_first(self) -> bool:
        """Whether the client's first command, which was understood, was NOOP."""
        first = self.first
        if first is None or first.command is None or first.reply is None or self.unsure:
            return False
        return first.command.verb == "NOOP" and first.reply.positive and not self.midway

    def _own_mask(self) -> bool:
        """Whether a masked greeting is the server's own: a box masks the keywords behind it too.

        Not STARTTLS, which a box may be told to let through.
        """
        legible = self.extensions - keywords.ALLOWED - {"STARTTLS"}
        return bool(legible) and not self.keywords

    def _offers(self, reply: Reply) -> int:
        """Whether another session with this server says otherwise about STARTTLS.

        Not asked once TLS has begun, because it is not offered again (RFC 3207 section 4.2), nor
        where a masked keyword may be it.
        """
        if self.inside or self.starttls is not None or self.keywords or self.tally.hellos > 1:
            return 0
        offer = Offer(
            "STARTTLS" in self.extensions, self.client.address, self.extensions, reply.frames,
            self.history.capture, self.flow, named(reply),
        )  # fmt: skip
        self.tally.offers += offer.starttls
        self.tally.offers_without += not offer.starttls
        self.offered = self.history.offer(self.server, offer)
        return traits.NO_STARTTLS if self.offered else 0

    def uncount(self, command: Command | None) -> None:
        """Take back that a verb was counted as masked: it is a line of text."""
        mask = masks.verb(command) if command else None
        if command is None or mask is None or not (mask.likely or self.corroborated):
            return
        stars = command.line[:1] == b"*"
        self.tally.asterisks -= stars
        self.tally.whole_verbs_masked -= not stars

    def _count(self, command: Command) -> None:
        """Count a verb by whether it has a seam inside and whether it is masked."""
        if command.verb in NO_VERBS:
            return
        mask = masks.verb(command)
        split = masks.seam_in_verb(command) is not None
        masked = mask is not None and (split or mask.likely or self.corroborated)
        tally = self.tally
        tally.lower_case += masked and command.line[:1] == b"x"
        if masked and command.line[:1] == b"*":
            tally.asterisks += 1
            masked = False
        if split:
            tally.verbs_with_seam += 1
            tally.verbs_with_seam_masked += masked
        else:
            tally.whole_verbs += 1
            tally.whole_verbs_masked += masked
