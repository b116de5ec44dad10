"""Detect: what becomes of findings by the table of the policy, and how the table is said."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect.detect.finding import Finding, Severity
from dissect.detect.policy import DEFAULT, KEYS, Policy, known, nearest, parse, written
from dissect.detect.registry import NAMES, RULES
from dissect.errors import UsageError

RULE = "masked-ehlo-keyword"
OTHER = "masked-banner"


def finding(severity: Severity = Severity.MEDIUM, rule: str = RULE, frame: int = 1) -> Finding:
    """A finding in flow 0."""
    return Finding(
        rule=rule, severity=severity, confidence=0.9, flow=0, frames=(frame,), time=0.0,
        message=f"frame {frame} is masked",
    )  # fmt: skip


def policy(words: dict[str, Any] | None = None, **how: Any) -> Policy:
    """A policy in which the user has said something of ``RULE``."""
    return Policy(table=parse("config.toml", {RULE: words or {}}), **how)


SEVERITIES = st.sampled_from(list(Severity))
FINDINGS = st.lists(st.builds(finding, SEVERITIES, st.sampled_from((RULE, OTHER)), st.integers(1)))
WORDS = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(values) for key, values in KEYS.items()}
)
TABLES = st.dictionaries(st.sampled_from(NAMES), WORDS)


# ---- what is wanted -----------------------------------------------------------------------------


def test_the_table_has_every_rule() -> None:
    """In the order of the registry, each with its own severity."""
    assert [(name, row.severity) for name, row in DEFAULT.items()] == [
        (rule.info.name, rule.info.severity) for rule in RULES
    ]


@given(FINDINGS)
def test_by_default_all_is_reported_as_it_is(found: list[Finding]) -> None:
    """Nothing is muted, gathered or ranked anew, not even what differs from its rule."""
    assert Policy().apply(found) == found
    assert not Policy().gathers
    assert Policy().gathered(found) == tuple(found)


@given(FINDINGS, SEVERITIES)
def test_a_severity_is_that_of_all_findings_of_the_rule(
    found: list[Finding], severity: Severity
) -> None:
    """Also of those that had one of their own; other rules and all other fields are left alone."""
    ranked = policy({"severity": str(severity)}).apply(found)
    for before, after in zip(found, ranked, strict=True):
        assert after.severity is (severity if before.rule == RULE else before.severity)
        assert (after.frames, after.message) == (before.frames, before.message)


def test_a_rules_own_severity_can_be_meant_for_all() -> None:
    """Saying what the rule says anyway still takes the exceptions away."""
    (ranked,) = policy({"severity": "medium"}).apply([finding(Severity.CRITICAL)])
    assert ranked.severity is Severity.MEDIUM


@pytest.mark.parametrize(("said", "count"), [("low", 0), ("high", 1)])
def test_the_lowest_goes_by_the_users_severity(said: str, count: int) -> None:
    """--min-severity sees the severity that is reported."""
    wanting = policy({"severity": said}, lowest=Severity.MEDIUM)
    assert len(wanting.apply([finding()])) == count


@pytest.mark.parametrize(("only", "ignore", "reported"), [
    ((), (), {OTHER}),
    ((RULE,), (), {RULE}),
    ((RULE, OTHER), (), {RULE, OTHER}),
    ((OTHER,), (), {OTHER}),
    ((RULE,), (RULE,), set()),
    ((), (OTHER,), set()),
])  # fmt: skip
def test_a_muted_rule_is_reported_only_by_name(
    only: tuple[str, ...], ignore: tuple[str, ...], reported: set[str]
) -> None:
    """--rule wins over mute, and --ignore over both."""
    muting = policy({"mute": True}, only=frozenset(only), ignore=frozenset(ignore))
    assert {each.rule for each in muting.apply([finding(), finding(rule=OTHER)])} == reported


# ---- once a flow --------------------------------------------------------------------------------


def test_the_first_stands_for_all() -> None:
    """It says how many others there are, at its own place, and has the worst severity of them."""
    found = [finding(frame=1), finding(rule=OTHER, frame=2), finding(Severity.CRITICAL, frame=3)]
    first, other = policy({"once": True}).gathered(found)
    assert (first.frames, first.severity) == ((1,), Severity.CRITICAL)
    assert first.message == "frame 1 is masked (1 more of this rule in the flow)"
    assert other == found[1]


@given(FINDINGS)
def test_no_finding_gets_lost_in_the_count(found: list[Finding]) -> None:
    """Those reported and those counted are all; other rules stay whole and in order."""
    gathered = policy({"once": True}).gathered(found)
    mine = [each for each in found if each.rule == RULE]
    kept = [each for each in gathered if each.rule == RULE]
    assert len(kept) == min(1, len(mine))
    assert [e for e in gathered if e.rule == OTHER] == [e for e in found if e.rule == OTHER]
    if len(mine) > 1:
        assert f"({len(mine) - 1} more of" in kept[0].message
    elif mine:
        assert kept == mine


# ---- in the words of the configuration file -----------------------------------------------------


@given(TABLES)
def test_a_table_survives_its_writing(said: dict[str, dict[str, Any]]) -> None:
    """What the worker is told makes the table that the user has said."""
    table = parse("here", said)
    assert parse("there", written(table)) == table
    assert list(table) == list(DEFAULT)


def test_the_default_needs_no_words() -> None:
    """Only what differs is written."""
    assert written(DEFAULT) == {}
    assert written(parse("here", {RULE: {"once": False}})) == {}
    assert written(parse("here", {RULE: {"mute": True}})) == {RULE: {"mute": True}}


@pytest.mark.parametrize(("said", "what", "hint"), [
    ({"masked-baner": {}}, "no rule called 'masked-baner'", OTHER),
    ({"zzz": {}}, "no rule called 'zzz'", "seamark rules"),
    ({RULE: {"severty": "low"}}, f"rules.{RULE} has no key 'severty'", "severity"),
    ({RULE: {"colour": "red"}}, f"rules.{RULE} has no key 'colour'", "severity, once, mute"),
    ({RULE: {"severity": "huge"}}, f"rules.{RULE}.severity cannot be 'huge'", '"critical"'),
    ({RULE: {"severity": "LOW"}}, "cannot be 'LOW'", '"low"'),
    ({RULE: {"severity": 3}}, "cannot be 3", '"high"'),
    ({RULE: {"severity": ["low"]}}, "cannot be ['low']", '"low"'),
    ({RULE: {"once": "true"}}, f"rules.{RULE}.once cannot be 'true'", "true, false"),
    ({RULE: {"once": 1}}, "once cannot be 1", "true, false"),
    ({RULE: {"mute": {}}}, "mute cannot be {}", "true, false"),
])  # fmt: skip
def test_what_cannot_be_meant(said: dict[str, Any], what: str, hint: str) -> None:
    """What is wrong, where it stands, and what can be said there."""
    with pytest.raises(UsageError) as caught:
        parse("config.toml", said)
    assert caught.value.what.startswith("config.toml: ")
    assert what in caught.value.what
    assert hint in caught.value.remedy


def test_nearest_names_what_may_have_been_meant() -> None:
    """One word, several, or none."""
    assert nearest("moot", KEYS) == ""
    assert nearest("onc", KEYS) == "Did you mean once?"
    words = ("seam-one", "seam-two", "seam-ten", "mask")
    assert nearest("seam-on", words[:2]) == "Did you mean seam-one or seam-two?"
    assert nearest("seam-tw", words).count("seam-") == 3


@pytest.mark.parametrize(("name", "hint"), [
    ("masked-baner", OTHER), ("MASKED", "seamark rules"), ("", "seamark rules"),
])  # fmt: skip
def test_a_name_is_known_or_corrected(name: str, hint: str) -> None:
    """A rule's name is taken as it is written; another gets the nearest, or where they stand."""
    assert known([RULE, OTHER]) == {RULE, OTHER}
    with pytest.raises(UsageError, match=re.escape(repr(name))) as caught:
        known([RULE, name])
    assert hint in caught.value.remedy
