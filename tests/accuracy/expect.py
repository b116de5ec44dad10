"""What is in the captures: the lab's manifest for ours, a person's list for the public ones."""

from __future__ import annotations

import asyncio
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lab import manifest
from oracles.public import LIST, weighty

from accuracy.count import Expectation, Seen
from dissect.analysis.model import FlowDetail
from dissect.detect.finding import Finding
from dissect.pipeline import Pipeline
from dissect.source import find_tshark, open_capture, read

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent.parent
OURS: Final = ROOT / "captures"
PUBLIC: Final = ROOT.parent / "shared" / "captures"
Weigh = Callable[[Iterable[FlowDetail]], list[Finding]]
"""Picks the findings that count as false where nobody expects them."""


def everything(details: Iterable[FlowDetail]) -> list[Finding]:
    """In our captures all is known: every finding is judged."""
    return [finding for detail in details for finding in detail.findings]


def ours(text: str) -> list[Expectation]:
    """The expectations of a manifest."""
    return [
        Expectation(
            capture=table["file"],
            exact=table.get("findings", {}),
            least=table.get("at_least", {}),
            may=frozenset(table.get("may", ())),
        )
        for table in tomllib.loads(text).get("capture", [])
    ]


def public(text: str, captures: Iterable[str]) -> list[Expectation]:
    """The expectations of a list of true findings, one for every capture that there is.

    Raises:
        ValueError: where findings are listed of a capture that is not there.
    """
    listed = {table["file"]: table["finding"] for table in tomllib.loads(text).get("capture", [])}
    names = list(captures)
    if gone := sorted(listed.keys() - set(names)):
        raise ValueError(f"no such capture: {', '.join(gone)}")
    return [
        Expectation(capture=name, exact={row["rule"]: row["count"] for row in listed.get(name, ())})
        for name in names
    ]


def seen(path: Path, weigh: Weigh) -> Seen:
    """The findings in a capture, through a real tshark."""
    pipeline = Pipeline(path.name, ladders=False)
    asyncio.run(read(find_tshark(), open_capture(str(path)), pipeline.rows))
    pipeline.finish()
    details = pipeline.take()
    judged = Counter(finding.rule for finding in weigh(details))
    return Seen(judged, Counter(finding.rule for finding in everything(details)) - judged)


def our_captures() -> Iterator[tuple[Expectation, Seen]]:
    """Each capture of the project, with what it should have and what it has."""
    for wanted in ours((OURS / manifest.NAME).read_text(encoding="utf-8")):
        yield wanted, seen(OURS / wanted.capture, everything)


def public_captures() -> Iterator[tuple[Expectation, Seen]]:
    """Each public capture; none where they are not beside the project."""
    paths = {path.name: path for path in sorted(PUBLIC.glob("*.pcap*"))}
    if paths:
        for wanted in public(LIST.read_text(encoding="utf-8"), paths):
            yield wanted, seen(paths[wanted.capture], weighty)
