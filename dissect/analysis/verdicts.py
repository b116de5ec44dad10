"""What stands between a client network and a server, drawn across their flows.

The confidence is arithmetic, not taste, and this is all of it.  Each kind of evidence has a
weight w, how much it proves when nothing speaks against it; it is multiplied with the share of
cases that speak for it.  Independent kinds are joined as 1 - (1 - w1 s1)(1 - w2 s2)….  Evidence
against, of another kind, takes its own weight times its share of the result.  Nothing is surer
than 0.99, and below 0.5 there is no verdict.
"""

from __future__ import annotations

from typing import Final

from dissect.analysis.families import FAMILIES
from dissect.analysis.family import Family
from dissect.analysis.model import Verdict
from dissect.analysis.pairs import Pair, Pairs
from dissect.detect.context import Context
from dissect.detect.tally import Tally

ENOUGH: Final = 0.5
"""Confidence below which there is no verdict."""

MOST: Final = 0.99

UNPROVEN: Final = 0.45
"""Highest confidence where there is only evidence that is nothing without other evidence."""


class Verdicts:
    """What the flows of one capture, or of several, prove together.

    Args:
        several: whether there may be more than one capture.
    """

    def __init__(self, *, several: bool = False) -> None:
        self._pairs = Pairs(several=several)

    def add(self, context: Context, capture: str) -> None:
        """A flow is over."""
        self._pairs.add(context, capture)

    def drawn(self) -> tuple[Verdict, ...]:
        """The verdicts that the flows so far support, the surest first."""
        found = [
            verdict
            for client, server, pair in self._pairs.summed()
            for family in FAMILIES
            if family.device in pair.flows and (verdict := _draw(family, client, server, pair))
        ]
        return tuple(sorted(found, key=lambda v: (-v.confidence, v.client, v.server, v.device)))


def _share(hits: int, cases: int) -> float:
    """The share of cases that speak for something."""
    return min(1.0, hits / max(1, cases))


def confidence(family: Family, tally: Tally) -> float:
    """How sure it is that a family stands between the two, from 0 to 1."""
    doubt, proven = 1.0, False
    for evidence in family.evidence:
        hits = evidence.hits(tally)
        if hits > 0:
            doubt *= 1 - evidence.weight * _share(hits, evidence.cases(tally))
            proven |= evidence.proves
    sure = 1 - doubt
    for against in family.against:
        sure *= 1 - against.weight * _share(against.hits(tally), against.cases(tally))
    return min(MOST if proven else UNPROVEN, sure)


def _draw(family: Family, client: str, server: str, pair: Pair) -> Verdict | None:
    """One family's verdict on one pair, if there is evidence enough."""
    tally = pair.tally
    sure = confidence(family, tally)
    if sure < ENOUGH:
        return None
    return Verdict(
        capture=", ".join(pair.captures),
        client=next(iter(pair.clients)) if len(pair.clients) == 1 else client,
        server=server,
        device=family.device,
        title=family.title(tally),
        confidence=round(sure, 2),
        counts=_counts(family, pair),
        message="; ".join(said.words(tally) for said in family.said if said.count(tally)),
        remedy=family.remedy(tally),
        confirm=family.confirm,
        flows=tuple(pair.flows.get(family.device, ())),
    )


def _counts(family: Family, pair: Pair) -> tuple[tuple[str, int], ...]:
    """The counts that prove it, for and against."""
    counted = ((name, getattr(pair.tally, name)) for name in family.counts)
    told = [(name, count) for name, count in counted if count or name in family.always]
    return (*told, ("flows", pair.count))
