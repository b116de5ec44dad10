"""What must be found in a mutant, told from its bytes and frames and from nothing else.

==========================================  =======================================================
damage                                      findings
==========================================  =======================================================
a verb masked, its reply left               ``masked-verb``; nothing is lost, for the server in the
                                            capture understood it
a verb cut and masked, its reply left       ``split-masked-verb`` alone: no ``split-command``
a verb cut, one half masked                 ``split-command``: half a mask is none
a line cut, in its verb or elsewhere        ``split-command``
a line masked, and cut behind its verb      ``masked-verb`` and ``split-command``; the same where
                                            the verb is in three pieces, as only typed ones are
a reply cut                                 ``split-reply``, the first of the flow only
CRLF.CRLF cut                               ``split-terminator``
the greeting masked                         ``masked-banner``
EHLO keywords masked                        ``masked-ehlo-keyword``, one for the whole reply
a whole verb quoted as a mask               ``echoed-mask``
a cut verb quoted as a mask                 ``split-masked-verb`` alone
a cut RCPT refused, others accepted         ``split-masked-verb``
a RCPT damaged in any way and refused       ``lost-recipient`` too, where the message was accepted
                                            for others
a masked BDAT, a quoted DATA or AUTH        what is in ``FOLLOWS`` too: see there
==========================================  =======================================================
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.detect.registry import RULES
from dissect.pipeline import Pipeline
from mutation.wire import Direction, Span, spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.analysis.model import Row
    from dissect.detect.finding import Finding
    from dissect.segments import Segment
    from mutation.conversation import Conversation, Reply, Said
    from mutation.mutants import Mutant

GROUPS: Final = frozenset({"mask", "seam", "ending", "loss", "sequence"})
LOOKED_AT: Final = frozenset(rule.info.name for rule in RULES if rule.info.group in GROUPS)

TOLD: Final = frozenset({
    "split-command", "split-reply", "split-terminator", "masked-verb", "split-masked-verb",
    "masked-banner", "masked-ehlo-keyword", "echoed-mask", "lost-recipient",
})  # fmt: skip
"""Rules whose findings the bytes of a mutant decide.  All others that are looked at must find
what they find in the conversation without the damage, and no more."""

FOLLOWS: Final = frozenset({
    "split-command", "lost-transaction", "unanswered-command", "pipelining-not-offered",
    "body-parsed-as-commands",
})  # fmt: skip
"""What may follow where a server takes message data or AUTH answers for commands, and the capture
does not have the replies that it would give to them."""

DOT: Final = 5
"""Bytes of CRLF.CRLF."""


class Told(NamedTuple):
    """A finding, as far as the bytes of a mutant decide it."""

    rule: str
    side: str
    start: int
    """Stream offset of the row that it is about."""
    frames: tuple[int, ...]
    seam: int | None
    """How far inside, in bytes; None for a finding that is about no seam."""


class Seam(NamedTuple):
    """A boundary inside something."""

    offset: int
    before: int
    after: int


class Layout:
    """Where one direction of a mutant is cut.

    Args:
        segments: of the whole mutant.
        way: the direction.
    """

    def __init__(self, segments: list[Segment], way: Direction) -> None:
        self.spans = spans(segments, way)
        peers = (s for s in segments if not way.carries(s) and s.mss)
        data = next(s for s in segments if way.carries(s) and s.payload)
        mss = next((s.mss for s in peers), 1460)
        self.limit = mss - (data.header - 20)
        """Bytes of the longest segment on the wire: longer ones were joined by offload."""

    def frames(self, start: int, stop: int) -> set[int]:
        """The frames that brought a range."""
        return {span.frame for span in self.spans if span.start < stop and span.stop > start}

    def seams(self, start: int, stop: int) -> list[Seam]:
        """The boundaries strictly inside a range, those that offload hid too."""
        last = Span(0, 0, 0)
        found = []
        for span in self.spans:
            found.append(Seam(span.start, last.frame, span.frame))
            hidden = range(span.start + self.limit, span.stop, self.limit)
            found += [Seam(at, span.frame, span.frame) for at in hidden]
            last = span
        return [seam for seam in found if start < seam.offset < stop]


def expected(conversation: Conversation, mutant: Mutant) -> Counter[Told]:
    """Every finding that a mutant must have, and how often."""
    client = Layout(mutant.segments, conversation.client)
    server = Layout(mutant.segments, conversation.server)
    found = [
        told
        for said in conversation.said
        if not mutant.unread[0] <= said.start < mutant.unread[1]
        for told in _of_client(said, mutant, client, server)
    ]
    found += _of_server(conversation, mutant, server)
    found += _losses(conversation, mutant, client, server)
    return Counter(found)


def _of_client(said: Said, mutant: Mutant, client: Layout, server: Layout) -> Iterator[Told]:
    """What is found about one thing that the client said."""
    if said.kind == "data":
        yield from _of_data(said, client)
        return
    if said.kind == "chunk":
        return
    seams = client.seams(said.start, said.stop)
    first = seams[0] if seams else None
    inside = split(said, client)
    damaged = said in (mutant.masked, mutant.echoed, mutant.suspect)
    if first is not None:
        rule = "split-masked-verb" if damaged and inside else "split-command"
        pair = {first.before, first.after}
        frames = pair if rule != "split-command" else client.frames(said.start, said.stop)
        yield _told(rule, "client", said.start, frames, first.offset - said.start)
    if damaged and not inside and said != mutant.suspect:
        rule = "masked-verb" if said == mutant.masked else "echoed-mask"
        yield _told(rule, "client", said.start, _exchange(said, mutant, client, server))


def split(said: Said, client: Layout) -> bool:
    """Whether one boundary lies inside a verb; a verb in three pieces was typed."""
    return len(client.seams(said.start, said.start + len(said.verb))) == 1


def _of_data(said: Said, client: Layout) -> Iterator[Told]:
    """A seam inside CRLF.CRLF."""
    seams = client.seams(said.stop - DOT, said.stop)
    if seams:
        ends = client.frames(said.start, said.start + 1) | client.frames(said.stop - 1, said.stop)
        yield _told(
            "split-terminator", "client", said.start, ends, seams[0].offset - said.stop + DOT
        )


def _of_server(conversation: Conversation, mutant: Mutant, server: Layout) -> Iterator[Told]:
    """What is found about replies; of those that are cut the first one only."""
    cuts = [
        _told("split-reply", "server", start, server.frames(start, stop), seams[0].offset - start)
        for start, stop in (_place(reply, mutant) for reply in conversation.replies)
        if (seams := server.seams(start, stop))
    ]
    yield from cuts[:1]
    if mutant.greeting:
        greeting = conversation.replies[0]
        yield _told("masked-banner", "server", 0, server.frames(0, greeting.stop))
    if mutant.hello is not None:
        start, stop = _place(mutant.hello, mutant)
        yield _told("masked-ehlo-keyword", "server", start, server.frames(start, stop))


def _losses(
    conversation: Conversation, mutant: Mutant, client: Layout, server: Layout
) -> Iterator[Told]:
    """A damaged recipient who was refused while others got the message."""
    said = mutant.refused
    if said is None or said.verb != "RCPT" or not others_accepted(conversation, said):
        return
    if said == mutant.suspect and not split(said, client):
        return
    yield _told("lost-recipient", "client", said.start, _exchange(said, mutant, client, server))


def others_accepted(conversation: Conversation, said: Said) -> bool:
    """Whether another recipient of the same message was accepted, and the message too."""
    group: list[Said] = []
    for other in conversation.said:
        if other.verb == "MAIL":
            group = []
        group.append(other)
        final = other.kind == "data" or other.verb == "BDAT"
        if final and said in group:
            break
    else:
        return False
    accepted = [o for o in group if o.verb == "RCPT" and o.reply and o.reply.code == 250]
    return other.reply is not None and other.reply.code == 250 and accepted != [said]


def _exchange(said: Said, mutant: Mutant, client: Layout, server: Layout) -> set[int]:
    """The frames of a command and of its reply."""
    assert said.reply is not None
    return client.frames(said.start, said.stop) | server.frames(*_place(said.reply, mutant))


def _place(reply: Reply, mutant: Mutant) -> tuple[int, int]:
    """Where a reply lies once another one has become longer or shorter."""
    changed = mutant.refused.reply if mutant.refused else None
    if changed is None or reply.start < changed.start:
        return reply.start, reply.stop
    longer = len(mutant.reply) + 2 - (changed.stop - changed.start)
    start = reply.start + longer if reply.start > changed.start else reply.start
    return start, reply.stop + longer


def _told(rule: str, side: str, start: int, frames: set[int], seam: int | None = None) -> Told:
    return Told(rule, side, start, tuple(sorted(frames)), seam)


# ---- what the dissector says --------------------------------------------------------------------


class Found(NamedTuple):
    """What was found in a mutant."""

    told: Counter[Told]
    """By the rules of ``TOLD``."""
    others: Counter[Told]
    """By all others that are looked at; without frames and seams, which move with every cut."""
    findings: list[tuple[Finding, Row | None]]
    """All, each with the row that it is about."""


def found(mutant: Mutant) -> Found:
    """Dissect a mutant; what may follow from bytes that are taken for commands is left out."""
    pipeline = Pipeline()
    pipeline.segments(mutant.segments)
    pipeline.finish()
    assert pipeline.bugs == []
    (detail,) = pipeline.take()
    rows = {row.number: row for row in detail.rows}
    told: Counter[Told] = Counter()
    others: Counter[Told] = Counter()
    pairs = [(f, rows.get(f.rows[0]) if f.rows else None) for f in detail.findings]
    for finding, row in pairs:
        one = _about(finding, row)
        if finding.rule not in LOOKED_AT or _follows(one, mutant):
            continue
        if finding.rule in TOLD:
            told[one] += 1
        else:
            others[one._replace(frames=(), seam=None)] += 1
    return Found(told, others, pairs)


def _about(finding: Finding, row: Row | None) -> Told:
    """A finding by its place."""
    side = row.side.value if row and row.side else ""
    seam = finding.seam.offset if finding.seam else None
    return Told(finding.rule, side, row.offset if row else 0, finding.frames, seam)


def _follows(told: Told, mutant: Mutant) -> bool:
    """Whether a finding follows from bytes that are taken for commands."""
    start, stop = mutant.unread
    inside = start <= told.start < stop or told.rule != "split-command"
    return start < stop and told.rule in FOLLOWS and inside
