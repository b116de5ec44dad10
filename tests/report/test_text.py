"""Text for people: what it tells, in which order, and when in colour."""

from __future__ import annotations

import re
import subprocess
from functools import cache

import pytest
from cli.command import FOUNDING, TWIN, scan
from cli.fakes import needs_tshark
from cli.terminal import on_terminal
from report.printed import of_type

pytestmark = needs_tshark

ESCAPE = "\x1b"


@cache
def report() -> str:
    """The founding case."""
    return scan(FOUNDING).out


def blocks() -> list[str]:
    """Its parts, between empty lines."""
    return report().strip().split("\n\n")


def part(start: str) -> str:
    """The one part that begins so."""
    (found,) = [block for block in blocks() if block.startswith(start)]
    return found


def test_headline_counts() -> None:
    """Packets, flows and what became of them, then how often each rule fired."""
    lines = report().splitlines()
    flows = [flow for flow in of_type("flow") if flow["capture"] == FOUNDING.name]
    delivered = sum(flow["outcome"] == "delivered" for flow in flows)
    assert re.fullmatch(r"[\d,]+ packets, \d+ SMTP flows \(.*\)", lines[0])
    assert f"{len(flows)} SMTP flows" in lines[0]
    assert f"{delivered} delivered" in lines[0]
    assert "split-masked-verb 6" in " ".join(lines[1:3])


def test_parts_stand_in_order() -> None:
    """Headline, table, findings by flow, verdict, clients, what to do."""
    starts = [re.split(r"[ :(]", block)[0] for block in blocks()]
    names = [name for at, name in enumerate(starts) if at == 0 or starts[at - 1] != name]
    assert names[1:] == ["flow", "Flow", "Verdict", "client", "What"]


def test_table_lists_the_flows_with_findings() -> None:
    """One row a flow, in columns, the worst severity in words."""
    heading, *rows = part("flow ").splitlines()
    flows = [f for f in of_type("flow") if f["capture"] == FOUNDING.name and f["rules"]]
    assert len(rows) == len(flows)
    column = heading.index("client")
    assert all(re.match(r"[\d.]+:\d+ ", row[column:]) for row in rows)
    assert all("critical" in row for row in rows)


def test_clean_flows_are_only_counted() -> None:
    """The clean twin's small messages are not in its table."""
    rows = next(b for b in scan(TWIN).out.split("\n\n") if b.startswith("flow ")).splitlines()[1:]
    assert {row.split()[0] for row in rows} == {"1", "2", "4", "5", "6", "8"}


@pytest.mark.parametrize("seam", ["X|XXX", "XX|XX", "XXX|X"])
def test_evidence_shows_the_seam_in_the_verb(seam: str) -> None:
    """The observed bytes with a bar where the packet ended, and the verb that it was."""
    line = rf"observed  {re.escape(seam)} TO:<\S+@\S+>\n +original  RCPT\n"
    assert re.search(line, report())


def test_evidence_can_be_opened_in_wireshark() -> None:
    """Frames, the place of the seam, and a display filter."""
    found = re.search(
        r"split-masked-verb  frames (\d+), (\d+) .*?frames (\d+) \| (\d+)\n.*?"
        r"frame\.number in \{(\d+), (\d+)\}",
        report(), re.DOTALL,
    )  # fmt: skip
    assert found
    assert found[1] == found[3] == found[5]
    assert found[2] == found[4] == found[6]


def test_lost_recipients_are_named() -> None:
    """Every address that got no mail."""
    lost = {
        address
        for line in of_type("finding")
        if line["rule"] == "lost-recipient" and line["capture"] == FOUNDING.name
        for address in line["recipients"]
    }
    text = " ".join(report().split())
    assert lost
    assert all(f"<{address}> gets no mail" in text for address in lost)


def test_verdict_has_its_counts() -> None:
    """Which device, how sure, between whom, and the numbers."""
    verdict = " ".join(part("Verdict").split())
    assert "Cisco-style SMTP inspection" in verdict
    assert "confidence 0.99" in verdict
    assert "between 192.0.2.10 and 192.0.2.25" in verdict
    assert "6 of 6 verbs with a seam inside were masked" in verdict
    assert re.search(r"0 of \d{3} whole verbs were masked", verdict)


def test_each_step_is_told_once() -> None:
    """However many findings ask for the same."""
    steps = re.findall(r"^  - .*(?:\n    .*)*", report(), re.MULTILINE)
    assert len(steps) >= 4
    assert len(set(steps)) == len(steps)
    assert sum("no fixup protocol smtp 25" in step for step in steps) == 1


def test_running_text_keeps_its_width() -> None:
    """Sentences are wrapped; only evidence and tables are as long as they are."""
    long = [line for line in report().splitlines() if len(line) > 100]
    free = ("observed", "Flow ", "HELO ", "Wireshark", "original")
    table = part("flow ").splitlines()
    assert [x for x in long if not x.strip().startswith(free) and x not in table] == []


# ---- colour -------------------------------------------------------------------------------------


def test_no_colour_into_a_pipe() -> None:
    """A file or a mail gets no escape sequence."""
    assert ESCAPE not in report()


def test_colour_on_a_terminal() -> None:
    """Severities in colour, and the same words."""
    screen = on_terminal("scan", FOUNDING).screen.decode()
    assert f"{ESCAPE}[" in screen
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen).replace("\r\n", "\n")
    assert plain == report()


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_it_is_not_wanted(env: dict[str, str]) -> None:
    """NO_COLOR (no-color.org), and terminals that have none."""
    shown = on_terminal("scan", TWIN, env=env)
    assert (shown.code, ESCAPE.encode() in shown.screen) == (0, False)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_programs_get_no_colour(form: str) -> None:
    """Not even on a terminal."""
    shown = on_terminal(
        "scan", "--format", form, TWIN, streams=("stdout",), stderr=subprocess.DEVNULL
    )
    assert ESCAPE.encode() not in shown.screen
