"""What is behind STARTTLS, and on port 465, read with the keys of real sessions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from cli.fakes import needs_tshark

from dissect.again import Again
from dissect.analysis.model import Outcome, RowKind
from dissect.evidence import Side
from dissect.pipeline import Settings
from dissect.source import find_tshark, open_capture
from tls.reading import SECRETS, SESSIONS, capture, flow, inside, keys, records

pytestmark = needs_tshark

SAID = [
    b"EHLO mail.example.org",
    b"AUTH PLAIN ####################",
    b"MAIL FROM:<alice@example.org>",
    b"RCPT TO:<bob@example.net>",
    b"RCPT TO:<carol@example.net>",
    b"DATA",
    b"QUIT",
]
TEXT = 23
"""The type of records with application data."""


@pytest.mark.parametrize("name", SESSIONS)
def test_the_dialogue_goes_on_inside(name: str) -> None:
    """All that the client says inside TLS is there, and the mail is delivered."""
    detail = flow(capture(name), keys(name))
    commands = [row for row in inside(detail) if row.kind is RowKind.COMMAND]
    assert [row.text for row in commands if row.verb != "XXXX"] == SAID
    assert detail.summary.outcome in {Outcome.DELIVERED, Outcome.PARTLY}
    assert detail.summary.tls == "decrypted"
    assert detail.summary.recipients.accepted == 2
    assert all(row.partner is not None for row in commands)


@pytest.mark.parametrize("name", SESSIONS)
def test_without_keys_only_the_clear_part_is_there(name: str) -> None:
    """The same capture without the key log: nothing is inside, and the outcome says so."""
    detail = flow(capture(name))
    assert inside(detail) == []
    assert (detail.summary.outcome, detail.summary.tls) == (Outcome.ENCRYPTED, "encrypted")


@pytest.mark.parametrize("name", SESSIONS)
def test_the_clear_part_is_read_as_without_keys(name: str) -> None:
    """What stands in front of TLS keeps its rows, frames and offsets."""
    with_keys, without = flow(capture(name), keys(name)), flow(capture(name))
    sealed = next(at for at, row in enumerate(without.rows) if row.kind is RowKind.TLS)
    assert with_keys.rows[:sealed] == without.rows[:sealed]


@pytest.mark.parametrize("name", SESSIONS)
def test_bytes_of_tls_and_of_text_are_all_accounted_for(name: str) -> None:
    """The rows of TLS that are not opened, and the records of the text, make up the stream."""
    port = 465 if name.startswith("implicit") else 25
    sealed = [
        row for row in flow(capture(name), keys(name)).rows
        if row.kind is RowKind.TLS and row.side is Side.CLIENT
    ]  # fmt: skip
    cut = records(capture(name), port)
    begins = next(at for at, (kind, *_) in enumerate(cut) if kind == TEXT)
    early = sum(size for _, size, *_ in cut[:begins])
    finished = cut[begins][1] if name.endswith("1.3") else 0  # TLS 1.3 hides its handshake so
    assert sum(row.size for row in sealed) == early + finished


@pytest.mark.parametrize("name", SESSIONS)
def test_seams_are_the_boundaries_of_records(name: str) -> None:
    """A record ends between two bytes where a seam is, in the frames that the packets tell."""
    port = 465 if name.startswith("implicit") else 25
    detail = flow(capture(name), keys(name))
    seams = [seam for row in inside(detail) for seam in row.seams if row.side is Side.CLIENT]
    assert {seam.kind for seam in seams} == {"record"}
    ends = [last for kind, _, _, last in records(capture(name), port) if kind == TEXT]
    neighbours = set(pairwise(ends))
    assert {(seam.before, seam.after) for seam in seams} <= neighbours


@pytest.mark.parametrize("name", SESSIONS)
def test_a_segment_boundary_inside_a_record_is_no_seam(name: str) -> None:
    """The record with MAIL came in two segments; the line is whole, in the frame of its end."""
    port = 465 if name.startswith("implicit") else 25
    detail = flow(capture(name), keys(name))
    mail = next(row for row in inside(detail) if row.verb == "MAIL")
    split = [(first, last) for _, _, first, last in records(capture(name), port) if first < last]
    assert mail.seams == ()
    assert mail.frames[0] in {last for _, last in split}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_verb_cut_by_records_is_told_as_such(name: str) -> None:
    """RC and PT came in two records of one segment: information, and no device is accused."""
    detail = flow(capture(name), keys(name))
    cut = next(f for f in detail.findings if f.rule == "split-command")
    assert "by a boundary of TLS records after byte 2" in cut.message
    assert cut.seam is not None
    assert (cut.seam.within, cut.seam.seam.kind) == ("verb", "record")


def test_a_mask_inside_tls_accuses_no_device_that_passes_packets_on() -> None:
    """XX and XX in two records is a masked verb, no split one, and no firewall did it."""
    detail = flow(capture("masked-1.3"), keys("masked-1.3"))
    rules = {finding.rule: finding for finding in detail.findings}
    assert {"masked-verb", "lost-recipient"} <= rules.keys()
    assert "split-masked-verb" not in rules
    for finding in (rules["masked-verb"], rules["lost-recipient"]):
        assert "inside TLS" in finding.remedy[0]
        assert not any("inspect" in each or "pipelining" in each for each in finding.remedy)


@pytest.mark.parametrize("name", SESSIONS)
def test_credentials_are_masked_as_in_the_clear(name: str) -> None:
    """AUTH PLAIN inside TLS: neither the credential nor what it says is in any value."""
    detail = flow(capture(name), keys(name))
    auth = next(row for row in inside(detail) if row.verb == "AUTH")
    assert auth.text == b"AUTH PLAIN " + b"#" * len(SECRETS[0])
    assert not any(secret.decode() in repr(detail) for secret in SECRETS)


@pytest.mark.parametrize("name", SESSIONS)
def test_message_data_unfolds(name: str) -> None:
    """The message is read once more, line by line, at its offsets, with its seams."""
    detail = flow(capture(name), keys(name))
    row = next(row for row in inside(detail) if row.kind is RowKind.MESSAGE)
    assert b"in 3 TLS records" in row.text
    settings = Settings(keylog=str(keys(name)))
    file = replace(open_capture(str(capture(name))), name=capture(name).name)
    again = Again(find_tshark(), [file], settings)
    message = asyncio.run(again.message(detail, row))
    assert (message.left_out, message.gaps) == (0, 0)
    assert message.lines[1].text == b"Subject: minutes"
    assert sum(len(line.text) + len(line.ending) for line in message.lines) == row.size
    assert {seam.kind for line in message.lines for seam in line.seams} == {"record"}
