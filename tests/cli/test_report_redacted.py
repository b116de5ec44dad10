"""``seamark report`` names nobody unless it is told to."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest
from cli.command import CAPTURES, FOUNDING, Ran, seamark
from cli.fakes import needs_tshark

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_tshark

NAME: Final = re.compile(
    r"cam\.example|example\.(org|net)|registrar|recipient\d|librarian|/captures"
)
"""What the captures and logs of the lab name people and hosts, and where they lie."""

HEXED: Final = re.compile("|".join(word.encode().hex(" ") for word in ("recipient", "example")))
"""The same among bytes in hexadecimal."""

MAC: Final = re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")

LOGS: Final = CAPTURES / "logs"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the key is."""
    return str(tmp_path_factory.mktemp("state"))


@cache
def reported(state: str, *words: str | Path) -> Ran:
    """A report as it is without a switch."""
    ran = seamark("report", *words, "-o", "-", env={"XDG_STATE_HOME": state})
    assert (ran.code, ran.err) == (0, "")
    return ran


@pytest.mark.parametrize("form", ["html", "md", "txt"])
@pytest.mark.parametrize("name", ["founding-behind.pcap", "echo-before.pcap"])
def test_a_report_names_nobody(state: str, form: str, name: str) -> None:
    """Neither in words nor in bytes; with --no-redact it does."""
    out = reported(state, CAPTURES / name, "--format", form).out
    assert NAME.search(out) is None
    assert HEXED.search(out) is None
    assert MAC.search(out) is None
    plain = seamark("report", "--no-redact", CAPTURES / name, "-o", "-", "--format", form).out
    assert NAME.search(plain)
    assert form == "html" or HEXED.search(plain)


def test_the_proof_is_the_same(state: str) -> None:
    """Frames, seams, masks, counts and the verdict are those of the capture as it is."""
    plain = seamark("report", "--no-redact", FOUNDING, "-o", "-").out
    redacted = reported(state, FOUNDING).out
    for said in (
        r"by\s+Cisco-style SMTP inspection \(ASA or FTD, inspect esmtp\); that is as good",
        r"XX\|XX TO:<.{29}>\n",
        r"0d 0a 58 58 ",
        r"1 in 4\.21 trillion|1\s+in 4\.21 trillion",
        r"frame\.number in \{25, 26\}",
        r"\(was RCPT\)",
        r"payload of frame 26 are 58 58 20",
    ):
        assert re.search(said, plain), said
        assert re.search(said, redacted), said


def test_the_report_says_that_it_is_redacted(state: str) -> None:
    """And has no address of its own invention in a command to type."""
    out = " ".join(reported(state, FOUNDING).out.split())
    assert "Names and addresses in this report are replaced by others" in out
    assert "host SERVER and tcp port 25" in out


def test_lines_of_the_mail_log_name_nobody(state: str) -> None:
    """They are tied by the real addresses all the same."""
    words = ("--log", LOGS / "exim-sync-error.mainlog", "--timezone", "UTC")
    out = reported(state, LOGS / "exim-sync-error.pcap", *words).out
    assert "12 of 12 lines with a client belong to 4 conversations" in out
    assert 'rejected "XXXX TO:<' in " ".join(out.split())
    assert NAME.search(out) is None


def test_hosts_are_chosen_by_their_own_addresses(state: str) -> None:
    """The user knows no others."""
    capture = CAPTURES / "starttls-stripped-before.pcap"
    out = " ".join(reported(state, capture, "--client", "198.51.100.10").out.split())
    assert "All 2 conversations went on under TLS" in out


def test_two_captures_of_one_name_are_told_apart(state: str, tmp_path: Path) -> None:
    """The ladder of the decisive flow comes from its own capture, whatever the files are called."""
    paths = []
    for folder, name in (("a", "clean-twin-behind.pcap"), ("b", "vlan-behind.pcap")):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "same.pcap")
        paths[-1].write_bytes((CAPTURES / name).read_bytes())
    out = reported(state, *paths).out
    assert re.search(r"-> X{1,3}\|X{1,3} TO:<", out)
    assert str(tmp_path) not in out
