"""``seamark report``: what it says of real captures, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import stat
import subprocess
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from cli.command import CAPTURES, FOUNDING, TWIN, Ran, scan, seamark
from cli.fakes import needs_tshark
from report.hostile import harmful, hostile_capture
from support.script import play
from support.wire import Setting, interleave, to_pcap

from dissect.dossier.sections.reproduce import SCRIPT
from dissect.evidence import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs_tshark

WIDTH: Final = 76


@cache
def mail(*words: str | Path) -> str:
    """A report as text."""
    ran = seamark("report", "--no-redact", *words, "-o", "-")
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def part(text: str, title: str) -> str:
    """What stands under a heading, in one line."""
    inside = rf"^\d+\. {title}\n-+\n(.*?)(?=\n\n\n\d+\. |\n-- ?\n)"
    found = re.search(inside, text, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return " ".join(found[1].split())


def titles(text: str) -> list[str]:
    """The headings."""
    return re.findall(r"^\d+\. (.+)\n-+$", text, re.MULTILINE)


def test_the_founding_case_in_three_sentences() -> None:
    """What, at what cost, and what ends it, before anything else."""
    text = mail(FOUNDING)
    assert part(text, "In short") == (
        "Mail between 192.0.2.10 and 192.0.2.25 is disturbed on its way, by Cisco-style SMTP "
        "inspection (ASA or FTD, inspect esmtp); that is as good as certain (99%). Of 9 "
        "conversations 3 went through and 6 lost recipients, and mail for 341 of 347 recipients "
        "was accepted; 1 address was left out of messages that everybody else got. It ends when "
        "whoever runs that device turns its SMTP inspection off for this mail; the section Remedy "
        "has the steps, and the proof follows here."
    )


def test_the_founding_case_has_all_parts() -> None:
    """For an engineer: from the ladder to the limits, in this order."""
    assert titles(mail(FOUNDING)) == [
        "In short", "What happened", "The bytes", "All cases", "The statistics that prove it",
        "What it is not", "The impact on mail", "Remedy", "How to reproduce it",
        "How to verify it in Wireshark", "Limits",
    ]  # fmt: skip


def test_the_seam_is_drawn_inside_the_verb_and_marked_in_the_bytes() -> None:
    """In the ladder, in the table, and in the hex of both frames."""
    text = mail(FOUNDING)
    assert "  0.197  25, 26   -> XX|XX TO:<recipient0035@cam.example.net>\n" in text
    lines = text.splitlines()
    before = next(at for at, line in enumerate(lines) if line == "Frame 25 ends with")
    last = lines[before + 6 : before + 8]
    assert last[0].endswith("0d 0a 58 58  example.net>..XX")
    assert last[1].strip() == "^^ ^^|"
    assert lines[before + 7].index("^^") == lines[before + 6].index("58 58")
    after = lines.index("Frame 26 begins with")
    assert lines[after + 1].split()[1:3] == ["58", "58"]
    assert lines[after + 2].strip() == "|^^ ^^"


def test_the_table_of_two_by_two_is_what_a_scan_counts() -> None:
    """Masked with a seam, masked whole, and how likely chance alone is."""
    lines = map(json.loads, scan("--format", "jsonl", FOUNDING).out.splitlines())
    (counts,) = [line["counts"] for line in lines if line["type"] == "verdict"]
    said = part(mail(FOUNDING), "The statistics that prove it")
    cut, whole = counts["verbs_with_seam"], counts["whole_verbs"]
    assert (counts["verbs_with_seam_masked"], counts["whole_verbs_masked"]) == (cut, 0)
    assert f"with a seam inside {cut} 0 whole, in one packet 0 {whole} " in said
    assert "1 in 4.21 trillion (Fisher's exact test, one-sided)" in said


def test_every_case_is_listed() -> None:
    """Each finding of medium severity or worse has its rule, flow and frames in the table."""
    lines = map(json.loads, scan("--format", "jsonl", FOUNDING).out.splitlines())
    found = [
        line for line in lines if line["type"] == "finding" and line["rule"] != "masked-banner"
    ]
    said = part(mail(FOUNDING), "All cases")
    for line in found:
        assert line["rule"] in said
        assert re.search(rf"\b{line['flow']}\b", said)
        assert re.search(rf"\b{line['frames'][0]}\b", said)
    assert "masked-banner (9)" in said


def test_look_alikes_are_ruled_out_by_what_was_seen() -> None:
    """Each with its reason; nothing is ruled out that was not looked for."""
    said = part(mail(FOUNDING), "What it is not")
    assert said.count("Ruled out.") == 7
    few = part(mail(FOUNDING, "--rule", "split-masked-verb"), "What it is not")
    assert few.count("Not ruled out.") == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "starttls-stripped-before.pcap",
            "A server that has no TLS | nobody is offered it | Ruled out. 2 replies of the same",
        ),
        (
            "forged-reset-behind.pcap",
            "Not ruled out. The reset in the client's name is not the client's own: its TTL is 47",
        ),
        ("forged-reset-behind.pcap", "Ruled out. No connection died behind a long silence."),
        ("terminator-swallowed-behind.pcap", "Ruled out. The sender wrote CRLF.CRLF in all"),
        ("mtu-black-hole-before.pcap", "Ruled out. No segment is larger than the MSS"),
    ],
)
def test_each_kind_of_damage_has_look_alikes_of_its_own(name: str, said: str) -> None:
    """Also where the decisive rule points to something that no verdict names."""
    ran = seamark("report", "--no-redact", CAPTURES / name, "-o", "-", "--format", "md")
    assert said in ran.out


def test_a_loss_is_shown_by_its_cause() -> None:
    """The decisive finding says why, not only that mail was lost."""
    text = mail(CAPTURES / "forged-reset-behind.pcap")
    assert "(rule forged-reset, high, 76% sure)" in part(text, "What happened")


def test_the_capture_is_known_by_its_checksum() -> None:
    """As sha256sum prints it."""
    text = mail(FOUNDING)
    digest = hashlib.sha256(FOUNDING.read_bytes()).hexdigest()
    assert digest in part(text, "Limits").replace(" ", "")


def test_the_display_filters_show_the_frames() -> None:
    """The filters of the report, given to tshark as they stand."""
    text = part(mail(FOUNDING), "How to verify it in Wireshark")
    (command,) = re.findall(r"tshark -r \S+ -Y '(.*?)' -x", text)
    rows = subprocess.run(
        ["tshark", "-n", "-r", FOUNDING, "-Y", command, "-T", "fields", "-e", "tcp.payload"],
        capture_output=True, check=True, text=True,
    ).stdout.split()  # fmt: skip
    ends, begins = re.findall(r"of frame \d+ are ([0-9a-f ]+)\.", text)
    assert rows[0].endswith(ends.replace(" ", ""))
    assert rows[1].startswith(begins.replace(" ", ""))


@pytest.mark.parametrize(
    "name", [*sorted(path.name for path in CAPTURES.glob("*-behind.pcap"))[::4], "midway.pcap"]
)
def test_a_mail_has_76_columns_of_ascii(name: str) -> None:
    """Whatever is in the capture; only commands, which are copied, may be longer."""
    text = mail(CAPTURES / name)
    assert text.isascii()
    assert [line for line in text.splitlines() if len(line) > WIDTH and line[:4] != "    "] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "clean-twin-behind.pcap",
            "Nothing shows that something on the way changed mail, or stopped it.",
        ),
        (
            "one-sided-server.pcap",
            "in what was captured and can be read, which is not all, nothing shows that it",
        ),
        (
            "terminator-swallowed-behind.pcap",
            "of which the last never arrived (85% sure); this capture does not tell whether",
        ),
        ("asterisk-verbs-before.pcap", "something is wrong with mail, and this capture does not"),
        ("forged-reset-before.pcap", "by something that resets connections in the name of their"),
        ("mtu-black-hole-before.pcap", "is disturbed on its way, by a path that loses packets"),
        ("unstuffed-dot-behind.pcap", "the sending server itself"),
        ("early-talker-behind.pcap", "the sending server itself"),
    ],
)
def test_what_is_not_known_is_not_said(name: str, said: str) -> None:
    """A capture that is clean, incomplete or unsure gets a verdict that says so."""
    assert said in part(mail(CAPTURES / name), "In short")


def test_what_is_under_tls_is_not_called_clean() -> None:
    """Nothing is known of what was said there, and both the verdict and the limits say so."""
    text = mail(CAPTURES / "starttls-stripped-before.pcap", "--client", "198.51.100.10")
    assert "can be read, which is not all, nothing shows" in part(text, "In short")
    assert "2 conversations went on under TLS: nothing is known" in part(text, "Limits")


def test_the_folders_of_captures_are_nobodys_business() -> None:
    """A report names files, not where they lay."""
    ran = seamark("report", "--no-redact", CAPTURES / "truncated.pcap", "-o", "-")
    assert "truncated.pcap: the capture is cut short" in part(ran.out, "Limits")
    assert str(CAPTURES) not in ran.out


def test_a_clean_capture_has_no_proof_and_no_remedy() -> None:
    """There is nothing to prove, and nothing to turn off."""
    text = mail(TWIN)
    assert titles(text) == ["In short", "All cases", "The impact on mail", "Limits"]
    assert "All 9 conversations went through" in part(text, "In short")
    assert "192.0.2.10 0 of 9 9 of 9 347 of 347 recipients" in part(text, "The impact on mail")


def test_a_capture_that_joins_midway_says_so() -> None:
    """Its first conversation has no beginning."""
    assert "joined-midway, in 1 conversation" in part(mail(CAPTURES / "midway.pcap"), "Limits")


def test_a_capture_cut_short_is_reported_and_told() -> None:
    """What was read is in the report, which says that it is not all; so does the exit code."""
    ran = seamark("report", "--no-redact", CAPTURES / "truncated.pcap", "-o", "-")
    assert ran.code == 3
    assert "cut short" in ran.err
    assert "Not everything could be read to its end" in part(ran.out, "In short")
    assert "cut short" in part(ran.out, "Limits")


def test_a_capture_without_mail_says_nothing_about_mail(tmp_path: Path) -> None:
    """No conversation is no clean bill of health."""
    web = replace(Setting(), server=Endpoint("192.0.2.25", 80))
    other = to_pcap(play("C: GET / HTTP/1.0\nS: HTTP/1.0 404 no", web), tmp_path / "a.pcap")
    ran = seamark("report", "--no-redact", other, "-o", "-")
    assert ran.code == 0
    assert "says nothing about mail, good or bad" in part(ran.out, "In short")


@pytest.mark.parametrize(
    ("words", "flows"),
    [(["--flow", "3"], "The one conversation"), (["--rule", "split-masked-verb"], "All 6 conv")],
)
def test_conversations_are_chosen_as_for_export(words: list[str], flows: str) -> None:
    """The report is about those, and says that others were left out."""
    text = mail(FOUNDING, *words)
    assert flows in part(text, "In short")
    assert "left out of this report by its options" in part(text, "Limits")


def test_several_captures_are_one_report() -> None:
    """Both are named with their checksums, and filters say which of them they are for."""
    text = mail(FOUNDING, CAPTURES / "vlan-behind.pcap")
    assert "founding-behind.pcap" in part(text, "Limits")
    assert "vlan-behind.pcap" in part(text, "Limits")
    assert "rule capture display filter" in part(text, "How to verify it in Wireshark")


def test_the_mail_log_speaks_for_itself() -> None:
    """The server's own lines about damaged conversations, those of the decisive one first."""
    logs = CAPTURES / "logs"
    words = ("--log", logs / "exim-sync-error.mainlog", "--timezone", "UTC")
    said = part(mail(logs / "exim-sync-error.pcap", *words), "What the mail log says")
    assert "12 of 12 lines with a client belong to 4 conversations; the clocks agree." in said
    assert re.search(r'rejected "XXXX TO:<recipient0035@cam\.example\.net>"', said)
    assert "[192.0.2.10]:33738" in said
    assert "[192.0.2.10]:33739" not in said  # nothing was wrong with that one


def test_a_log_that_is_not_there_is_told() -> None:
    """What was read is reported, and the exit code says that it is not all."""
    ran = seamark("report", "--no-redact", TWIN, "--log", "missing.log", "-o", "-")
    assert (ran.code, "missing.log" in ran.err) == (3, True)
    assert "Not everything could be read to its end" in part(ran.out, "In short")


def test_other_frames_of_the_message_are_no_bytes_of_ours() -> None:
    """Words of ours in the ladder are never shown as bytes of a frame."""
    text = mail(CAPTURES / "mtu-black-hole-before.pcap")
    assert "The bytes" not in titles(text)
    assert "message data, 7,015 bytes" in part(text, "What happened")


def test_passwords_stay_out() -> None:
    """A credential of AUTH is in no report."""
    talk = """
        S: 220 mx.example.net ESMTP
        C: EHLO mail.example.org
        S: 250-mx.example.net
        S: 250-PIPELINING
        S: 250 AUTH PLAIN
        C: AU¦TH PLAIN AGFsaWNlAHNlY3JldHBhc3N3b3Jk
        S: 500 unrecognized command
        C: QUIT
        S: 221 bye
    """
    ran = reported(talk)
    assert ran.code == 0
    assert "AUTH PLAIN" in ran.out
    assert "AGFsaWNl" not in ran.out
    assert "41 47 46 73" not in ran.out


def reported(talk: str) -> Ran:
    """The report on a conversation."""
    import tempfile  # noqa: PLC0415 - for these captures alone

    with tempfile.TemporaryDirectory() as folder:
        path = to_pcap(interleave([play(talk, Setting())]), Path(folder) / "in.pcap")
        return seamark("report", "--no-redact", path, "-o", "-")


def test_hostile_words_stay_on_their_line(tmp_path: Path) -> None:
    """Nothing of a peer, or of a file's name, steers what shows the mail."""
    ran = seamark("report", "--no-redact", hostile_capture(tmp_path), "-o", "-")
    assert (ran.code, ran.err) == (0, "")
    assert harmful(ran.out) == []
    assert ran.out.isascii()


# ---- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "begin"),
    [("r.html", "<!DOCTYPE html>"), ("r.HTM", "<!DOCTYPE"), ("r.md", "# What"), ("r.txt", "What")],
)
def test_the_name_tells_the_format(tmp_path: Path, name: str, begin: str) -> None:
    """The file is its owner's alone, and a line says what it is."""
    path = tmp_path / name
    ran = seamark("report", "--no-redact", FOUNDING, "-o", path)
    assert (ran.code, ran.err) == (0, "")
    assert "a report on 9 conversations: Cisco-style SMTP inspection" in ran.out
    assert path.read_text().startswith(begin)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_capture_gives_the_same_report() -> None:
    """No time of day, no order by chance."""
    first, second = (
        seamark("report", "--no-redact", FOUNDING, "-o", "-", "--format", "html") for _ in range(2)
    )
    assert first.raw_out == second.raw_out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([FOUNDING], 2, "-o report.html"),
        ([FOUNDING, "-o", "report.pdf"], 2, "End it in .html"),
        ([FOUNDING, "-o", "report"], 2, "--format"),
        (["-", "-o", "r.md"], 3, "only once"),
        (["missing.pcap", "-o", "r.md"], 3, "no such file"),
        ([FOUNDING, "-o", "r.md", "--rule", "nothing"], 2, "nothing"),
        ([FOUNDING, "-o", "no/where.md"], 3, "no folder"),
    ],
)
def test_nothing_is_left_of_what_cannot_be(
    tmp_path: Path, words: list[str | Path], code: int, told: str
) -> None:
    """The error says why, and no file is left."""
    ran = seamark("report", "--no-redact", *words, cwd=tmp_path)
    assert (ran.code, told in ran.err) == (code, True)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    path = tmp_path / "r.md"
    path.write_text("mine")
    ran = seamark("report", "--no-redact", FOUNDING, "-o", path)
    assert (ran.code, path.read_text()) == (2, "mine")


# ---- the test that it tells to run --------------------------------------------------------------


def _served(listener: socket.socket, seen: list[list[bytes]]) -> None:
    """One SMTP server for one conversation: as behind a box that masks a verb cut by a packet."""
    peer, _ = listener.accept()
    with peer:
        peer.sendall(b"220 mx.example.net\r\n")
        pieces: list[bytes] = []
        while data := peer.recv(4096):
            pieces.append(data)
            if not data.endswith(b"\r\n"):
                continue
            whole = len(pieces) == 1
            seen.append(pieces)
            pieces = []
            multi = b"250-mx\r\n250 PIPELINING\r\n" if data[:4] == b"EHLO" else b"250 OK\r\n"
            peer.sendall(multi if whole else b"500 unrecognized command\r\n")


@pytest.fixture
def server() -> Iterator[tuple[int, list[list[bytes]]]]:
    """Its port, and the packets of each command."""
    seen: list[list[bytes]] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_served, args=(listener, seen), daemon=True)
        thread.start()
        yield listener.getsockname()[1], seen
        thread.join(10)


@pytest.mark.skipif(shutil.which("python3") is None, reason="there is no python3 on PATH")
def test_the_script_sends_the_verb_in_two_packets(server: tuple[int, list[list[bytes]]]) -> None:
    """As it is printed, with the words replaced: RCPT whole, then cut, and no message."""
    port, seen = server
    assert "\n".join(f"    {line}".rstrip() for line in SCRIPT.splitlines()) in mail(FOUNDING)
    words = {"SERVER": "127.0.0.1", "PORT": str(port), "SENDER": "a@x.example",
             "RECIPIENT": "b@x.example"}  # fmt: skip
    command = re.sub("|".join(words), lambda match: words[match[0]], SCRIPT, count=4)
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=True, timeout=30
    )
    assert seen == [
        [b"EHLO seamark.test\r\n"],
        [b"MAIL FROM:<a@x.example>\r\n"],
        [b"RCPT TO:<b@x.example>\r\n"],
        [b"RC", b"PT TO:<b@x.example>\r\n"],
        [b"QUIT\r\n"],
    ]
    assert "('RC', 'PT TO:<b@x.example>\\r\\n') b'500 unrecognized command\\r\\n'" in done.stdout
