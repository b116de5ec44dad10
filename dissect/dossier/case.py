"""All that a report is written from."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from dissect.analysis.model import FlowDetail, Verdict
from dissect.compare.ladder import Step
from dissect.compare.overview import Item, Overview
from dissect.detect.finding import Finding, Severity
from dissect.detect.policy import Policy
from dissect.dossier.decisive import Decisive
from dissect.dossier.gathered import Gathered
from dissect.report import Summary

Show = Callable[[bytes | str], str]
"""Makes bytes and names from a packet safe: ``dissect.escape.visible``, in Unicode or in ASCII."""

BLAMELESS = frozenset({"sender", "server"})
"""Verdicts that name one of the two ends, and nothing in between."""


class Source(NamedTuple):
    """A capture that the report is about."""

    name: str
    """Of the file, without its folder."""
    size: int
    """Bytes."""
    sha256: str
    """In hexadecimal digits."""


class Both(NamedTuple):
    """The captures of both sides, compared."""

    source: Source
    """The capture of the other side."""
    overview: Overview
    item: Item | None
    """The conversation that is shown; None where both have none."""
    steps: tuple[Step, ...]
    """Its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What was found in the chosen conversations of some captures."""

    sources: tuple[Source, ...]
    summary: Summary
    gathered: Gathered
    policy: Policy
    show: Show
    made: str
    """What reads the captures, with its version."""
    decisive: Decisive | None = None
    ladder: FlowDetail | None = None
    """The flow of the decisive finding with its rows; None where it could not be read again."""
    infos: tuple[tuple[int, str], ...] = ()
    """Wireshark's Info column of the decisive frames."""
    both: Both | None = None
    """What a capture from the other side shows; None without one."""
    redacted: bool = False
    """Whether names and addresses are replaced."""

    @property
    def verdict(self) -> Verdict | None:
        """The surest verdict."""
        return next(iter(self.gathered.drawn), None)

    @property
    def findings(self) -> list[Finding]:
        """The findings of medium severity or worse: those that cost mail, or may."""
        return [
            finding
            for detail in self.gathered.details
            for finding in detail.findings
            if finding.severity >= Severity.MEDIUM
        ]

    @property
    def limits(self) -> list[Finding]:
        """What the capture itself lacks, as findings tell it."""
        return [
            finding
            for detail in self.gathered.details
            for finding in detail.findings
            if finding.rule in LIMITS
        ]

    def quoted(self, name: str) -> str:
        """The name of a file for a command line, without its folder."""
        return shlex.quote(self.show(name.rpartition("/")[2]))

    def looked_for(self, rule: str) -> bool:
        """Whether findings of a rule would be here, if there were any."""
        policy = self.policy
        treatment = policy.table[rule]
        wanted = rule in policy.only if policy.only else not treatment.mute
        return wanted and rule not in policy.ignore and treatment.severity >= policy.lowest

    def found(self, rule: str) -> list[Finding]:
        """The findings of a rule, in all chosen conversations."""
        return [each for detail in self.gathered.details for each in detail.findings
                if each.rule == rule]  # fmt: skip

    def count(self, name: str) -> int:
        """A count of the verdict; 0 where it has none of this name."""
        return dict(self.verdict.counts).get(name, 0) if self.verdict else 0


LIMITS = frozenset({
    "offloaded-capture", "capture-gap", "one-sided", "joined-midway", "cut-snaplen",
    "typed-by-hand",
})  # fmt: skip
"""The rules that tell of the capture and not of mail."""


def many(count: int, word: str, several: str = "") -> str:
    """``1 message``, ``2 messages``."""
    return f"{count:,} {word if count == 1 else several or word + 's'}"


def clock(time: float) -> str:
    """A time in UTC; the bare number where a damaged capture has none."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return f"{time:.0f}"
