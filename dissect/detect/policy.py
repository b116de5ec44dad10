"""Which findings are wanted, and how severe each rule is: one table, and the user's choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dissect.detect.finding import Finding, Severity
from dissect.detect.registry import NAMES, RULES
from dissect.errors import UsageError

DEFAULT: Final[dict[str, Severity]] = {rule.info.name: rule.info.severity for rule in RULES}
"""The table: a rule's own severity unless a finding says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the user wants to hear of."""

    only: frozenset[str] = frozenset()
    """Rules to report; empty for all."""
    ignore: frozenset[str] = frozenset()
    """Rules not to report."""
    lowest: Severity = Severity.INFO
    """Findings below it are left out."""

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that are wanted."""
        return [finding for finding in findings if self.wants(finding)]

    def wants(self, finding: Finding) -> bool:
        """Whether a finding is wanted."""
        name = finding.rule
        chosen = not self.only or name in self.only
        return chosen and name not in self.ignore and finding.severity >= self.lowest


def known(names: Iterable[str]) -> frozenset[str]:
    """Names of rules, checked.

    Raises:
        UsageError: for a name that no rule has, with the nearest that one has.
    """
    import difflib  # noqa: PLC0415 - only where a name may be wrong

    for name in names:
        if name not in DEFAULT:
            near = difflib.get_close_matches(name, NAMES, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Rules: {', '.join(NAMES)}"
            raise UsageError(f"There is no rule called {name!r}.", hint)
    return frozenset(names)
