"""The README says what the code says, and points only at what is there."""

from __future__ import annotations

import json
import re
import shutil
from importlib import resources

import pytest
from docs.make import NEEDS_TSHARK, PARTS, README, ROOT, main, part, replaced

from dissect.analysis import verdicts
from dissect.detect.registry import RULES

TEXT = README.read_text(encoding="utf-8")
CHANGES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(PARTS.keys() - NEEDS_TSHARK))
def test_generated_part_is_up_to_date(name: str) -> None:
    """``python tests/docs/make.py`` would change nothing but line breaks here."""
    assert part(TEXT, name).split() == PARTS[name]().split()


@pytest.mark.tshark
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", sorted(NEEDS_TSHARK))
def test_printed_part_is_up_to_date(name: str) -> None:
    """What the README shows of a scan is what a scan of that capture prints."""
    assert part(TEXT, name) == PARTS[name]()


def test_marks_pair_up() -> None:
    """Every mark that opens a part is closed, and belongs to a part that is known."""
    opened = re.findall(r"^<!-- ([a-z ]+) -->$", TEXT, re.MULTILINE)
    closed = re.findall(r"^<!-- /([a-z ]+) -->$", TEXT, re.MULTILINE)
    assert opened == closed
    assert set(opened) == set(PARTS) | {"accuracy", "benchmark", "screen benchmark", "soak"}


def test_replacing_a_part_leaves_the_rest() -> None:
    """Only what is between the marks changes, whatever is put there."""
    text = "a\n<!-- rules -->\nold\n<!-- /rules -->\nb\n"
    assert replaced(text, "rules", r"new \1") == text.replace("old", r"new \1")
    with pytest.raises(ValueError, match="0 parts"):
        part(text, "help")


def test_every_rule_is_named() -> None:
    """The table has each rule once."""
    table = part(TEXT, "rules").splitlines()
    assert len(table) == len(RULES) + 2


def test_bounds_are_those_of_the_code() -> None:
    """The bounds of a verdict's confidence stand in the README as they are computed."""
    section = TEXT.split("## How sure a verdict is")[1].split("\n## ")[0]
    for number in (verdicts.ENOUGH, verdicts.MOST, verdicts.UNPROVEN):
        assert f"{number:g}" in section


def test_links_lead_somewhere() -> None:
    """Files that are linked or shown are in the repository."""
    targets = re.findall(r"\]\(([^)#]+)\)", TEXT + CHANGES)
    local = {target for target in targets if "://" not in target}
    assert [target for target in sorted(local) if not (ROOT / target).exists()] == []


def test_anchors_lead_to_headings() -> None:
    """A link inside of the README has its heading."""
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    slugs = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= slugs


def test_schema_is_where_it_is_said_to_be() -> None:
    """The README names the file, and the package carries it."""
    assert "dissect/report/schema.json" in TEXT
    assert json.loads(resources.files("dissect.report").joinpath("schema.json").read_text())


@pytest.mark.parametrize("document", [TEXT, CHANGES], ids=["README", "CHANGELOG"])
def test_documents_are_for_everybody(document: str) -> None:
    """No path and no address of the machine that it was written on."""
    assert re.findall(r"/(?:work|root|home|tmp)/\S*|localhost:\d+", document) == []


def test_changes_begin_with_what_is_not_released() -> None:
    """As keepachangelog.com has it."""
    assert re.search(r"^# Changelog\n.*?^## \[Unreleased\]$", CHANGES, re.DOTALL | re.MULTILINE)


@pytest.mark.tshark
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_check_writes_nothing() -> None:
    """``--check`` says whether the file is out of date, and leaves it alone."""
    assert main(["--check"]) in {0, 1}
    assert README.read_text(encoding="utf-8") == TEXT
