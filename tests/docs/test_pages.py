"""Each rule has a page that says what its text says, and nothing else lies beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from docs.make import PAGES, README, escaped, files, outdated, page_text, part, write_pages

from dissect.detect.registry import NAMES
from dissect.detect.rule import HEADINGS
from dissect.rulebook import Page, pages

if TYPE_CHECKING:
    from pathlib import Path

LINK = r"\[`([a-z-]+)`\]\(([^)]+)\)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of pages that may be spoilt, in place of the real one."""
    monkeypatch.setattr("docs.make.PAGES", tmp_path / "rules")
    write_pages()
    return tmp_path / "rules"


def test_pages_are_up_to_date() -> None:
    """``python tests/docs/make.py`` would change nothing, and remove nothing."""
    assert outdated() == []


def test_a_page_that_differs_is_out_of_date(folder: Path) -> None:
    """By one byte, or because it is not there."""
    assert outdated() == []
    (folder / "masked-verb.md").write_text(files()["masked-verb.md"] + "\n")
    (folder / "split-reply.md").unlink()
    assert outdated() == ["masked-verb.md", "split-reply.md"]


def test_a_page_of_no_rule_is_out_of_date(folder: Path) -> None:
    """A rule that was taken away or renamed leaves nothing behind."""
    (folder / "no-such-rule.md").write_text("# no-such-rule\n")
    assert outdated() == ["no-such-rule.md"]


def test_writing_mends_all(folder: Path) -> None:
    """One command is enough, whatever has happened to the folder."""
    (folder / "no-such-rule.md").write_text("# no-such-rule\n")
    (folder / "masked-verb.md").write_text("")
    (folder / "README.md").unlink()
    write_pages()
    assert outdated() == []
    assert {path.name: path.read_text() for path in folder.iterdir()} == files()


@pytest.mark.parametrize("file", [README, PAGES / "README.md"], ids=["README", "index"])
def test_tables_link_each_rule_to_its_page(file: Path) -> None:
    """All rules in the order of the registry, and a file at the end of each link."""
    text = file.read_text(encoding="utf-8")
    linked = re.findall(LINK, part(text, "rules") if file == README else text)
    assert [name for name, _ in linked] == list(NAMES)
    assert [(file.parent / to).resolve() for _, to in linked] == [
        PAGES / f"{name}.md" for name in NAMES
    ]


@pytest.mark.parametrize("rule", pages(), ids=NAMES)
def test_a_page_has_all_parts(rule: Page) -> None:
    """Title, summary, group, severity, and the headings in their order, none of them empty."""
    text = page_text(rule)
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    assert parts[0].startswith(f"# {rule.name}\n\n{escaped(rule.info.summary)}.\n")
    assert f"* Group: {rule.info.group}\n* Severity: {rule.info.severity}\n" in parts[0]
    assert tuple(parts[1::2]) == HEADINGS
    assert all(body.strip() for body in parts[2::2])


@pytest.mark.parametrize("rule", pages(), ids=NAMES)
def test_a_dialogue_is_code(rule: Page) -> None:
    """Its lines stand as they are in a block of their own, the only one of the page."""
    (block,) = re.findall(r"^```text\n(.*?)^```$", page_text(rule), re.DOTALL | re.MULTILINE)
    (dialogue,) = [section.transcript for section in rule.sections() if section.transcript]
    assert block.splitlines() == [line.rstrip() for line in dialogue]


@pytest.mark.parametrize(("prose", "shown"), [
    ("a `XX*_<b>` c", "a `XX*_<b>` c"),
    ("**** TO:<a_b> [x]", r"\*\*\*\* TO:\<a\_b\> \[x\]"),
    (r"see https://a.example/x_y_z `a` \r", r"see https://a.example/x_y_z `a` \\r"),
])  # fmt: skip
def test_prose_stays_prose(prose: str, shown: str) -> None:
    """What Markdown would take for its own is escaped, but not in code or in an address."""
    assert escaped(prose) == shown


def test_pages_are_for_everybody() -> None:
    """No path and no address of the machine that they were written on."""
    for text in files().values():
        assert re.findall(r"/(?:work|root|home|tmp)/\S*|localhost:\d+", text) == []
