"""What a rule may know of the flow that it looks at, gathered once for all rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from dissect.detect import keywords, masks, traits
from dissect.detect.history import History
from dissect.detect.keywords import Keyword
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

NO_VERBS: Final = frozenset({"", " ", END_OF_DATA})
"""AUTH answers, empty lines and message data."""


@dataclass(slots=True)
class Tally:
    """Counts of one flow, for and against a middlebox: what verdicts are drawn from."""

    greetings: int = 0
    greetings_masked: int = 0
    hellos: int = 0
    hellos_masked: int = 0
    """Replies to EHLO with masked keywords."""
    hellos_ordinal: int = 0
    """Of those, with the ordinal letters that ASA appends."""
    verbs_with_seam: int = 0
    verbs_with_seam_masked: int = 0
    verbs_with_seam_refused: int = 0
    """Whole here, refused as unknown by the server: masked on the way."""
    whole_verbs: int = 0
    whole_verbs_masked: int = 0
    lower_case: int = 0
    """Masks in lower case x, as IOS documents them."""
    echoes: int = 0
    """Replies that quote a mask for a command that was whole here."""
    terminators_swallowed: int = 0


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
    in_transaction: bool = False
    unsure: bool = False
    """Whether bytes are missing, so that silence proves nothing."""
    tally: Tally = field(default_factory=Tally)
    _transaction: int = 0
    """The bits of the exchanges since the last transaction ended."""
    _hurt: int = 0
    """The bits of transactions that were lost or hurt."""

    @property
    def corroborated(self) -> bool:
        """Whether something else in this flow was masked too."""
        return bool(self.tally.greetings_masked or self.tally.hellos_masked)

    def exchange(self, exchange: Exchange) -> int:
        """Learn from an exchange before the rules see it; its bits."""
        command, reply, _ = exchange
        if command is None and reply is not None and reply.greeting:
            return self._greeting(exchange, reply)
        bits = traits.of(exchange, pipelining=self.pipelining)
        if command is not None:
            if command.verb in traits.HELLOS and reply is not None and reply.positive:
                bits |= self._hello(exchange, command, reply)
            if bits & (traits.SEAM | traits.MASK):
                self._count(command)
            elif command.verb not in NO_VERBS:
                self.tally.whole_verbs += 1
            if command.verb in BEGINS:
                self.in_transaction = True
        self._transaction |= bits
        return bits

    def transaction(self, transaction: Transaction) -> int:
        """The bits of a transaction: of all its exchanges, and how it ended."""
        bits, self._transaction = self._transaction, 0
        self.in_transaction = False
        if transaction.end is TransactionEnd.LOST:
            bits |= traits.LOST
        self._hurt |= bits & (traits.LOST | traits.HURT)
        return bits

    def note(self, note: Note) -> None:
        """Learn what TCP did."""
        self.unsure |= note.kind in (NoteKind.UNSEEN, NoteKind.CUT)

    def opaque(self, opaque: Opaque) -> None:
        """Learn of bytes that are not read."""
        self.unsure |= opaque.kind is OpaqueKind.UNKNOWN

    def odd(self, ended: Ended) -> bool:
        """Whether anything at the end of the flow can concern a rule."""
        return bool(
            self._hurt or ended.pending or ended.body or ended.midway or ended.offloaded
            or ended.cut or ended.singles or not (ended.client_seen and ended.server_seen)
        )  # fmt: skip

    def _greeting(self, exchange: Exchange, reply: Reply) -> int:
        """The server's first reply."""
        self.greeting = exchange
        self.tally.greetings += 1
        masked = masks.banner(reply.lines) is not None
        self.tally.greetings_masked += masked
        bits = traits.MASKED_GREETING if masked else 0
        return bits | (traits.REPLY_SEAM if reply.seams else 0)

    def _hello(self, exchange: Exchange, command: Command, reply: Reply) -> int:
        """The reply to EHLO or HELO: what the server offers, and whether keywords are masked."""
        self.hello = exchange
        self.extensions = frozenset()
        self.keywords = ()
        self.pipelining = False
        if command.verb == "HELO":
            return 0
        lines = (b"250", *reply.lines[1:])  # the first names the client: not twice the same
        self.extensions = keywords.offered(lines)
        self.pipelining = "PIPELINING" in self.extensions
        greeting = self.greeting.reply if self.greeting else None
        self.keywords = keywords.masked(lines, greeting.text if greeting else b"")
        self.tally.hellos += 1
        self.tally.hellos_masked += bool(self.keywords)
        self.tally.hellos_ordinal += any(mask.ordinal for mask in self.keywords)
        return traits.MASKED_KEYWORDS if self.keywords else 0

    def _count(self, command: Command) -> None:
        """Count a verb by whether it has a seam inside and whether it is masked."""
        if command.verb in NO_VERBS:
            return
        masked = masks.verb(command) is not None
        tally = self.tally
        tally.lower_case += masked and command.line[:1] == b"x"
        if masks.seam_in_verb(command) is not None:
            tally.verbs_with_seam += 1
            tally.verbs_with_seam_masked += masked
        else:
            tally.whole_verbs += 1
            tally.whole_verbs_masked += masked
