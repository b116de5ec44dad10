"""Which lines of two flows belong together.

The lines are matched by what they are for: a masked verb by what it was, a reply by its command,
a keyword of an EHLO reply by its name.  Numbered among their like, all these keys are unique, so
that the longest common sequence is a longest increasing one: n log n, whatever the traffic.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import FlowDetail, Row, RowKind
from tui.ladder import Rung, in_time, rungs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

HELLOS: Final = frozenset({"EHLO", "HELO", "LHLO"})
PATH: Final = re.compile(rb"^\S+\s+((?:FROM|TO):)\s*(<[^>]*>?)(.*)$", re.IGNORECASE | re.DOTALL)
"""A command with a path: what introduces it, the path, and the parameters."""
COMMAND: Final = "command"
KEYWORD: Final = "keyword"
REPLY: Final = "reply"
_VERBS: Final = {b"FROM:": "MAIL", b"TO:": "RCPT"}
_OK: Final = 250
_MOST_GUESSED: Final = 10
"""Lines that are looked at for one that a masked one could be."""
_UNKNOWN: Final = "?"

Key = tuple["Hashable", ...]


class Unit(NamedTuple):
    """A line to be matched."""

    rung: Rung
    row: Row
    strict: Key
    """What it is for, as narrowly as can be told."""
    loose: Key
    """The same as widely as still makes sense."""

    @property
    def text(self) -> bytes:
        """Its bytes."""
        return self.row.text[self.rung.start : self.rung.end]

    @property
    def masked(self) -> bool:
        """Whether a part of it is masked."""
        start, end = self.rung.start, self.rung.end
        return any(low < end and high > start for low, high in self.row.masked)

    @property
    def word(self) -> bytes:
        """Its verb as on the wire, or its keyword."""
        return keyword(self.text) if self.strict[0] == KEYWORD else verb(self.text)

    @property
    def seams(self) -> list[int]:
        """Its seams by position; of message data, counted from the end."""
        row = self.row
        if row.kind is RowKind.MESSAGE:
            return [seam.offset - row.offset - row.size for seam in row.seams]
        start, end = self.rung.start, self.rung.end + 2
        found = [seam.offset - row.offset for seam in row.seams]
        return [at - start for at in found if start <= at < end]


Both = tuple["Unit | None", "Unit | None"]


def units(detail: FlowDetail) -> list[Unit]:
    """The lines of a flow, as they are shown."""
    by_number = {row.number: row for row in detail.rows}
    found: list[Unit] = []
    for index in in_time(detail.rows):
        row = detail.rows[index]
        if row.kind is RowKind.LOG:
            continue
        partner = by_number.get(row.partner) if row.partner is not None else None
        masked = _originals(row)
        for number, rung in enumerate(rungs(index, row)):
            found.append(Unit(rung, row, *_keys(row, partner, rung, number, masked.get(number))))
    return found


def aligned(left: Sequence[Unit], right: Sequence[Unit]) -> list[Both]:
    """Lines that belong together; what is only on one side stands where it was said."""
    found: list[Both] = []
    strict = [unit.strict for unit in left], [unit.strict for unit in right]
    for ours, theirs, both in _blocks(left, right, *strict):
        if ours or theirs:
            found.extend(_loosely(ours, theirs))
        if both:
            found.append(both)
    return found


def _loosely(left: Sequence[Unit], right: Sequence[Unit]) -> Iterator[Both]:
    """The same between two matches, where nothing matches strictly."""
    loose = [unit.loose for unit in left], [unit.loose for unit in right]
    for mine, others, both in _blocks(left, right, *loose):
        yield from _guessed(mine, others)
        if both:
            yield both


def verb_meant(row: Row) -> str:
    """A command's verb as the client meant it, as far as that can be told."""
    if not row.masked:
        return row.verb or row.kind.value
    path = PATH.match(row.text)
    return row.original or (_VERBS[path[1].upper()] if path else row.verb)


def verb(text: bytes) -> bytes:
    """The first word of a command."""
    return text.split(b" ", 1)[0].upper()


def keyword(text: bytes) -> bytes:
    """The first word of a line of an EHLO reply."""
    return verb(text[4:])


def _keys(
    row: Row, partner: Row | None, rung: Rung, number: int, original: bytes | None
) -> tuple[Key, Key]:
    """The strict and the loose key of the line of a row with that number."""
    if row.kind is RowKind.COMMAND:
        name = verb_meant(row)
        return (COMMAND, name, _address(row.text)), (COMMAND, name)
    if row.kind is RowKind.REPLY and partner is not None:
        name = verb_meant(partner)
        if name in HELLOS and row.code == _OK and number:
            key = (KEYWORD, original or keyword(row.text[rung.start : rung.end]))
            return key, key
        return (REPLY, name, _address(partner.text), number), (REPLY, name, number)
    side = None if row.kind is RowKind.CLOSE else row.side
    return (row.kind, side, number), (row.kind, side, number)


def _address(text: bytes) -> bytes:
    """The path of a MAIL or a RCPT, in small letters; empty for other commands."""
    path = PATH.match(text)
    return path[2].lower() if path else b""


def _originals(row: Row) -> dict[int, bytes]:
    """The masked keywords of a reply as they were, by number of their line."""
    words = row.original.split(", ") if row.original else []
    if row.kind is not RowKind.REPLY or len(words) != len(row.masked):
        return {}
    return {
        row.text.count(b"\r\n", 0, low): word.encode("utf-8", "replace")
        for (low, _), word in zip(row.masked, words, strict=True)
        if word != _UNKNOWN
    }


_Block = tuple["Sequence[Unit]", "Sequence[Unit]", "tuple[Unit, Unit] | None"]


def _blocks(
    left: Sequence[Unit], right: Sequence[Unit], mine: list[Key], theirs: list[Key]
) -> list[_Block]:
    """What is unmatched before each match, and the match; the last block has none."""
    blocks: list[_Block] = []
    at = to = 0
    for one, other in _matches(mine, theirs):
        blocks.append((left[at:one], right[to:other], (left[one], right[other])))
        at, to = one + 1, other + 1
    return [*blocks, (left[at:], right[to:], None)]


def _matches(left: list[Key], right: list[Key]) -> list[tuple[int, int]]:
    """Positions of equal keys, ascending on both sides, as many as there can be."""
    places = {key: at for at, key in enumerate(_numbered(right))}
    known = [(at, places[key]) for at, key in enumerate(_numbered(left)) if key in places]
    return [known[each] for each in _increasing([to for _, to in known])]


def _numbered(keys: list[Key]) -> Iterator[tuple[Key, int]]:
    """Each key with how many like it came before."""
    seen: Counter[Key] = Counter()
    for key in keys:
        yield key, seen[key]
        seen[key] += 1


def _increasing(values: list[int]) -> list[int]:
    """Positions of a longest increasing subsequence of distinct numbers."""
    ends: list[int] = []
    last: list[int] = []
    before = [-1] * len(values)
    for at, value in enumerate(values):
        place = bisect_left(ends, value)
        before[at] = last[place - 1] if place else -1
        ends[place : place + 1] = [value]
        last[place : place + 1] = [at]
    found: list[int] = []
    at = last[-1] if last else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return found[::-1]


def _guessed(left: Sequence[Unit], right: Sequence[Unit]) -> Iterable[Both]:
    """Pairs of a masked word and a whole one of its length; all others stay alone."""
    if not any(unit.row.masked for unit in (*left, *right)):
        yield from ((unit, None) for unit in left)
        yield from ((None, other) for other in right)
        return
    to = 0
    for unit in left:
        few = right[to : to + _MOST_GUESSED]
        step = next((step for step, other in enumerate(few) if _may_be(unit, other)), None)
        if step is None:
            yield unit, None
            continue
        yield from ((None, other) for other in few[:step])
        yield unit, few[step]
        to += step + 1
    yield from ((None, other) for other in right[to:])


def _may_be(unit: Unit, other: Unit) -> bool:
    """Whether one of them can be the other with a mask of which nothing is known."""
    if unit.strict[0] != other.strict[0] or unit.strict[0] not in {COMMAND, KEYWORD}:
        return False
    if unit.masked == other.masked or len(unit.word) != len(other.word):
        return False
    masked = unit if unit.masked else other
    return masked.strict[1] in {masked.word, masked.word.decode("latin-1")}
