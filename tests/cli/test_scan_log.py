"""``seamark scan --log``: the lines of real logs under the flows of the same run."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pytest
from cli.command import CAPTURES, scan
from cli.fakes import needs_tshark
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_tshark

LOGS: Final = CAPTURES / "logs"
EXIM: Final = LOGS / "exim-sync-error.mainlog"
EXIM_CAPTURE: Final = LOGS / "exim-sync-error.pcap"
POSTFIX: Final = LOGS / "postfix-split.maillog"
POSTFIX_CAPTURE: Final = LOGS / "postfix-split.pcap"
UTC: Final = ("--timezone", "UTC")
SCHEMA: Final[dict[str, Any]] = json.loads(
    resources.files("dissect.report").joinpath("schema.json").read_text(encoding="utf-8")
)


def lines(*words: str | Path) -> list[dict[str, Any]]:
    """The objects of a scan."""
    return [json.loads(line) for line in scan("--format", "jsonl", *words).out.splitlines()]


@pytest.mark.parametrize(
    ("log", "capture", "count"), [(EXIM, EXIM_CAPTURE, 12), (POSTFIX, POSTFIX_CAPTURE, 9)]
)
def test_each_line_has_the_flow_of_its_port(log: Path, capture: Path, count: int) -> None:
    """All lines that name a client are tied, and to the client port that they name."""
    found = lines(*UTC, "--log", log, capture)
    ports = {each["flow"]: each["client"].rpartition(":")[2] for each in found
             if each["type"] == "flow"}  # fmt: skip
    tied = [each for each in found if each["type"] == "log"]
    assert (len(tied), {each["offset"] for each in tied}) == (count, {0})
    assert [each for each in tied if f"]:{ports[each['flow']]}" not in each["text"]] == []


def test_objects_fit_the_schema() -> None:
    """With their keys in its order; they come before the verdicts."""
    found = lines(*UTC, "--log", EXIM, EXIM_CAPTURE)
    validator = Draft202012Validator(SCHEMA)
    assert [each for each in found if not validator.is_valid(each)] == []
    order = list(SCHEMA["$defs"]["log"]["properties"])
    assert {tuple(each) for each in found if each["type"] == "log"} == {tuple(order)}
    types = [each["type"] for each in found]
    assert types.index("log") < types.index("verdict")
    assert "flow" not in types[types.index("log") :]


def test_wrong_time_zone_is_found_out() -> None:
    """The same ties, and the hour is told."""
    right = lines(*UTC, "--log", POSTFIX, POSTFIX_CAPTURE)
    wrong = lines("--timezone", "Europe/Berlin", "--log", POSTFIX, POSTFIX_CAPTURE)
    tied = [[(x["flow"], x["line"]) for x in each if x["type"] == "log"] for each in (right, wrong)]
    assert tied[0] == tied[1]
    assert {each["offset"] for each in wrong if each["type"] == "log"} == {-3600}


def test_text_has_them_under_their_flow() -> None:
    """The synchronisation error stands in the part of the flow whose port it names."""
    out = scan(*UTC, "--log", EXIM, EXIM_CAPTURE).out
    assert "12 of 12 lines with a client belong to 4 flows; the clocks agree" in out
    part = out.partition("\nFlow 2: 192.0.2.10:33740")[2].partition("\nFlow 3:")[0]
    assert "SMTP protocol synchronization error" in " ".join(part.split())
    assert "33741" not in part


def test_without_a_log_nothing_changes() -> None:
    """Findings, verdicts and exit code are those of the capture."""
    plain, more = (
        scan(*words, EXIM_CAPTURE, "--format", "jsonl") for words in ((), ("--log", EXIM))
    )
    kept = [line for line in more.out.splitlines() if '"type":"log"' not in line]
    assert (kept, more.code) == (plain.out.splitlines(), plain.code)


def test_log_of_others_stays_out() -> None:
    """A capture whose client is not in the log has none of its lines."""
    found = lines(*UTC, "--log", EXIM, CAPTURES / "ipv6-behind.pcap")
    assert [each for each in found if each["type"] == "log"] == []


def test_missing_log_is_an_error_and_the_capture_is_read() -> None:
    """Exit code 3, the reason, and what the capture shows."""
    ran = scan("--log", "nowhere", EXIM_CAPTURE)
    assert (ran.code, "nowhere: there is no such file" in ran.err) == (3, True)
    assert "split-masked-verb" in ran.out


def test_standard_input_is_read_once() -> None:
    """It cannot be a log and a capture."""
    assert scan("--log", "-", "-").code == 2
