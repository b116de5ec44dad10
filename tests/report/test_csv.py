"""CSV: one row for each flow, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from cli.command import CAPTURES, scan
from cli.fakes import needs_tshark
from report.hostile import FORMULAS, formula_capture
from report.printed import SOME, of_type, printed, table

pytestmark = needs_tshark


def test_one_row_for_each_flow() -> None:
    """The rows are the flows of the JSON Lines, in the same order."""
    keys = ("capture", "tcp_stream", "client", "server", "outcome", "helo", "filter")
    rows = [tuple(row[key] for key in keys) for row in table()]
    flows = [flow for flow in of_type("flow") if flow["capture"] in SOME]
    assert rows == [tuple(str(flow[key]) for key in keys) for flow in flows]


def test_every_row_has_every_cell() -> None:
    """As many cells as the heading, in every row (RFC 4180)."""
    rows = list(csv.reader(io.StringIO(printed("csv"), newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    assert len(set(rows[0])) == len(rows[0])


def test_numbers_are_numbers() -> None:
    """What is counted or measured can be summed up in a spreadsheet."""
    for row in table():
        assert float(row["end"]) >= float(row["start"])
        assert int(row["recipients_accepted"]) <= int(row["recipients_offered"])
        assert int(row["first_frame"]) <= int(row["last_frame"])


def test_output_is_ascii() -> None:
    """Whatever the spreadsheet thinks of encodings."""
    assert printed("csv").isascii()


def test_heading_without_flows() -> None:
    """A capture without mail is a table without rows."""
    ran = scan("--format", "csv", "--port", "1", "/dev/null")
    assert ran.out.startswith("flow,capture,")
    assert len(ran.out.splitlines()) == 1


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_neutralised(tmp_path: Path, formula: str) -> None:
    """A cell that would be a formula begins with an apostrophe; the text behind it is kept."""
    capture = formula_capture(tmp_path, formula)
    out = scan("--format", "csv", capture.name, cwd=tmp_path).out
    (row,) = csv.DictReader(io.StringIO(out, newline=""))
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
    assert row["capture"] == "'=formula.pcap"
    assert formula.lstrip("\\t") in row["helo"] + row["reverse_path"]


def test_rows_end_as_the_standard_says() -> None:
    """CR LF behind each row."""
    raw = scan("--format", "csv", CAPTURES / "ehlo-refused-behind.pcap").raw_out
    assert raw.count(b"\n") == raw.count(b"\r\n") >= 2
