"""What is found in the public captures, against the list of what is true of them.

In: the findings of a capture.  Out: the rules that fired more or less often than
``public.toml`` says.  Each entry there was judged by a person who looked at the frames.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from dissect.analysis.model import FlowDetail
from dissect.detect.finding import Finding, Severity
from dissect.detect.registry import RULES
from oracles.disagreements import FALSE

LIST: Final = Path(__file__).parent / "public.toml"

GROUPS: Final = frozenset({"mask", "ending", "tls", "proxy", "path"})
"""Groups of which each finding is listed, whatever its severity: they accuse somebody."""

ACCUSING: Final = frozenset(rule.info.name for rule in RULES if rule.info.group in GROUPS)


def listed() -> dict[str, list[dict[str, Any]]]:
    """The entries of each capture: ``rule``, ``count`` and ``why``."""
    return {table["file"]: table["finding"] for table in tomllib.loads(LIST.read_text())["capture"]}


def verdicts(file: str) -> list[dict[str, Any]]:
    """The verdicts that are true of a capture: ``device`` and ``why``."""
    tables = tomllib.loads(LIST.read_text())["capture"]
    return next((table.get("verdict", []) for table in tables if table["file"] == file), [])


def weighty(details: Iterable[FlowDetail]) -> list[Finding]:
    """The findings that have to be listed."""
    return [
        finding
        for detail in details
        for finding in detail.findings
        if finding.severity >= Severity.MEDIUM or finding.rule in ACCUSING
    ]


def _judged(file: str) -> Counter[str]:
    """How often each rule must fire as things are: what is true, and the known bugs."""
    true = Counter({entry["rule"]: entry["count"] for entry in listed().get(file, ())})
    return true + Counter({f.rule: f.times for f in FALSE if f.capture == file})


def miscounts(file: str, details: Iterable[FlowDetail]) -> Iterator[str]:
    """Each rule that fired more or less often than is listed, in a line."""
    wanted = _judged(file)
    got = Counter(finding.rule for finding in weighty(details))
    for rule in sorted(set(wanted) | set(got)):
        if wanted[rule] != got[rule]:
            yield f"{rule}: {got[rule]} instead of {wanted[rule]}"


def unlisted(file: str, details: Iterable[FlowDetail]) -> str:
    """The entries that a capture lacks, in the form of the list, each to be judged."""
    known = _judged(file)
    found: dict[str, list[Finding]] = {}
    for finding in weighty(details):
        found.setdefault(finding.rule, []).append(finding)
    new = {rule: of_rule for rule, of_rule in found.items() if len(of_rule) > known[rule]}
    if not new:
        return ""
    head = "" if file in listed() else f"[[capture]]\nfile = {_quoted(file)}\n"
    return head + "".join(_entry(rule, of_rule) for rule, of_rule in sorted(new.items()))


def _entry(rule: str, findings: list[Finding]) -> str:
    """One entry without its reason, with what the findings say as comments."""
    said = "".join(f"# frames {list(f.frames)}: {json.dumps(f.message)}\n" for f in findings)
    head = f"\n[[capture.finding]]\nrule = {_quoted(rule)}\ncount = {len(findings)}\n"
    return f'{head}why = ""\n{said}'


def _quoted(word: str) -> str:
    """A basic string of TOML, in which JSON's escapes are good."""
    return json.dumps(word)
