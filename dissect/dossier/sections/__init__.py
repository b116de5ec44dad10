"""The parts of a report, in their order: one module each, and a table.

A module here has one function, ``section``, which makes a ``Section`` of a ``Case``, or nothing
where the case has nothing to say there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dissect.dossier.case import Case
from dissect.dossier.document import Document, Section
from dissect.dossier.sections import (
    both,
    cases,
    frames,
    impact,
    instead,
    ladder,
    limits,
    log,
    proof,
    remedy,
    reproduce,
    verdict,
    verify,
)

SECTIONS: Final[tuple[Callable[[Case], Section | None], ...]] = (
    verdict.section,
    ladder.section,
    frames.section,
    both.section,
    cases.section,
    proof.section,
    instead.section,
    log.section,
    impact.section,
    remedy.section,
    reproduce.section,
    verify.section,
    limits.section,
)
"""What makes each part: the manager reads the first, the engineer all."""


def document(case: Case) -> Document:
    """The whole report."""
    names = ", ".join(case.show(source.name) for source in case.sources)
    made = [section(case) for section in SECTIONS]
    return Document(
        title="What happens to mail on its way",
        subtitle=_subtitle(case),
        sections=tuple(each for each in made if each is not None),
        made=f"{case.made}, from {names}",
    )


def _subtitle(case: Case) -> str:
    """Between whom, and when."""
    verdict_ = case.verdict
    pairs = case.gathered.pairs
    if verdict_:
        who = f"Between {verdict_.client} and {verdict_.server}"
    elif len(pairs) == 1:
        client, server = next(iter(pairs))
        who = f"Between {client} and {server}"
    else:
        who = f"{len(pairs):,} pairs of hosts" if pairs else "No conversation"
    return f"{who}, {verdict.span(case)}" if pairs else who
