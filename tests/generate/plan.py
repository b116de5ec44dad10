"""Who talks to whom, when, and how it goes: one ``FlowPlan`` for every flow of a capture."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from support.wire import START

from dissect.evidence import Endpoint
from generate import envelope
from generate.envelope import VERB, Envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

SMTP: Final = 25
FIRST_PORT: Final = 32_768
PORTS: Final = 28_000
"""Ephemeral ports of a client; within so many flows none is used twice."""

SHARE_CUT_IN_VERB: Final = 0.6
"""Of the clean groups that are cut; the other boundaries lie behind the verb or between lines."""

LINE: Final = len(b"RCPT TO:<recipient0000@cam.example.net>\r\n")

SMALLEST_GAP: Final = 0.000_002
"""Seconds, so that no two flows begin at the same microsecond."""

GAP: Final = 0.05
"""Mean seconds between the starts of two flows; a flow lasts 0.1 to 5 seconds."""

CLIENTS: Final = (
    *(f"192.0.2.{host}" for host in range(10, 34)),
    *(f"198.51.100.{host}" for host in range(10, 22)),
    *(f"2001:db8:c::{host}" for host in range(1, 5)),
)


class Where(Enum):
    """What stands before a server: that decides which servers a kind of flow goes to."""

    OPEN = "nothing"
    PIX = "a PIX with SMTP fixup"
    ASA = "an ASA with ESMTP inspection"


SERVERS: Final = {
    Where.OPEN: ("203.0.113.25", "203.0.113.26", "203.0.113.27", "203.0.113.28"),
    Where.PIX: ("203.0.113.50", "203.0.113.51"),
    Where.ASA: ("203.0.113.60",),
}
SERVERS_IPV6: Final = {
    Where.OPEN: ("2001:db8:5::25", "2001:db8:5::26"),
    Where.PIX: ("2001:db8:5::50",),
    Where.ASA: ("2001:db8:5::60",),
}


class Kind(Enum):
    """How a flow goes."""

    PIPELINED = "pipelined"
    STEPWISE = "stepwise"
    MSS_CUT = "mss-cut"
    """Clean, its many recipients cut by the MSS, often within a verb."""
    REJECTED = "rejected"
    GREYLISTED = "greylisted"
    RESET = "reset"
    """The connection is reset within a transaction."""
    PIX_BANNER = "pix-banner"
    """Delivered through a PIX that masks nothing but the banner."""
    PIX_PARTIAL = "pix-partial"
    """A split RCPT is masked and refused, the message accepted for the others."""
    PIX_SYNC = "pix-sync"
    """A split RCPT is masked, and the server drops the connection; the envelope is retried."""
    ASA_KEYWORD = "asa-keyword"
    ASA_STARTTLS = "asa-starttls"
    """The client tries STARTTLS although it is masked, and its verb is masked too."""


class Habit(NamedTuple):
    """How often a kind of flow comes up, where, and with how many recipients."""

    weight: int
    """Flows among ``sum of all weights``."""
    where: Where
    recipients: tuple[int, int] = (1, 5)
    long: bool = False
    """The commands of the envelope are longer than one segment."""
    damaged: bool = False


HABITS: Final = {
    Kind.PIPELINED: Habit(500, Where.OPEN),
    Kind.STEPWISE: Habit(130, Where.OPEN, (1, 2)),
    Kind.MSS_CUT: Habit(100, Where.OPEN, (45, 90), long=True),
    Kind.REJECTED: Habit(90, Where.OPEN),
    Kind.GREYLISTED: Habit(60, Where.OPEN, (1, 2)),
    Kind.RESET: Habit(20, Where.OPEN, damaged=True),
    Kind.PIX_BANNER: Habit(40, Where.PIX, damaged=True),
    Kind.PIX_PARTIAL: Habit(15, Where.PIX, (45, 62), long=True, damaged=True),
    Kind.PIX_SYNC: Habit(8, Where.PIX, (45, 62), long=True, damaged=True),
    Kind.ASA_KEYWORD: Habit(20, Where.ASA, damaged=True),
    Kind.ASA_STARTTLS: Habit(10, Where.ASA, damaged=True),
}

ATTEMPTS: Final = {Kind.GREYLISTED: 1, Kind.PIX_SYNC: 4}
"""Times that an envelope is sent again."""

RETRIED_AS: Final = {Kind.GREYLISTED: Kind.PIPELINED, Kind.PIX_SYNC: Kind.PIX_SYNC}

RETRY_AFTER: Final = 400
"""Flows of the capture between an attempt and the next one, at least; fewer in small captures."""

MSS_IPV4: Final = 1460
MSS_IPV6: Final = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPlan:
    """One flow, before a word is said."""

    number: int
    """From 0, in the order of the first packets."""
    kind: Kind
    start: float
    """Seconds since the epoch."""
    client: Endpoint
    server: Endpoint
    rtt: float
    """Seconds."""
    envelope: Envelope
    seed: str
    """Of the flow's own chance, so that no flow depends on how another one went."""


class _Attempt(NamedTuple):
    """An envelope on its way from a client to a server, for the first time or again."""

    due: int
    """The first flow number that may carry it."""
    kind: Kind
    client: str
    server: str
    envelope: Envelope
    left: int
    """Attempts to come after this one."""


def mss(client: str) -> int:
    """The MSS of both sides, by the client's address."""
    return MSS_IPV6 if ":" in client else MSS_IPV4


def plans(flows: int, seed: int) -> Iterator[FlowPlan]:
    """The flows of a capture in the order in which they begin.

    The first ones show every kind once, so that small captures have them all; the last one has
    a message, whose size makes the packets add up.
    """
    random = Random(f"plan {seed}")
    pause = max(2, min(RETRY_AFTER, flows // 8))
    waiting: deque[_Attempt] = deque()
    start = START
    for number in range(flows):
        start += random.expovariate(1 / GAP) + SMALLEST_GAP
        kind = Kind.PIPELINED if number == flows - 1 else _kind(number, random)
        ready = waiting and waiting[0].due <= number < flows - 1 and number >= len(Kind)
        attempt = waiting.popleft() if ready else _first(kind, number, random)
        if attempt.left:
            waiting.append(_next(attempt, number + pause))
        yield _plan(number, start, attempt, seed)


def _first(kind: Kind, number: int, random: Random) -> _Attempt:
    """An envelope that was never sent before."""
    habit = HABITS[kind]
    client = random.choice(CLIENTS)
    servers = (SERVERS_IPV6 if ":" in client else SERVERS)[habit.where]
    made = _envelope(kind, mss(client), random)
    return _Attempt(number, kind, client, random.choice(servers), made, ATTEMPTS.get(kind, 0))


def _kind(number: int, random: Random) -> Kind:
    kinds = list(HABITS)
    if number < len(kinds):
        return kinds[number]
    return random.choices(kinds, [habit.weight for habit in HABITS.values()])[0]


def _envelope(kind: Kind, boundary: int, random: Random) -> Envelope:
    """An envelope as long as the kind wants it, its boundary where the kind needs it."""
    habit = HABITS[kind]
    count = random.randint(*habit.recipients)
    if not habit.long:
        return envelope.short(random, count)
    in_verb = habit.damaged or random.random() < SHARE_CUT_IN_VERB
    inside = random.randrange(1, VERB) if in_verb else random.randrange(VERB, LINE + 1) % LINE
    return envelope.long(random, count, boundary, inside)


def _next(attempt: _Attempt, due: int) -> _Attempt:
    kind = RETRIED_AS[attempt.kind]
    return attempt._replace(due=due, kind=kind, left=attempt.left - 1)


def _plan(number: int, start: float, attempt: _Attempt, seed: int) -> FlowPlan:
    own = f"flow {seed} {number}"
    return FlowPlan(
        number=number,
        kind=attempt.kind,
        start=round(start, 6),
        client=Endpoint(attempt.client, FIRST_PORT + number % PORTS),
        server=Endpoint(attempt.server, SMTP),
        rtt=round(Random(own).uniform(0.004, 0.12), 6),
        envelope=attempt.envelope,
        seed=own,
    )
