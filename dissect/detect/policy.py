"""Which findings are wanted, and how severe each rule is: one table, and the user's choice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dissect.detect.finding import Finding, Severity
from dissect.detect.registry import NAMES, RULES
from dissect.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How one rule's findings are reported."""

    severity: Severity
    fixed: bool = False
    """Whether that is the severity of all of them; otherwise a finding may say its own."""
    once: bool = False
    """Whether only the first one in a flow is reported, with the number of the others."""
    mute: bool = False
    """Whether they are left out, unless the rule is asked for by its name."""


Table = Mapping[str, Treatment]
"""The treatment of each rule, by its name, in the order of the registry."""

DEFAULT: Final[Table] = {rule.info.name: Treatment(severity=rule.info.severity) for rule in RULES}
"""Each rule's own severity, every finding, nothing muted."""

LIST: Final = "seamark rules lists all rules."

KEYS: Final[dict[str, tuple[object, ...]]] = {
    "severity": tuple(map(str, Severity)),
    "once": (True, False),
    "mute": (True, False),
}
"""What can be said of a rule in the configuration file, and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the user wants to hear of."""

    only: frozenset[str] = frozenset()
    """Rules to report, muted or not; empty for all that are not muted."""
    ignore: frozenset[str] = frozenset()
    """Rules not to report."""
    lowest: Severity = Severity.INFO
    """Findings below it are left out."""
    table: Table = field(default_factory=lambda: DEFAULT)

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that are wanted, with the severity that the table gives them."""
        ranked = map(self._ranked, findings)
        return [finding for finding in ranked if self.wants(finding)]

    def wants(self, finding: Finding) -> bool:
        """Whether a finding is wanted."""
        name = finding.rule
        chosen = name in self.only if self.only else not self.table[name].mute
        return chosen and name not in self.ignore and finding.severity >= self.lowest

    def _ranked(self, finding: Finding) -> Finding:
        """A finding with the severity that the user gave its rule."""
        treatment = self.table[finding.rule]
        return replace(finding, severity=treatment.severity) if treatment.fixed else finding

    @property
    def gathers(self) -> bool:
        """Whether any rule is reported once a flow."""
        return any(treatment.once for treatment in self.table.values())

    def gathered(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """All findings of one flow, where a rule that is reported once has only its first."""
        groups: dict[str | int, list[Finding]] = {}
        for place, finding in enumerate(findings):
            once = self.table[finding.rule].once
            groups.setdefault(finding.rule if once else place, []).append(finding)
        return tuple(map(_first, groups.values()))


def _first(group: list[Finding]) -> Finding:
    """The first of some findings, with their number; as severe as the worst, which it hides."""
    first, others = group[0], len(group) - 1
    if not others:
        return first
    return replace(
        first,
        severity=max(finding.severity for finding in group),
        message=f"{first.message} ({others} more of this rule in the flow)",
    )


def known(names: Iterable[str]) -> frozenset[str]:
    """Names of rules, checked.

    Raises:
        UsageError: for a name that no rule has, with the nearest that rules have.
    """
    for name in names:
        if name not in DEFAULT:
            hint = nearest(name, NAMES) or LIST
            raise UsageError(f"There is no rule called {name!r}.", hint)
    return frozenset(names)


def nearest(word: str, words: Iterable[str]) -> str:
    """A question for what may have been meant; empty where nothing is near."""
    import difflib  # noqa: PLC0415 - only where a name is wrong

    *others, last = difflib.get_close_matches(word, list(words), 3) or [""]
    said = f"{', '.join(others)} or {last}" if others else last
    return f"Did you mean {said}?" if said else ""


# ---- in the words of the configuration file -----------------------------------------------------


def parse(where: str, said: Mapping[str, Mapping[str, Any]]) -> Table:
    """The table, with what the user says of some rules.

    Args:
        where: the place that it was read from, for messages.
        said: by the name of a rule, values by the names in ``KEYS``.

    Raises:
        UsageError: for a rule, a key or a value that there is not.
    """
    changed = {name: _treatment(where, name, words) for name, words in said.items()}
    return {**DEFAULT, **changed}


def _treatment(where: str, name: str, words: Mapping[str, Any]) -> Treatment:
    """The treatment of one rule."""
    if name not in DEFAULT:
        hint = nearest(name, NAMES) or LIST
        raise UsageError(f"{where}: there is no rule called {name!r}.", hint)
    for key, value in words.items():
        _check(f"{where}: rules.{name}", key, value)
    switches = {key: value for key, value in words.items() if key != "severity"}
    if "severity" in words:
        switches |= {"severity": Severity.parse(words["severity"]), "fixed": True}
    return replace(DEFAULT[name], **switches)


def _check(where: str, key: str, value: object) -> None:
    """Refuse what would be ignored in silence, or taken for something else."""
    if key not in KEYS:
        hint = nearest(key, KEYS) or f"Keys: {', '.join(KEYS)}"
        raise UsageError(f"{where} has no key {key!r}.", hint)
    if not any(type(value) is type(each) and value == each for each in KEYS[key]):
        values = ", ".join(map(json.dumps, KEYS[key]))
        raise UsageError(f"{where}.{key} cannot be {value!r}.", f"Values: {values}")


def written(table: Table) -> dict[str, dict[str, object]]:
    """What ``parse`` makes that table from."""
    return {name: _words(treatment) for name, treatment in table.items() if _words(treatment)}


def _words(treatment: Treatment) -> dict[str, object]:
    """What the user has said of a rule."""
    words: dict[str, object] = {"severity": str(treatment.severity)} if treatment.fixed else {}
    return words | {key: True for key in ("once", "mute") if getattr(treatment, key)}
