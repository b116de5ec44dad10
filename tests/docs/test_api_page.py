"""docs/api.md says what the code says, its example runs, and its lines load what is printed."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pytest
from cli.command import scan
from cli.fakes import needs_tshark
from docs.make import api_page

from docs import api

if TYPE_CHECKING:
    from pathlib import Path

PAGE: Final = api.API.read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def block(language: str, word: str) -> str:
    """The block of a language that has a word in it."""
    (found,) = [text for name, text in BLOCKS if name == language and word in text]
    return str(found)


class TestPage:
    """What stands on it."""

    pytestmark = needs_tshark

    def test_is_up_to_date(self) -> None:
        """``python tests/docs/make.py`` would change nothing."""
        assert api_page() == PAGE


def test_page_has_all_parts_and_no_others() -> None:
    """Each once."""
    assert sorted(re.findall(r"^<!-- ([a-z ]+) -->$", PAGE, re.MULTILINE)) == sorted(api.PARTS)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)]+)\)", PAGE))
def test_links_lead_somewhere(link: str) -> None:
    """To files that are there."""
    assert (api.API.parent / link).exists()


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`(dissect(?:\.\w+)+)", PAGE)) | {"dissect.library.analyse"})
)
def test_names_are_there(name: str) -> None:
    """Modules, and what is in them."""
    assert pkgutil.resolve_name(name) is not None


def test_fields_are_those_of_the_classes() -> None:
    """None is forgotten that the value has."""
    for module, names in api.MODEL.items():
        for name in names:
            kept = getattr(importlib.import_module(module), name)
            node = api._definition(module, name)
            listed = {each for each, *_ in [*api.fields(node), *api.members(node)]}
            held: tuple[str, ...] = getattr(kept, "__slots__", ()) or getattr(kept, "_fields", ())
            assert {each for each in held if each != "__dict__"} <= listed, name


def test_python_can_be_read() -> None:
    """Every block of it."""
    blocks = [text for name, text in BLOCKS if name == "python"]
    assert len(blocks) >= 3
    for text in blocks:
        ast.parse(text)


# ---- the example --------------------------------------------------------------------------------


class TestExample:
    """The script, run."""

    pytestmark = needs_tshark

    def test_names_whom_no_mail_reached(self) -> None:
        """In the founding case one recipient of six messages, at six cut commands."""
        ran = api.run(api.CAPTURE)
        assert (ran.returncode, ran.stderr) == (0, "")
        lines = ran.stdout.splitlines()
        lost = [
            line for line in lines if line.endswith("no mail for recipient0035@cam.example.net")
        ]
        assert len(lost) == 6
        assert sum("|" in line and "(was RCPT)" in line for line in lines) == 6

    def test_says_what_cannot_be_read(self) -> None:
        """Beside what was found in the other capture."""
        ran = api.run(api.CAPTURE, "captures/no-such.pcap")
        assert ran.returncode == 1
        assert "no such file" in ran.stderr
        assert "Cisco" in ran.stdout


# ---- findings elsewhere -------------------------------------------------------------------------


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The findings of the founding case, in the file that the page has written."""
    assert """grep '^{"type":"finding"' > findings.jsonl""" in block("sh", "grep")
    ran = scan("--format", "jsonl", api.ROOT / api.CAPTURE)
    lines = [line for line in ran.out.splitlines(keepends=True) if line.startswith(_HEAD)]
    (tmp_path / "findings.jsonl").write_text("".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = [json.loads(line) for line in lines]
    assert found == [each for each in map(json.loads, ran.out.splitlines()) if _is_finding(each)]
    return found


_HEAD: Final = '{"type":"finding"'


def _is_finding(each: dict[str, Any]) -> bool:
    return bool(each["type"] == "finding")


class TestElsewhere:
    """The lines for pandas and DuckDB."""

    pytestmark = needs_tshark

    def test_findings_are_a_table(self, findings: list[dict[str, Any]]) -> None:
        """All have the same keys, each with one type, and those that the lines ask for."""
        (keys,) = {tuple(each) for each in findings}
        assert {"rule", "severity", "flow"} <= set(keys)
        for key in keys:
            kinds = {type(each[key]) for each in findings if each[key] is not None}
            assert len(kinds - {int} if float in kinds else kinds) == 1, key

    def test_pandas_loads_them(
        self, findings: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The block as it stands on the page."""
        held: dict[str, Any] = {}
        exec(block("python", "pandas"), held)  # noqa: S102 - our own page
        assert len(held["findings"]) == len(findings)
        assert "split-masked-verb" in capsys.readouterr().out

    def test_duckdb_loads_them(self, findings: list[dict[str, Any]]) -> None:
        """The statement as it stands on the page."""
        rows = duckdb.execute(block("sql", "findings.jsonl")).fetchall()
        assert sum(row[2] for row in rows) == len(findings)
        assert {row[0] for row in rows} == {each["rule"] for each in findings}
