"""Every damage that a middlebox can do to a real conversation is found, and nothing else is.

All places are tried, none is sampled.  Where the public captures are not beside the project, the
conversations of our own clean capture are left.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from dissect.detect.registry import RULES
from mutation import mutants, originals
from mutation.conversation import PUBLIC, ROOT, SOURCES, Conversation, Source, load
from mutation.mutants import Mutant
from mutation.oracle import expected, found

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator

    from mutation.oracle import Told

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]

FAMILIES: Final = (
    mutants.whole_verbs,
    mutants.split_verbs,
    mutants.half_verbs,
    mutants.cut_commands,
    mutants.cut_terminators,
    mutants.cut_replies,
    mutants.greetings,
    mutants.keywords,
    mutants.echoes,
    mutants.split_echoes,
    mutants.refusals,
    mutants.clean_sides,
)


DAMAGE: Final = {rule.info.name for rule in RULES if rule.info.group in ("mask", "loss")} | {
    "terminator-swallowed"
}
"""What no clean conversation has."""

MASKS: Final = frozenset({"masked-verb", "split-masked-verb", "masked-ehlo-keyword"})
"""Rules that point to a row whose bytes are the mask."""


def problems(conversation: Conversation, made: Iterable[Mutant]) -> list[str]:
    """What is wrong with the findings in mutants of a conversation."""
    before = found(undamaged(conversation)).others
    return [line for mutant in made for line in _wrong(conversation, mutant, before)]


def _wrong(conversation: Conversation, mutant: Mutant, before: Counter[Told]) -> Iterator[str]:
    want, got = expected(conversation, mutant), found(mutant)
    extra = (got.told - want) + (got.others - before)
    yield from (f"{mutant.about}: missing {told}" for told in want - got.told)
    yield from (f"{mutant.about}: extra {told}" for told in extra)
    for finding, _ in got.findings:
        said = originals.wrong(conversation, mutant, finding)
        yield from (f"{mutant.about}: {finding.rule}: {line}" for line in said)


def undamaged(conversation: Conversation) -> Mutant:
    """The conversation as it was captured."""
    return Mutant(about="unmutated", segments=conversation.segments)


def available(source: Source) -> Conversation:
    """A conversation, or a skipped test."""
    if not source.path.exists():
        pytest.skip("the public captures are not beside the project")
    return load(source)


def each_source() -> pytest.MarkDecorator:
    """One test a conversation, named after its capture."""
    names = [f"{source.name.removesuffix('.pcap')[-40:]}-{source.place}" for source in SOURCES]
    return pytest.mark.parametrize("source", SOURCES, ids=names)


@each_source()
def test_nothing_is_found_in_a_clean_conversation(source: Source) -> None:
    """Unmutated, a conversation has the cuts that it has, and no damage."""
    conversation = available(source)
    clean = undamaged(conversation)
    assert problems(conversation, [clean]) == []
    assert {finding.rule for finding, _ in found(clean).findings} & DAMAGE == set()


@each_source()
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_each_mutant_is_found(
    source: Source, family: Callable[[Conversation], Iterator[Mutant]]
) -> None:
    """Each damage has its finding at its place, and nothing else is found beside what follows."""
    conversation = available(source)
    assert problems(conversation, family(conversation)) == []


@pytest.mark.parametrize(
    "family",
    [
        mutants.whole_verbs,
        mutants.split_verbs,
        mutants.keywords,
    ],
    ids=lambda family: family.__name__,
)
def test_the_ladder_says_what_the_finding_says(
    family: Callable[[Conversation], Iterator[Mutant]],
) -> None:
    """A masked row of the ladder names the same original as the finding that points to it."""
    if not PUBLIC.exists():
        pytest.skip("the public captures are not beside the project")
    pairs = [
        (finding, row)
        for source in SOURCES
        for mutant in family(load(source))
        for finding, row in found(mutant).findings
        if finding.rule in MASKS
    ]
    assert all(row is not None and row.masked for _, row in pairs)
    wrong = {(row.original, f.original) for f, row in pairs if row and row.original != f.original}
    assert wrong == set()


def test_every_run_says_the_same() -> None:
    """What a masked keyword is called does not depend on how Python hashes in this run."""
    reply = (b"250-a", b"250-****", b"250-PIPELINING", b"250-STARTTLS", b"250 HELP")
    code = f"from dissect.detect import keywords as k; print(k.masked({reply!r}, b'220 Exim'))"
    said = [
        subprocess.run(
            [sys.executable, "-P", "-c", code],
            check=True, capture_output=True, cwd=ROOT, timeout=60,
            env=os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in range(1, 7)
    ]  # fmt: skip
    assert len(set(said)) == 1


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_family_has_mutants(family: Callable[[Conversation], Iterator[Mutant]]) -> None:
    """No way of damaging a conversation finds nothing to damage, even in our own capture."""
    (ours,) = (source for source in SOURCES if source.place == 3)
    made = [mutant.segments for mutant in family(load(ours))]
    assert made
    assert load(ours).segments not in made
