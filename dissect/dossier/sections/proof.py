"""The counts that prove it, and how likely chance alone is."""

from __future__ import annotations

from typing import Final

from dissect.dossier.case import Case, many
from dissect.dossier.document import Block, Section, Table, said
from dissect.dossier.fisher import in_words, one_sided
from dissect.dossier.lookalikes import table

NAMES: Final = {
    "verbs_with_seam": "verbs with a seam inside",
    "verbs_with_seam_masked": "of them, masked",
    "verbs_with_seam_refused": "of them, whole here and refused as unknown",
    "whole_verbs_masked": "of them, masked",
    "greetings_masked": "of them, masked",
    "greetings_own": "of them, masked by the server itself",
    "greetings_cmap": "of them, SMTP/cmap as PIX 4.x writes it",
    "greetings_hung": "of them, masked so that the client waited in vain",
    "hellos": "replies to EHLO",
    "hellos_masked": "of them, with masked keywords",
    "hellos_ordinal": "of them, with the letters A, B, C that an ASA appends",
    "hellos_nooped": "of them, as if EHLO had been NOOP",
    "echoes": "replies that quote a mask",
    "offers": "replies to EHLO that offer STARTTLS",
    "offers_without": "replies to EHLO that do not",
    "offers_elsewhere": "replies that offer it to other client networks",
    "offers_stripped": "replies without it, where others had it",
    "starttls_near": "refusals of STARTTLS sooner than the server can answer",
    "full_size_passed": "connections whose segments of full size arrived",
    "full_size_lost": "connections whose segments of full size were lost",
    "silences": "long silences behind which the conversation went on",
    "silences_fatal": "long silences behind which it was dead",
    "flows": "conversations",
}
"""Counts in words, where their own name says less."""


def section(case: Case) -> Section | None:
    """A table of two by two where seams are the proof; otherwise the counts."""
    verdict = case.verdict
    if verdict is None:
        return None
    lead = said(
        f"Drawn from {many(case.count('flows'), 'conversation')} between {verdict.client} and "
        f"{verdict.server}: {verdict.message}."
    )
    blocks: tuple[Block, ...] = (*_seams(case), *_counts(case))
    confirm = said("What would confirm or refute it: ", "; ".join(verdict.confirm), ".")
    return Section("proof", "The statistics that prove it", (lead, *blocks, confirm))


def _seams(case: Case) -> tuple[Block, ...]:
    """Does it matter whether a verb is cut?"""
    hit, missed, masked, clean = table(case)
    if not hit + missed or not hit + masked:
        return ()
    unknown = case.count("verbs_with_seam_refused")
    word = "masked, or refused as unknown" if unknown else "masked"
    rows = (
        ("with a seam inside", f"{hit:,}", f"{missed:,}"),
        ("whole, in one packet", f"{masked:,}", f"{clean:,}"),
    )
    grid = Table("Verbs of the client, by where packets were cut", ("verb", word, "untouched"),
                 rows, named=True)  # fmt: skip
    return (grid, said(_chance(hit, missed, masked, clean)))


def _chance(hit: int, missed: int, masked: int, clean: int) -> str:
    """What the table is worth."""
    if hit + missed + masked + clean == hit + masked or not hit:
        return "The table says nothing about seams: all of one kind."
    odds = in_words(one_sided(hit, missed, masked, clean))
    return (
        f"If the place of the cut had nothing to do with it, chance would put at least {hit:,} of "
        f"{many(hit + masked, 'damaged verb')} among the {hit + missed:,} with a seam inside with "
        f"a probability of {odds} (Fisher's exact test, one-sided). Retries of the same message "
        "have the same bytes and the same cuts, so cases are not all independent of each other; "
        "that it happens again on each try is evidence of its own."
    )


def _counts(case: Case) -> tuple[Block, ...]:
    """All that was counted, for and against."""
    verdict = case.verdict
    assert verdict is not None
    rows = tuple(
        (NAMES.get(name, name.replace("_", " ")), f"{count:,}") for name, count in verdict.counts
    )
    return (
        Table("All that was counted, for and against", ("what", "how often"), rows, named=True),
    )
