"""``seamark compare``: what it prints, and its exit codes."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from cli.command import CAPTURES, TWIN, Ran, seamark
from cli.fakes import needs_tshark
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_tshark

TWIN_BEFORE = CAPTURES / "clean-twin-before.pcap"


def compared(name: str, *words: str) -> Ran:
    """Compare the two captures of a case."""
    return seamark(
        "compare", *words, *(CAPTURES / f"{name}-{s}.pcap" for s in ("before", "behind"))
    )


def test_the_founding_case_is_proved() -> None:
    """The verb as it was sent and as it arrived, with the boundary in it; exit code 1."""
    done = compared("founding")
    assert done.code == 1
    assert "Between them: in-place rewriter" in done.out
    assert "6 of 9 flows differ; 24 bytes changed in 6 places" in done.out
    sent = done.out.index("      RC|PT TO:<recipient0035@cam.example.net>\\r\\n\n      ^^ ^^\n")
    came = done.out.index("      XX|XX TO:<recipient0035@cam.example.net>\\r\\n\n      ^^ ^^\n")
    assert sent < came


def test_nothing_changed_is_said() -> None:
    """Zero differences is a finding, too; exit code 0."""
    done = compared("clean-twin")
    assert done.code == 0
    assert "Nothing between these two points changed this mail." in done.out
    assert "0 of 9 flows differ" in done.out


@pytest.mark.parametrize("name", ["founding", "sync-error", "starttls-refused", "forged-reset"])
def test_text_is_80_columns_of_plain_text(name: str) -> None:
    """It fits into a mail, and nothing in it acts on a terminal."""
    out = compared(name).out.replace(str(CAPTURES), "captures")
    lines = out.splitlines()
    assert all(line.isprintable() for line in lines)
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize("name", ["founding", "starttls-refused", "forged-reset", "clean-twin"])
def test_lines_are_as_the_schema_says(name: str) -> None:
    """Every line is valid, with all keys that there are, in their order; the verdict is last."""
    text = resources.files("dissect.report").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    validator = Draft202012Validator(schema)
    lines = [json.loads(line) for line in compared(name, "--format", "jsonl").out.splitlines()]
    for line in lines:
        assert list(line) == list(schema["$defs"][line["type"]]["properties"])
        validator.validate(line)
    pairs = [line for line in lines if line["type"] == "pair"]
    assert sum(pair["changes"] for pair in pairs) == sum(x["type"] == "change" for x in lines)
    assert lines[-1]["type"] == "comparison"


def test_nobody_is_named_with_redact(tmp_path: Path) -> None:
    """The same differences, of people and hosts that there are not; without folders, too."""
    key = ("--redact-key", tmp_path / "key")
    for form in ("text", "jsonl"):
        done = compared("founding", "--redact", *map(str, key), "--format", form)
        assert done.code == 1
        assert "XX|XX TO:<" in done.out or '"text":"XXXX TO:<' in done.out
        for name in ("recipient0", "cam.example", str(CAPTURES)):
            assert name not in done.out
    assert compared("founding", *map(str, key)).code == 2, "a key without --redact"


def test_flows_of_one_side_are_told() -> None:
    """A capture of hours later shares no flow: nothing is compared, and the exit code says so."""
    done = seamark("compare", TWIN_BEFORE, CAPTURES / "smuggling-behind.pcap")
    assert done.code == 3
    assert "No flow could be compared" in done.out
    assert "Only inside: 9 flows" in done.out


def test_clocks_far_apart_raise_a_doubt() -> None:
    """The same mail sent again 20 seconds later may be matched, but not without a word."""
    done = seamark("compare", TWIN_BEFORE, CAPTURES / "ipv6-behind.pcap")
    assert "make sure that both captures" in " ".join(done.out.split())
    assert "make sure" not in compared("clean-twin").out


def test_wrong_usage_and_captures_that_cannot_be_read(tmp_path: Path) -> None:
    """Two standard inputs, a file that is not there, and one that ends within a packet."""
    assert seamark("compare", "-", "-").code == 2
    assert seamark("compare", TWIN, tmp_path / "nothing.pcap").code == 3
    short = tmp_path / "short.pcap"
    short.write_bytes(TWIN.read_bytes()[:-7])
    done = seamark("compare", TWIN_BEFORE, short)
    assert done.code == 3
    assert "9 SMTP flows" in done.out
    assert "short.pcap" in done.err
