"""Real captures from public projects: nothing is said of them that is not true.

They lie beside the project, not in it; where they are not there these tests are skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from oracles import public
from oracles.disagreements import FALSE, Untrue
from oracles.shared import CAPTURES, FOLDER, NEEDED, reading

from dissect.detect.registry import NAMES

pytestmark = NEEDED

EACH = pytest.mark.parametrize("path", CAPTURES or [FOLDER], ids=lambda path: path.name)


@EACH
def test_a_capture_is_read(path: Path) -> None:
    """Each is read to its end, and no rule of ours crashes."""
    got = reading(path)
    assert (got.outcome.status, got.bugs) == ("complete", ())


@EACH
def test_findings_are_those_that_are_true(path: Path) -> None:
    """What costs mail or accuses somebody is listed with a person's reason, and all listed is."""
    assert list(public.miscounts(path.name, reading(path).details)) == []


@pytest.mark.parametrize("false", FALSE, ids=lambda false: f"{false.capture}-{false.rule}")
@pytest.mark.xfail(strict=True, reason="each entry of the table says why it is not true")
def test_no_finding_is_false(false: Untrue) -> None:
    """What is known to be no fact of a capture is not told of it."""
    rules = [finding.rule for finding in public.weighty(reading(FOLDER / false.capture).details)]
    assert false.rule not in rules


@EACH
def test_nobody_is_named(path: Path) -> None:
    """No verdict where no middlebox was, but those that are listed with a person's reason."""
    named = [verdict.device for verdict in reading(path).verdicts]
    assert named == [entry["device"] for entry in public.verdicts(path.name)]


def test_listed_verdicts_accuse_no_middlebox() -> None:
    """Of a capture without a middlebox only the sender can be at fault; each says in what frame."""
    entries = [entry for path in CAPTURES for entry in public.verdicts(path.name)]
    assert {entry["device"] for entry in entries} <= {"sender"}
    assert all("rame" in entry["why"] for entry in entries)


def test_the_list_is_about_what_there_is() -> None:
    """Each entry names a capture and a rule that exist, once, and gives its reason with a frame."""
    listed = public.listed()
    assert set(listed) <= {path.name for path in CAPTURES}
    for entries in listed.values():
        rules = [entry["rule"] for entry in entries]
        assert len(set(rules)) == len(rules)
        assert set(rules) <= set(NAMES)
        assert all(set(entry) == {"rule", "count", "why"} for entry in entries)
        assert all(entry["count"] > 0 and "rame" in entry["why"] for entry in entries)
