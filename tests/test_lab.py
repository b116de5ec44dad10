"""The lab: the middlebox does what it says it does, and the captures are what the manifest says."""

from __future__ import annotations

import io
import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lab import manifest, packet, pcapfile
from lab.acts import ACTS, Shift
from lab.derive import read_any
from lab.masker import PROFILES, Conversation
from lab.message import Message
from lab.middlebox import Log, Middlebox, Settings, client_port
from lab.mischief import Mischief
from lab.needs import missing
from lab.packet import Segment
from lab.process import running, wait
from lab.server import Account, Quote, Receipt
from lab.servers import MAKES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
TABLES: list[dict[str, Any]] = tomllib.loads((CAPTURES / manifest.NAME).read_text())["capture"]
IN_DATA = (b"DATA\r\n", b"354 go ahead\r\n")


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


@pytest.mark.parametrize(
    ("profile", "sent", "seen"),
    [
        ("ios", b"EHLO mail.example.org\r\n", b"xxxx mail.example.org\r\n"),
        ("stars", b"STARTTLS\r\n", b"********\r\n"),
        ("pix5", b"EHLO mail.example.org\r\n", b"NOOP mail.example.org\r\n"),
        ("pix5", b"STARTTLS\r\n", b"NOOP    \r\n"),
        ("pix5", b"HELO mail.example.org\r\n", b"HELO mail.example.org\r\n"),
    ],
)
def test_makes_differ_in_what_they_write(profile: str, sent: bytes, seen: bytes) -> None:
    """Lower case, asterisks, NOOP: always as many octets as before."""
    assert through(profile, sent) == [seen]


def test_leaves_the_octets_behind_bdat_alone() -> None:
    """A chunk is as long as BDAT says, even where the packet ends in it; then commands go on."""
    sent = (b"BDAT 10 LAST\r\nNON", b"SENSE\r\nNONSENSE\r\n")
    assert through("asa-verbs", *sent) == [b"XXXX 10 LAST\r\nNON", b"SENSE\r\nXXXXXXXX\r\n"]


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


@pytest.mark.parametrize(
    ("profile", "said", "seen"),
    [
        ("pix4", b"220 mx.example.net 20 Sep 2020\r\n", b"220 SMTP/cmap_____________read\r\n"),
        ("asa-late", b"220 20 Sep 2020\r\n", b"220 ***********\r\n"),
        ("pix-greeting", b"220-mx 2\r\n220 hello\r\n", b"220-****\r\n*********\r\n"),
    ],
)
def test_masks_whole_greetings(profile: str, said: bytes, seen: bytes) -> None:
    """A PIX 4 says something of its own; others keep nothing but the first reply code."""
    box = conversation(profile, greeted=False)
    assert box.server(said).payload == seen


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
    payloads = [found.payload for found in map(packet.parse, (p.frame for p in seen)) if found]
    assert payloads == [b"NOOP\r\nXX", b"XX TO:<a>\r\n", b"\r\nXXXX TO:<a>\r\n"]
    rows = map(json.loads, log.getvalue().splitlines())
    assert [(row["part"], row["seq"]) for row in rows] == [("head", 106), ("tail", 108)]


@pytest.mark.parametrize("start", [100, packet.SEQUENCE_SPACE - 5])
def test_counts_on_where_octets_were_taken_out(start: int) -> None:
    """Numbers behind the place move for one end and back for the other, around zero too."""
    gone = Shift(start, -14)
    assert gone.out(start - 1) == start - 1
    assert gone.out(start + 14) == start
    assert gone.back(start) == start
    assert gone.back(start + 1) == start + 15


def test_counts_on_where_octets_were_put_in() -> None:
    """What was said after the place moves up by as much as was put in."""
    more = Shift(200, 26)
    assert [more.out(199), more.out(200)] == [199, 226]
    assert [more.back(200), more.back(226)] == [200, 200]


def test_drops_what_is_too_large_and_nothing_else() -> None:
    """A black hole looks at the size of the packet, not at what is in it."""
    small, large = segment(100, b"a" * 1360), segment(1460, b"b" * 1361)
    hole = ACTS["swallow"]()
    assert [sent.segment for sent in hole.look(small, from_client=True).sent] == [small]
    assert not hole.look(large, from_client=True).sent


def test_forges_with_a_header_of_its_own() -> None:
    """A forged reset has the numbers of the stream, and neither options nor the real TTL."""
    real = replace(segment(100, b""), transport=segment(100, b"").transport + bytes(12))
    forged = packet.parse(packet.build(real.moved(107, b"").forged(packet.RST)))
    assert forged is not None
    assert (forged.sequence, forged.flags, len(forged.transport)) == (107, packet.RST, 20)
    assert (real.network[8], forged.network[8]) == (64, 47)


def test_ends_what_a_process_has_started(tmp_path: Path) -> None:
    """A child that outlives its parent does not outlive the block."""
    said = tmp_path / "said"
    command = ["sh", "-c", "sleep 600 & echo $!; exec sleep 600"]
    with running(command, said, lambda: said.read_text().endswith("\n")):
        child = int(said.read_text())
        os.kill(child, 0)
    wait(lambda: _has_ended(child), "end of the child")


def _has_ended(pid: int) -> bool:
    """Whether a process is gone, or nothing of it is left but its place in the table."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state.split()[0] == "Z"


_EXIM_LOG = """\
12:00:00 SMTP connection from [192.0.2.10]:33738 (TCP/IP connection count = 1)
12:00:00 1xV5RX-00011H-1l <= a@example.org H=(x) [192.0.2.10]:33738 P=esmtp S=396 id=m@x for b@y c@y
12:00:01 SMTP connection from [192.0.2.10]:33739 (TCP/IP connection count = 1)
12:00:01 SMTP protocol synchronization error (next input sent too soon: pipelining was \
advertised): rejected "XXXX TO:<b@y>" H=(x) [192.0.2.10]:33739 next input="RCPT TO:<c@y>\\r\\n"
"""

_POSTFIX_LOG = """\
12:00:00 mx postfix/smtpd[1]: connect from unknown[192.0.2.10]:33738
12:00:00 mx postfix/smtpd[1]: 56719218154: client=unknown[192.0.2.10]:33738
12:00:00 mx postfix/discard[2]: 56719218154: to=<b@y>, relay=none, dsn=2.0.0, status=sent (y)
12:00:00 mx postfix/discard[2]: 56719218154: to=<c@y>, relay=none, dsn=2.0.0, status=sent (y)
12:00:01 mx postfix/smtpd[1]: connect from unknown[192.0.2.10]:33739
12:00:01 mx postfix/smtpd[1]: BDDD2218154: client=unknown[192.0.2.10]:33739
12:00:01 mx postfix/smtpd[1]: disconnect from unknown[192.0.2.10]:33739 ehlo=1 unknown=0/1
"""


_SENDMAIL_LOG = """\
NOQUEUE: connect port 33738
6AMCTI4B013213: --- 500 5.5.1 Command unrecognized: "XXXXXXXX"
6AMCTI4B013213: <-- MAIL FROM:<a@example.org>
6AMCTI4B013213: mail port 33738
6AMCTI4B013213: from=<a@example.org>, size=15, class=0, nrcpts=2, relay=[192.0.2.10]
6AMCTI4B013213: to=<b@y>, delay=00:00:00, mailer=local, pri=60015, stat=queued
6AMCTI4B013213: to=<c@y>, delay=00:00:00, mailer=local, pri=60015, stat=queued
NOQUEUE: connect port 33739
6AMCTI5B013214: mail port 33739
6AMCTI5B013214: --- 500 5.5.1 Command unrecognized: "XXXX TO:<b@y>"
"""


@pytest.mark.parametrize(
    ("make", "log", "hasty", "quoted"),
    [
        ("exim", _EXIM_LOG, (33739,), ()),
        ("postfix", _POSTFIX_LOG, (), ()),
        ("sendmail", _SENDMAIL_LOG, (), ((33738, "XXXXXXXX"), (33739, "XXXX TO:<b@y>"))),
    ],
)
def test_reads_the_servers_logs(
    make: str, log: str, hasty: tuple[int, ...], quoted: tuple[tuple[int, str], ...]
) -> None:
    """Who came, whose mail was taken, who was dropped for haste, and what was quoted."""
    receipt = Receipt(33738, frozenset({"b@y", "c@y"}))
    quotes = tuple(Quote(*quote) for quote in quoted)
    assert MAKES[make].account(log) == Account((33738, 33739), (receipt,), hasty, quotes)


@pytest.mark.parametrize(("make", "place"), [("postfix", "_DAEMONS"), ("sendmail", "_PROGRAM")])
def test_says_what_is_missing(
    make: str, place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where a server has not been unpacked, the reason says how to get it."""
    monkeypatch.setattr(f"lab.{make}.{place}", tmp_path / "nowhere")
    assert "./run test" in MAKES[make].missing()


def test_skips_what_a_server_cannot_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The lab gives a server's own reason where that server cannot run."""
    monkeypatch.setattr("lab.needs.os.geteuid", lambda: 0)
    monkeypatch.setattr("lab.needs.shutil.which", lambda command: f"/usr/bin/{command}")
    monkeypatch.setattr("lab.sendmail._PROGRAM", tmp_path / "nowhere")
    assert missing("sendmail") == MAKES["sendmail"].missing() != ""


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


def each_readable() -> pytest.MarkDecorator:
    """One test a capture that the lab itself can read, named after the file."""
    tables = [table for table in TABLES if not table["file"].endswith("ng")]
    return pytest.mark.parametrize("table", tables, ids=lambda table: str(table["file"]))


@each_readable()
def test_evidence_can_be_seen(table: dict[str, Any]) -> None:
    """The frames of each split verb hold its halves: masked behind the middlebox, whole before."""
    for row, held in _evidence(table):
        assert {client_port(part) for part in held} == {row["client_port"]}
        if row["rule"] == "split-masked-verb" and table["file"] != "offloaded-before.pcap":
            verb, offset = row["observed"].encode(), row["offset"]
            assert held[0].payload.endswith(verb[:offset])
            assert held[1].payload.startswith(verb[offset:20])


@each_readable()
def test_evidence_of_other_damage_can_be_seen(table: dict[str, Any]) -> None:
    """The first frame of each piece of evidence holds what its rule is about."""
    for row, held in _evidence(table):
        wanted = _SIGNS.get(row["rule"])
        assert wanted is None or wanted(held[0], str(row.get("original", "")).encode("latin-1"))


def _evidence(table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[Segment]]]:
    """Each piece of evidence for a capture, with the segments of its frames."""
    frames = {frame.number: frame for frame in pcapfile.frames(read_any(CAPTURES / table["file"]))}
    for row in table.get("evidence", []):
        yield row, [frames[number].segment for number in row["frames"]]


def _contains(part: Segment, original: bytes) -> bool:
    return bool(original) and original in part.payload


def _offer_or_request(said: bytes) -> bool:
    """An EHLO reply without STARTTLS, or the command that somebody else answers."""
    return said == b"STARTTLS\r\n" or (said.startswith(b"250-") and b"STARTTLS" not in said)


_SIGNS: dict[str, Callable[[Segment, bytes], bool]] = {
    "missing-terminator": _contains,
    "unstuffed-dot": lambda part, _: b"\r\n.\r\nThe second part\r\n" in part.payload,
    "bdat-size-mismatch": _contains,
    "ambiguous-end-of-data": lambda part, what: what + b"MAIL FROM:" in part.payload,
    "early-talker": _contains,
    "starttls-stripped": lambda part, _: _offer_or_request(part.payload),
    "injected-reply": lambda part, _: part.payload.startswith(b"541 "),
    "forged-reset": lambda part, _: (part.flags, part.network[8]) == (packet.RST, 47),
    "path-mtu-black-hole": lambda part, _: part.size == 1500,
    "ehlo-answered-as-noop": lambda part, _: part.payload.startswith(b"EHLO "),
    "body-parsed-as-commands": lambda part, _: b" LAST\r\nFrom: " in part.payload,
    "echoed-mask": lambda part, what: part.payload == what + b"\r\n",
    "masked-greeting-hang": lambda part, _: part.payload.startswith(b"220-*"),
}
"""What the first frame of a piece of evidence holds, by rule: the segment, and the original."""
