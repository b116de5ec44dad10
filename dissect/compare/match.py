"""Which flow of one capture is which flow of the other.

Addresses, ports, sequence numbers and clocks may all differ, and masks may have eaten greetings
and verbs.  What stays are arguments of commands, lines of messages and texts of replies: flows
that share rare ones belong together.  Where retries share them all, time decides, once the clock
offset is known: the one at which most likely pairs begin at the same moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import Final, NamedTuple

from dissect.compare.tape import Tape
from dissect.evidence import Side

LINES: Final = 300
"""Lines of a direction that a flow is recognised by."""

SHORT: Final = 8
"""Bytes below which a line tells nothing."""

COMMON: Final = 32
"""Flows of a capture that share a line from which on it tells nothing."""

TOGETHER: Final = 1.0
"""Seconds by which the beginnings of true pairs lie apart once the clocks agree."""

DELAY: Final = 30.0
"""Seconds that a proxy may take to open its own connection."""

CLOCKS: Final = 900.0
"""Seconds by which the clocks may differ: what lies further apart is other mail, however alike."""

LIKE: Final = 0.5
"""Likeness from which on two flows may be the same by what was said."""

NEAR: Final = 2.0
"""Seconds apart up to which flows of the same addresses and ports are the same."""

HEAD: Final = 512
"""Bytes of a direction that are looked at where no line can tell."""


FEW: Final = 3
"""Lines from which on a flow can be recognised by them."""

Word = tuple[Side, bytes]


class Candidate(NamedTuple):
    """Two flows that may be the same."""

    one: int
    two: int
    likeness: float
    """From 0 to 1."""
    same: bool
    """Whether addresses and ports are."""


class Matching(NamedTuple):
    """The pairs, as places in the two lists, and the flows that have no partner."""

    pairs: tuple[tuple[int, int], ...]
    only_one: tuple[int, ...]
    only_two: tuple[int, ...]
    offset: float
    """Seconds that the second clock is ahead."""


def match(one: list[Tape], two: list[Tape]) -> Matching:
    """Pair the flows of two captures, each at most once."""
    likely = [each for each in _by_words(one, two) if abs(_delta(one, two, each)) <= CLOCKS]
    offset = _offset([(_delta(one, two, each), each.likeness + each.same) for each in likely])
    likely += _by_time(one, two, offset, {(each.one, each.two) for each in likely})
    ranked = sorted(likely, key=lambda each: _rank(each, _delta(one, two, each) - offset))
    ours: set[int] = set()
    theirs: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for each in ranked:
        late = abs(_delta(one, two, each) - offset)
        sure = each.likeness >= LIKE or (each.same and late <= NEAR)
        if sure and late <= DELAY and each.one not in ours and each.two not in theirs:
            ours.add(each.one)
            theirs.add(each.two)
            pairs.append((each.one, each.two))
    return Matching(
        tuple(sorted(pairs)),
        tuple(at for at in range(len(one)) if at not in ours),
        tuple(at for at in range(len(two)) if at not in theirs),
        _precise([(one[a], two[b]) for a, b in pairs], offset),
    )


def _rank(each: Candidate, late: float) -> tuple[float, float]:
    """The best first: what was said, minus the seconds apart."""
    return -(each.likeness + each.same / 2 - abs(late) / 2), abs(late)


def _delta(one: list[Tape], two: list[Tape], each: Candidate) -> float:
    """How much later the second one begins, by the clocks as they are."""
    first, second = one[each.one], two[each.two]
    if first.midway != second.midway:
        return second.end - first.end
    return second.start - first.start


def _by_words(one: list[Tape], two: list[Tape]) -> list[Candidate]:
    """Flows that share rare lines, or addresses and ports."""
    words, others = [_words(tape) for tape in one], [_words(tape) for tape in two]
    ours, theirs = _index(words), _index(others)
    shared = set(_same(one, two))
    for word, flows in ours.items():
        rare = len(flows) <= COMMON and len(theirs.get(word, ())) <= COMMON
        shared.update((a, b) for a in flows for b in theirs.get(word, ()) if rare)
    return [
        Candidate(
            a, b, _share(words[a], others[b]) or _like(one[a], two[b]),
            _ends(one[a]) == _ends(two[b]),
        )
        for a, b in sorted(shared)
    ]  # fmt: skip


def _share(one: set[Word], two: set[Word]) -> float:
    """How much of what the shorter one says the other says, too; 0 where it says next to nothing.

    Other mail of the same hosts shares a few lines, and the same mail through a proxy most.
    """
    size = min(len(one), len(two))
    return len(one & two) / size if size >= FEW else 0.0


def _ends(tape: Tape) -> tuple[object, object]:
    return tape.client, tape.server


def _same(one: list[Tape], two: list[Tape]) -> Iterable[tuple[int, int]]:
    """Flows between the same addresses and ports."""
    known: dict[tuple[object, object], list[int]] = defaultdict(list)
    for at, tape in enumerate(two):
        known[_ends(tape)].append(at)
    return [
        (at, other) for at, tape in enumerate(one) for other in known.get(_ends(tape), [])[:COMMON]
    ]


def _index(words: list[set[Word]]) -> dict[Word, list[int]]:
    """Which flows hold each word."""
    found: dict[Word, list[int]] = defaultdict(list)
    for at, each in enumerate(words):
        for word in each:
            if len(found[word]) <= COMMON:
                found[word].append(at)
    return found


def _words(tape: Tape) -> set[Word]:
    """What of each line survives masks: all but the verb or the reply code."""
    words: set[Word] = set()
    for side in Side:
        data = tape.tracks[side].data
        for line in bytes(data[: LINES * 80]).split(b"\n")[:LINES]:
            rest = line.rstrip(b"\r").partition(b" ")[2]
            if len(rest) >= SHORT and len({*rest} - set(b"Xx*20 ")) > SHORT // 2:
                words.add((side, rest))
    return words


def _offset(deltas: list[tuple[float, float]]) -> float:
    """Where most of the weight lies within ``TOGETHER`` seconds; 0 without any."""
    deltas = sorted(deltas)
    best, found, first, weight = 0.0, 0.0, 0, 0.0
    for last, (delta, more) in enumerate(deltas):
        weight += more
        while delta - deltas[first][0] > TOGETHER:
            weight -= deltas[first][1]
            first += 1
        middle = median(each for each, _ in deltas[first : last + 1])
        if weight > best + 1e-9 or (weight > best - 1e-9 and abs(middle) < abs(found)):
            best, found = weight, middle
    return found


def _by_time(
    one: list[Tape], two: list[Tape], offset: float, known: set[tuple[int, int]]
) -> list[Candidate]:
    """Flows that begin at the same moment and look alike octet by octet."""
    later = sorted((tape.start - offset, at) for at, tape in enumerate(two))
    found, first = [], 0
    for start, at in sorted((tape.start, at) for at, tape in enumerate(one)):
        while first < len(later) and later[first][0] < start - TOGETHER:
            first += 1
        for begun, other in later[first : first + COMMON]:
            if begun <= start + TOGETHER and (at, other) not in known:
                found.append(Candidate(at, other, _like(one[at], two[other]), same=False))
    return found


def _like(one: Tape, two: Tape) -> float:
    """How many octets at the beginning are the same, from 0 to 1; 0 where nothing was said."""
    shares = []
    for side in Side:
        left, right = (bytes(tape.tracks[side].data[:HEAD]) for tape in (one, two))
        if left or right:
            same = sum(a == b for a, b in zip(left, right, strict=False))
            shares.append(same / max(len(left), len(right)))
    return sum(shares) / len(shares) if shares else 0.0


def _precise(pairs: list[tuple[Tape, Tape]], rough: float) -> float:
    """The clock offset by the handshakes: what both directions say, halved (RFC 5905 section 8)."""
    offsets = [
        ((two.opened - one.opened) + (two.granted - one.granted)) / 2
        for one, two in pairs
        if one.opened and two.opened and one.granted and two.granted
    ]
    return median(offsets) if offsets else rough
