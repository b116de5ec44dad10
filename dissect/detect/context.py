"""What a rule may know of the flow that it looks at, gathered once for all rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from dissect.detect import keywords, masks
from dissect.detect.history import History
from dissect.dialogue import Command, Exchange, NoteKind, Opaque, OpaqueKind
from dissect.dialogue.events import DialogueEvent, Note
from dissect.evidence import Endpoint

HELLO = frozenset({"EHLO", "HELO", "LHLO"})


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
    unsure: bool = False
    """Whether bytes are missing, so that silence proves nothing."""
    one_sided: bool = False
    encrypted: bool = False
    tally: Tally = field(default_factory=Tally)

    @property
    def corroborated(self) -> bool:
        """Whether something else in this flow was masked too."""
        return bool(self.tally.greetings_masked or self.tally.hellos_masked)

    def learn(self, event: DialogueEvent) -> None:
        """Take an event, before the rules see it."""
        if type(event) is Exchange:
            self._exchange(event)
        elif type(event) is Note:
            self.unsure |= event.kind in (NoteKind.UNSEEN, NoteKind.CUT)
        elif type(event) is Opaque:
            self.encrypted |= event.kind is OpaqueKind.TLS
            self.unsure |= event.kind is OpaqueKind.UNKNOWN

    def _exchange(self, exchange: Exchange) -> None:
        """Count an exchange, and remember greeting and hello."""
        command, reply, _ = exchange
        if command is None:
            if reply is not None and reply.greeting:
                self.greeting = exchange
                self.tally.greetings += 1
                self.tally.greetings_masked += masks.banner(reply.lines) is not None
            return
        if command.verb in HELLO or (reply and self._refused_hello(command)):
            self._hello(exchange)
        self._count(command)

    def _refused_hello(self, command: Command) -> bool:
        """Whether a masked verb was an EHLO: then it is no longer known what is offered."""
        mask = masks.verb(command)
        return mask is not None and mask.original == "EHLO"

    def _hello(self, exchange: Exchange) -> None:
        """The reply to EHLO or HELO: what the server offers."""
        reply = exchange[1]
        if reply is None or not reply.positive:
            return
        self.hello = exchange
        self.extensions = frozenset()
        if exchange[0] is not None and exchange[0].verb == "HELO":
            return
        self.extensions = keywords.offered(reply.lines)
        found = keywords.masked(reply.lines)
        self.tally.hellos += 1
        self.tally.hellos_masked += bool(found)
        self.tally.hellos_ordinal += any(mask.ordinal for mask in found)

    def _count(self, command: Command) -> None:
        """Count a verb by whether it has a seam inside and whether it is masked."""
        if not command.verb.strip(". ") or not command.strict:
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
