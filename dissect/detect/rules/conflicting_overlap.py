"""The same sequence numbers, twice, with different bytes.

## What it reports
Bytes that came again under the same sequence numbers and are not what came first, how they differ,
and whether one copy is masked.

## Why it matters
A sender repeats what it sent. Where the copies differ somebody else wrote one of them: a device
that rewrites one packet and not its repeat, an injector, or an attempt to show a filter one text
and the server another. The receiver may have read the other copy than is shown here.

## What it cannot see
Which copy the receiver took: most take the first, which is what Seamark shows. A capture that holds
both sides of a device that rewrites has every packet twice: then it is no repeat. Bytes that the
snap length cut, that are encrypted, that may hold credentials, or that came too long ago are not
compared or not shown. One byte alone is left out, because a keep-alive probe may carry any. A
capture on the other side shows which copy arrived.

## Example dialogue
    C: RCPT TO:<a@example.net>
    C: XXXX TO:<a@example.net>     (under the same sequence numbers)

## Remedy
Capture on the other side, and find the device between the two whose copies differ.

## Sources
RFC 9293 section 3.4 and, for keep-alives, 3.8.4; Ptacek and Newsham, "Insertion, Evasion, and
Denial of Service: Eluding Network Intrusion Detection", 1998.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dissect.detect import injections, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.dialogue import Ended, Note
from dissect.escape import visible
from dissect.streams import Copies

CONFIDENCE: Final = 0.9

FEWEST: Final = 2
"""Letters that a mask covers: of a verb that is cut, one half."""

SHOWN: Final = 32
"""Bytes of each copy in the message."""


class ConflictingOverlap(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="conflicting-overlap",
        group="path",
        severity=Severity.HIGH,
        summary="The same sequence numbers came twice with different bytes",
        sources=("RFC 9293 section 3.4",),
    )

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """All conflicts of a flow: they are told once, and the first is shown."""
        there = [note for note in context.conflicts if note.size > 1]
        injected = injections.found(context, ended) if there else None
        if injected is not None:
            there = [note for note in there if note is not injected.conflict]
        if there:
            yield self._found(context, there)

    def _found(self, context: Context, there: list[Note]) -> Finding:
        """One finding for all of them."""
        note = there[0]
        side, other = note.side.value, note.side.other.value
        more = f" ({len(there) - 1} more of them)" if len(there) > 1 else ""
        return self.finding(
            context,
            (context.shown(note),),
            f"{note.size:,} bytes of the {side} came again and are not the same"
            f"{_how(note.copies)}{more}",
            confidence=CONFIDENCE,
            observed=note.copies.two if note.copies else b"",
            original=_original(note.copies),
            impact=f"The {other} may have read another text than is shown here, which is the "
            "first copy.",
            remedy=remedies.OTHER_SIDE,
            frames=tuple(frame for each in there for frame in each.frames),
        )


def _how(copies: Copies | None) -> str:
    """How the copies differ, as far as is known."""
    if copies is None:
        return ""
    one, two = (visible(copy[:SHOWN]) for copy in copies[1:])
    masked = _masked(copies)
    mask = f"; the {masked} copy is masked" if masked else ""
    return f" from byte {copies.offset:,} of the stream on: first {one}, then {two}{mask}"


def _masked(copies: Copies) -> str:
    """Which copy is the other with letters overwritten: ``first``, ``second`` or empty."""
    for word, mask, plain in (
        ("first", copies.one, copies.two),
        ("second", copies.two, copies.one),
    ):
        pairs = [(m, p) for m, p in zip(mask, plain, strict=True) if m != p]
        letters = {bytes((m,)) for m, _ in pairs}
        printable = all(p > ord(" ") for _, p in pairs)
        if len(pairs) >= FEWEST and len(letters) == 1 and letters <= traits.MASKS and printable:
            return word
    return ""


def _original(copies: Copies | None) -> str:
    """What a masked copy was."""
    if copies is None or not _masked(copies):
        return ""
    return visible(copies.one if _masked(copies) == "second" else copies.two)
