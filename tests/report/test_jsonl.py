"""JSON Lines: every line of every bundled capture is as the schema says."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Final

import pytest
from cli.fakes import needs_tshark
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from report.printed import captures, objects, of_type, printed

from dissect.analysis.model import Outcome
from dissect.detect.finding import Severity

SCHEMA: Final[dict[str, Any]] = json.loads(
    resources.files("dissect.report").joinpath("schema.json").read_text(encoding="utf-8")
)
KINDS: Final = ("flow", "finding", "verdict", "peer", "summary")
OTHERS: Final = (
    "interface", "notice", "source", "log", "suspect", "log-summary", "pair", "change", "alone",
    "comparison",
)  # fmt: skip

pytestmark = needs_tshark


def each_kind() -> pytest.MarkDecorator:
    """One test for each type of line."""
    return pytest.mark.parametrize("kind", KINDS)


def test_schema_is_a_schema() -> None:
    """It is itself valid, and it describes the types of line of all commands."""
    Draft202012Validator.check_schema(SCHEMA)
    kinds = sorted([*KINDS, *OTHERS])
    assert sorted(entry["$ref"] for entry in SCHEMA["oneOf"]) == [f"#/$defs/{k}" for k in kinds]


@each_kind()
def test_lines_are_valid(kind: str) -> None:
    """All lines of a type fit its part of the schema; there are lines of each type."""
    validator = Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{kind}"}]})
    lines = of_type(kind)
    assert lines
    wrong = [
        f"{error.json_path}: {error.message}" for x in lines for error in _errors(validator, x)
    ]
    assert wrong == []


def _errors(validator: Draft202012Validator, line: dict[str, Any]) -> list[Any]:
    """The innermost errors in a line."""
    return [inner for error in validator.iter_errors(line) for inner in error.context or [error]]


def test_no_other_lines() -> None:
    """Every line is of one of the five types."""
    assert {line["type"] for line in objects()} == set(KINDS)


@each_kind()
def test_keys_stand_in_a_fixed_order(kind: str) -> None:
    """Keys come in the order of the schema, all of them, and none that it does not describe."""
    order = list(SCHEMA["$defs"][kind]["properties"])
    assert {tuple(line) for line in of_type(kind)} == {tuple(order)}


@each_kind()
def test_all_keys_are_promised(kind: str) -> None:
    """What is always there is required; more keys may come."""
    part = SCHEMA["$defs"][kind]
    assert part["required"] == list(part["properties"])
    assert part["additionalProperties"] is True


def test_broken_lines_are_refused() -> None:
    """The schema is no rubber stamp."""
    validator = Draft202012Validator(SCHEMA)
    flow = of_type("flow")[0]
    assert validator.is_valid(flow)
    assert validator.is_valid(flow | {"new": 1})
    assert not validator.is_valid(flow | {"outcome": "eaten"})
    assert not validator.is_valid({key: flow[key] for key in flow if key != "helo"})
    assert not validator.is_valid({"type": "other"})


def test_words_are_those_of_the_code() -> None:
    """Severities and outcomes cannot be added without the schema."""
    outcomes = SCHEMA["$defs"]["flow"]["properties"]["outcome"]["enum"]
    assert SCHEMA["$defs"]["severity"]["enum"] == [str(severity) for severity in Severity]
    assert sorted(outcomes) == sorted(outcome.value for outcome in Outcome)


def test_output_is_ascii() -> None:
    """No byte above 127 and no control but the line feed: safe in any terminal."""
    text = printed("jsonl")
    assert text.isascii()
    assert all(line.isprintable() for line in text.split("\n"))


def test_order_of_lines() -> None:
    """A flow stands before its findings, the summary is the last line, and there is one."""
    flows: set[int] = set()
    for line in objects():
        if line["type"] == "flow":
            flows.add(line["flow"])
        if line["type"] == "finding":
            assert line["flow"] in flows
    kinds = [line["type"] for line in objects()]
    assert kinds.count("summary") == 1
    assert kinds[-1] == "summary"


def test_summary_counts_the_lines() -> None:
    """Captures, flows and findings in the summary are those that were printed."""
    (last,) = of_type("summary")
    found = [line["rule"] for line in of_type("finding")]
    assert last["captures"] == len(captures())
    assert last["flows"] == len(of_type("flow"))
    assert last["findings"] == {rule: found.count(rule) for rule in sorted(set(found))}
    assert last["status"] == "truncated"


def test_flows_sum_up_their_findings() -> None:
    """``rules`` and ``severity`` of a flow are those of its findings."""
    ranks = [str(severity) for severity in Severity]
    for flow in of_type("flow"):
        own = [line for line in of_type("finding") if line["flow"] == flow["flow"]]
        assert flow["rules"] == sorted({line["rule"] for line in own})
        worst = max((ranks.index(line["severity"]) for line in own), default=None)
        assert flow["severity"] == (None if worst is None else ranks[worst])


def test_frames_of_a_finding_are_frames_of_its_flow() -> None:
    """A filter on them shows packets of this conversation."""
    flows = {flow["flow"]: flow["frames"] for flow in of_type("flow")}
    for line in of_type("finding"):
        frames = flows[line["flow"]]
        assert line["frames"] == sorted(line["frames"])
        if line["rule"] != "retry-storm":
            assert frames["first"] <= line["frames"][0] <= line["frames"][-1] <= frames["last"]
