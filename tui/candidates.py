"""Which flow to lay beside another one: the one that tells most by how it differs.

That is the same connection seen elsewhere; else, for a flow that lost mail, the nearest one that
passed, of the same envelope if there is one; else the nearest that fared otherwise.
"""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import Outcome
from dissect.detect.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dissect.analysis.model import FlowSummary

MOST: Final = 200
"""Flows that can be walked through beside one."""
_SAME_TIME: Final = 2.0
"""Seconds that one connection may begin apart in two captures."""
_DAMAGED: Final = Severity.MEDIUM
_ELSEWHERE: Final = "the same connection in another capture"
_REASONS: Final = (
    _ELSEWHERE,
    "the same envelope",
    "the same client and server",
    "the same server",
    "the same client",
)


class Rank(NamedTuple):
    """How well a flow suits; the smallest suits best."""

    group: int
    """0 for the same connection, 1 where it fared as is wanted, up to 3 where it fared the same."""
    reason: int
    """Position in ``_REASONS``."""
    fared: int
    distance: float
    """Seconds between the beginnings."""
    flow: int


def partner(summary: FlowSummary, summaries: Iterable[FlowSummary]) -> int | None:
    """The flow that suits best beside one, None where none has anything in common with it."""
    return next(iter(partners(summary, summaries, 1)), None)


def partners(summary: FlowSummary, summaries: Iterable[FlowSummary], most: int = MOST) -> list[int]:
    """The flows that suit beside one, the best first; a single pass over all flows."""
    ranks = (_rank(summary, other) for other in summaries)
    return [rank.flow for rank in nsmallest(most, filter(None, ranks))]


def reason(summary: FlowSummary, other: FlowSummary) -> str:
    """What two flows have in common, in words; empty where that is nothing."""
    at = _reason(summary, other)
    return _REASONS[at] if at < len(_REASONS) else ""


def _rank(summary: FlowSummary, other: FlowSummary) -> Rank | None:
    if other.flow == summary.flow:
        return None
    reason = _reason(summary, other)
    fared = _fared(other)
    if reason >= len(_REASONS) or (fared == _UNTOLD and other.outcome is Outcome.EMPTY):
        return None
    group = _WANTED[_fared(summary)][fared] if reason else 0
    return Rank(group, reason, fared, abs(other.start - summary.start), other.flow)


def _reason(summary: FlowSummary, other: FlowSummary) -> int:
    """What they have in common: a position in ``_REASONS``, or one behind them."""
    server = other.server.address == summary.server.address
    client = other.client.address == summary.client.address
    if server and client and _is_elsewhere(summary, other):
        return 0
    if not server and not client:
        return len(_REASONS)
    if server and _is_same_envelope(summary, other):
        return 1
    return 2 if server and client else 3 if server else 4


def _is_elsewhere(summary: FlowSummary, other: FlowSummary) -> bool:
    return (
        other.capture != summary.capture
        and other.client == summary.client
        and other.server == summary.server
        and abs(other.start - summary.start) < _SAME_TIME
    )


def _is_same_envelope(summary: FlowSummary, other: FlowSummary) -> bool:
    return (
        bool(summary.reverse_path)
        and other.reverse_path == summary.reverse_path
        and other.recipients.offered == summary.recipients.offered
    )


def _fared(summary: FlowSummary) -> int:
    """How a flow fared; ``_UNTOLD`` where that cannot be told."""
    damaged = summary.severity is not None and summary.severity >= _DAMAGED
    if summary.outcome is Outcome.DELIVERED:
        return _MARRED if damaged else _WELL
    if damaged or summary.outcome in _FAILURES:
        return _BADLY
    return _HIDDEN if summary.outcome is Outcome.ENCRYPTED else _UNTOLD


_WELL: Final = 0
_MARRED: Final = 1
_BADLY: Final = 2
_HIDDEN: Final = 3
_UNTOLD: Final = 4
_FAILURES: Final = frozenset({Outcome.LOST, Outcome.PARTLY, Outcome.REJECTED})
_WANTED: Final = (
    (3, 1, 1, 3, 3),  # beside one that fared well: what is damaged
    (1, 3, 2, 1, 3),  # beside one that passed with damage: one without, else one that failed
    (1, 1, 3, 2, 3),  # beside one that did not pass: one that did
    (3, 1, 1, 3, 3),
    (1, 1, 2, 2, 3),
)
"""Groups, by how the flow fared and how the other one did."""
