"""Replies that something on the way put into the server's stream (INJ-1).

Content filters that let a message pass as it comes, and find something in it, have nothing but the
server's own stream in which to say so: they word a refusal, send it in the server's name, and
reset the connection.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dissect.detect import proxies, resets
from dissect.detect.context import Context
from dissect.detect.proxies import Mark
from dissect.detect.resets import Sign
from dissect.dialogue import Ended, Note, NoteKind, Reply, Reset
from dissect.evidence import Side

WORDS, CODE, CONTRADICTED, RESET = 0.7, 0.4, 0.8, 0.6
"""How much proves: words of a product that is known; 541; other bytes of the server at the same
place; a RST that is not the server's."""

BEHIND: Final = "the reset behind it"
UNNAMED: Final = "INJ-1"
"""Source of the marks that name no product."""


class Injection(NamedTuple):
    """A reply that the server did not send."""

    reply: Reply
    mark: Mark | None
    """By which words the product is known; None where it is not."""
    signs: tuple[Sign, ...]
    reset: Reset | None
    """The RST behind it, in the server's name."""
    conflict: Note | None
    """What the server itself said at the same place."""

    @property
    def product(self) -> str:
        """Who worded it; empty where that is not known."""
        return self.mark.product if self.mark and self.mark.source != UNNAMED else ""


def found(context: Context, ended: Ended) -> Injection | None:
    """The first reply that the server did not send; None where nothing speaks against any."""
    judged = (_judged(context, ended, reply) for reply in context.suspects)
    return next((injection for injection in judged if _proven(injection)), None)


def _judged(context: Context, ended: Ended, reply: Reply) -> Injection:
    """All that speaks against one reply."""
    mark = proxies.reply(reply.text)
    mark = mark if mark is not None and mark.injects else None
    reset = _behind(context, ended, reply)
    conflict = _contradiction(context, reply)
    own = frozenset(reply.frames) | frozenset(f for r in ended.resets for f in r.note.frames)
    ttl = next((s for f in reply.frames if (s := resets.foreign(ended.server, f, own))), None)
    signs = [_worded(mark), ttl, _reset(context, ended, reset), _contradicted(conflict)]
    there = tuple(sign for sign in signs if sign is not None)
    return Injection(reply, mark, there, reset, conflict)


def _worded(mark: Mark | None) -> Sign | None:
    """What the words say."""
    if mark is None:
        return None
    if mark.source == UNNAMED:
        return Sign(CODE, "no RFC defines 541 for SMTP")
    return Sign(WORDS, f"the words are those of {mark.product}")


def _reset(context: Context, ended: Ended, reset: Reset | None) -> Sign | None:
    """What the RST behind it says."""
    if reset is None:
        return None
    signs = resets.signs(context, ended, reset)
    if resets.forged(signs):
        return Sign(RESET, f"{BEHIND} is not the server's: {max(signs).words}")
    return Sign(resets.SLIGHT, "a reset followed it")


def _contradicted(conflict: Note | None) -> Sign | None:
    """What the server itself said."""
    return conflict and Sign(CONTRADICTED, "the server's own bytes came behind it, and differ")


def _proven(injection: Injection) -> bool:
    """Whether the signs are enough.

    A 541 alone is not, nor a refusal of message data that the server resets as its own: both are
    odd, and neither says where they came from.
    """
    own = sum(sign.strong for sign in injection.signs if not sign.words.startswith(BEHIND))
    unnamed = injection.mark is not None and injection.mark.source == UNNAMED
    return own > unnamed or (unnamed and injection.reset is not None)


def _behind(context: Context, ended: Ended, reply: Reply) -> Reset | None:
    """The first RST in the server's name behind a reply, where nothing else was said between."""
    first = reply.frames[-1]
    there = (r for r in ended.resets if r.note.side is Side.SERVER and r.note.frames[0] > first)
    reset, last = next(there, None), context.last
    if reset is None or last is None:
        return None
    between = last is not reply and last.frames[-1] < reset.note.frames[0]
    closed = any(
        note.kind is NoteKind.FIN and note.side is Side.SERVER and note.time <= reset.note.time
        for note in ended.closed
    )  # then it answers what came late
    return None if between or closed else reset


def _contradiction(context: Context, reply: Reply) -> Note | None:
    """Other bytes of the server where a reply stands."""
    end = reply.offset + reply.size
    there = (
        note
        for note in context.conflicts
        if note.side is Side.SERVER and note.offset < end and reply.offset < note.offset + note.size
    )
    return next(there, None)
