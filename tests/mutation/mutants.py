"""What a middlebox does to a conversation, at every place where it can be done, one at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mutation.wire import cut, overwrite, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dissect.segments import Segment
    from mutation.conversation import Conversation, Reply, Said

LETTERS: Final = (b"X", b"x", b"*")

ALLOWED: Final = frozenset({
    "8BITMIME", "AUTH", "BINARYMIME", "CHECKPOINT", "DSN", "ENHANCEDSTATUSCODES", "ETRN",
    "PIPELINING", "SIZE", "VRFY",
})  # fmt: skip
"""EHLO keywords that an ASA knows and leaves; it masks all others."""

UNKNOWN: Final = b"500 5.5.1 Command unrecognized"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A conversation with one damage, and what the damage is."""

    about: str
    """Where and what, in a few words."""
    segments: list[Segment]
    masked: Said | None = None
    """The command whose verb is a mask."""
    echoed: Said | None = None
    """The command that the server quotes as a mask although it is whole here."""
    refused: Said | None = None
    """The command that has got another reply: 500."""
    reply: bytes = b""
    """That reply."""
    suspect: Said | None = None
    """A command whole here and refused like a mask, nothing quoted: a cut in its verb tells."""
    greeting: bool = False
    """Whether the greeting is masked."""
    hello: Reply | None = None
    """The reply to EHLO with masked keywords."""
    words: tuple[int, ...] = ()
    """The lines of it that are masked, from 0."""
    unread: tuple[int, int] = (0, 0)
    """Client bytes that are no commands, and that a server reads as commands after this damage:
    so does the dissector, and may find seams in their lines."""


# ---- verbs --------------------------------------------------------------------------------------


def whole_verbs(conversation: Conversation) -> Iterator[Mutant]:
    """Every verb masked, its argument left."""
    for said in conversation.commands:
        for letter in LETTERS:
            yield _masked(conversation, conversation.segments, said, letter, "masked with")


def split_verbs(conversation: Conversation) -> Iterator[Mutant]:
    """Every verb cut at every letter, and both halves masked."""
    for said, at in _inside_verbs(conversation):
        halves = cut(conversation.segments, conversation.client, said.start + at)
        for letter in LETTERS:
            yield _masked(conversation, halves, said, letter, f"cut after {at} and masked with")


def half_verbs(conversation: Conversation) -> Iterator[Mutant]:
    """The near miss: every verb cut at every letter, and one of the halves masked."""
    for said, at in _inside_verbs(conversation):
        halves = cut(conversation.segments, conversation.client, said.start + at)
        for start, stop in ((0, at), (at, len(said.verb))):
            mask = b"X" * (stop - start)
            yield Mutant(
                about=f"{said.verb} at {said.start}: letters {start} to {stop} masked",
                segments=overwrite(halves, conversation.client, said.start + start, mask),
                unread=_behind(conversation, said, "chunk"),
            )


def _inside_verbs(conversation: Conversation) -> Iterator[tuple[Said, int]]:
    for said in conversation.commands:
        yield from ((said, at) for at in range(1, len(said.verb)))


def _masked(
    conversation: Conversation, segments: list[Segment], said: Said, letter: bytes, how: str
) -> Mutant:
    return Mutant(
        about=f"{said.verb} at {said.start} {how} {letter.decode()}",
        segments=overwrite(segments, conversation.client, said.start, letter * len(said.verb)),
        masked=said,
        unread=_behind(conversation, said, "chunk"),
    )


def _behind(conversation: Conversation, said: Said, *kinds: str) -> tuple[int, int]:
    """The bytes of these kinds directly behind a command."""
    stop = said.stop
    for other in conversation.said:
        if other.start == stop and other.kind in kinds:
            stop = other.stop
    return said.stop, stop


# ---- cuts ---------------------------------------------------------------------------------------


def cut_commands(conversation: Conversation) -> Iterator[Mutant]:
    """Every command line and AUTH answer cut at every byte, the CRLF too."""
    for said in conversation.said:
        if said.kind in ("command", "answer"):
            yield from _cuts(conversation, range(said.start + 1, said.stop))


def cut_terminators(conversation: Conversation) -> Iterator[Mutant]:
    """Every CRLF.CRLF cut at each of its four places."""
    for said in conversation.said:
        if said.kind == "data":
            yield from _cuts(conversation, range(said.stop - 4, said.stop))


def _cuts(conversation: Conversation, places: Iterable[int]) -> Iterator[Mutant]:
    for at in places:
        segments = cut(conversation.segments, conversation.client, at)
        yield Mutant(about=f"client cut at {at}", segments=segments)


def cut_replies(conversation: Conversation) -> Iterator[Mutant]:
    """Every reply cut in its code, behind it, in its middle, and between its CR and LF."""
    for reply in conversation.replies:
        size = reply.stop - reply.start
        for at in sorted({2, 4, size // 2, size - 1}):
            segments = cut(conversation.segments, conversation.server, reply.start + at)
            yield Mutant(about=f"reply at {reply.start} cut after {at}", segments=segments)


# ---- greetings and keywords ---------------------------------------------------------------------


def pix_5(line: bytes) -> bytes:
    """Asterisks for all but 2, 0, and the blank behind a 0 (PIX-01)."""
    return re.sub(rb"(?<!0) |[^20 ]", b"*", line)


def asa(line: bytes) -> bytes:
    """Asterisks for all behind the code (ASA-01)."""
    return line[:4] + b"*" * (len(line) - 4)


def pix_4(line: bytes) -> bytes:
    """``SMTP/cmap`` and ``ready`` with underscores around them, as long as it was (PIX-02)."""
    room = len(line) - len(b"220 SMTP/cmapready")
    return b"220 SMTP/cmap" + b"_" * (room - room // 2) + b"ready" + b"_" * (room // 2)


GREETINGS: Final[dict[str, Callable[[bytes], bytes]]] = {"PIX 5": pix_5, "ASA": asa, "PIX 4": pix_4}


def greetings(conversation: Conversation) -> Iterator[Mutant]:
    """The greeting as each kind of device masks it; of PIX 4 only one of a single line is known."""
    greeting = conversation.replies[0]
    for name, mask in GREETINGS.items():
        if name != "PIX 4" or len(greeting.lines) == 1:
            data = b"\r\n".join(map(mask, greeting.lines))
            segments = overwrite(conversation.segments, conversation.server, 0, data)
            yield Mutant(about=f"greeting of {name}", segments=segments, greeting=True)


def keywords(conversation: Conversation) -> Iterator[Mutant]:
    """Every EHLO keyword alone, and all that an ASA masks: with ordinal letters, and without."""
    for reply in hellos(conversation):
        names = list(enumerate(map(keyword, reply.lines)))[1:]
        groups: list[tuple[int, ...]] = [(line,) for line, name in names if len(name) > 2]
        others = tuple(line for line, name in names if len(name) > 2 and name not in ALLOWED)
        groups += [others] if len(others) > 1 else []
        for lines in groups:
            yield _ordinal(conversation, reply, lines)
            yield from (_plain(conversation, reply, lines, letter) for letter in (b"X", b"*"))


def hellos(conversation: Conversation) -> list[Reply]:
    """The replies that list keywords."""
    return [
        said.reply
        for said in conversation.commands
        if said.verb == "EHLO" and said.reply and said.reply.code == 250
    ]


def keyword(line: bytes) -> str:
    """The keyword of a line of an EHLO reply, in capitals."""
    return (line[4:].split(b" ") or [b""])[0].decode().upper()


def _ordinal(conversation: Conversation, reply: Reply, lines: tuple[int, ...]) -> Mutant:
    """As ASA does it: X, and in the end A, B, C … (ASA-02)."""
    masks = {
        line: b"X" * (len(keyword(reply.lines[line])) - 1) + bytes([ord("A") + place])
        for place, line in enumerate(lines)
    }
    return _keywords(conversation, reply, masks, lines)


def _plain(
    conversation: Conversation, reply: Reply, lines: tuple[int, ...], letter: bytes
) -> Mutant:
    """Nothing but mask letters (ASA-02b); three X are no mask."""
    masks = {line: letter * len(keyword(reply.lines[line])) for line in lines}
    found = tuple(line for line in lines if letter == b"*" or len(masks[line]) > 3)
    return _keywords(conversation, reply, masks, found)


def _keywords(
    conversation: Conversation, reply: Reply, masks: dict[int, bytes], found: tuple[int, ...]
) -> Mutant:
    segments = conversation.segments
    for line, mask in masks.items():
        start = reply.start + sum(len(before) + 2 for before in reply.lines[:line]) + 4
        segments = overwrite(segments, conversation.server, start, mask)
    names = ", ".join(f"{keyword(reply.lines[n])} as {mask!r}" for n, mask in masks.items())
    return Mutant(
        about=f"reply at {reply.start}: {names}",
        segments=segments,
        hello=reply if found else None,
        words=found,
    )


# ---- the server's answers -----------------------------------------------------------------------


def echoes(conversation: Conversation) -> Iterator[Mutant]:
    """Every command whole here, and refused by a server that quotes a mask of it."""
    for said in conversation.commands:
        for letter in LETTERS:
            yield _quoted(conversation, conversation.segments, said, letter)


def split_echoes(conversation: Conversation) -> Iterator[Mutant]:
    """The same where the verb has a cut inside: what was masked because of a boundary."""
    for said, at in _inside_verbs(conversation):
        halves = cut(conversation.segments, conversation.client, said.start + at)
        yield _quoted(conversation, halves, said, b"X", f" cut after {at}")


def refusals(conversation: Conversation) -> Iterator[Mutant]:
    """Every recipient masked, whole or split, and refused: what the mask is there to cost."""
    for said in conversation.commands:
        if said.verb == "RCPT" and said.reply and said.reply.code == 250:
            for at in range(4):
                way = conversation.client
                segments = conversation.segments
                halves = cut(segments, way, said.start + at) if at else segments
                masked = overwrite(halves, way, said.start, b"XXXX")
                how = f"RCPT at {said.start} cut after {at}, masked and refused"
                yield _refused(conversation, masked, said, UNKNOWN, how, masked=said)


def clean_sides(conversation: Conversation) -> Iterator[Mutant]:
    """Every recipient cut inside its verb, and refused alone: masked further on (PIX-06c).

    The near miss is the same refusal of a verb without a cut.
    """
    for said in conversation.commands:
        if said.verb == "RCPT" and said.reply and said.reply.code == 250:
            for at in range(4):
                way = conversation.client
                halves = cut(conversation.segments, way, said.start + at) if at else None
                how = f"RCPT at {said.start} cut after {at} and refused"
                segments = halves or conversation.segments
                yield _refused(conversation, segments, said, UNKNOWN, how, suspect=said)


def _quoted(
    conversation: Conversation, segments: list[Segment], said: Said, letter: bytes, how: str = ""
) -> Mutant:
    """A command answered by a 500 that quotes its mask, as Sendmail writes it."""
    quote = b'%s: "%s"' % (UNKNOWN, letter * len(said.verb) + said.argument)
    about = f"{said.verb} at {said.start}{how} quoted with {letter.decode()}"
    return _refused(conversation, segments, said, quote, about, echoed=said)


def _refused(
    conversation: Conversation,
    segments: list[Segment],
    said: Said,
    reply: bytes,
    about: str,
    *,
    masked: Said | None = None,
    echoed: Said | None = None,
    suspect: Said | None = None,
) -> Mutant:
    assert said.reply is not None
    span = said.reply.start, said.reply.stop
    return Mutant(
        about=about,
        segments=replace(segments, conversation.server, span, reply + b"\r\n"),
        masked=masked,
        echoed=echoed,
        suspect=suspect,
        refused=said,
        reply=reply,
        unread=_behind(conversation, said, "data", "answer"),
    )
