"""What a live capture tells with ``--redact``: packets, sources and their errors name nobody."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from cli.command import FOUNDING, scan
from live.seamark_live import Live
from redact.same import KEY
from redact.test_packets import TALK
from support import pcap
from support.script import play

from dissect.errors import CaptureError
from dissect.live import Memory
from dissect.live.hidden import error, named
from dissect.pipeline import Pipeline, Settings
from dissect.redact import Key, Redactor
from dissect.source.records import Record, Records
from dissect.source.tap import Line, Tap, following, host

if TYPE_CHECKING:
    from pathlib import Path

    from dissect.segments import Segment

NAMES = re.compile(rb"alice|ice@|recip|ient1|mail\.example|mx\.example|secret is")


def line(word: str) -> Line:
    """One to a host, as ``connect`` makes it."""
    there = host(word)
    return Line(str(Tap(interface="eth0", host=there)), host=there.name)


@pytest.mark.parametrize("word", [
    "root@mx1.corp.example:2222", "mail", "alice@10.71.3.9", "[2001:630::1]:22",
    "alice@[2001:630::1]:22",
])  # fmt: skip
def test_a_host_is_named_nowhere(word: str) -> None:
    """Neither in a source's name nor in what ssh says; the interface, and what is wrong, are."""
    redactor, there = Redactor(Key(KEY)), host(word)
    (shown,) = named([line(word)], redactor)
    assert shown.name.endswith(":eth0")
    said = (
        f"{word}:eth0 has ended by itself: ssh: connect to host {there.name} port 22: Connection "
        f"refused; {there.user}@{there.name}: Permission denied"
    )
    told = error(said, line(word), redactor)
    for gone in filter(None, (there.name, there.user)):
        assert gone not in shown.name
        assert gone not in told
    assert "port 22: Connection refused" in told
    assert told.endswith(": Permission denied")
    assert redactor.host(there.name) in told


def test_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    """Folders are left out, and sources are told by their names."""
    lines = []
    for folder in ("alice", "bob"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ring.pcap").write_bytes(pcap.file_header())
        lines.append(following(str(tmp_path / folder / "ring.pcap")))
    shown = named(lines, Redactor(Key(KEY)))
    assert [each.name for each in shown] == ["ring.pcap", "ring.pcap (2)"]
    assert [each.follow for each in shown] == [each.follow for each in lines]


def kept(segments: list[Segment], *, upto: int, link: int = 1) -> Memory:
    """The packets of a conversation of which so many were seen, as a live capture keeps them."""
    redactor = Redactor(Key(KEY))
    memory = Memory(lasting=True, redactor=redactor)
    pipeline = Pipeline("x", Settings(redactor=redactor), transcripts=memory.transcripts)
    inbox, records = memory.source("x"), Records()
    file = pcap.file_header()[:-4] + link.to_bytes(4, "little")
    file += b"".join(pcap.record(each, pcap.packet(each)) for each in segments[:upto])
    inbox.put(records.head, [])
    found: list[Record] = records.feed(file)
    inbox.put(records.head, found)
    pipeline.owners = []
    pipeline.segments(segments[:upto])
    inbox.claim([], pipeline.owners)
    if upto == len(segments):
        pipeline.finish()
    return memory


def test_packets_are_hidden_at_every_moment() -> None:
    """While a flow goes on and when it is over; a line of which a part has come is blank."""
    segments = play(TALK.replace("alice@", "al¦ice@").replace("recipient1", "recip¦ient1"))
    for upto in range(1, len(segments) + 1):
        memory = kept(segments, upto=upto)
        data = memory.kept((0,)).data
        assert NAMES.search(data) is None
        assert (b"EHLO " in data) == any(b"EHLO" in each.payload for each in segments[:upto])
        assert memory.pcapng(0) == data


def test_a_flow_can_be_written_when_it_is_forgotten() -> None:
    """The contents that a file is made of know what is to be said in it."""
    segments = play(TALK)
    memory = kept(segments, upto=len(segments))
    contents, wanted = memory.contents(0), memory.pcapng(0)
    memory.forget(0)
    assert contents is not None
    assert contents.pcapng() == wanted
    assert b"RCPT TO:<" in wanted
    assert memory.transcripts is not None
    assert memory.transcripts.get(0) is None


def test_what_cannot_be_hidden_is_not_given() -> None:
    """Packets of a link type that nobody looks through."""
    segments = play(TALK)
    memory = kept(segments, upto=len(segments), link=9)
    with pytest.raises(CaptureError, match="link type 9, which cannot be redacted"):
        memory.kept((0,))


@pytest.mark.tshark
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_a_watch_names_nobody(tmp_path: Path) -> None:
    """Lines, files of evidence and what a command is given; scan finds the same in the files."""
    given = tmp_path / "given"
    words = ("--follow", str(FOUNDING), "--format", "jsonl", "--redact", "--redact-key",
             str(tmp_path / "key"), "--keep-dir", str(tmp_path / "kept"), "--count", "172",
             "-Y", "ip.addr == 192.0.2.10", "--on-finding", f"tee -a {given}")  # fmt: skip
    with Live(*words) as live:
        live.until(lambda line: '"type":"summary"' in line)
        assert live.process.wait() == 1
    said = [json.loads(line) for line in live.lines]
    found = [each for each in said if each["type"] == "finding"]
    files = sorted((tmp_path / "kept").iterdir())
    assert len(files) == 9
    everything = "\n".join(live.lines).encode() + given.read_bytes()
    everything += b"".join(file.name.encode() + file.read_bytes() for file in files)
    assert re.search(rb"example|recipient\d|registrar|192\.0\.2\.(10|25)\b", everything) is None
    again = scan("--format", "jsonl", *files).out.splitlines()
    same = [each for each in map(json.loads, again) if each["type"] == "finding"]
    assert sorted(each["rule"] for each in same) == sorted(each["rule"] for each in found)
    assert {each["name"] for each in said if each["type"] == "source"} <= {"founding-behind.pcap"}
