"""A BDAT whose number of octets is not that of the text.

## What it reports
Too small a number: the server accepts the chunk, and the rest of the text, in the same flight, is
refused line by line. Too large a number: the server waits for octets that never come, all that
was sent is acknowledged, and one side gives up.

## Why it matters
BDAT has no end mark but its number. The message arrives cut short, or never, and each retry does
the same. A usual reason is that the sender counts the text with one line end and sends it with
the other: then the difference is the number of lines.

## What it cannot see
Whether something on the way changed the line ends of the octets: compare both sides. A masked
BDAT is told of by `masked-verb` and `body-parsed-as-commands`.

## Example dialogue
    C: BDAT 2000 LAST
    C: (2,040 octets)
    S: 250 OK
    S: 500 unrecognized command

## Remedy
Mend the sending software, or turn CHUNKING off.

## Sources
PROTO-09: RFC 3030 section 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import remedies
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.detect.storms import LINES, Storm
from dissect.detect.tally import SURE
from dissect.dialogue import Command, Ended, Opaque
from dissect.dialogue.grammar import CHUNK
from dissect.evidence import Side

PAUSE, PATIENCE = 3.0, 60.0
"""Seconds of silence behind which the client may have sent all, and behind which it surely has."""

UNREAD: Final = frozenset({421, 451})
"""What a server says when it has waited in vain."""

COUNTED, SURPLUS, SHORT, UNSURE = 0.95, 0.9, 0.7, 0.5
"""Confidence: the difference is the number of lines; text follows the chunk in the same flight;
octets are missing after a long silence, and the client's FIN or RST shows that it sent no more;
the silence was short, so that the client may have died, or nothing shows that no byte was lost."""


class BdatSizeMismatch(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="bdat-size-mismatch",
        group="ending",
        severity=Severity.HIGH,
        summary="A BDAT whose number of octets is not that of the text",
        sources=("PROTO-09", "RFC 3030 section 2"),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """Text behind a chunk, and a chunk that is not full."""
        if context.unsure or ended.partial:
            return
        for storm in context.storms:
            if stop := _surplus_begins(storm):
                context.tally.sender_faults += 1
                yield self._too_small(context, storm, stop)
        if ended.chunk and context.chunk and _waited(context, ended, context.chunk):
            found = self._too_large(context, ended, context.chunk)
            context.tally.sender_faults += found.confidence >= SURE
            yield found

    def _too_small(self, context: Context, storm: Storm, stop: int) -> Finding:
        """Text behind a chunk that was accepted."""
        command, reply, _ = storm.cause
        assert command is not None
        surplus, whole = _size(storm, stop), storm.lines <= LINES
        chunk = context.chunk
        feeds = chunk.feeds if chunk and chunk.offset + chunk.size == stop else -1
        counted = whole and feeds >= 0 and surplus == feeds + storm.lines
        why = ", as many as the text has lines: it was counted with LF and sent with CRLF"
        return self.finding(
            context,
            (command, reply, storm.first),
            f"{command.line.decode('ascii', 'backslashreplace')} is too small: {surplus:,} octets "
            f"{'' if whole else 'and more '}of the text are left over, which are read as commands"
            + (why if counted else ""),
            confidence=COUNTED if counted else SURPLUS,
            observed=command.line,
            impact="The recipients get the message without its end, and may get it again with each "
            "retry.",
            remedy=(
                "The sending software must count the octets as it sends them (RFC 3030)",
                *remedies.NO_CHUNKING,
            ),
        )

    def _too_large(self, context: Context, ended: Ended, chunk: Opaque) -> Finding:
        """A chunk whose last octets never came."""
        counted = ended.chunk == chunk.feeds
        closed = any(note.side is Side.CLIENT for note in ended.closed)
        pending = next((c for c in ended.pending if c.verb == "BDAT"), None)
        seconds = ended.closed[0].time - chunk.time
        long = seconds >= PATIENCE
        why = ", as many as it has line feeds: it was counted with CRLF and sent with LF"
        return self.finding(
            context,
            (pending, ended.closed[0]),
            f"BDAT announced {chunk.size + ended.chunk:,} octets and {chunk.size:,} came: the "
            f"server waited for {ended.chunk:,} more, for {seconds:.0f} seconds"
            + (why if counted else ""),
            confidence=COUNTED if counted else SHORT if closed and long else UNSURE,
            observed=pending.line if pending else b"",
            impact="No recipient gets the message: the server never sees it whole. What the client "
            "sent behind it, QUIT for one, was taken for a part of it.",
            remedy=(
                "The sending software must count the octets as it sends them (RFC 3030)",
                *remedies.NO_CHUNKING,
            ),
            frames=tuple(sorted({*chunk.frames, *ended.closed[0].frames})),
        )


def _surplus_begins(storm: Storm) -> int:
    """Where the text behind a chunk that was accepted begins; 0 where there is none."""
    command, reply, _ = storm.cause
    match = CHUNK.match(command.line) if command is not None else None
    if command is None or match is None or reply is None or not reply.positive or not storm.text:
        return 0
    stop = command.offset + command.size + int(match[1])
    first = storm.first
    there = isinstance(first, Command) and stop <= first.offset < reply.acked
    return stop if there else 0


def _size(storm: Storm, start: int) -> int:
    """Octets of the text, as far as its lines were kept."""
    lines = [command for command, _, _ in storm.exchanges if command is not None]
    return lines[-1].offset + lines[-1].size - start


def _waited(context: Context, ended: Ended, chunk: Opaque) -> bool:
    """Whether the server had all that was sent, and both sides waited for the rest."""
    stop = chunk.offset + chunk.size
    if not ended.closed or not ended.server_seen or ended.client.acked < stop:
        return False
    if any(note.offset != stop for note in ended.closed if note.side is Side.CLIENT):
        return False
    last = context.last
    refused = last is not None and not last.positive and last.code not in UNREAD
    return not refused and ended.closed[0].time - chunk.time >= PAUSE
