"""What hypothesis draws: SMTP talks that are valid, talks that are nothing, and cuts of both.

@given(st.data(), smtp_talks())
def test(data, talk):
segments = talk.play(cuts=data.draw(talk_cuts(talk)))
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from hypothesis import strategies as st

from dissect.evidence import Side
from support.talk import Cuts, Talk, Turn
from support.wire import IPV6, NEAR_WRAP, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BANNERS: Final = (b"220 mx.example.net ESMTP\r\n", b"220-mx.example.net\r\n220 ESMTP ready\r\n")
KEYWORDS: Final = (b"SIZE 52428800", b"8BITMIME", b"AUTH PLAIN LOGIN", b"CHUNKING", b"DSN", b"HELP")
BODY_TRAPS: Final = (b".", b"..", b".hidden", b"QUIT", b"RCPT TO:<a@example.net>", b"250 OK", b"")
"""Lines of a message that a careless reader takes for something else."""

_MAILBOXES: Final = st.one_of(
    st.integers(0, 9999).map(lambda number: b"recipient%04d@example.net" % number),
    st.sampled_from((b"a@[192.0.2.1]", b"a.b+c-d_e@example.net", b"data@example.net", b"x@mx")),
)
_LINES: Final = st.one_of(
    st.sampled_from(BODY_TRAPS),
    st.binary(max_size=40).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")),
)


def messages() -> st.SearchStrategy[bytes]:
    """Messages: lines of any bytes but CR and LF, some of which begin with dots."""
    return st.lists(_LINES, max_size=8).map(lambda lines: b"".join(ln + b"\r\n" for ln in lines))


# ---- what a session is made of -----------------------------------------------------------------


class Step(NamedTuple):
    """A command, its answer, and what follows before the next command."""

    command: bytes
    """Without CRLF."""
    reply: bytes
    chunk: bytes = b""
    """Bytes that follow the command at once: BDAT's."""
    exchanges: tuple[tuple[bytes, bytes], ...] = ()
    """What the client says after the reply, and the replies to that: message data, AUTH."""
    last: bool = True
    """It has to be the last of a pipelined group (RFC 2920)."""
    offered: tuple[bytes, ...] = ()
    accepted: tuple[bytes, ...] = ()
    message: tuple[bytes, ...] = ()
    """The message that is complete after this step."""


RSET: Final = Step(b"RSET", b"250 2.0.0 OK\r\n", last=False)
QUIT: Final = Step(b"QUIT", b"221 2.0.0 Bye\r\n")
NOOP: Final = Step(b"NOOP", b"250 2.0.0 OK\r\n")
QUEUED: Final = b"250 2.0.0 Queued\r\n"


def _mail(sender: bytes) -> Step:
    return Step(b"MAIL FROM:<" + sender + b">", b"250 2.1.0 OK\r\n", last=False)


def _rcpt(mailbox: bytes, *, accepted: bool) -> Step:
    reply = b"250 2.1.5 OK\r\n" if accepted else b"550 5.1.1 No such user\r\n"
    step = Step(b"RCPT TO:<" + mailbox + b">", reply, last=False, offered=(mailbox,))
    return step._replace(accepted=(mailbox,)) if accepted else step


def stuffed(message: bytes) -> bytes:
    """A message as DATA sends it (RFC 5321 section 4.5.2), its end included."""
    dotted = b"\r\n" + message
    return dotted.replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def _data(message: bytes) -> Step:
    exchange = (stuffed(message), QUEUED)
    return Step(b"DATA", b"354 Go ahead\r\n", exchanges=(exchange,), message=(message,))


NO_RECIPIENTS: Final = Step(b"DATA", b"554 5.5.1 No valid recipients\r\n")


def _bdat(message: bytes, split: int) -> tuple[Step, ...]:
    """A message in two chunks, or in one where the first would be empty."""
    chunks = [message[:split], message[split:]] if split > 0 else [message]
    first = tuple(Step(b"BDAT %d" % len(c), b"250 OK\r\n", c, last=False) for c in chunks[:-1])
    end = Step(b"BDAT %d LAST" % len(chunks[-1]), QUEUED, chunks[-1], message=(message,))
    return (*first, end)


AUTHS: Final = (
    Step(b"AUTH PLAIN AGFsaWNlAHNlY3JldA==", b"235 2.7.0 OK\r\n"),
    Step(b"AUTH PLAIN", b"334 \r\n", exchanges=((b"AGFsaWNlAHM=\r\n", b"535 5.7.8 No\r\n"),)),
    Step(
        b"AUTH LOGIN",
        b"334 VXNlcm5hbWU6\r\n",
        exchanges=(
            (b"YWxpY2U=\r\n", b"334 UGFzc3dvcmQ6\r\n"),
            (b"c2VjcmV0\r\n", b"235 2.7.0 OK\r\n"),
        ),
    ),
)


@st.composite
def _transaction(draw: st.DrawFn) -> tuple[Step, ...]:
    """One envelope, and its message, or no message."""
    wanted = draw(st.lists(st.tuples(_MAILBOXES, st.booleans()), min_size=1, max_size=5))
    recipients = [_rcpt(mailbox, accepted=accepted) for mailbox, accepted in wanted]
    envelope = (_mail(draw(_MAILBOXES)), *recipients)
    if draw(st.integers(0, 5)) == 0:
        return (*envelope, RSET)
    if not any(accepted for _, accepted in wanted):
        return (*envelope, NO_RECIPIENTS, RSET)
    message = draw(messages())
    if draw(st.booleans()):
        return (*envelope, _data(message))
    return (*envelope, *_bdat(message, draw(st.integers(0, len(message)))))


def _hello(keywords: Iterable[bytes]) -> Step:
    lines = (b"mx.example.net", b"PIPELINING", *keywords)
    reply = b"".join(b"250-" + line + b"\r\n" for line in lines) + b"250 ENHANCEDSTATUSCODES\r\n"
    return Step(b"EHLO mail.example.org", reply)


@st.composite
def _steps(draw: st.DrawFn) -> tuple[Step, ...]:
    """A whole session behind the greeting."""
    hello = _hello(draw(st.lists(st.sampled_from(KEYWORDS), unique=True)))
    between = draw(st.lists(st.sampled_from((*AUTHS, NOOP)), max_size=1))
    mail = draw(st.lists(_transaction(), max_size=3))
    return (hello, *between, *(step for steps in mail for step in steps), QUIT)


# ---- talks -------------------------------------------------------------------------------------


def _groups(steps: Iterable[Step], *, pipelined: bool) -> Iterator[list[Step]]:
    """Steps that are sent together."""
    group: list[Step] = []
    for step in steps:
        group.append(step)
        if step.last or not pipelined:
            yield group
            group = []
    if group:
        yield group


def _turns(group: list[Step]) -> Iterator[Turn]:
    """Commands in one turn, replies in the next, then what the last command brings with it."""
    commands = b"".join(step.command + b"\r\n" + step.chunk for step in group)
    yield Turn(Side.CLIENT, commands)
    yield Turn(Side.SERVER, b"".join(step.reply for step in group))
    for said, answered in group[-1].exchanges:
        yield Turn(Side.CLIENT, said)
        yield Turn(Side.SERVER, answered)


def codes(replies: bytes) -> tuple[bytes, ...]:
    """The codes of the replies in a server's stream."""
    return tuple(line[:3] for line in replies.split(b"\r\n")[:-1] if line[3:4] != b"-")


def talk_of(banner: bytes, steps: tuple[Step, ...], *, pipelined: bool) -> Talk:
    """The talk that a greeting and steps make."""
    groups = _groups(steps, pipelined=pipelined)
    turns = (Turn(Side.SERVER, banner), *(turn for group in groups for turn in _turns(group)))
    said = b"".join(turn.data for turn in turns if turn.side is Side.SERVER)
    return Talk(
        turns=turns,
        commands=tuple(step.command for step in steps),
        replies=codes(said),
        messages=tuple(message for step in steps for message in step.message),
        offered=tuple(mailbox for step in steps for mailbox in step.offered),
        accepted=tuple(mailbox for step in steps for mailbox in step.accepted),
    )


@st.composite
def smtp_talks(draw: st.DrawFn, *, pipelined: bool | None = None) -> Talk:
    """Valid SMTP sessions from greeting to QUIT, with the truth about them.

    Args:
        draw: given by hypothesis.
        pipelined: whether commands are sent in groups; None draws it.
    """
    together = draw(st.booleans()) if pipelined is None else pipelined
    return talk_of(draw(st.sampled_from(BANNERS)), draw(_steps()), pipelined=together)


def byte_talks() -> st.SearchStrategy[Talk]:
    """Turns of any bytes, often such as SMTP is made of."""
    crumbs = (b"\r\n", b"\r", b"\n", b".", b"220 ", b"250-", b"DATA", b"XXXX TO:<", b"BDAT 9", b" ")
    data = st.lists(st.one_of(st.sampled_from(crumbs), st.binary(max_size=20)), max_size=8)
    turn = st.builds(Turn, st.sampled_from(Side), data.map(b"".join))
    return st.lists(turn, max_size=8).map(lambda turns: Talk(turns=tuple(turns)))


# ---- how a talk is captured --------------------------------------------------------------------


def cut_positions(size: int) -> st.SearchStrategy[frozenset[int]]:
    """Offsets inside ``size`` bytes: none, few, or one before every byte."""
    if size < 2:
        return st.just(frozenset())
    some = st.frozensets(st.integers(1, size - 1), max_size=12)
    return st.one_of(some, st.just(frozenset(range(1, size))))


def talk_cuts(talk: Talk) -> st.SearchStrategy[Cuts]:
    """Cuts of both sides of a talk."""
    return st.fixed_dictionaries({s: cut_positions(len(talk.stream(s))) for s in Side})


def chances() -> st.SearchStrategy[Random]:
    """Seeded chance for ``support.mangle``: it costs hypothesis one draw, ``randoms`` thousands."""
    return st.integers(0, 2**32).map(Random)


def some_settings() -> st.SearchStrategy[Setting]:
    """Hosts and sequence numbers that must make no difference to what is read."""
    base = st.sampled_from((Setting(), NEAR_WRAP, IPV6))
    return st.builds(
        lambda setting, mss, acks: replace(setting, mss=mss, acks=acks),
        base,
        st.sampled_from((1460, 536, 88)),
        st.booleans(),
    )
