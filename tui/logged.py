"""What mail logs say, in a few words: of a flow for its column, and of all for the header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.maillog import What, clocks
from tui.line import Role
from tui.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dissect.analysis.model import LogFacts, LogLine

_WORDS: Final = {
    What.OTHER: ("", Role.DIM),
    What.CONNECTED: ("connected", Role.DIM),
    What.CLOSED: ("closed", Role.DIM),
    What.ACCEPTED: ("accepted", Role.GOOD),
    What.REJECTED: ("rejected", Role.MEDIUM),
    What.INCOMPLETE: ("incomplete", Role.MEDIUM),
    What.TIMEOUT: ("timeout", Role.BAD),
    What.LOST: ("lost", Role.BAD),
    What.TOO_MANY_ERRORS: ("errors", Role.BAD),
    What.UNRECOGNISED: ("unknown", Role.BAD),
    What.SYNC_ERROR: ("sync error", Role.BAD),
}
"""By what a line tells, the worst last: its words, and the role that they play."""

_MASKED: Final = {What.UNRECOGNISED: "", What.SYNC_ERROR: "sync"}
"""The words that stand beside a masked verb, where they are others."""

RANKS: Final = {what: rank for rank, what in enumerate(_WORDS)}
"""The higher, the worse."""


class Told(NamedTuple):
    """What the lines of a flow come to."""

    words: str
    """How many there are, and the worst."""
    role: Role
    rank: tuple[int, int, int]
    """To sort by: a masked verb, then the worst, then how many."""


NOTHING: Final = Told("", Role.DIM, (0, -1, 0))


def told(lines: Iterable[LogLine]) -> Told:
    """What the lines of one flow come to."""
    each = tuple(lines)
    if not each:
        return NOTHING
    worst = max((line.what for line in each), key=RANKS.__getitem__)
    masked = next((line.masked for line in each if line.masked), "")
    words, role = _WORDS[worst]
    words = _MASKED.get(worst, words) if masked else words
    said = " ".join(part for part in (str(len(each)), words, masked) if part)
    return Told(said, role, (int(bool(masked)), RANKS[worst], len(each)))


def summary(log: LogFacts) -> str:
    """How many lines found their flows, and how the clocks differ."""
    parts = [
        f"{log.tied:,} of {log.lines:,} lines in {count(log.flows, 'flow')}",
        _clock(log.offset),
    ]
    if log.ambiguous:
        parts.append(f"{log.ambiguous:,} without a port fit several")
    if log.left_out:
        parts.append(f"{log.left_out:,} were too many to keep")
    return "; ".join(parts)


def _clock(offset: float | None) -> str:
    """How the clocks differ, in words for one line."""
    if not offset:
        return clocks(offset)
    return f"clock or zone {abs(offset):,.1f} s {'ahead' if offset > 0 else 'behind'}"
