"""docs/settings.md says what the code says, and its examples can be used."""

from __future__ import annotations

import re
import tomllib
from itertools import chain

import pytest
from docs.make import SETTINGS, settings_page
from docs.settings import PARTS

from dissect.config import check, tables
from tui import chosen
from tui.__main__ import seamark

PAGE = SETTINGS.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_page_is_up_to_date() -> None:
    """``python tests/docs/make.py`` would change nothing."""
    assert settings_page() == PAGE


def test_page_has_all_parts_and_no_others() -> None:
    """Each once."""
    assert sorted(re.findall(r"^<!-- ([a-z ]+) -->$", PAGE, re.MULTILINE)) == sorted(PARTS)


def test_page_has_the_options_of_all_commands() -> None:
    """A table that the file may have is a table of the page."""
    assert {f"options {name}" for name in tables.commands(seamark)} <= set(PARTS)


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_can_be_used(text: str) -> None:
    """Nothing is wrong with them but that a key may not arrive."""
    said = tomllib.loads(text)
    found = chain(check.problems(seamark, said), chosen.problems(said))
    assert [each for each in found if not each.harmless] == []


def test_examples_are_found() -> None:
    """The test above is about something."""
    assert len(EXAMPLES) == PAGE.count("```toml") > 3


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)]+)\)", PAGE))
def test_links_lead_somewhere(link: str) -> None:
    """To files that are there."""
    assert (SETTINGS.parent / link).exists()


def test_tables_are_straight() -> None:
    """Each row has as many cells as its head, whatever stands in them."""
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1, block
