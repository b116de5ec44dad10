"""Speaks a planned flow: one function for each kind, all made of the same few exchanges."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from support.wire import Conversation, Setting

from generate import speech
from generate.plan import FlowPlan, Kind, mss
from generate.truth import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from dissect.segments.segment import Segment

ACK_EVERY: Final = 3
"""Data segments of a message between two bare acknowledgments; hosts that merge received segments
acknowledge less often than every second one."""


class Body(NamedTuple):
    """How large a message is, in segments rather than bytes, because packets are budgeted."""

    segments: int
    acks: int
    """Bare acknowledgments of the receiver; at most one for every ``ACK_EVERY`` segments."""


class Spoken(NamedTuple):
    """A flow, spoken."""

    segments: list[Segment]
    outcome: Outcome


class Scene:
    """A planned flow on its wire, and the exchanges that its kinds have in common."""

    def __init__(self, plan: FlowPlan, body: Body) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.wire = Conversation(_setting(plan, self.random))
        self.client = self.wire.client
        self.server = self.wire.server
        self.findings: Counter[str] = Counter()
        self._body = body

    @property
    def lines(self) -> list[bytes]:
        """MAIL and all RCPT commands."""
        return list(self.plan.envelope.lines)

    def hello(self, banner: bytes = speech.BANNER, keywords: tuple[bytes, ...] = ()) -> None:
        """Handshake, greeting and EHLO."""
        self.wire.open()
        self.think()
        self.server.send(banner)
        self.client.send(speech.HELLO)
        self.server.send(speech.hello_reply(*keywords))

    def group(self, lines: list[bytes]) -> None:
        """Send commands in one group, cut by the MSS, and count the lines that it cuts."""
        limit = self.wire.setting.mss
        ends = list(accumulate(map(len, lines)))
        starts = [0, *ends[:-1]]
        cut = (
            start // limit != (end - 1) // limit for start, end in zip(starts, ends, strict=True)
        )
        self.findings["split-command"] += sum(cut)
        self.client.send(b"".join(lines))

    def answer(self, *replies: bytes) -> None:
        """The server's replies in one group."""
        self.think()
        self.server.send(b"".join(replies))

    def think(self) -> None:
        """The time that a server takes."""
        self.wire.wait(round(self.random.uniform(0.001, 0.2), 6))

    def envelope(self, *replies: bytes) -> None:
        """The whole envelope and DATA in one group, and the replies to all that it says."""
        self.group([*self.lines, speech.DATA])
        self.answer(*replies)

    def message(self, share: float = 1.0) -> None:
        """Send the message, or no more than its first ``share``, acknowledged on the way."""
        limit, acks = self.wire.setting.mss, self._body.acks
        segments = self._body.segments if share == 1.0 else self._body.segments + 1
        tail = self.random.randint(speech.SMALLEST_TAIL, limit)
        text = speech.message((segments - 1) * limit + tail, self.random)
        wanted = max(1, int(segments * share))
        stride = ACK_EVERY * limit
        for start in range(0, wanted * limit, stride):
            self.client.send(text[start : min(start + stride, wanted * limit)])
            if acks and start + stride <= wanted * limit:
                self.server.ack()
                acks -= 1

    def accept(self) -> None:
        """The final reply."""
        self.think()
        self.server.send(speech.queued(self.random))

    def leave(self) -> None:
        """QUIT, its reply, and the end of the connection."""
        self.client.send(speech.QUIT)
        self.server.send(speech.BYE)
        self.wire.close()

    def spoken(self, outcome: str, accepted: int) -> Spoken:
        """What was said, and how it ended."""
        offered = len(self.plan.envelope.recipients)
        findings = +self.findings
        told = Outcome(outcome=outcome, offered=offered, accepted=accepted, findings=findings)
        return Spoken(self.wire.segments, told)


def _setting(plan: FlowPlan, random: Random) -> Setting:
    return Setting(
        client=plan.client,
        server=plan.server,
        client_isn=random.getrandbits(32),
        server_isn=random.getrandbits(32),
        mss=mss(plan.client.address),
        start=plan.start,
        rtt=plan.rtt / 2,
        client_ttl=64 - plan.number % 12,
        server_ttl=57,
    )


# ---- clean flows -------------------------------------------------------------------------------


def _pipelined(scene: Scene) -> Spoken:
    """All in one group; sometimes the last of several recipients is unknown."""
    count = len(scene.plan.envelope.recipients)
    refused = 1 if count > 1 and scene.random.random() < SHARE_PARTLY else 0
    replies = [speech.RCPT_OK] * (count - refused) + [speech.NO_USER] * refused
    scene.hello()
    scene.envelope(speech.OK, *replies, speech.GO_AHEAD)
    scene.message()
    scene.accept()
    scene.leave()
    return scene.spoken("partly-delivered" if refused else "delivered", count - refused)


def _stepwise(scene: Scene) -> Spoken:
    """One command at a time."""
    scene.hello()
    _one_by_one(scene)
    scene.message()
    scene.accept()
    scene.leave()
    return scene.spoken("delivered", len(scene.plan.envelope.recipients))


def _one_by_one(scene: Scene) -> None:
    """The envelope and DATA, each command behind the reply to the one before."""
    mail, *recipients = scene.lines
    steps = [(mail, speech.OK), *((line, speech.RCPT_OK) for line in recipients)]
    for line, reply in (*steps, (speech.DATA, speech.GO_AHEAD)):
        scene.client.send(line)
        scene.answer(reply)


def _delivered(scene: Scene) -> Spoken:
    """All in one group, all accepted."""
    scene.hello()
    _deliver(scene)
    return scene.spoken("delivered", len(scene.plan.envelope.recipients))


def _deliver(scene: Scene) -> None:
    """An envelope, its message, and the end."""
    count = len(scene.plan.envelope.recipients)
    scene.envelope(speech.OK, *[speech.RCPT_OK] * count, speech.GO_AHEAD)
    scene.message()
    scene.accept()
    scene.leave()


def _rejected(scene: Scene) -> Spoken:
    """Nobody by those names lives here."""
    return _refused(scene, speech.NO_USER)


def _greylisted(scene: Scene) -> Spoken:
    """Come again later."""
    return _refused(scene, speech.GREYLISTED)


def _refused(scene: Scene, reply: bytes) -> Spoken:
    """Every recipient is answered with ``reply``."""
    scene.hello()
    count = len(scene.plan.envelope.recipients)
    scene.envelope(speech.OK, *[reply] * count, speech.NO_RECIPIENTS)
    scene.leave()
    return scene.spoken("rejected", 0)


# ---- damaged flows -----------------------------------------------------------------------------


def _reset(scene: Scene) -> Spoken:
    """The connection is reset: after the envelope, or in the message, by either side."""
    scene.hello()
    count = len(scene.plan.envelope.recipients)
    scene.findings["lost-transaction"] += 1
    scene.envelope(speech.OK, *[speech.RCPT_OK] * count, speech.GO_AHEAD)
    if scene.random.random() < SHARE_RESET_IN_MESSAGE:
        scene.message(share=0.5)
    scene.random.choice((scene.client, scene.server)).rst()
    return scene.spoken("lost", count)


def _pix_banner(scene: Scene) -> Spoken:
    """Too short a group to be cut: only the banner shows the PIX."""
    _behind_pix(scene)
    _deliver(scene)
    return scene.spoken("delivered", len(scene.plan.envelope.recipients))


def _behind_pix(scene: Scene) -> None:
    scene.findings["masked-banner"] += 1
    scene.hello(speech.pix_banner(speech.BANNER))


@dataclass(frozen=True, slots=True)
class _Split:
    """An envelope behind a PIX: the verb across the boundary is masked."""

    lines: list[bytes]
    victim: int
    """Which RCPT command, from 0."""

    @classmethod
    def of(cls, scene: Scene) -> _Split:
        """Mask the verb that the first boundary cuts.

        Raises:
            AssertionError: if the plan did not put the boundary inside a verb.
        """
        lines, limit = scene.lines, scene.wire.setting.mss
        ends = list(accumulate(map(len, lines)))
        index = next(number for number, end in enumerate(ends) if end > limit)
        inside = limit - ends[index - 1]
        assert 0 < inside < len(b"RCPT"), inside
        lines[index] = b"XXXX" + lines[index][4:]
        return cls(lines, index - 1)


def _send_split(scene: Scene) -> _Split:
    """Send the masked group; its one cut line is a split-masked-verb and no split-command."""
    split = _Split.of(scene)
    scene.group([*split.lines, speech.DATA])
    scene.findings["split-command"] -= 1
    scene.findings["split-masked-verb"] += 1
    return split


def _pix_partial(scene: Scene) -> Spoken:
    """As Postfix does it: one recipient is lost, the message goes to all others."""
    _behind_pix(scene)
    split = _send_split(scene)
    count = len(scene.plan.envelope.recipients)
    replies = [speech.RCPT_OK] * count
    replies[split.victim] = speech.UNKNOWN
    scene.findings["lost-recipient"] += 1
    scene.answer(speech.OK, *replies, speech.GO_AHEAD)
    scene.message()
    scene.accept()
    scene.leave()
    return scene.spoken("partly-delivered", count - 1)


def _pix_sync(scene: Scene) -> Spoken:
    """As Exim does it where more input is waiting: it says so, and closes."""
    _behind_pix(scene)
    split = _send_split(scene)
    scene.findings["lost-transaction"] += 1
    scene.answer(speech.OK, *[speech.RCPT_OK] * split.victim, speech.SYNC_ERROR)
    scene.server.fin()
    scene.client.fin()
    scene.server.ack()
    return scene.spoken("lost", split.victim)


def _asa_keyword(scene: Scene) -> Spoken:
    """STARTTLS is masked, and the client makes do without."""
    _behind_asa(scene)
    _deliver(scene)
    return scene.spoken("delivered", len(scene.plan.envelope.recipients))


def _asa_starttls(scene: Scene) -> Spoken:
    """The client tries STARTTLS in spite of the mask; its verb is masked as well."""
    _behind_asa(scene)
    scene.findings["masked-verb"] += 1
    scene.client.send(b"X" * len(speech.STARTTLS) + b"\r\n")
    scene.server.send(speech.UNKNOWN)
    _deliver(scene)
    return scene.spoken("delivered", len(scene.plan.envelope.recipients))


def _behind_asa(scene: Scene) -> None:
    scene.findings["masked-banner"] += 1
    scene.findings["masked-ehlo-keyword"] += 1
    scene.hello(speech.asa_banner(speech.BANNER), (speech.masked(speech.STARTTLS),))


SHARE_PARTLY: Final = 0.1
"""Of the clean deliveries to several recipients."""

SHARE_RESET_IN_MESSAGE: Final = 0.5

SPEAKERS: Final[dict[Kind, Callable[[Scene], Spoken]]] = {
    Kind.PIPELINED: _pipelined,
    Kind.STEPWISE: _stepwise,
    Kind.MSS_CUT: _delivered,
    Kind.REJECTED: _rejected,
    Kind.GREYLISTED: _greylisted,
    Kind.RESET: _reset,
    Kind.PIX_BANNER: _pix_banner,
    Kind.PIX_PARTIAL: _pix_partial,
    Kind.PIX_SYNC: _pix_sync,
    Kind.ASA_KEYWORD: _asa_keyword,
    Kind.ASA_STARTTLS: _asa_starttls,
}

NO_MESSAGE: Final = frozenset({Kind.REJECTED, Kind.GREYLISTED, Kind.PIX_SYNC})
"""Kinds that end before a message is sent."""


def speak(plan: FlowPlan, body: Body) -> Spoken:
    """Speak a flow; the same plan and body give the same segments."""
    return SPEAKERS[plan.kind](Scene(plan, body))
