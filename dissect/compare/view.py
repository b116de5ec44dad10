"""Bytes of a flow as they are shown: credentials masked, and names replaced where that is asked."""

from __future__ import annotations

from typing import Final, NamedTuple

from dissect.compare.tape import Tape, Track
from dissect.dialogue import redact

SHOWN: Final = 512
"""Bytes of a change that are shown; how many there are is always told."""

Marks = tuple[tuple[int, int], ...]
"""Ranges of a text that the other one does not have so."""

OTHER: Final = bytes.maketrans(b"-z", b"+y")
"""What stands for a byte where another one happens to be shown as it is."""


class View(NamedTuple):
    """What one capture holds at a difference."""

    offset: int
    """Stream offset of its first byte."""
    length: int
    text: bytes
    """The bytes, credentials masked; at most ``SHOWN``."""
    seams: tuple[int, ...]
    """Packet boundaries inside, as offsets from the first byte."""
    frames: tuple[int, ...]


def view(track: Track, start: int, length: int, known: list[bytes]) -> View:
    """A range of a stream, with its credentials masked."""
    end = start + min(length, SHOWN)
    raw, text = bytes(track.data[start:end]), bytearray(track.shown(start, end))
    hidden = [(left - start, right - start) for left, right in track.secrets]
    for left, right in (*hidden, *redact.quoted(raw, known)):
        for at in range(max(0, left), min(right, len(text))):
            text[at] = redact.MASK[0]
    shown = b"\n".join(_quiet(line) for line in bytes(text).split(b"\n"))
    frames = track.frames(start, start + length) if length else ()
    return View(start, length, shown, track.seams(start, start + length) if length else (), frames)


def _quiet(line: bytes) -> bytes:
    """A line without credentials that the dialogue did not come to read."""
    bare = line.rstrip(b"\r")
    return redact.command(bare)[0] + line[len(bare) :]


def both_hidden(one: View, two: View) -> tuple[View, View]:
    """What is masked as a credential in one capture is masked in the other."""
    if redact.MASK not in one.text + two.text:
        return one, two
    mark = redact.MASK[0]
    pairs = list(zip(one.text, two.text, strict=True))
    left = bytes(mark if mark in pair else pair[0] for pair in pairs)
    right = bytes(mark if mark in pair else pair[1] for pair in pairs)
    return one._replace(text=left), two._replace(text=right)


def both_shown(track: Track, one: View, two: View, marks: tuple[Marks, Marks]) -> tuple[View, View]:
    """Two views of one text, the same where it is the same and not where it is not.

    Names may be replaced by others on the two sides, where one side takes for a command what is
    message data on the other.

    Args:
        track: of the first view.
        one: the first view.
        two: the second one.
        marks: what is not the same, in each.
    """
    if len(one.text) == len(two.text):
        one, two = both_hidden(one, two)
    if track.spoken is None:
        return one, two
    ours, theirs = _places(one, marks[0]), _places(two, marks[1])
    text = bytearray(two.text)
    for at, other in zip(ours[0], theirs[0], strict=False):
        text[other] = one.text[at]
    for at, other in zip(ours[1], theirs[1], strict=False):
        if at == other and text[other] == one.text[at] != redact.MASK[0]:
            text[other] = OTHER[text[other]] if text[other] in b"-z" else b"z"[0]
    return one, two._replace(text=bytes(text))


def _places(view: View, ranges: Marks) -> tuple[list[int], list[int]]:
    """Where a text is the same as another, and where it is not."""
    marked = {at for low, high in ranges for at in range(low, high)}
    every = range(len(view.text))
    return [at for at in every if at not in marked], [at for at in every if at in marked]


def secrets(tape: Tape) -> list[bytes]:
    """The credentials of a flow."""
    return [
        bytes(track.data[start:end])
        for track in tape.tracks.values()
        for start, end in track.secrets
        if end - start >= redact.SHORTEST
    ]
