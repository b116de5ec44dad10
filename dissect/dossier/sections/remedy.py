"""What ends it."""

from __future__ import annotations

from collections.abc import Iterator

from dissect.detect import remedies
from dissect.dossier.case import Case
from dissect.dossier.devices import TYPED
from dissect.dossier.document import Block, Bullets, Commands, Section, said

MOST = 40
"""Steps."""


def section(case: Case) -> Section | None:
    """Each step once: those of the verdict first, then those of other findings.

    Where the verdict knows the make of a firewall, steps for other makes are left out.
    """
    steps = list(dict.fromkeys(_steps(case)))[:MOST]
    if not steps:
        return None
    first = set(case.verdict.remedy) if case.verdict else set()
    blocks = list(_blocks([step for step in steps if step in first]))
    makes = set(remedies.FIREWALL) if first & set(remedies.FIREWALL) else set()
    others = list(_blocks([step for step in steps if step not in first | makes]))
    if others and blocks:
        others = [said("Against what else was found:"), *others]
    return Section("remedy", "Remedy", (*blocks, *others))


def _steps(case: Case) -> Iterator[str]:
    """All steps that anything asks for."""
    if case.verdict:
        yield from case.verdict.remedy
    for finding in sorted(case.findings, key=lambda each: -each.severity):
        yield from finding.remedy


def _blocks(steps: list[str]) -> Iterator[Block]:
    """Commands as commands, and the rest as a list."""
    prose = []
    for step in steps:
        if step in TYPED:
            yield Commands(TYPED[step].lines, (TYPED[step].where,))
        else:
            prose.append((step,))
    if prose:
        yield Bullets(tuple(prose))
