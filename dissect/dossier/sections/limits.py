"""What the captures are, and what they cannot show."""

from __future__ import annotations

from collections import Counter
from typing import Final

from dissect import rulebook
from dissect.dossier.case import LIMITS, Case, many
from dissect.dossier.document import Bullets, Code, Section, Table

SHOWN: Final = 20
"""Warnings that are listed."""


REDACTED: Final = (
    "Names and addresses in this report are replaced by others that mean nobody; the same name is "
    "always replaced by the same. Lengths, packet boundaries, frames, times, verbs and masks are "
    "those of the captures, and so are the checksums."
)


def section(case: Case) -> Section:
    """The captures by their checksums, and all that is missing in them."""
    sources = (*case.sources, *((case.both.source,) if case.both else ()))
    rows = tuple(
        (case.show(source.name), f"{source.size:,}", Code(source.sha256)) for source in sources
    )
    captures = Table("The captures", ("file", "bytes", "SHA-256"), rows, named=True)
    missing = Bullets(tuple((line,) for line in _missing(case)))
    return Section("limits", "Limits", (missing, captures) if missing.items else (captures,))


def _missing(case: Case) -> list[str]:
    """What was not seen, and what that means."""
    found = [_rule(rule, count) for rule, count in
             Counter(each.rule for each in case.limits).most_common()]  # fmt: skip
    encrypted = case.gathered.outcomes["encrypted"]
    if encrypted:
        found.append(f"{many(encrypted, 'conversation')} went on under TLS: nothing is known of "
                     "what was said there.")  # fmt: skip
    if case.gathered.opened:
        found.append(f"{many(case.gathered.opened, 'conversation')} went on under TLS and "
                     "could be read with a key log: the bytes shown are those inside, and "
                     "their boundaries are those of TLS records.")  # fmt: skip
    blind = sorted(rule for rule in case.policy.table if not case.looked_for(rule))
    if blind:
        found.append(f"Not looked for, by option or configuration: {', '.join(blind)}.")
    if case.gathered.left:
        found.append(f"{many(case.gathered.left, 'conversation')} left out of this report by its "
                     "options; verdicts count them where they are of the same hosts.")  # fmt: skip
    found += [f"{case.show(warning)}." for warning in case.summary.warnings[:SHOWN]]
    if case.redacted:
        found.append(REDACTED)
    if found == [REDACTED] or not found:
        found.insert(0, "The captures were read to their end, and nothing in them is incomplete.")
    if case.both:
        found.append(
            "What was changed between the two captures is proved; what happened beyond them is "
            "inferred."
        )
        return found
    found.append(
        "What happened outside of the place where the captures were made is inferred: only a "
        "second capture on the other side proves who changed a byte."
    )
    return found


def _rule(rule: str, count: int) -> str:
    """What a rule about the capture says."""
    page = rulebook.page(rule)
    what = page.info.summary if page else rule
    assert rule in LIMITS
    return f"{rule}, in {many(count, 'conversation')}: {what}."
