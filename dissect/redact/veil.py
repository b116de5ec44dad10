"""One flow's dialogue, with names and addresses replaced before a rule sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dissect.dialogue.events import (
    END_OF_DATA,
    Command,
    DialogueEvent,
    Ended,
    Exchange,
    Note,
    Oddity,
    Reply,
    Transaction,
)  # fmt: skip
from dissect.dialogue.grammar import MOST, REPLY_KEPT
from dissect.dialogue.line import verb_of
from dissect.evidence import FrameFacts, Side
from dissect.redact.lines import Lines
from dissect.streams import Copies

MEMORY: Final = 2 * MOST
"""Commands and replies that are remembered: those that a transaction may still name."""

PAST: Final = 256
"""Bytes of each side that are remembered: a seam is shown with what stands in front of it."""

ENDING: Final = b"\r\n"


class Veil:
    """Replaces what the events of one flow hold."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._commands: dict[int, tuple[Command, Command]] = {}
        self._replies: dict[int, tuple[Reply, Reply]] = {}
        self._past = {Side.CLIENT: (0, b""), Side.SERVER: (0, b"")}
        """Stream offset and bytes of what came last, as it is shown."""
        self._ways: dict[type, Callable[[Any], DialogueEvent]] = {
            Command: self._command,
            Reply: self._reply,
            Exchange: self._exchange,
            Transaction: self._transaction,
            Note: self._note,
            Ended: self._ended,
        }

    def events(self, events: list[DialogueEvent]) -> list[DialogueEvent]:
        """The same events as they may be shown."""
        ways = self._ways
        return [ways[type(event)](event) if type(event) in ways else event for event in events]

    def _command(self, command: Command) -> Command:
        """A command; the same one is not worked out twice."""
        known = self._commands.get(command.number)
        if known is not None and known[0] is command:
            return known[1]
        shown = self._shown(command)
        self._commands[command.number] = (command, shown)
        if len(self._commands) > MEMORY:
            del self._commands[next(iter(self._commands))]
        return shown

    def _shown(self, command: Command) -> Command:
        line, verb, oddity = command.line, command.verb, command.oddity
        if verb == END_OF_DATA:
            pieces = self._pieces(command, Side.CLIENT, b"")
            line = self._lines.body(line)
            return command._replace(
                line=line, oddity=oddity and self._oddity(oddity), pieces=pieces
            )
        if verb:  # an answer in an AUTH exchange has none, and is masked already
            line = self._lines.command(line)
            verb = verb_of(line)
        return command._replace(
            line=line, verb=verb, pieces=self._pieces(command, Side.CLIENT, line)
        )

    def _reply(self, reply: Reply) -> Reply:
        """A reply; the same one is not worked out twice."""
        known = self._replies.get(reply.number)
        if known is not None and known[0] is reply:
            return known[1]
        lines = tuple(self._lines.reply(line) for line in reply.lines)
        text = ENDING.join(lines)
        if reply.size > REPLY_KEPT or reply.size - len(text) > len(ENDING):
            text = b""  # it is not told what stands where
        shown = reply._replace(lines=lines, pieces=self._pieces(reply, Side.SERVER, text))
        self._replies[reply.number] = (reply, shown)
        if len(self._replies) > MEMORY:
            del self._replies[next(iter(self._replies))]
        return shown

    def _exchange(self, exchange: Exchange) -> Exchange:
        command, reply, unseen = exchange
        return Exchange(command and self._command(command), reply and self._reply(reply), unseen)

    def _transaction(self, transaction: Transaction) -> Transaction:
        final = transaction.final and self._exchange(transaction.final)
        return transaction._replace(
            exchanges=tuple(self._exchange(each) for each in transaction.exchanges), final=final
        )

    def _note(self, note: Note) -> Note:
        if note.copies is None:
            return note
        offset, one, two = note.copies
        way = self._lines.unread if note.side is Side.CLIENT else self._lines.reply
        return note._replace(copies=Copies(offset, way(one), way(two)))

    def _oddity(self, oddity: Oddity) -> Oddity:
        ends = tuple(end._replace(follows=self._lines.body(end.follows)) for end in oddity.ends)
        return oddity._replace(ends=ends)

    def _ended(self, ended: Ended) -> Ended:
        return ended._replace(
            pending=tuple(map(self._command, ended.pending)),
            body=ended.body and self._command(ended.body),
            header=self._lines.body(ended.header),
            unfinished=ended.unfinished and self._reply(ended.unfinished),
            head=ended.head if ended.tls else self._lines.unread(ended.head),
        )

    def _pieces(self, event: Command | Reply, side: Side, line: bytes) -> tuple[FrameFacts, ...]:
        """The frames at seams, with what they hold as it is shown in the line and before it."""
        offset = event.offset
        start, past = self._past[side]
        shown = past if start + len(past) == offset else b""
        start = offset - len(shown)
        whole = shown + line
        left = event.size - len(line)
        last = (whole + b" " * left)[-PAST:] if left <= len(ENDING) else b""
        self._past[side] = (offset + event.size - len(last), last)
        return tuple(self._fact(fact, start, whole) for fact in event.pieces)

    def _fact(self, fact: FrameFacts, start: int, whole: bytes) -> FrameFacts:
        """One frame's bytes: those that are shown elsewhere as they are there, the others blank."""
        excerpt = bytearray(self._lines.body(fact.excerpt))
        for at in range(len(excerpt)):
            place = fact.offset + at - start
            if 0 <= place < len(whole) and excerpt[at] not in ENDING:
                excerpt[at] = whole[place]
        return fact._replace(excerpt=bytes(excerpt), wireshark=self._read(fact.wireshark))

    def _read(self, wireshark: str) -> str:
        """What Wireshark's dissector read: a code, or a verb, or a word that is none."""
        what, space, word = wireshark.partition(" ")
        if what != "command":
            return wireshark
        return what + space + self._lines.command(word.encode()).decode("utf-8", "replace")
