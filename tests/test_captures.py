"""The manifest as a test: what the dissector finds in each bundled capture, through a real tshark.

The manifest is made from the logs of the middleboxes and of the servers, and from what the sender
reports of its own faults; see `lab.expect`.
"""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lab import manifest

from dissect.pipeline import Pipeline
from dissect.source import Outcome, find_tshark, open_capture, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dissect.analysis.model import FlowDetail, Verdict
    from dissect.detect.finding import Finding

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
TABLES: list[dict[str, Any]] = tomllib.loads((CAPTURES / manifest.NAME).read_text())["capture"]
CONCLUSIVE = [table for table in TABLES if "devices" in table]
"""The captures in which something is certain about the device: one, or none."""
UNTOUCHED = [table for table in TABLES if table.get("ends_only")]
"""The captures of a sender's own faults, through a path that changes nothing."""
ENDS = {"sender", "server"}
"""Devices of verdicts that accuse nothing between the two."""

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


@dataclass(frozen=True)
class Reading:
    """All that the dissector says of one capture."""

    outcome: Outcome
    packets: int
    flows: int
    details: tuple[FlowDetail, ...]
    verdicts: tuple[Verdict, ...]
    bugs: tuple[str, ...]

    def findings(self) -> list[Finding]:
        """Of all flows."""
        return [finding for detail in self.details for finding in detail.findings]

    def about(self, rule: str, client_port: int) -> list[Finding]:
        """The findings of one rule in the conversations of one client port."""
        return [
            finding
            for detail in self.details
            if detail.summary.client.port == client_port
            for finding in detail.findings
            if finding.rule == rule
        ]


@cache
def reading(name: str) -> Reading:
    """Dissect one of the captures, once for all tests."""
    pipeline = Pipeline(name)
    capture = open_capture(str(CAPTURES / name))
    outcome = asyncio.run(read(find_tshark(), capture, pipeline.rows))
    pipeline.finish()
    details = tuple(pipeline.take())
    return Reading(
        outcome,
        pipeline.packets,
        pipeline.flows,
        details,
        pipeline.verdicts(),
        tuple(pipeline.bugs),
    )


def each_capture() -> pytest.MarkDecorator:
    """One test a capture, named after the file."""
    return pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["file"]))


@each_capture()
def test_whole_capture_is_read(table: dict[str, Any]) -> None:
    """Packets, flows and the state of the file are those of the manifest, and no rule crashes."""
    got = reading(table["file"])
    seen = (got.outcome.status, got.outcome.packets, got.packets, got.flows, got.bugs)
    assert seen == (table["status"], table["packets"], table["packets"], table["flows"], ())


@each_capture()
def test_rules_fire_as_often_as_they_must(table: dict[str, Any]) -> None:
    """Each rule fires as often as the manifest says, and no other rule does."""
    got = Counter(finding.rule for finding in reading(table["file"]).findings())
    rules = sorted({*got, *table["findings"], *table["at_least"]})
    wrong = [line for rule in rules if (line := _miscount(table, rule, got[rule]))]
    assert not wrong, _report(table, wrong)


@each_capture()
def test_evidence_is_found_where_it_is(table: dict[str, Any]) -> None:
    """Every masked byte and every loss in the manifest has its finding, with the same evidence."""
    got = reading(table["file"])
    wrong = [line for row in table.get("evidence", []) for line in _missed(got, row)]
    assert not wrong, _report(table, wrong)


@each_capture()
def test_findings_point_into_the_capture(table: dict[str, Any]) -> None:
    """A finding has frames, in order, and all of them are in the file."""
    wrong = [
        f"{finding.rule}: frames {list(finding.frames)} of {table['packets']}"
        for finding in reading(table["file"]).findings()
        if not finding.frames
        or list(finding.frames) != sorted(set(finding.frames))
        or not 1 <= finding.frames[0] <= finding.frames[-1] <= table["packets"]
    ]
    assert not wrong, _report(table, wrong)


@pytest.mark.parametrize("table", CONCLUSIVE, ids=lambda table: str(table["file"]))
def test_verdicts_name_the_device(table: dict[str, Any]) -> None:
    """The verdicts name the device and count what the logs count, or there are none."""
    verdicts = reading(table["file"]).verdicts
    assert [verdict.device for verdict in verdicts] == table["devices"]
    if table["counts"]:
        counts = {name: count for name, count in verdicts[0].counts if count}
        assert counts == table["counts"]


@pytest.mark.parametrize("table", UNTOUCHED, ids=lambda table: str(table["file"]))
def test_verdicts_leave_the_path_alone(table: dict[str, Any]) -> None:
    """Where the sender alone is to blame, no verdict accuses a middlebox."""
    assert {verdict.device for verdict in reading(table["file"]).verdicts} <= ENDS


def _miscount(table: Mapping[str, Any], rule: str, got: int) -> str:
    """How a rule's count differs from the manifest, in a line; empty where it does not."""
    exact, least = table["findings"].get(rule), table["at_least"].get(rule, 0)
    if exact is not None:
        return "" if got == exact else f"{rule}: {got} instead of {exact}"
    if got < least:
        return f"{rule}: {got} instead of at least {least}"
    return "" if least or rule in table["may"] or not got else f"{rule}: {got} instead of none"


def _missed(got: Reading, row: Mapping[str, Any]) -> Iterator[str]:
    """What of one piece of evidence no finding shows: the differences to the nearest finding."""
    found = got.about(row["rule"], row["client_port"])
    differences = [list(_differences(finding, row)) for finding in found]
    where = f"{row['rule']} of port {row['client_port']}, frames {row['frames']}"
    if not differences:
        yield f"{where}: no finding"
        return
    yield from (f"{where}: {line}" for line in min(differences, key=len))


def _differences(finding: Finding, row: Mapping[str, Any]) -> Iterator[str]:
    """In what a finding differs from a piece of evidence."""
    if not set(row["frames"]) <= set(finding.frames):
        yield f"frames {list(finding.frames)}"
    if str(finding.severity) != row.get("severity", str(finding.severity)):
        yield f"severity {finding.severity} instead of {row['severity']}"
    yield from _DETAILS.get(row["rule"], _nothing)(finding, row)


def _nothing(_finding: Finding, _row: Mapping[str, Any]) -> Iterator[str]:
    yield from ()


def _of_verb(finding: Finding, row: Mapping[str, Any]) -> Iterator[str]:
    """The line as it was seen here, the verb that it was, and the seam inside."""
    observed = finding.observed.decode("latin-1")
    if (observed, finding.original) != (row["observed"], row["original"]):
        yield f"{finding.original}, {observed!r} instead of {row['original']}, {row['observed']!r}"
    seam = finding.seam
    place = (seam.within, seam.offset, [seam.seam.before, seam.seam.after]) if seam else None
    wanted = ("verb", row["offset"], row["frames"]) if row["offset"] else None
    if place != wanted:
        yield f"seam {place} instead of {wanted}"
    if row["recipient"] and f"<{row['recipient']}>" not in finding.impact:
        yield f"impact {finding.impact!r} does not name <{row['recipient']}>"


def _of_recipient(finding: Finding, row: Mapping[str, Any]) -> Iterator[str]:
    """Who gets no mail."""
    if list(finding.recipients) != [row["recipient"]]:
        yield f"recipients {finding.recipients} instead of {row['recipient']}"


def _of_banner(finding: Finding, row: Mapping[str, Any]) -> Iterator[str]:
    """The greeting as it was seen here."""
    if row["observed"] not in finding.observed.decode("latin-1"):
        yield f"observed {finding.observed!r}"


def _of_keywords(finding: Finding, row: Mapping[str, Any]) -> Iterator[str]:
    """Each mask, and the keyword that it was."""
    masks = [line[4:].split()[0] for line in finding.observed.decode("latin-1").splitlines()]
    if masks != row["observed"]:
        yield f"masks {masks} instead of {row['observed']}"
    if finding.original.split(", ") != row["original"]:
        yield f"keywords {finding.original} instead of {', '.join(row['original'])}"


def _of_echo(finding: Finding, row: Mapping[str, Any]) -> Iterator[str]:
    """What the server's reply quotes, and the verb that it was."""
    quoted = f'"{row["observed"]}"'.encode() in finding.observed
    if finding.original != row["original"] or not quoted:
        yield f"{finding.original}, {finding.observed!r} instead of {row['original']}"


_DETAILS: dict[str, Callable[[Finding, Mapping[str, Any]], Iterator[str]]] = {
    "split-masked-verb": _of_verb,
    "masked-verb": _of_verb,
    "echoed-mask": _of_echo,
    "lost-recipient": _of_recipient,
    "masked-banner": _of_banner,
    "masked-ehlo-keyword": _of_keywords,
}


def _report(table: Mapping[str, Any], wrong: list[str]) -> str:
    """What is wrong with the findings in one capture, a line each."""
    return "\n  ".join([f"{table['file']}:", *wrong])


def test_wireshark_reads_a_part_of_the_split_verb() -> None:
    """Beside each masked verb stands what Wireshark made of its second half, such as ``XX T``."""
    details = reading("founding-behind.pcap").details
    masked = [row for detail in details for row in detail.rows if row.verb == "XXXX"]
    said = [(row.pieces[0].wireshark, row.pieces[1].wireshark) for row in masked]
    assert len(said) == 6
    assert {before for before, _ in said} == {""}, "nothing of SMTP in the first frame"
    assert {after.split()[1] for _, after in said} == {"XXX", "XX", "X"}
