"""What a rule is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from dissect.detect import remedies
from dissect.detect.context import Context
from dissect.detect.finding import Finding, SeamInside, Severity
from dissect.dialogue import Command, Ended, Exchange, Note, Reply, Transaction

HEADINGS: Final = (
    "What it reports",
    "Why it matters",
    "What it cannot see",
    "Example dialogue",
    "Remedy",
    "Sources",
)
"""The headings of a rule's text, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What is said of a rule in every list of rules."""

    name: str
    group: str
    severity: Severity
    summary: str
    """What it reports, in a sentence without a full stop."""
    sources: tuple[str, ...]


class Rule:
    """One detector for one flow; made anew for each, so that it may remember.

    A rule overrides the handlers that it needs; the engine calls no others.  The module's
    docstring is the rule's text, under ``HEADINGS``.
    """

    info: ClassVar[Info]
    when: ClassVar[int] = 0
    """Bits (``dissect.detect.traits``) of the exchanges that concern it."""
    concerns: ClassVar[int] = 0
    """Bits of the mail transactions that concern it."""
    notes: ClassVar[int] = 0
    """Bits (``traits.NOTES``) of what TCP did that concerns it."""

    def exchange(self, context: Context, exchange: Exchange) -> Iterator[Finding]:
        """A command has its reply, or will have none."""
        raise NotImplementedError

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:
        """A mail transaction has ended."""
        raise NotImplementedError

    def note(self, context: Context, note: Note) -> Iterator[Finding]:
        """TCP did something."""
        raise NotImplementedError

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """The flow is over."""
        raise NotImplementedError

    def finding(  # noqa: PLR0913 - a finding has many parts, all named
        self,
        context: Context,
        events: tuple[Command | Reply | Note | None, ...],
        message: str,
        *,
        confidence: float = 0.95,
        severity: Severity | None = None,
        observed: bytes = b"",
        original: str = "",
        seam: SeamInside | None = None,
        impact: str = "",
        remedy: tuple[str, ...] = (),
        recipients: tuple[str, ...] = (),
        frames: tuple[int, ...] = (),
    ) -> Finding:
        """A finding of this rule, with the frames and rows of the events that are its evidence."""
        there = [event for event in events if event is not None]
        seen = frames or tuple(frame for event in there for frame in event.frames)
        return Finding(
            rule=self.info.name,
            severity=self.info.severity if severity is None else severity,
            confidence=confidence,
            flow=context.flow,
            frames=tuple(sorted(set(seen))),
            time=there[0].time if there else context.start,
            message=message,
            rows=tuple(event.number for event in there),
            observed=observed,
            original=original,
            seam=seam,
            impact=impact,
            remedy=remedies.inside_tls(remedy) if context.inside else remedy,
            sources=self.info.sources,
            recipients=recipients,
        )


def text(rule: type[Rule]) -> dict[str, str]:
    """A rule's text by heading, from its module's docstring; the first line under ``""``."""
    doc = inspect.getdoc(inspect.getmodule(rule)) or ""
    parts = re.split(r"^## (.+)$", doc, flags=re.MULTILINE)
    return {"": parts[0].strip()} | {
        heading.strip(): body.strip()
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }
