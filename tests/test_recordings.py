"""Live recordings: a case is recorded afresh, and shows what its servers and boxes logged."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lab import packet, pcapfile
from lab.cases import CASES
from lab.middlebox import client_port
from lab.needs import missing
from lab.network import OTHER
from lab.run import Recorded, record
from lab.truth import truth

from dissect.pipeline import Pipeline
from dissect.source import find_tshark, open_capture, read

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def why_not(*makes: str) -> str:
    """Why the lab cannot run here: asked once, and only when a test needs to know."""
    return missing(*makes)


@pytest.fixture(scope="module")
def founding(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The founding case, recorded afresh."""
    if why := why_not("exim"):
        pytest.skip(why)
    return record(CASES["founding"], tmp_path_factory.mktemp("lab"))


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[str], Recorded]:
    """Records a case afresh; skips the test where the case cannot be recorded here."""

    def make(name: str) -> Recorded:
        if why := why_not(CASES[name].server):
            pytest.skip(why)
        return record(CASES[name], tmp_path)

    return make


@pytest.mark.lab
def test_recording_shows_the_damage(founding: Recorded) -> None:
    """Fresh captures: whole verbs before, masked ones behind, the same lengths in both."""
    before, behind, server = (pcapfile.read(path) for path in founding.captures.values())
    assert sum(map(len, (r.data for r in before))) == sum(map(len, (r.data for r in behind)))
    clean, damaged = (_client_bytes(records) for records in (before, behind))
    assert damaged == _client_bytes(server)
    assert clean.count(b"RCPT TO:") - damaged.count(b"RCPT TO:") == 6
    assert damaged.count(b"\r\nXXXX TO:<recipient") == 6
    assert damaged.count(b"RCPT TO:") >= 100


@pytest.mark.lab
def test_recording_agrees_with_the_logs(founding: Recorded) -> None:
    """Fresh logs: six split verbs, each refused by itself, and nine messages accepted."""
    found = truth(founding)
    assert sorted(verb.offset for verb in found.split()) == [1, 1, 2, 2, 2, 3]
    assert {verb.original for verb in found.split()} == {"RCPT"}
    assert (found.synchronisation, len(found.lost), len(found.accepted)) == ([], 6, 9)


@pytest.mark.lab
def test_recording_shows_both_firewalls_between_them(founding: Recorded) -> None:
    """Fresh captures: greeting and keywords are masked up to the second firewall, not beyond it."""
    masked = {side: _masked_replies(path) for side, path in founding.captures.items()}
    assert masked == {"before": (9, 9), "behind": (9, 9), "server": (0, 0)}


@pytest.mark.lab
@pytest.mark.tshark
def test_recording_has_right_checksums(founding: Recorded) -> None:
    """Fresh captures: tshark finds no bad checksum, and nothing but mail."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    for path in founding.captures.values():
        assert not _tshark(path, "tcp.checksum.status != 1 or ip.checksum.status != 1")
        assert not _tshark(path, "not tcp.port == 25")


@pytest.mark.lab
@pytest.mark.tshark
@pytest.mark.parametrize("side", ["before", "behind"])
def test_recording_is_read_as_it_was_made(founding: Recorded, side: str) -> None:
    """Fresh captures, scanned: the cuts that the firewalls masked, on both sides of the first."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    pipeline = Pipeline(side)
    capture = open_capture(str(founding.captures[side]))
    asyncio.run(read(find_tshark(), capture, pipeline.rows))
    pipeline.finish()
    findings = [finding for detail in pipeline.take() for finding in detail.findings]

    split = [finding for finding in findings if finding.rule == "split-masked-verb"]
    made = truth(founding)
    assert sorted(f.seam.offset for f in split if f.seam) == sorted(v.offset for v in made.split())
    assert {finding.original for finding in split} == {"RCPT"}
    assert sum(finding.rule == "lost-recipient" for finding in findings) == len(made.lost)
    assert [verdict.device for verdict in pipeline.verdicts()] == ["cisco-smtp-inspection"]


@pytest.mark.lab
def test_recording_is_private_and_leaves_nothing(founding: Recorded) -> None:
    """The fresh files are readable by their owner only, and the namespaces are gone."""
    assert {path.stat().st_mode & 0o077 for path in founding.captures.values()} == {0}
    left = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True, timeout=10)
    assert f"seamark-{os.getpid()}" not in left.stdout


@pytest.mark.lab
def test_postfix_loses_one_recipient_and_goes_on(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: Postfix counts one unknown command a masked RCPT, and mails all the others."""
    made = fresh("postfix-split")
    found = truth(made)
    assert made.mainlog.count(" unknown=0/1 ") == len(found.split()) == len(found.lost) == 2
    assert len(found.accepted) == 3
    sent = b"".join(_said(made.captures["behind"], to="server").values())
    assert sent.count(b"\r\nXXXX TO:<recipient") == 2


@pytest.mark.lab
def test_sendmail_quotes_the_masks(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: whole verbs go in, and what the firewall made of them comes back in the replies."""
    made = fresh("echo")
    found = truth(made)
    assert [verb.original for verb in found.echoed()] == ["STARTTLS"]
    assert found.lost == {verb.client: "recipient0035@cam.example.net" for verb in found.split()}
    assert len(found.account.quoted) == len(found.accepted) == 2
    before, behind = (_said(path, to="server") for path in made.captures.values())
    told = _said(made.captures["before"], to="client")
    for quote in found.account.quoted:
        line = f"{quote.line}\r\n".encode()
        assert line in behind[quote.client]
        assert line not in before[quote.client]
        assert f'500 5.5.1 Command unrecognized: "{quote.line}"'.encode() in told[quote.client]
    assert b"\r\n250-STARTTLS\r\n" in told[33738]


@pytest.mark.lab
def test_masked_bdat_turns_a_message_into_commands(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: Exim complains about lines of the message, which is whole in both captures."""
    made = fresh("bdat-masked")
    before, behind = (_said(path, to="server")[33739] for path in made.captures.values())
    assert b"\r\nBDAT 502 LAST\r\nFrom: <" in before
    assert behind == before.replace(b"BDAT 502", b"XXXX 502")
    assert 'SMTP syntax error in "Subject: minutes of the meeting"' in made.mainlog
    assert truth(made).accepted == {33738}


@pytest.mark.lab
def test_one_network_is_not_offered_tls(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: the line is gone for one network, and only there the mail came in the clear."""
    made = fresh("starttls-stripped")
    before, behind = (_said(path, to="client") for path in made.captures.values())
    assert [port for port, said in before.items() if b"250-STARTTLS\r\n" in said] == [33738, 33741]
    assert [b"250-STARTTLS\r\n" in said for said in behind.values()] == [True] * 4
    for port, said in before.items():
        stripped = behind[port].replace(b"250-STARTTLS\r\n", b"")
        assert said == (behind[port] if port in (33738, 33741) else stripped)
    encrypted = [line for line in made.mainlog.splitlines() if " X=TLS" in line]
    assert [OTHER in line for line in encrypted] == [True, True]
    assert len(truth(made).accepted) == 4


@pytest.mark.lab
def test_starttls_is_answered_by_somebody_else(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: the command and the refusal are on the client's side only; the mail is taken."""
    made = fresh("starttls-refused")
    for port in (33738, 33739):
        asked = [_said(path, to="server")[port] for path in made.captures.values()]
        told = [_said(path, to="client")[port] for path in made.captures.values()]
        assert asked[0].replace(b"STARTTLS\r\n", b"") == asked[1] != asked[0]
        assert told[0].replace(b"500 Unsupported command.\r\n", b"") == told[1] != told[0]
    assert truth(made).accepted == {33738, 33739}


@pytest.mark.lab
def test_real_ends_talk_on_after_a_forged_reset(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: one reset with a strange TTL on each side, and later packets with the usual one."""
    made = fresh("forged-reset")
    for path in made.captures.values():
        found = [frame.segment for frame in pcapfile.frames(pcapfile.read(path))]
        forged = [part for part in found if part.network[8] == packet.FORGED_TTL[0]]
        assert [part.flags for part in forged] == [packet.RST]
        later = found[found.index(forged[0]) + 1 :]
        assert {part.network[8] for part in later if part.ports == forged[0].ports} == {64}
    assert not truth(made).accepted


@pytest.mark.lab
def test_content_filter_speaks_in_the_servers_name(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: 541 and a reset in front of the filter; the text never comes out behind it."""
    made = fresh("injected-reply")
    before, behind = (_said(path, to="client")[33739] for path in made.captures.values())
    assert before == behind + b"541 5.4.1 Content blocked\r\n"
    sent = [_said(path, to="server")[33739] for path in made.captures.values()]
    assert [b"forbidden fruit" in said for said in sent] == [True, False]
    assert truth(made).accepted == {33738}


@pytest.mark.lab
def test_second_envelopes_get_through(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: Postfix's log says which sequences it took for the end of a message."""
    found = truth(fresh("smuggling"))
    smuggled = {r.client for r in found.account.receipts if "everybody@" in "".join(r.recipients)}
    taken = {fault.text for fault in found.faults if fault.client in smuggled}
    assert taken == {"\n.\n", "\n.\r\n", "\r\n.\n"}
    assert len(found.faults) == len(found.accepted) == 6


@pytest.mark.lab
def test_early_talker_comes_before_the_greeting(fresh: Callable[[str], Recorded]) -> None:
    """Fresh: on both sides the client speaks first, and Exim turns it away."""
    made = fresh("early-talker")
    for path in made.captures.values():
        parts = [frame.segment for frame in pcapfile.frames(pcapfile.read(path))]
        spoken = [part for part in parts if 33739 in part.ports and part.payload]
        assert spoken[0].payload == b"EHLO mail.example.org\r\n"
        assert spoken[1].payload.startswith(b"554 ")
    assert truth(made).synchronisation == [33739]


def _said(path: Path, *, to: str) -> dict[int, bytes]:
    """By client: all that it said, or was told, each octet once."""
    streams: dict[int, dict[int, int]] = {}
    for frame in pcapfile.frames(pcapfile.read(path)):
        found = frame.segment
        if (found.ports[1] == 25) is (to == "server"):
            octets = enumerate(found.payload, found.sequence)
            streams.setdefault(client_port(found), {}).update(octets)
    return {port: bytes(stream[at] for at in sorted(stream)) for port, stream in streams.items()}


def _masked_replies(path: Path) -> tuple[int, int]:
    """In how many packets a server's greeting, and its STARTTLS, is masked."""
    sent = [frame.segment.payload for frame in pcapfile.frames(pcapfile.read(path))]
    banners = sum(payload.startswith(b"220 ****") for payload in sent)
    return banners, sum(b"\r\n250-XXXXXXXC\r\n" in payload for payload in sent)


def _client_bytes(records: list[pcapfile.Record]) -> bytes:
    """All that the clients sent, each byte once, in the order of their ports."""
    streams: dict[tuple[int, int], bytes] = {}
    for frame in pcapfile.frames(records):
        found = frame.segment
        if found.ports[1] == 25 and found.payload:
            streams.setdefault((found.ports[0], found.sequence), found.payload)
    return b"".join(streams.values())


def _tshark(path: Path, wanted: str) -> str:
    """The frames of a capture that a display filter lets through, as tshark prints them."""
    options = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    done = subprocess.run(
        ["tshark", "-n", "-r", str(path), *options, "-Y", wanted],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout
