"""Dialogue events to the rows of a ladder."""

from __future__ import annotations

from collections import Counter
from typing import Final

from dissect.analysis.model import Row, RowKind
from dissect.detect import keywords, masks
from dissect.dialogue import Command, Note, NoteKind, Opaque, OpaqueKind, Reply
from dissect.dialogue.events import END_OF_DATA
from dissect.evidence import Side

TEXT: Final = 2_048
"""Bytes of a row's text that are kept."""

LADDER_BYTES: Final = 12 << 20
"""Bytes that one flow's ladder may hold, estimated."""

ROW_BYTES: Final = 600
"""What a row takes beside its text."""

ROWS: Final = 20_000
"""Rows kept of one flow; later ones are counted."""

FRAMES: Final = 16
"""Frames named in one row of retransmissions."""

DIFFERENT: Final = b"different"

NOTES: Final = {
    NoteKind.UNSEEN: (RowKind.GAP, "{size:,} bytes are not in the capture"),
    NoteKind.CUT: (RowKind.GAP, "{size:,} bytes cut by the snap length"),
    NoteKind.LOST: (RowKind.GAP, "{size:,} bytes were sent and never arrived"),
    NoteKind.INTERRUPTED: (RowKind.GAP, "the capture was interrupted here"),
    NoteKind.REPEAT: (RowKind.RETRANSMISSION, "{size:,} bytes sent again"),
    NoteKind.CONFLICT: (RowKind.RETRANSMISSION, "{size:,} bytes sent again, and different"),
    NoteKind.FIN: (RowKind.CLOSE, "closes (FIN)"),
    NoteKind.OPENED: (RowKind.TLS, "inside TLS from here on (key log)"),
    NoteKind.RESET: (RowKind.RESET, "resets the connection (RST)"),
}

OPAQUE: Final = {
    OpaqueKind.TLS: (RowKind.TLS, "{size:,} bytes of TLS"),
    OpaqueKind.UNKNOWN: (RowKind.UNKNOWN, "{size:,} bytes that cannot be read as SMTP here"),
    OpaqueKind.PROXY: (RowKind.UNKNOWN, "{size:,} bytes of the PROXY protocol"),
    OpaqueKind.CHUNK: (RowKind.MESSAGE, "message data, {size:,} bytes (BDAT)"),
}


Told = Command | Reply | Opaque | Note


class Ladder:
    """What a flow's rows are made from; they are made when somebody asks for them."""

    def __init__(self) -> None:
        self.events: dict[int, Told] = {}
        """By number; at most ``ROWS``."""
        self.partners: dict[int, int] = {}
        """Number of a command to that of its reply, and the other way round."""
        self.left_out = 0
        self._greeting = b""
        """The server's first line, which may name the product."""
        self._room = LADDER_BYTES

    def tell(self, event: Told) -> None:
        """Something was said or done; an event with a known number replaces that one."""
        if type(event) is Reply and event.greeting:
            self._greeting = event.text
        if event.number in self.events:
            self.events[event.number] = event
        elif len(self.events) < ROWS and self._room > 0:
            self.events[event.number] = event
            self._room -= ROW_BYTES + min(getattr(event, "size", 0), TEXT)
        else:
            self.left_out += 1

    def pair(self, command: Command, reply: Reply) -> None:
        """A reply has found its command; seams and repeats may have been learnt since."""
        if command.number in self.events:
            self.events[command.number] = command
            self.partners[command.number] = reply.number
            self.partners[reply.number] = command.number

    def rows(self, decrypted: int | None = None) -> tuple[Row, ...]:
        """The rows, in order.

        Args:
            decrypted: the number of the first event inside TLS; None where there is none.
        """
        groups = Counter(e.group for e in self.events.values() if type(e) is Command)
        found: list[Row] = []
        for number in sorted(self.events):
            event = self.events[number]
            tls = decrypted is not None and number >= decrypted
            if type(event) is Command:
                group = event.group if groups[event.group] > 1 else None
                found.append(_command(event, group, self.partners.get(number), tls=tls))
            elif type(event) is Reply:
                row = _reply(event, self.partners.get(number), self._greeting)
                found.append(row._replace(tls=True) if tls else row)
            elif type(event) is Opaque:
                found.append(_opaque(event))
            elif type(event) is Note:
                _add_note(found, event)
        return tuple(found)


def _add_note(found: list[Row], note: Note) -> None:
    """Something that TCP did; a run of retransmissions is one row."""
    kind, words = NOTES[note.kind]
    again = kind is RowKind.RETRANSMISSION
    last = found[-1] if found else None
    count = 1
    conflict = note.kind is NoteKind.CONFLICT
    same = last is not None and last.text.endswith(DIFFERENT) is conflict
    if again and last and same and last.kind is kind and last.side is note.side:
        found.pop()
        count += last.retransmitted
        note = note._replace(
            number=last.number, offset=last.offset, size=last.size + note.size,
            frames=(last.frames + note.frames)[-FRAMES:],
        )  # fmt: skip
    found.append(
        Row(
            number=note.number, kind=kind, time=note.time, frames=note.frames,
            side=None if note.kind is NoteKind.OPENED else note.side,
            offset=note.offset, size=note.size, text=words.format(size=note.size).encode(),
            retransmitted=count if again else 0,
        )
    )  # fmt: skip


def _command(command: Command, group: int | None, partner: int | None, *, tls: bool) -> Row:
    """A command line, an AUTH answer, or message data."""
    mask = masks.verb(command)
    data = command.verb == END_OF_DATA
    kind = RowKind.MESSAGE if data else RowKind.COMMAND if command.verb else RowKind.AUTH
    text = command.line[:TEXT]
    if data:
        words = "message data" if command.ending else "message data without its end"
        text = f"{words}, {command.size:,} bytes in {_pieces(command, tls)}".encode()
    return Row(
        number=command.number, kind=kind, side=Side.CLIENT, time=command.time,
        frames=command.frames, offset=command.offset, size=command.size, text=text,
        verb="" if data else command.verb, seams=command.seams, pieces=command.pieces,
        partner=partner, group=group, masked=((0, mask.length),) if mask else (),
        original=mask.original if mask else "", retransmitted=command.retransmitted, tls=tls,
    )  # fmt: skip


def _pieces(command: Command, tls: bool) -> str:  # noqa: FBT001 - as of its row
    """How many segments, or records, brought message data."""
    what = "TLS record" if tls else "segment"
    return f"1 {what}" if command.segments == 1 else f"{command.segments:,} {what}s"


def _reply(reply: Reply, partner: int | None, greeting: bytes) -> Row:
    """A reply, with what is masked in it."""
    masked, original = _masked(reply, greeting)
    return Row(
        number=reply.number, kind=RowKind.GREETING if reply.greeting else RowKind.REPLY,
        side=Side.SERVER, time=reply.time, frames=reply.frames, offset=reply.offset,
        size=reply.size, text=reply.text[:TEXT], code=reply.code, seams=reply.seams,
        pieces=reply.pieces, partner=partner, masked=masked, original=original,
    )  # fmt: skip


def _masked(reply: Reply, greeting: bytes) -> tuple[tuple[tuple[int, int], ...], str]:
    """Ranges of a reply's text that are masked, and what they were."""
    if reply.greeting:
        masked = masks.banner(reply.lines) or masks.hung(reply.lines)
        return (((4, len(reply.text[:TEXT])),), "") if masked else ((), "")
    if reply.code != 250 or len(reply.lines) < 2:  # noqa: PLR2004 - an EHLO reply of several lines
        return (), ""
    found = keywords.masked((b"250", *reply.lines[1:]), greeting)
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
