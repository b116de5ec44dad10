"""``dissect.library``: the read model for programs, the same that the commands print from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cli.command import CAPTURES, FOUNDING, TWIN, scan
from cli.fakes import needs_tshark

from dissect.analysis.logged import with_log
from dissect.analysis.model import FlowDetail, RowKind
from dissect.detect.policy import Policy
from dissect.errors import UsageError
from dissect.library import analyse
from dissect.pipeline import Settings
from dissect.report.jsonl import finding_object, flow_object, peer_object, verdict_object

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_tshark

LOG = CAPTURES / "logs" / "exim-sync-error.mainlog"
CAPTURE = CAPTURES / "logs" / "exim-sync-error.pcap"


def test_it_is_what_scan_prints() -> None:
    """Over two captures: flows, findings, verdicts and clients are the same."""
    found = analyse(str(FOUNDING), str(TWIN))
    said: list[dict[str, Any]] = []
    for detail in found.flows:
        said.append(flow_object(detail.summary))
        said += [finding_object(each, detail.summary) for each in detail.findings]
    said += map(verdict_object, found.verdicts)
    said += map(peer_object, found.peers)
    printed = map(json.loads, scan("--format", "jsonl", FOUNDING, TWIN).out.splitlines())
    assert json.loads(json.dumps(said)) == [each for each in printed if each["type"] != "summary"]
    assert (found.summary.captures, found.summary.status, found.errors) == (2, "complete", ())


def test_flows_have_their_rows() -> None:
    """A finding leads to the row that it is about."""
    found = analyse(str(FOUNDING))
    detail = next(each for each in found.flows if "split-masked-verb" in each.summary.rules)
    finding = next(each for each in detail.findings if each.rule == "split-masked-verb")
    row = next(each for each in detail.rows if each.number == finding.rows[0])
    assert (row.kind, row.text[:4], row.original) == (RowKind.COMMAND, b"XXXX", "RCPT")
    assert row.seams[0].offset - row.offset == 2


def test_flows_can_be_taken_one_by_one() -> None:
    """Then none is kept; what holds across them is there all the same."""
    taken: list[FlowDetail] = []
    found = analyse(str(FOUNDING), each=taken.append)
    assert (len(taken), found.flows) == (found.summary.flows, ())
    assert found.verdicts


def test_logs_are_tied() -> None:
    """And can be put into the ladders."""
    found = analyse(str(CAPTURE), logs=[str(LOG)], timezone="UTC")
    assert found.log is not None
    assert (found.log.tied, found.log.offset) == (12, 0.0)
    by_flow = {log.flow: log for log in found.logs}
    details = [with_log(each, by_flow.get(each.summary.flow)) for each in found.flows]
    rows = [row for each in details for row in each.rows if row.kind is RowKind.LOG]
    assert len(rows) == 12
    assert {row.text[low:high] for row in rows for low, high in row.masked} == {b"XXXX"}


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Beside what was read."""
    found = analyse(str(FOUNDING), str(tmp_path / "none"), logs=[str(tmp_path / "no.log")])
    assert found.summary.status == "failed"
    assert len(found.errors) == 2
    assert all("no such file" in error for error in found.errors)
    assert len(found.flows) == 9


def test_settings_choose() -> None:
    """Rules by their policy; a filter and a zone that cannot be meant are refused."""
    settings = Settings(policy=Policy(only=frozenset({"lost-recipient"})))
    found = analyse(str(FOUNDING), settings=settings)
    assert {each.rule for detail in found.flows for each in detail.findings} == {"lost-recipient"}
    with pytest.raises(UsageError, match="no time zone"):
        analyse(str(FOUNDING), timezone="Nowhere")
    with pytest.raises(UsageError):
        analyse(str(FOUNDING), settings=Settings(display_filter="tcp.port =="))
