"""What it is not, and why."""

from __future__ import annotations

from dissect import rulebook
from dissect.dossier import lookalikes
from dissect.dossier.case import Case
from dissect.dossier.document import Block, Inline, Section, Table, said

BLIND = "What it cannot see"
"""The heading of a rule's text that says so."""


def section(case: Case) -> Section | None:
    """Other explanations of the same bytes, each with what this capture says to it."""
    blocks: tuple[Block, ...] = (*_ruled_out(case), *_blind(case))
    return Section("not", "What it is not", blocks) if blocks else None


def _ruled_out(case: Case) -> tuple[Block, ...]:
    """The table of look-alikes."""
    rows: list[tuple[Inline, ...]] = []
    for each in lookalikes.of(case):
        judged = each.judge(case)
        if judged is not None:
            word = "Ruled out" if judged.out else "Not ruled out"
            rows.append((each.name, each.signs, f"{word}. {judged.why}"))
    head = ("it could be", "that looks like", "in these captures")
    return (Table("Other explanations", head, tuple(rows), named=True),) if rows else ()


def _blind(case: Case) -> tuple[Block, ...]:
    """What the decisive rule says of its own eyes."""
    page = rulebook.page(case.decisive.finding.rule) if case.decisive else None
    if page is None:
        return ()
    text = [paragraph for section in page.sections() if section.heading == BLIND
            for paragraph in section.paragraphs]  # fmt: skip
    words = " ".join(text).replace("`", "")
    return (said(f"What the rule {page.name} cannot see: {words}"),) if text else ()
