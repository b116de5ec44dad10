"""Bytes that were on the wire and are not in the capture.

## What it reports
The first hole of a flow that the receiver has acknowledged: the packet arrived there, and the
capture dropped it. In live capture, too, that the source was away for a while.

## Why it matters
What the hole held is not known, and rules that rest on silence must not speak.

## What it cannot see
Whatever the missing packets held.

## Example dialogue
    C: RCPT TO:<a@example.net>
    (1,448 bytes that the server acknowledged are not in the capture)

## Remedy
A larger buffer (`tcpdump -B 65536`), a narrower filter, or a faster disk.

## Sources
RFC 9293 section 3.4; tcpdump(1), "packets dropped by kernel".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dissect.detect import traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Note, NoteKind


class CaptureGap(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="capture-gap",
        group="capture",
        severity=Severity.INFO,
        summary="Bytes that were acknowledged and are not in the capture",
        sources=("RFC 9293 section 3.4",),
    )

    notes = traits.NOTES[NoteKind.UNSEEN] | traits.NOTES[NoteKind.INTERRUPTED]

    def __init__(self) -> None:
        self._told = self._interrupted = False

    def note(self, context: Context, note: Note) -> Iterator[Finding]:
        """The first hole, and the first interruption."""
        if note.kind is NoteKind.INTERRUPTED and not self._interrupted:
            self._interrupted = True
            yield self._interruption(context, note)
        if note.kind is not NoteKind.UNSEEN or self._told:
            return
        self._told = True
        yield self.finding(
            context,
            (note,),
            f"{note.size} bytes of the {note.side.value} were acknowledged and are not in the "
            "capture",
            confidence=0.95,
            remedy=("Capture with a larger buffer: tcpdump -B 65536",),
        )

    def _interruption(self, context: Context, note: Note) -> Finding:
        """The source was away."""
        return self.finding(
            context,
            (note,),
            "The capture was interrupted during this conversation: what passed meanwhile is not "
            "known",
            confidence=1.0,
            remedy=("What follows was captured behind the interruption: judge it with care",),
        )
