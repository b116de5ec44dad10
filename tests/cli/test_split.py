"""``seamark split``: what Wireshark's own tools and Seamark itself read of the files."""

from __future__ import annotations

import asyncio
import json
import shutil
import stat
import struct
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from cli.command import CAPTURES, FOUNDING, scan, seamark
from cli.fakes import needs_tshark
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from report.test_jsonl import SCHEMA
from source.test_icmp import capture as capture_with_errors
from source.test_icmp import checksum
from support import pcap
from support.script import play
from support.wire import IPV6, START, Setting

from dissect.source import find_tshark, open_capture, split
from dissect.source.split import Part

pytestmark = [
    *needs_tshark,
    pytest.mark.skipif(shutil.which("editcap") is None, reason="editcap is not installed"),
]

TALK: Final = """
    S: 220 mx.example.net ESMTP
    C: EHLO mail.example.org
    S: 250 mx.example.net
    C: QUIT
    S: 221 bye
    C! FIN
    S! FIN
"""


def tool(*words: str | Path) -> str:
    """What one of Wireshark's programs prints; it must succeed."""
    return subprocess.run(
        [str(word) for word in words], capture_output=True, check=True, text=True, timeout=60
    ).stdout


def packets(path: Path, chosen: str = "") -> list[str]:
    """What tells packets apart, whatever their number: when they came, and what they say."""
    names = ("frame.time_epoch", "ip.id", "tcp.seq_raw", "tcp.ack_raw", "tcp.payload", "icmp.type")
    asked = [word for name in names for word in ("-e", name)]
    where = ["-Y", chosen] if chosen else []
    return tool("tshark", "-n", "-r", path, "-T", "fields", *asked, *where).splitlines()


def index(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The lines of an index that are of one type."""
    lines = map(json.loads, (folder / "index.jsonl").read_text().splitlines())
    return [line for line in lines if line["type"] == kind]


def done(capture: Path, folder: Path, *words: str | Path) -> list[Path]:
    """The files that are written, in the order of the index."""
    ran = seamark("split", capture, "-d", folder, *words)
    assert (ran.code, ran.err) == (0, "")
    return [folder / line["file"]["name"] for line in index(folder, "flow")]


@pytest.mark.parametrize("name", ["founding-behind.pcap", "founding-behind.pcapng",
                                  "founding-behind.pcap.gz"])  # fmt: skip
def test_each_connection_is_a_file(tmp_path: Path, name: str) -> None:
    """Named after its ends, with all of its packets and no other; only its owner may read it."""
    folder = tmp_path / "new"
    files = done(CAPTURES / name, folder)
    assert [path.name for path in files] == [
        f"192.0.2.10-{33738 + number}_192.0.2.25-25.pcapng" for number in range(9)
    ]
    assert sorted(folder.iterdir()) == sorted([*files, folder / "index.jsonl"])
    for number, path in enumerate(files):
        assert packets(path) == packets(CAPTURES / name, f"tcp.stream eq {number}")
        assert "pcapng" in tool("capinfos", "-t", path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def facts(line: dict[str, Any], frames: list[int]) -> str:
    """What a finding says, whatever the numbers of flow and frames."""
    names = ["rule", "severity", "confidence", "client", "server", "observed", "original",
             "message", "recipients"]  # fmt: skip
    if line["rule"] != "retry-storm":  # says in which capture the first try is
        names.append("impact")
    seam = line["seam"] and [line["seam"][name] for name in ("kind", "within", "offset")]
    return json.dumps([[line[name] for name in names], seam, frames])


@pytest.mark.parametrize(
    "name",
    [
        "sync-error-behind.pcap", "vlan-before.pcap", "ipv6-before.pcap", "offloaded-before.pcap",
        "mtu-black-hole-before.pcap", "starttls-stripped-before.pcap", "one-sided-server.pcap",
    ],
)  # fmt: skip
def test_the_files_show_what_the_capture_shows(tmp_path: Path, name: str) -> None:
    """A scan of all files finds what the capture shows, on the frames that the index names."""
    folder = tmp_path / "new"
    files = done(CAPTURES / name, folder)
    found = map(json.loads, scan("--format", "jsonl", *files).out.splitlines())
    got = sorted(facts(line, line["frames"]) for line in found if line["type"] == "finding")
    told = index(folder, "finding")
    assert got == sorted(facts(line, line["file"]["frames"]) for line in told)
    assert told


def test_the_index_is_what_a_scan_prints(tmp_path: Path) -> None:
    """Flows and findings are those of scan, and each line is as the schema says."""
    done(FOUNDING, tmp_path / "new")
    lines = map(json.loads, scan("--format", "jsonl", FOUNDING).out.splitlines())
    expected = [line for line in lines if line["type"] in {"flow", "finding"}]
    told = list(map(json.loads, (tmp_path / "new" / "index.jsonl").read_text().splitlines()))
    assert all(Draft202012Validator(SCHEMA).is_valid(line) for line in told)
    where = [line.pop("file") for line in told]
    assert told == expected
    assert sum(each.get("packets", 0) for each in where) == len(packets(FOUNDING))


def test_frames_of_evidence_have_comments_and_others_stay(tmp_path: Path) -> None:
    """A frame keeps its own comment before ours, a capture its own, an interface its statistics."""
    noted = tmp_path / "noted.pcapng"
    tool("editcap", "-F", "pcapng", "-a", "25:mine", "--capture-comment", "whole", FOUNDING, noted)
    path = done(noted, tmp_path / "new", "--flow", "1")[0]
    said = tool("tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number", "-e",
                "frame.comment", "-Y", "frame.comment")  # fmt: skip
    assert "mine,Seamark: " in said
    frames = {line.split("\t")[0] for line in said.splitlines() if "Seamark: " in line}
    told = {
        frame for line in index(tmp_path / "new", "finding") for frame in line["file"]["frames"]
    }
    assert {frame for frame in frames if frame.isdigit()} == {str(frame) for frame in told}
    comments = tool("capinfos", "-k", path)
    assert "whole" in comments
    assert "split from" in comments


def test_the_same_ports_again_are_another_file(tmp_path: Path) -> None:
    """The second connection between two ends has a number in its name; IPv6 has dashes."""
    capture = tmp_path / "in.pcap"
    again = Setting(client_isn=7_000_000, server_isn=9_000_000, start=START + 60)
    pcap.to_pcap([*play(TALK, Setting()), *play(TALK, again), *play(TALK, IPV6)], capture)
    assert [path.name for path in done(capture, tmp_path / "new")] == [
        "192.0.2.10-33738_192.0.2.25-25.pcapng",
        "192.0.2.10-33738_192.0.2.25-25_2.pcapng",
        "2001-db8--10-33738_2001-db8--25-25.pcapng",
    ]
    assert [line["file"]["packets"] for line in index(tmp_path / "new", "flow")] == [
        len(play(TALK))
    ] * 3


def test_icmp_errors_go_with_the_connection_that_they_quote(tmp_path: Path) -> None:
    """A router's word about a packet is evidence, too."""
    capture, errors = capture_with_errors(tmp_path)
    (path,) = done(capture, tmp_path / "new")
    assert len(packets(path, "icmp")) == len(errors)
    assert packets(path) == packets(capture)


def fragments(frame: bytes, at: int) -> list[bytes]:
    """An Ethernet frame with an IPv4 datagram, as two with a fragment each (RFC 791, 3.2)."""
    link, header, data = frame[:14], frame[14:34], frame[34:]
    made = []
    for offset, piece in ((0, data[:at]), (at, data[at:])):
        more = 0x2000 if offset == 0 else 0
        new = header[:2] + struct.pack("!H", 20 + len(piece)) + header[4:6]
        new += struct.pack("!H", more | offset // 8) + header[8:10] + bytes(2) + header[12:20]
        made.append(link + new[:10] + struct.pack("!H", checksum(new)) + new[12:] + piece)
    return made


@pytest.mark.parametrize("command", ["split", "export"])
def test_fragments_go_with_their_datagram(tmp_path: Path, command: str) -> None:
    """A command that came in two fragments is in the new file as well."""
    capture, out, other = tmp_path / "in.pcap", tmp_path / "new", tmp_path / "new.pcapng"
    with capture.open("wb") as file:
        file.write(pcap.file_header())
        for segment in play(TALK):
            whole = pcap.packet(segment)
            for frame in fragments(whole, 24) if segment.length > 8 else [whole]:
                file.write(pcap.record(segment, frame))
    if command == "split":
        (other,) = done(capture, out)
    else:
        assert seamark("export", capture, "-o", other).code == 0
    assert packets(other) == packets(capture)
    assert "EHLO mail.example.org" in tool("tshark", "-n", "-r", other)


@pytest.mark.parametrize(
    ("words", "flows"),
    [
        (["--flow", "0", "--flow", "3"], [0, 3]),
        (["--rule", "split-masked-verb"], [1, 2, 4, 5, 6, 8]),
        (["--filter", "recipients>10 and not outcome:delivered"], [1, 2, 4, 5, 6, 8]),
        (["--filter", "text:/XX.TO/", "--flow", "2"], [2]),
        (["-Y", "tcp.stream == 4"], [0]),
    ],
)
def test_options_choose_connections(tmp_path: Path, words: list[str], flows: list[int]) -> None:
    """Options of other commands, and the filter of the screen, also of what was said."""
    done(FOUNDING, tmp_path / "new", *words)
    assert [line["flow"] for line in index(tmp_path / "new", "flow")] == flows


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([FOUNDING], 2, "-d connections"),
        ([FOUNDING, "-d", "full"], 2, "full is not empty"),
        ([FOUNDING, "-d", "full/file"], 2, "is there already"),
        ([FOUNDING, "-d", "no/such"], 3, "There is no folder no"),
        (["-", "-d", "new"], 3, "only once"),
        ([FOUNDING, "-d", "new", "--filter", "("], 2, "not closed"),
        ([FOUNDING, "-d", "new", "--filter", "rcpt:nobody"], 3, "No conversation was chosen"),
        ([FOUNDING, "-d", "new", "--filter", "verdict:cisco"], 2, "on the screen only"),
        ([FOUNDING, "-d", "new", "--filter", "not (is:marked or rcpt:a)"], 2, "screen only"),
    ],
)  # fmt: skip
def test_nothing_is_left_of_what_cannot_be(
    tmp_path: Path, words: list[str | Path], code: int, told: str
) -> None:
    """The error says why, and what was there is as it was."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    ran = seamark("split", *words, cwd=tmp_path)
    assert (ran.code, told in ran.err) == (code, True), ran.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full"]


def test_a_capture_cut_short_gives_what_it_has(tmp_path: Path) -> None:
    """What was read is written, and the exit code tells."""
    ran = seamark("split", CAPTURES / "truncated.pcap", "-d", tmp_path / "new")
    assert (ran.code, "cut short" in ran.err) == (3, True)
    assert len(index(tmp_path / "new", "flow")) == 8


# ---- the writing itself -----------------------------------------------------------------------


def run(capture: Path, parts: dict[int, Part], said: dict[int, list[str]]) -> None:
    """Split a capture into parts by frame numbers, one after another."""
    file = open_capture(str(capture))
    work = split.split(find_tshark(), file, lambda frame: frame % len(parts), parts, said)
    asyncio.run(work)


def parted(capture: Path, folder: Path) -> list[Part]:
    """Every third frame in a file."""
    folder.mkdir()
    parts = {key: Part(path=folder / f"{key}.pcapng", comment="made") for key in range(3)}
    how = {25: ["one"], 26: ["two"]}
    run(capture, parts, how)
    return list(parts.values())


def test_memory_does_not_change_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that are opened again for every packet are the same, byte by byte."""
    noted = tmp_path / "noted.pcapng"
    tool("mergecap", "-F", "pcapng", "-w", noted, FOUNDING, CAPTURES / "ipv6-before.pcap")
    once = parted(noted, tmp_path / "once")
    monkeypatch.setattr(split, "MOST", 1)
    often = parted(noted, tmp_path / "often")
    for one, two in zip(once, often, strict=True):
        assert one.path.read_bytes() == two.path.read_bytes()
        assert (one.packets, one.places) == (two.packets, two.places)
    assert sum(part.packets for part in once) == len(packets(noted))


def test_a_failure_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be made takes the others with it."""
    monkeypatch.setattr(split, "MOST", 1)
    folder = tmp_path / "new"
    folder.mkdir()
    parts = {
        0: Part(path=folder / "0.pcapng", comment=""),
        1: Part(path=folder / "no" / "1.pcapng", comment=""),
    }
    with pytest.raises(Exception, match="no folder"):
        run(FOUNDING, parts, {})
    assert not list(folder.iterdir())
