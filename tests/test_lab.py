"""The lab: the middlebox does what it says it does, and the captures are what the manifest says."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lab import manifest, packet, pcapfile
from lab.cases import CASES
from lab.derive import read_any
from lab.masker import PROFILES, Conversation
from lab.message import Message
from lab.middlebox import Log, Middlebox, Settings, client_port
from lab.mischief import Mischief
from lab.needs import missing
from lab.packet import Segment
from lab.run import Recorded, record
from lab.truth import truth

from dissect.pipeline import Pipeline
from dissect.source import find_tshark, open_capture, read

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
TABLES: list[dict[str, Any]] = tomllib.loads((CAPTURES / manifest.NAME).read_text())["capture"]
IN_DATA = (b"DATA\r\n", b"354 go ahead\r\n")


@cache
def why_not() -> str:
    """Why the lab cannot run here: asked once, and only when a test needs to know."""
    return missing()


def conversation(profile: str, *, greeted: bool = True) -> Conversation:
    """A conversation through one make of middlebox, after the greeting or before it."""
    box = Conversation(PROFILES[profile])
    if greeted:
        box.server(b"220 mx.cam.example.net ESMTP\r\n")
    return box


def through(profile: str, *packets: bytes) -> list[bytes]:
    """What a client's packets look like behind the middlebox."""
    box = conversation(profile)
    return [box.client(payload).payload for payload in packets]


def in_data(profile: str) -> Conversation:
    """A conversation in which the server has asked for the message."""
    box = conversation(profile)
    box.client(IN_DATA[0])
    box.server(IN_DATA[1])
    return box


def segment(sequence: int, payload: bytes) -> Segment:
    """A segment from a client, with headers of no interest."""
    network = bytes.fromhex("4500 0000 0000 4000 4006 0000 c000020a c0000219")
    ports = (33738).to_bytes(2, "big") + (25).to_bytes(2, "big")
    header = ports + bytes(4) + bytes(4) + b"\x50\x18\xff\xff" + bytes(4)
    return Segment(bytes(12) + b"\x08\x00", network, header, b"").moved(sequence, payload)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_masks_both_halves_of_a_cut_verb(cut: int) -> None:
    """A known verb with a packet boundary inside is masked on both sides of the boundary."""
    verb = b"RCPT"
    near, far = through(
        "asa",
        b"RCPT TO:<a@cam.example.net>\r\n" + verb[:cut],
        verb[cut:] + b" TO:<b@cam.example.net>\r\nRCPT TO:<c@cam.example.net>\r\n",
    )
    assert near == b"RCPT TO:<a@cam.example.net>\r\n" + b"X" * cut
    rest = b" TO:<b@cam.example.net>\r\nRCPT TO:<c@cam.example.net>\r\n"
    assert far == b"X" * (4 - cut) + rest


@pytest.mark.parametrize(
    "packets",
    [
        (b"RCPT TO:<a@cam.example.net>\r\nRCPT TO:<b@cam.example.net>\r\n",),
        (b"RCPT", b" TO:<a@cam.example.net>\r\n"),
        (b"RCPT TO:<recip", b"ient@cam.example.net>\r\nRCPT TO:<b@cam.example.net>\r\n"),
        (b"RCPT TO:<a@cam.example.net>\r", b"\nDATA\r\n"),
        (b"RCPT TO:<a@cam.example.net>\r\n", b"data\r\n"),
    ],
)
def test_leaves_whole_verbs_alone(packets: tuple[bytes, ...]) -> None:
    """A boundary before, after or far behind the verb changes nothing."""
    assert tuple(through("asa", *packets)) == packets


def test_masks_unknown_verbs_and_keeps_arguments() -> None:
    """Only the letters of the verb are replaced."""
    assert through("pix", b"EHLO mail.example.org\r\n") == [b"XXXX mail.example.org\r\n"]
    assert through("asa", b"EHLO mail.example.org\r\n") == [b"EHLO mail.example.org\r\n"]
    assert through("asa", b"STARTTLS\r\n") == [b"XXXXXXXX\r\n"]


def test_passes_everything_without_a_profile() -> None:
    """A middlebox that is switched off leaves a cut verb as it is."""
    packets = (b"RC", b"PT TO:<a@cam.example.net>\r\n", b"NONSENSE\r\n")
    assert tuple(through("none", *packets)) == packets


def test_leaves_message_text_alone() -> None:
    """Between 354 and the final dot nothing is a verb; after the dot, commands are again."""
    box = in_data("asa")
    text = b"Subject: term\r\n\r\nNONSENSE here\r\n"
    assert box.client(text).payload == text
    assert box.client(b".\r\nNONSENSE\r\n").payload == b".\r\nXXXXXXXX\r\n"


def test_masks_the_banner_but_for_2_and_0() -> None:
    """The greeting keeps its code, `2`, `0`, a space after `0`, and its line end."""
    box = conversation("asa", greeted=False)
    masked = box.server(b"220 mx.example.net 20 Sep 2020 10:00\r\n").payload
    assert masked == b"220 " + b"*" * 15 + b"20 ****2020 *0*00\r\n"


def test_masks_keywords_with_ordinal_letters() -> None:
    """Keywords that the appliance does not know end in A, B, ... in their order."""
    box = conversation("asa")
    box.client(b"EHLO mail.example.org\r\n")
    reply = b"250-mx Hello\r\n250-SIZE 100\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 HELP\r\n"
    masked = box.server(reply).payload
    assert masked == reply.replace(b"STARTTLS", b"XXXXXXXA").replace(b"HELP", b"XXXB")


@pytest.mark.parametrize("lone", [b".\r\n", b"\n.\r\n", b"\r\n", b"\n"])
def test_swallows_a_lone_terminator_every_time(lone: bytes) -> None:
    """The end of the message in a packet of its own is dropped, and so is each repetition."""
    box = in_data("asa-dot")
    text = b"hello\r\n.\r\n"
    box.client(text[: len(text) - len(lone)])
    assert [box.client(lone).dropped for _ in range(3)] == [True] * 3


@pytest.mark.parametrize(
    ("profile", "payload"), [("asa", b".\r\n"), ("asa-dot", b"hello\r\n.\r\n")]
)
def test_passes_other_terminators(profile: str, payload: bytes) -> None:
    """A terminator that travels with text, or through another make, gets through."""
    assert not in_data(profile).client(payload).dropped


def test_leaves_masks_of_another_box_alone() -> None:
    """A second box in the path changes nothing of what the first one has masked."""
    greeting, hello = (
        b"220 mx.example.net 20 Sep 2020\r\n",
        b"250-mx\r\n250-STARTTLS\r\n250 HELP\r\n",
    )
    boxes = [conversation("asa", greeted=False) for _ in range(2)]
    for sent in (b"RC", b"PT TO:<a@cam.example.net>\r\nEHLO x\r\n"):
        first = boxes[0].client(sent).payload
        assert boxes[1].client(first).payload == first
    for answer in (greeting, hello):
        first = boxes[1].server(answer).payload
        assert boxes[0].server(first).payload == first != answer


def test_masks_retransmissions_alike() -> None:
    """What is sent again, even with another cut, leaves the middlebox as it did the first time."""
    log = io.StringIO()
    box = Middlebox(Settings(PROFILES["asa"], {}, 0.0, 0.0, 0, 0), Log(log))
    sent = [(100, b"NOOP\r\nRC"), (108, b"PT TO:<a>\r\n"), (104, b"\r\nRCPT TO:<a>\r\n")]
    seen = [out for part in sent for out in box.frames(packet.build(segment(*part)))]
    payloads = [found.payload for found in map(packet.parse, seen) if found]
    assert payloads == [b"NOOP\r\nXX", b"XX TO:<a>\r\n", b"\r\nXXXX TO:<a>\r\n"]
    rows = map(json.loads, log.getvalue().splitlines())
    assert [(row["part"], row["seq"]) for row in rows] == [("head", 106), ("tail", 108)]


@pytest.mark.parametrize(
    ("fate", "sent"),
    [
        ("drop", [b"abcd", b"ijkl"]),
        ("swap", [b"abcd", b"ijkl", b"efgh"]),
        ("duplicate", [b"abcd", b"efgh", b"efgh", b"ijkl"]),
        ("overlap", [b"abcd", b"efgh", b"cdef", b"ijkl"]),
    ],
)
def test_mischief(fate: str, sent: list[bytes]) -> None:
    """Each fate befalls the packet that it is meant for, and no other."""
    mischief = Mischief({1: fate})
    parts = [segment(start, b"abcdefghijkl"[start : start + 4]) for start in (0, 4, 8)]
    assert [out.payload for part in parts for out in mischief.apply(part)] == sent


@pytest.mark.parametrize("cut", [1, 2, 3, 20])
def test_layout_puts_the_boundary_where_it_is_wanted(cut: int) -> None:
    """A packet's worth of the group ends so many bytes into a RCPT line."""
    group = Message("a", "a@example.org", 60, (cut,)).group(1448)
    start = 1448 - cut
    assert group[start - 2 : start + 9] == b"\r\nRCPT TO:<"[:11]


def test_frames_survive_being_taken_apart() -> None:
    """Parsing and building gives the recorded bytes again, checksums included."""
    names = ("founding-behind.pcap", "ipv6-behind.pcap", "vlan-behind.pcap")
    data = [record.data for name in names for record in pcapfile.read(CAPTURES / name)]
    parsed = [packet.parse(frame) for frame in data]
    assert [packet.build(found) for found in parsed if found] == data


def test_manifest_names_every_capture() -> None:
    """No capture without a table, no table without a capture."""
    files = {path.name for path in CAPTURES.iterdir() if ".pcap" in path.name}
    assert {table["file"] for table in TABLES} == files


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["file"]))
def test_capture_is_the_one_in_the_manifest(table: dict[str, Any]) -> None:
    """The checksum fits, and the file is small enough to live in the repository."""
    path = CAPTURES / table["file"]
    assert manifest.digest(path) == table["sha256"]
    assert path.stat().st_size < 200_000


@pytest.mark.parametrize(
    "table",
    [table for table in TABLES if not table["file"].endswith("ng")],
    ids=lambda table: str(table["file"]),
)
def test_evidence_can_be_seen(table: dict[str, Any]) -> None:
    """The frames of each split verb hold its halves: masked behind the middlebox, whole before."""
    frames = {frame.number: frame for frame in pcapfile.frames(read_any(CAPTURES / table["file"]))}
    for row in table.get("evidence", []):
        held = [frames[number].segment.payload for number in row["frames"]]
        ports = {client_port(frames[number].segment) for number in row["frames"]}
        assert ports == {row["client_port"]}
        if row["rule"] == "split-masked-verb" and table["file"] != "offloaded-before.pcap":
            verb, offset = row["observed"].encode(), row["offset"]
            assert held[0].endswith(verb[:offset])
            assert held[1].startswith(verb[offset:20])


@pytest.fixture(scope="module")
def founding(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The founding case, recorded afresh."""
    if why_not():
        pytest.skip(why_not())
    return record(CASES["founding"], tmp_path_factory.mktemp("lab"))


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
