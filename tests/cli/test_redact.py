"""``--redact``: what is printed names nobody, and finds the same."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from cli.command import CAPTURES, FOUNDING, seamark
from cli.fakes import needs_tshark

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_tshark

NAME = re.compile(r"cam\.example|example\.org|registrar|recipient\d|librarian|/captures")
"""What the captures and logs of the lab name people and hosts, and where they lie."""


def objects(*words: str | Path) -> list[dict[str, Any]]:
    """The JSON Lines of a scan that finds something."""
    ran = seamark("scan", "--format", "jsonl", *words)
    assert (ran.code, ran.err) == (1, "")
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.mark.parametrize("form", ["text", "jsonl", "csv"])
def test_a_scan_names_nobody(tmp_path: Path, form: str) -> None:
    """In every format: the names are there without the option, and gone with it."""
    key = tmp_path / "key"
    plain = seamark("scan", FOUNDING, "--format", form)
    ran = seamark("scan", FOUNDING, "--format", form, "--redact", "--redact-key", key)
    assert (ran.code, ran.err) == (1, "")
    assert NAME.search(plain.out)
    assert NAME.search(ran.out) is None
    assert len(ran.out.splitlines()) == len(plain.out.splitlines())


def test_the_same_is_found(tmp_path: Path) -> None:
    """Rules, frames, seams, originals and the verdict are those of the capture as it is."""
    said = ("rule", "severity", "confidence", "frames", "seam", "original", "counts", "device")
    plain, redacted = (
        [[each.get(name) for name in said] for each in objects(FOUNDING, *more)]
        for more in ((), ("--redact", "--redact-key", tmp_path / "key"))
    )
    assert redacted == plain


def test_the_next_run_says_the_same(tmp_path: Path) -> None:
    """The key stays; without --redact-key it is in the state directory."""
    words = ("scan", FOUNDING, "--redact")
    env = {"XDG_STATE_HOME": str(tmp_path)}
    first, second = (seamark(*words, env=env).out for _ in range(2))
    assert first == second
    other = seamark(*words, "--redact-key", tmp_path / "other").out
    assert other != first
    assert (tmp_path / "seamark" / "redact.key").is_file()


def test_lines_of_a_mail_log_are_tied_and_redacted(tmp_path: Path) -> None:
    """They are found by the real addresses, and shown with those of the packets."""
    logs = CAPTURES / "logs"
    words = (logs / "exim-sync-error.pcap", "--log", logs / "exim-sync-error.mainlog",
             "--timezone", "UTC")  # fmt: skip
    plain = [each for each in objects(*words) if each["type"] == "log"]
    found = objects(*words, "--redact", "--redact-key", tmp_path / "key")
    redacted = [each for each in found if each["type"] == "log"]
    assert [(each["flow"], each["line"], each["what"]) for each in redacted] == [
        (each["flow"], each["line"], each["what"]) for each in plain
    ]
    assert plain
    client = next(each["client"] for each in found if each["type"] == "flow").partition(":")[0]
    assert NAME.search(json.dumps(redacted)) is None
    assert any(client in each["text"] for each in redacted)


def test_the_name_of_a_folder_is_not_told(tmp_path: Path) -> None:
    """Neither where a capture is read nor where it cannot be, nor what the filter names."""
    words = ("--format", "jsonl", "-Y", "ip.addr == 192.0.2.10", "--redact", "--redact-key")
    ran = seamark("scan", tmp_path / "cam.example.pcap", FOUNDING, *words, tmp_path / "key")
    assert ran.code == 3
    assert str(tmp_path) not in ran.out + ran.err
    assert "ip.addr ==" not in ran.out


def test_a_key_without_redaction_is_wrong_usage(tmp_path: Path) -> None:
    """Whoever names a key wants redaction: nothing is printed without it."""
    ran = seamark("scan", FOUNDING, "--redact-key", tmp_path / "key")
    assert (ran.code, ran.out) == (2, "")
    assert "--redact-key goes with --redact" in ran.err


def test_a_key_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """Before anything is read."""
    (tmp_path / "key").write_text("no key")
    ran = seamark("scan", FOUNDING, "--redact", "--redact-key", tmp_path / "key")
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("form", ["html", "md", "txt"])
def test_a_report_is_redacted_unless_that_is_refused(tmp_path: Path, form: str) -> None:
    """In every format; with the seam, the bytes and the ladder, and the same sentences."""
    words = ("report", FOUNDING, "-o", "-", "--format", form)
    ran = seamark(*words, "--redact-key", tmp_path / "key")
    plain = seamark(*words, "--no-redact")
    assert (ran.code, ran.err, plain.code, plain.err) == (0, "", 0, "")
    assert NAME.search(plain.out)
    assert NAME.search(ran.out) is None
    assert "192.0.2.10" in plain.out
    for fact in ("XXXX", "Frame 25", "341", "347"):
        assert (fact in ran.out) == (fact in plain.out)


def test_a_report_is_about_the_client_that_the_user_names(tmp_path: Path) -> None:
    """By its own address, and not by the one that it gets."""
    path = tmp_path / "report.txt"
    words = ("report", FOUNDING, "-o", path, "--redact-key", tmp_path / "key", "--client")
    nobody = seamark(*words, "192.0.2.11")
    assert nobody.code == 0
    assert "a report on 0 conversations" in nobody.out
    path.unlink()
    ran = seamark(*words, "192.0.2.10")
    assert "a report on 9 conversations: Cisco-style SMTP inspection" in ran.out
    assert "names replaced" in ran.out


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_the_suspects_of_a_log_are_not_named(tmp_path: Path, form: str) -> None:
    """Neither their addresses nor what the example says, nor the folder of the log."""
    words = ("log", CAPTURES / "logs" / "exim-founding.mainlog", "--timezone", "UTC",
             "--format", form)  # fmt: skip
    plain = seamark(*words)
    ran = seamark(*words, "--redact", "--redact-key", tmp_path / "key")
    assert (ran.code, ran.err) == (plain.code, "") == (1, "")
    assert NAME.search(plain.out)
    assert NAME.search(ran.out) is None
    assert "192.0.2.10" in plain.out
    assert re.search(r"192\.0\.2\.10\b", ran.out) is None
    assert "XXXX" in ran.out
