"""All cases, rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dissect import rulebook
from dissect.analysis.model import FlowDetail
from dissect.detect.finding import Finding, Severity
from dissect.dossier.case import Case, clock, many
from dissect.dossier.document import Code, Inline, Section, Table, said
from dissect.dossier.spans import SEAM

ROWS: Final = 100
"""Cases of a rule that are listed."""

SEEN: Final = 48
"""Characters of what was seen."""

FRAMES: Final = 4
"""Frames of one case that are named."""

MOST: Final = 12
"""Flows or frames in one cell."""

Found = tuple[FlowDetail, Finding]


def section(case: Case) -> Section | None:
    """A table for each rule, the worst first; what is below medium is only counted."""
    rules: dict[str, list[Found]] = {}
    for detail in case.gathered.details:
        for finding in detail.findings:
            rules.setdefault(finding.rule, []).append((detail, finding))
    if not rules:
        return None
    worst = {rule: max(each.severity for _, each in found) for rule, found in rules.items()}
    names = sorted(rules, key=lambda rule: (-worst[rule], rule))
    tables = [_table(case, rules[name]) for name in names if worst[name] >= Severity.MEDIUM]
    small = [
        f"{name} ({len(rules[name])})" for name in names if worst[name] < Severity.MEDIUM
    ]  # fmt: skip
    told = (said("Below medium severity, and listed by seamark scan: ", ", ".join(small), "."),)
    return Section("cases", "All cases", (*tables, *(told if small else ())))


def _table(case: Case, found: Sequence[Found]) -> Table:
    """The cases of one rule; those that show the same are one row."""
    rule, worst = found[0][1].rule, max(each.severity for _, each in found)
    page = rulebook.page(rule)
    what = f": {page.info.summary}" if page else ""
    caption = f"{rule} ({worst}, {many(len(found), 'case')}){what}"
    groups: dict[tuple[Inline, ...], list[Found]] = {}
    for each in found:
        groups.setdefault(_same(case, each), []).append(each)
    alike = len({key[:2] for key in groups}) == 1
    original = any(key[3] for key in groups)
    head = (
        "flow", "time (UTC)", *(() if alike else ("client", "server")), "seen",
        *(("was",) if original else ()), "frames",
    )  # fmt: skip
    rows = [
        _cells(case, key, group, alike=alike, original=original)
        for key, group in list(groups.items())[:ROWS]
    ]
    if len(groups) > ROWS:
        caption += f"; the first {ROWS} rows of {len(groups):,}"
    return Table(caption, head, tuple(rows), named=True)


def _same(case: Case, found: Found) -> tuple[Inline, ...]:
    """What two cases have to share to be one row; those with a seam stand alone."""
    flow, finding = found[0].summary, found[1]
    alone = f"{flow.flow} {finding.frames}" if finding.seam else ""
    ends = (flow.client.address, flow.server.address)
    return (*ends, seen(case, finding), _cut(case.show(finding.original)), alone)


def _cells(
    case: Case, key: tuple[Inline, ...], group: list[Found], *, alike: bool, original: bool
) -> tuple[Inline, ...]:
    """One row: flows and frames of all its cases, and when the first of them was."""
    day = clock(case.gathered.first)[:10] == clock(case.gathered.last)[:10]
    frames = [frame for _, finding in group for frame in finding.frames[: FRAMES // len(group) + 1]]
    return (
        _some([detail.summary.flow for detail, _ in group]),
        clock(group[0][1].time)[11 if day else 5 :],
        *(() if alike else key[:2]),
        key[2],
        *((key[3],) if original else ()),
        _some(frames),
    )


def _some(numbers: Sequence[int]) -> str:
    """Numbers, the first ones where they are many."""
    return ", ".join(map(str, numbers[:MOST])) + (", ..." if len(numbers) > MOST else "")


def seen(case: Case, finding: Finding) -> Inline:
    """What was on the wire, with the seam at its byte; without bytes, what is said of it."""
    data, seam = finding.observed[:200], finding.seam
    if not data:
        return _cut(case.show(finding.message), 2 * SEEN)
    if seam is None or not 0 < seam.offset <= len(data):
        return Code(_cut(case.show(data)))
    return Code(_cut(case.show(data[: seam.offset]) + SEAM + case.show(data[seam.offset :])))


def _cut(text: str, most: int = SEEN) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
