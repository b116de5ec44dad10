"""What stands between a client network and a server, drawn across their flows.

The confidence is arithmetic, not taste.  Each kind of evidence has a weight, how much it proves
when nothing speaks against it; it is multiplied with the share of cases that speak for it; and
independent kinds are joined as 1 - (1 - a)(1 - b)…, at most 0.99.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from operator import add, attrgetter
from typing import Final, NamedTuple

from dissect.analysis.model import Verdict
from dissect.detect import remedies
from dissect.detect.context import Context
from dissect.detect.tally import Tally

PAIRS: Final = 20_000
"""Pairs of client network and server remembered."""

FLOWS: Final = 1_000
"""Flow numbers kept for a pair."""

ENOUGH: Final = 0.5
"""Confidence below which there is no verdict."""

MOST: Final = 0.99


class Evidence(NamedTuple):
    """One kind of evidence for SMTP inspection."""

    weight: float
    hits: Callable[[Tally], int]
    """Cases that speak for it."""
    cases: Callable[[Tally], int]
    """All cases."""
    proves: bool = True
    """False where it is nothing without other evidence."""


def _touched(tally: Tally) -> int:
    """Verbs with a seam inside that were masked here or further on."""
    return tally.verbs_with_seam_masked + tally.verbs_with_seam_refused


INSPECTION: Final = (
    Evidence(0.95, lambda t: t.verbs_with_seam_masked, lambda t: t.verbs_with_seam),
    Evidence(0.85, lambda t: t.verbs_with_seam_refused, lambda t: t.verbs_with_seam),
    Evidence(0.80, lambda t: t.whole_verbs_masked, lambda t: t.whole_verbs_masked),
    Evidence(0.60, lambda t: t.greetings_masked, lambda t: t.greetings, proves=False),
    Evidence(0.90, lambda t: t.hellos_ordinal, lambda t: t.hellos),
    Evidence(0.60, lambda t: t.hellos_masked - t.hellos_ordinal, lambda t: t.hellos),
    Evidence(0.90, lambda t: t.echoes, lambda t: t.echoes),
    Evidence(0.30, lambda t: t.terminators_swallowed, lambda t: t.terminators_swallowed),
)
"""PIX-06, PIX-06c, PIX-05, PIX-01, ASA-02, ASA-02b, ECHO-1, PIX-07."""

ONLY_GREETING: Final = 0.45
"""Highest confidence where nothing but greetings is masked: servers hide their own banners."""


COUNTS: Final = attrgetter(*(field.name for field in fields(Tally)))
"""All counts of a tally, in their order."""


class _Pair:
    """The flows between one client network and one server."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.clients: set[str] = set()
        self.flows: list[int] = []
        self.count = 0

    def add(self, flow: int, client: str, tally: Tally) -> None:
        """One more flow."""
        self.count += 1
        if len(self.clients) < 2:  # noqa: PLR2004 - one, or several
            self.clients.add(client)
        if len(self.flows) < FLOWS and _damaged(tally):
            self.flows.append(flow)
        self.tally = Tally(*map(add, COUNTS(self.tally), COUNTS(tally)))


class Verdicts:
    """Tallies of all pairs of one capture."""

    def __init__(self, capture: str) -> None:
        self.capture = capture
        self._pairs: OrderedDict[tuple[str, str], _Pair] = OrderedDict()

    def add(self, context: Context) -> None:
        """A flow is over."""
        key = (network(context.client.address), context.server.address)
        pair = self._pairs.get(key)
        if pair is None:
            pair = self._pairs[key] = _Pair()
            if len(self._pairs) > PAIRS:
                self._pairs.popitem(last=False)
        pair.add(context.flow, context.client.address, context.tally)

    def drawn(self) -> tuple[Verdict, ...]:
        """The verdicts that the flows so far support, the surest first."""
        found = [
            verdict
            for (client, server), pair in self._pairs.items()
            if (verdict := _draw(self.capture, client, server, pair))
        ]
        return tuple(sorted(found, key=lambda v: (-v.confidence, v.client, v.server)))


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """The client network of an address: /24, or /64 for IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    length = 24 if parsed.version == 4 else 64  # noqa: PLR2004 - the IP version
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def _damaged(tally: Tally) -> bool:
    """Whether a flow shows any evidence."""
    return any(evidence.hits(tally) for evidence in INSPECTION)


def confidence(tally: Tally) -> float:
    """How sure it is that something inspects SMTP between the two."""
    doubt = 1.0
    for evidence in INSPECTION:
        hits, cases = evidence.hits(tally), evidence.cases(tally)
        if hits:
            doubt *= 1 - evidence.weight * min(1.0, hits / max(1, cases))
    proven = any(evidence.hits(tally) for evidence in INSPECTION if evidence.proves)
    return min(MOST if proven else ONLY_GREETING, 1 - doubt)


def _draw(capture: str, client: str, server: str, pair: _Pair) -> Verdict | None:
    """The verdict on one pair, if there is evidence enough."""
    tally = pair.tally
    if not _damaged(tally) or (sure := confidence(tally)) < ENOUGH:
        return None
    kind = "IOS ip inspect" if tally.lower_case else "PIX fixup or ASA inspect esmtp"
    return Verdict(
        capture=capture,
        client=next(iter(pair.clients)) if len(pair.clients) == 1 else client,
        server=server,
        device="cisco-smtp-inspection",
        title=f"Cisco-style SMTP inspection ({kind})",
        confidence=round(sure, 2),
        counts=_counts(pair),
        message=_message(tally),
        remedy=remedies.SPLIT if _touched(tally) else (*remedies.FIREWALL, *remedies.KEEP_TLS),
        flows=tuple(pair.flows),
    )


def _counts(pair: _Pair) -> tuple[tuple[str, int], ...]:
    """All counts, those of the founding case first."""
    tally = pair.tally
    names = ("verbs_with_seam", "verbs_with_seam_masked", "whole_verbs", "whole_verbs_masked")
    rest = [
        field.name
        for field in fields(Tally)
        if field.name not in names and getattr(tally, field.name)
    ]
    counted = [(name, getattr(tally, name)) for name in (*names, *rest) if name != "lower_case"]
    return (*counted, ("flows", pair.count))


def _message(tally: Tally) -> str:
    """The proof in one sentence."""
    touched, seams = _touched(tally), tally.verbs_with_seam
    parts = [
        (seams, f"{touched} of {seams} verbs with a seam inside were masked"),
        (
            tally.whole_verbs,
            f"{tally.whole_verbs_masked} of {tally.whole_verbs} whole verbs were masked",
        ),
        (
            tally.greetings_masked,
            f"{tally.greetings_masked} of {tally.greetings} greetings were masked",
        ),
        (
            tally.hellos_masked,
            f"{tally.hellos_masked} of {tally.hellos} EHLO replies have masked keywords",
        ),
        (tally.echoes, f"{tally.echoes} replies quote a mask"),
        (
            tally.terminators_swallowed,
            f"{tally.terminators_swallowed} ends of data in two packets were swallowed",
        ),
    ]
    return "; ".join(text for count, text in parts if count)
