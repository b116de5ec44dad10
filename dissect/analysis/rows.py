"""Dialogue events to the rows of a ladder."""

from __future__ import annotations

from typing import Final

from dissect.analysis.model import Row, RowKind
from dissect.detect import keywords, masks
from dissect.dialogue import Command, Exchange, Note, NoteKind, Opaque, OpaqueKind, Reply
from dissect.dialogue.events import END_OF_DATA, DialogueEvent
from dissect.evidence import Side

TEXT: Final = 2_048
"""Bytes of a row's text that are kept."""

ROWS: Final = 20_000
"""Rows kept of one flow; later ones are counted."""

NOTES: Final = {
    NoteKind.UNSEEN: (RowKind.GAP, "{size:,} bytes are not in the capture"),
    NoteKind.CUT: (RowKind.GAP, "{size:,} bytes cut by the snap length"),
    NoteKind.LOST: (RowKind.GAP, "{size:,} bytes were sent and never arrived"),
    NoteKind.REPEAT: (RowKind.RETRANSMISSION, "{size:,} bytes sent again"),
    NoteKind.CONFLICT: (RowKind.RETRANSMISSION, "{size:,} bytes sent again, and different"),
    NoteKind.FIN: (RowKind.CLOSE, "closes (FIN)"),
    NoteKind.RESET: (RowKind.RESET, "resets the connection (RST)"),
}

OPAQUE: Final = {
    OpaqueKind.TLS: (RowKind.TLS, "{size:,} bytes of TLS"),
    OpaqueKind.UNKNOWN: (RowKind.UNKNOWN, "{size:,} bytes that cannot be read as SMTP here"),
    OpaqueKind.CHUNK: (RowKind.MESSAGE, "message data, {size:,} bytes (BDAT)"),
}


class Rows:
    """The rows of one flow, by number."""

    def __init__(self) -> None:
        self.by_number: dict[int, Row] = {}
        self.left_out = 0
        self._group: tuple[int, int] = (0, -1)
        self._repeat: Row | None = None

    def add(self, events: list[DialogueEvent]) -> None:
        """Take events."""
        for event in events:
            kind = type(event)
            if kind is Command:
                self._command(event)  # type: ignore[arg-type]
            elif kind is Reply:
                self._put(_reply(event))  # type: ignore[arg-type]
            elif kind is Exchange:
                self._pair(event)  # type: ignore[arg-type]
            elif kind is Opaque:
                self._put(_opaque(event))  # type: ignore[arg-type]
            elif kind is Note:
                self._note(event)  # type: ignore[arg-type]

    def _put(self, row: Row) -> None:
        """Keep a row, within the bound."""
        if row.number in self.by_number or len(self.by_number) < ROWS:
            self.by_number[row.number] = row
        else:
            self.left_out += 1

    def _command(self, command: Command) -> None:
        """A command; the second of a pipelining group makes it one."""
        group, first = self._group
        if command.group == group:
            row = self.by_number.get(first)
            if row is not None and row.group is None:
                self.by_number[first] = row._replace(group=group)
            self._put(_command(command, command.group))
        else:
            self._group = (command.group, command.number)
            self._put(_command(command, None))

    def _pair(self, exchange: Exchange) -> None:
        """A reply has found its command: tie the rows, and take what was learnt since."""
        command, reply = exchange.command, exchange.reply
        if command is None:
            return
        row = self.by_number.get(command.number)
        if row is not None:
            self.by_number[command.number] = row._replace(
                partner=reply.number if reply else None,
                seams=command.seams,
                retransmitted=command.retransmitted,
            )
        answer = self.by_number.get(reply.number) if reply else None
        if reply is not None and answer is not None:
            self.by_number[reply.number] = answer._replace(partner=command.number)

    def _note(self, note: Note) -> None:
        """Something that TCP did; a run of retransmissions is one row."""
        kind, words = NOTES[note.kind]
        last = self._repeat
        if (
            last is not None
            and kind is RowKind.RETRANSMISSION is last.kind
            and last.side is note.side
            and last.number in self.by_number
            and last.number + last.retransmitted == note.number
        ):
            note = note._replace(
                number=last.number, size=last.size + note.size, frames=last.frames + note.frames
            )
        row = Row(
            number=note.number, kind=kind, side=note.side, time=note.time,
            frames=note.frames[:16], offset=note.offset, size=note.size,
            text=words.format(size=note.size).encode(),
            retransmitted=len(note.frames) if kind is RowKind.RETRANSMISSION else 0,
        )  # fmt: skip
        self._repeat = row
        self._put(row)


def _command(command: Command, group: int | None) -> Row:
    """A command line, an AUTH answer, or message data."""
    mask = masks.verb(command)
    data = command.verb == END_OF_DATA
    kind = RowKind.MESSAGE if data else RowKind.COMMAND if command.verb else RowKind.AUTH
    text = command.line[:TEXT]
    if data:
        text = f"message data, {command.size:,} bytes in {_segments(command)}".encode()
    return Row(
        number=command.number, kind=kind, side=Side.CLIENT, time=command.time,
        frames=command.frames, offset=command.offset, size=command.size, text=text,
        verb="" if data else command.verb, seams=command.seams, pieces=command.pieces,
        group=group, masked=((0, mask.length),) if mask else (),
        original=mask.original if mask else "", retransmitted=command.retransmitted,
    )  # fmt: skip


def _segments(command: Command) -> str:
    """How many segments brought message data."""
    return "1 segment" if command.segments == 1 else f"{command.segments:,} segments"


def _reply(reply: Reply) -> Row:
    """A reply, with what is masked in it."""
    masked, original = _masked(reply)
    return Row(
        number=reply.number, kind=RowKind.GREETING if reply.greeting else RowKind.REPLY,
        side=Side.SERVER, time=reply.time, frames=reply.frames, offset=reply.offset,
        size=reply.size, text=reply.text[:TEXT], code=reply.code, seams=reply.seams,
        pieces=reply.pieces, masked=masked, original=original,
    )  # fmt: skip


def _masked(reply: Reply) -> tuple[tuple[tuple[int, int], ...], str]:
    """Ranges of a reply's text that are masked, and what they were."""
    if reply.greeting:
        return (((4, len(reply.text[:TEXT])),), "") if masks.banner(reply.lines) else ((), "")
    if reply.code != 250 or len(reply.lines) < 2:  # noqa: PLR2004 - an EHLO reply of several lines
        return (), ""
    found = keywords.masked(reply.lines)
    starts = [0]
    for line in reply.lines:
        starts.append(starts[-1] + len(line) + 2)
    ranges = tuple((starts[w.line] + 4, starts[w.line] + 4 + len(w.mask)) for w in found)
    return ranges, ", ".join(word.original or "?" for word in found)


def _opaque(event: Opaque) -> Row:
    """Bytes that are not read."""
    kind, words = OPAQUE[event.kind]
    return Row(
        number=event.number, kind=kind, side=event.side, time=event.time, frames=event.frames,
        offset=event.offset, size=event.size, text=words.format(size=event.size).encode(),
    )  # fmt: skip
