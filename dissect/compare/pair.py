"""One flow seen at two places: what changed, appeared and vanished between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from dissect.compare import align
from dissect.compare.align import Edit
from dissect.compare.tape import Gap, Mark, Tape, Track
from dissect.compare.view import View, both_shown, secrets, view
from dissect.evidence import Side
from dissect.streams import Missing

VOTES: Final = 50
"""Lines by which a flow joined midway is laid over its other half."""

MARGIN: Final = 1.0
"""Seconds before the end of a capture in which what did not come may still have come."""

TRAITS: Final = ("ttl", "mss", "window", "options")
"""Of a handshake: TTL, MSS option, window, and bytes of TCP options of the SYN."""


class Change(NamedTuple):
    """One difference between the two captures."""

    kind: str
    """changed, appeared, vanished, or tls: other bytes under TLS.  As laid, the bytes go from the
    first capture to the second; ``comparison`` turns those that go the other way."""
    side: Side
    """Who sent it, or in whose name it was sent."""
    one: View
    two: View
    runs: tuple[tuple[int, int], ...]
    """Where every octet stands for one octet: offset in the text and length of what differs."""
    octets: int
    """How many bytes differ, appeared or vanished."""
    reset: bool = False
    """Whether it is a RST and no bytes."""
    moved: bool = False
    """Whether the bytes behind it moved: then something edits the stream and not its octets."""


class Trait(NamedTuple):
    """A fact of TCP/IP that is not the same at the two places."""

    side: Side
    name: str
    one: int
    two: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tapes of one flow, and how they differ."""

    one: Tape
    two: Tape
    changes: tuple[Change, ...]
    traits: tuple[Trait, ...]
    renumbered: bool
    """Whether both directions have other sequence numbers."""
    unsure: tuple[str, ...]
    """What could not be compared, and why."""
    compared: int
    """Bytes that both captures hold."""

    @property
    def nearer(self) -> int:
        """Which capture is nearer the client: negative the first, positive the second, or 0.

        There the server's answer to the SYN takes longer, and the client's TTL is higher.
        """
        return _nearer(self.one, self.two)

    @property
    def relayed(self) -> bool:
        """Whether two TCP connections stand for one: another ISN, and another handshake."""
        return self.renumbered and any(t.name in {"window", "options"} for t in self.traits)


class Horizon(NamedTuple):
    """What the captures can say of one flow, by when they end; all times in seconds."""

    one: float
    """When the first capture ends, by its clock."""
    two: float
    """When the second one does, by its own."""
    offset: float
    """How much the second clock is ahead."""
    closed: tuple[bool, bool] = (False, False)
    """Which of them saw the end of the flow."""
    nearer: int = 0
    """Which of them is nearer the client, as ``Pair.nearer``."""
    transit: float = 0.0
    """From one place to the other, estimated from the handshakes."""

    def of(self, one: Tape, two: Tape) -> Horizon:
        """The same for one flow."""
        transit = abs(_trip(one) - _trip(two)) / 2
        closed = one.closed, two.closed
        return self._replace(closed=closed, nearer=_nearer(one, two), transit=transit)

    def lag(self, side: Side) -> float:
        """By how much later, as the clocks are, the second capture has what a side sends."""
        first = (self.nearer <= 0) == (side is Side.CLIENT)
        return self.offset + (self.transit if first else -self.transit)

    def misses(self, side: Side, time: float, *, first: bool, late: bool = False) -> bool:
        """Whether what only one capture holds is missing in the other for no reason of time.

        Args:
            side: who sent it.
            time: when it passed, by the clock of the capture that holds it.
            first: whether that is the first capture.
            late: whether it can come behind the end of a flow, as a RST.
        """
        end = self.two - self.offset if first else self.one + self.offset
        if self.nearer and (self.nearer < 0) != ((side is Side.CLIENT) == first):
            return time <= end  # the other place is the one that it passes first
        if self.closed[first]:
            return not late or time + 2 * self.transit <= end
        return time + MARGIN <= end


class _Sides:
    """One direction in both captures, laid over each other."""

    def __init__(self, side: Side, one: Track, two: Track, shift: int) -> None:
        self.side, self.one, self.two = side, one, two
        skip, other = max(0, shift), max(0, -shift)
        self.skip, self.other = skip, other
        self.left, self.right = bytearray(one.data[skip:]), bytearray(two.data[other:])
        self.unsure: list[str] = []
        self.edits: list[Edit] = []
        if skip or other:
            self.unsure.append(f"{skip or other:,} bytes before one capture joined")
        self.tail: Edit | None = None
        """What one stream has behind the end of the other."""
        self.fitted: set[Edit] = set()
        """What the alignment found, beside what gaps tell."""
        self.holes = False
        self._patch(one, two, first=True)
        self._patch(two, one, first=False)

    def _patch(self, lacks: Track, has: Track, *, first: bool) -> None:
        """Let what one capture lacks be as the other has it, so that only the rest is compared."""
        mine, theirs = (self.left, self.right) if first else (self.right, self.left)
        base = self.skip if first else self.other
        for gap in lacks.gaps:
            self.holes = True
            start, end = max(0, gap.start - base), min(max(0, gap.end - base), len(mine))
            stop = max(start, min(end, len(theirs)))
            mine[start:stop] = theirs[start:stop]
            if gap.missing is Missing.LOST and not _lacking(has, gap) and stop > start:
                ours = (start, stop, start, start), (start, start, start, stop)
                self.edits.append(Edit(*ours[first]))
            else:
                self.unsure.append(f"{gap.end - gap.start:,} bytes that one capture lacks")

    def align(self, horizon: Horizon) -> None:
        """Find the differences, as far as both captures can tell."""
        cut = self._limit()
        left, right = bytes(self.left[: cut[0]]), bytes(self.right[: cut[1]])
        found = align.align(left, right)
        by_line = any(e.end - e.start != e.other_end - e.other_start for e in found[:-1])
        if self.holes and by_line:
            self.unsure.append("what follows bytes that one capture lacks")
            found = []
        if found and found[-1].end == len(left) and found[-1].other_end == len(right):
            self.tail = found[-1]
        self.fitted = set(found)
        self.edits += [e for e in found if not self._late(e, len(left), len(right), horizon)]
        self.edits.sort()

    def _limit(self) -> tuple[int, int]:
        """Where the comparison ends: at the limit of what is kept, and where TLS begins."""
        ends = [len(self.left), len(self.right)]
        for track in (self.one, self.two):
            if track.size > len(track.data):
                self.unsure.append(f"{track.size - len(track.data):,} bytes beyond the limit")
                ends = [min(ends)] * 2
        tls = [self.one.tls - self.skip, self.two.tls - self.other]
        if self.one.tls >= 0 and self.two.tls >= 0 and self._other_tls(*tls):
            ends = [min(end, at) for end, at in zip(ends, tls, strict=True)]
        return ends[0], ends[1]

    def _other_tls(self, start: int, other: int) -> bool:
        """Whether two TLS sessions stand for one: then their bytes are not laid over each other."""
        left, right = bytes(self.left[start:]), bytes(self.right[other:])
        size = min(len(left), len(right))
        differ = sum(end - begin for begin, end in align.differing(left, right))
        if differ <= size // 4:
            return False
        self.edits.append(Edit(start, len(self.left), other, len(self.right)))
        return True

    def _late(self, edit: Edit, left: int, right: int, horizon: Horizon) -> bool:
        """Whether bytes at the end of one stream may be missing because a capture was over."""
        if edit.other_start == edit.other_end == right and edit.end == left:
            mark, first = self.one.mark(edit.start + self.skip), True
        elif edit.start == edit.end == left and edit.other_end == right:
            mark, first = self.two.mark(edit.other_start + self.other), False
        else:
            return False
        if mark is None or horizon.misses(self.side, mark.time, first=first):
            return False
        self.unsure.append(f"{edit.cost:,} bytes after the other capture had ended")
        return True


def _lacking(track: Track, gap: Gap) -> bool:
    """Whether a capture lacks some of the same bytes."""
    return any(each.start < gap.end and gap.start < each.end for each in track.gaps)


def lay(one: Tape, two: Tape, horizon: Horizon) -> Pair:
    """Lay two tapes of one flow over each other."""
    changes: list[Change] = []
    unsure: list[str] = []
    horizon = horizon.of(one, two)
    compared = 0
    hidden = [secret for tape in (one, two) for secret in secrets(tape)]
    for side in Side:
        here, there = one.tracks[side], two.tracks[side]
        moved = shift(one, two, side)
        if not here.seen or not there.seen or moved is None:
            if here.seen or there.seen:
                unsure.append(f"{side.value}: one capture holds nothing to compare it with")
            continue
        sides = _Sides(side, here, there, moved)
        sides.align(horizon)
        changes += [_change(sides, edit, hidden) for edit in sides.edits]
        changes += _resets(side, here, there, horizon)
        unsure += [
            f"{side.value}: {track.conflicts:,} bytes came twice and differ"
            for track in (here, there)
            if track.conflicts
        ]
        unsure += [f"{side.value}: {why}" for why in sides.unsure]
        compared += min(len(sides.left), len(sides.right))
    renumbered = all(_renumbered(one, two, side) for side in Side)
    return Pair(
        one, two, tuple(changes), tuple(_traits(one, two)), renumbered,
        tuple(dict.fromkeys(unsure)), compared,
    )  # fmt: skip


def shift(one: Tape, two: Tape, side: Side) -> int | None:
    """By how many bytes the second stream begins later; None where nothing tells."""
    if not one.midway and not two.midway:
        return 0
    here, there = one.tracks[side], two.tracks[side]
    ours, theirs = bytes(here.data), bytes(there.data)
    if not ours or not theirs or ours == theirs:
        return 0
    votes: dict[int, int] = {}
    at = 0
    for line in theirs.splitlines(keepends=True)[:VOTES]:
        found = ours.find(line) if len(line) >= len(b"250 OK id=1\r\n") else -1
        if found >= 0 and ours.find(line, found + 1) < 0:
            votes[found - at] = votes.get(found - at, 0) + 1
        at += len(line)
    return max(votes, key=votes.__getitem__) if votes else None


def _change(sides: _Sides, edit: Edit, hidden: list[bytes]) -> Change:
    """An edit as it is reported."""
    ours, theirs = edit.end - edit.start, edit.other_end - edit.other_start
    kind = "changed" if ours and theirs else "vanished" if ours else "appeared"
    if ours and theirs and sides.one.tls >= 0 and edit.start >= sides.one.tls - sides.skip:
        kind = "tls"
    start, other = edit.start + sides.skip, edit.other_start + sides.other
    one, two = view(sides.one, start, ours, hidden), view(sides.two, other, theirs, hidden)
    if edit.runs:
        marks = tuple((low, low + size) for low, size in edit.runs)
        one, two = both_shown(sides.one, one, two, (marks, marks))
    moved = ours != theirs and edit in sides.fitted and edit != sides.tail
    return Change(kind, sides.side, one, two, edit.runs, edit.cost, moved=moved)


def _resets(side: Side, one: Track, two: Track, horizon: Horizon) -> list[Change]:
    """The RST that only one capture has."""
    lag = horizon.lag(side)
    ahead = [mark._replace(time=mark.time - lag) for mark in two.resets]
    behind = [mark._replace(time=mark.time + lag) for mark in one.resets]
    found = []
    ours, theirs = _unpaired(one.resets, ahead), _unpaired(two.resets, behind)
    for marks, first in ((ours, True), (theirs, False)):
        alone = [m for m in marks if horizon.misses(side, m.time, first=first, late=True)]
        if alone:
            frames, at = tuple(mark.frame for mark in alone), alone[0].offset
            seen, unseen = View(at, 0, b"", (), frames), View(at, 0, b"", (), ())
            one_view, two_view = (seen, unseen) if first else (unseen, seen)
            kind = "vanished" if first else "appeared"
            found.append(Change(kind, side, one_view, two_view, (), 0, reset=True))
    return found


def _unpaired(ours: list[Mark], theirs: list[Mark]) -> list[Mark]:
    """The RST that have none at the same offset in the other capture, the nearest in time."""
    left = list(ours)
    for mark in theirs:
        near = [(abs(each.time - mark.time), each) for each in left if each.offset == mark.offset]
        if near:
            left.remove(min(near)[1])
    return left


def _traits(one: Tape, two: Tape) -> list[Trait]:
    """The facts of TCP/IP that differ."""
    found: list[Trait] = []
    for side in Side:
        ours, theirs = _facts(one.tracks[side]), _facts(two.tracks[side])
        found += [
            Trait(side, name, ours[name], theirs[name])
            for name in TRAITS
            if name in ours and name in theirs and ours[name] != theirs[name]
        ]
    return found


def _facts(track: Track) -> dict[str, int]:
    """What is known of one side's TCP."""
    facts = {"ttl": track.ttl} if track.seen else {}
    if track.syn is not None:
        syn = track.syn
        facts |= {"mss": syn.mss, "window": syn.window, "options": syn.header - 20}
    return facts


def _renumbered(one: Tape, two: Tape, side: Side) -> bool:
    """Whether the SYN of one side has another sequence number."""
    here, there = one.tracks[side].syn, two.tracks[side].syn
    return here is not None and there is not None and here.seq != there.seq


def _nearer(one: Tape, two: Tape) -> int:
    here, there = _trip(one), _trip(two)
    if here and there and here != there:
        return _sign(there - here)
    ttls = [tape.tracks[Side.CLIENT].ttl for tape in (one, two)]
    return _sign(ttls[1] - ttls[0]) if all(ttls) else 0


def _trip(tape: Tape) -> float:
    """Seconds from the SYN to its answer: the longer, the further from the server."""
    return tape.granted - tape.opened if tape.granted > tape.opened > 0 else 0.0


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
