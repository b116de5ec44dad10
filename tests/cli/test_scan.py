"""``seamark scan`` over the bundled captures: what it finds, and its exit codes."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from cli.command import CAPTURES, FOUNDING, TWIN, scan
from cli.fakes import needs_tshark
from support.script import play
from support.wire import Setting, to_pcap

from dissect.evidence import Endpoint

pytestmark = needs_tshark

MAIL: Final = """
    S: 220 mx.example.net ESMTP
    C: EHLO mail.example.org
    S: 250-mx.example.net
    S: 250 PIPELINING
    C: MAIL FROM:<a@example.org>
    C: RC¦PT TO:<b@example.net>
    C: DATA
    S: 250 OK
    S: 250 Accepted
    S: 354 go ahead
    C: Subject: hello
    C:
    C: hello
    C: .
    S: 250 OK id=1
    C: QUIT
    S: 221 bye
    C! FIN
    S! FIN
"""


@cache
def lines(*words: str | Path) -> list[dict[str, Any]]:
    """The objects of a scan as JSON Lines."""
    return [json.loads(line) for line in scan("--format", "jsonl", *words).out.splitlines()]


def rules(*words: str | Path) -> set[str]:
    """The rules that have findings in a scan."""
    return {line["rule"] for line in lines(*words) if line["type"] == "finding"}


def summary(*words: str | Path) -> dict[str, Any]:
    """The last line of a scan."""
    return lines(*words)[-1]


# ---- the founding case, and its clean twin ------------------------------------------------------


def test_founding_case_has_findings() -> None:
    """Behind the middlebox the scan finds damage and exits with 1, with nothing to complain of."""
    ran = scan(FOUNDING)
    assert (ran.code, ran.err) == (1, "")
    assert "Cisco-style SMTP inspection" in ran.out


def test_founding_case_names_what_the_issue_asks_for() -> None:
    """Each damaged RCPT: its frames, its seam, and who gets no mail; banner and keywords too."""
    found = [line for line in lines(FOUNDING) if line["type"] == "finding"]
    split = [line for line in found if line["rule"] == "split-masked-verb"]
    assert split
    assert {line["original"] for line in split} == {"RCPT"}
    assert {line["seam"]["offset"] for line in split} == {1, 2, 3}
    assert all(len(line["frames"]) == 2 for line in split)
    assert all(line["seam"]["frames"] == line["frames"] for line in split)
    assert {"masked-banner", "masked-ehlo-keyword"} <= {line["rule"] for line in found}
    assert any("STARTTLS" in line["original"] for line in found)
    assert all(line["recipients"] for line in found if line["rule"] == "lost-recipient")


def test_founding_case_has_one_verdict() -> None:
    """One verdict, with the counts for it and against it."""
    (verdict,) = [line for line in lines(FOUNDING) if line["type"] == "verdict"]
    counts = verdict["counts"]
    assert verdict["device"] == "cisco-smtp-inspection"
    assert counts["verbs_with_seam"] == counts["verbs_with_seam_masked"] == 6
    assert counts["whole_verbs"] > 100
    assert counts["whole_verbs_masked"] == 0


def test_clean_twin_has_only_seams() -> None:
    """The same boundaries without a middlebox are information, no verdict, and exit code 0."""
    ran = scan(TWIN)
    assert (ran.code, ran.err) == (0, "")
    assert "Verdict" not in ran.out
    assert rules(TWIN) == {"split-command"}


# ---- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("capture", "severity", "code"), [
    (TWIN, "low", 0), (TWIN, "info", 1), (FOUNDING, "critical", 1),
])  # fmt: skip
def test_fail_on_chooses_the_exit_code(capture: Path, severity: str, code: int) -> None:
    """Findings at or above --fail-on are exit code 1, those below it are 0."""
    assert scan("--fail-on", severity, capture).code == code


def test_min_severity_leaves_out_what_is_below() -> None:
    """Findings below --min-severity are neither shown nor counted, in the exit code either."""
    assert rules("--min-severity", "high", FOUNDING).isdisjoint({"masked-banner"})
    ran = scan("--min-severity", "low", "--fail-on", "info", TWIN)
    assert ran.code == 0
    assert "No findings." in ran.out


def test_rule_reports_only_what_it_names() -> None:
    """--rule can be given again and again."""
    both = ("--rule", "masked-banner", "--rule", "lost-recipient")
    assert rules(*both, FOUNDING) == {"masked-banner", "lost-recipient"}


def test_ignore_leaves_out_what_it_names() -> None:
    """--ignore takes one rule away and leaves the others."""
    assert rules("--ignore", "masked-banner", FOUNDING) == rules(FOUNDING) - {"masked-banner"}


@pytest.mark.parametrize("option", ["--rule", "--ignore"])
def test_unknown_rule_gets_a_suggestion(option: str) -> None:
    """A name that no rule has is wrong usage, and the nearest is suggested."""
    ran = scan(option, "split-comand", TWIN)
    assert (ran.code, ran.out) == (2, "")
    assert "split-comand" in ran.err
    assert "split-command" in ran.err


@pytest.mark.parametrize("port", ["0", "70000", "x", "-1", ""])
def test_bad_port_is_wrong_usage(port: str) -> None:
    """A port is a number from 1 to 65535."""
    ran = scan(f"--port={port}", TWIN)
    assert (ran.code, ran.out) == (2, "")
    assert "--port" in ran.err


def test_unknown_format_is_wrong_usage() -> None:
    """The formats that there are stand in the message."""
    ran = scan("--format", "xml", TWIN)
    assert (ran.code, ran.out) == (2, "")
    assert "jsonl" in ran.err


# ---- captures -----------------------------------------------------------------------------------


def test_several_captures_are_one_scan() -> None:
    """Flows are numbered through, each names its capture, and the summary covers all."""
    found = lines(FOUNDING, TWIN)
    flows = [line for line in found if line["type"] == "flow"]
    assert sorted(line["flow"] for line in flows) == list(range(len(flows)))
    assert {line["capture"] for line in flows} == {str(FOUNDING), str(TWIN)}
    assert (found[-1]["captures"], found[-1]["flows"]) == (2, len(flows))


def test_a_bad_capture_among_good_ones_is_told_of(tmp_path: Path) -> None:
    """The others are read all the same; the exit code says that not all could be."""
    ran = scan(TWIN, tmp_path / "missing", FOUNDING)
    assert ran.code == 3
    assert "there is no such file" in ran.err
    assert "split-command" in ran.out
    assert "split-masked-verb" in ran.out


def test_standard_input_is_read_from_a_file() -> None:
    """``-`` is standard input, here a redirected file."""
    with FOUNDING.open("rb") as file:
        ran = scan("-", stdin=file)
    assert (ran.code, ran.err) == (1, "")
    assert "split-masked-verb" in ran.out


@pytest.mark.parametrize("capture", [FOUNDING, FOUNDING.with_suffix(".pcap.gz")])
def test_standard_input_is_read_from_a_pipe(capture: Path) -> None:
    """Nothing can be rewound in a pipe, not even a compressed capture."""
    ran = scan("-", stdin=capture.read_bytes())
    assert (ran.code, ran.err) == (1, "")
    assert "split-masked-verb" in ran.out


def test_standard_input_is_read_once() -> None:
    """Naming it twice is wrong usage."""
    ran = scan("-", "-")
    assert (ran.code, ran.out) == (2, "")
    assert "only once" in ran.err


@pytest.mark.parametrize("suffix", [".pcap.gz", ".pcapng"])
def test_other_wrappings_hold_the_same(suffix: str) -> None:
    """Plain, gzip and pcapng give the same."""
    wrapped, plain = summary(FOUNDING.with_suffix(suffix)), summary(FOUNDING)
    assert wrapped == plain


@pytest.mark.parametrize("name", [
    "disorder-behind.pcap", "ipv6-behind.pcap", "one-sided-client.pcap", "snaplen.pcap",
    "truncated.pcap",
])  # fmt: skip
def test_exit_codes_are_those_of_the_manifest(name: str) -> None:
    """0, 1 or 3, as the logs of the laboratory demand."""
    tables = tomllib.loads((CAPTURES / "manifest.toml").read_text())["capture"]
    (table,) = [table for table in tables if table["file"] == name]
    allowed = table.get("exit_codes") or [table["exit_code"]]
    assert scan(CAPTURES / name).code in allowed


# ---- other ports --------------------------------------------------------------------------------


def on_port(folder: Path, port: int, transcript: str = MAIL) -> Path:
    """A capture of mail on a port."""
    setting = Setting(server=Endpoint("192.0.2.25", port))
    return to_pcap(play(transcript, setting), folder / f"port-{port}.pcap")


@pytest.mark.parametrize("port", [587, 2525, 4025])
def test_mail_is_recognised_by_its_greeting_and_hello(tmp_path: Path, port: int) -> None:
    """On any port a 220 greeting and an EHLO make an SMTP conversation."""
    (flow,) = [x for x in lines(on_port(tmp_path, port)) if x["type"] == "flow"]
    assert (flow["server"], flow["outcome"]) == (f"192.0.2.25:{port}", "delivered")


def test_port_makes_mail_of_what_does_not_open_like_it(tmp_path: Path) -> None:
    """Without a greeting nothing shows that it is mail; --port says so."""
    late = "\n".join(MAIL.splitlines()[5:])
    capture = on_port(tmp_path, 4025, late)
    nothing = scan(capture)
    assert nothing.code == 0
    assert "name it with --port" in nothing.out
    assert summary("--port", "4025", capture)["flows"] == 1
    assert summary("--port", "4026", capture)["flows"] == 0


def test_csv_has_a_row_for_each_flow() -> None:
    """The heading, and one row a flow."""
    rows = list(csv.DictReader(io.StringIO(scan("--format", "csv", FOUNDING, TWIN).out)))
    assert [row["flow"] for row in rows] == [str(number) for number in range(len(rows))]
    assert {row["capture"] for row in rows} == {str(FOUNDING), str(TWIN)}
