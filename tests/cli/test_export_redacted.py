"""``export --redact`` and ``split --redact``: what Wireshark's tools and Seamark read of them."""

from __future__ import annotations

import json
import shutil
import stat
import struct
from typing import TYPE_CHECKING, Any, Final

import pytest
from cli.command import CAPTURES, FOUNDING, scan, seamark
from cli.fakes import needs_tshark
from cli.test_export import fields, tool
from cli.test_redact import NAME
from redact.test_packets import TALK
from support import pcap
from support.script import play

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    *needs_tshark,
    pytest.mark.skipif(shutil.which("editcap") is None, reason="editcap is not installed"),
]

CHECKS: Final = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")


def findings(path: Path) -> list[list[Any]]:
    """What scan says of a capture, but names."""
    said = ("rule", "severity", "frames", "seam", "confidence", "flow", "original")
    lines = map(json.loads, scan("--format", "jsonl", path).out.splitlines())
    return [[line.get(name) for name in said] for line in lines if line["type"] == "finding"]


def exported(path: Path, out: Path, key: Path) -> Path:
    """A capture that was exported with its packets redacted."""
    ran = seamark("export", path, "-o", out, "--redact", "--redact-key", key)
    assert (ran.code, ran.err) == (0, "")
    return out


def option(code: int, value: bytes) -> bytes:
    """An option of pcapng."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind: int, body: bytes) -> bytes:
    """A block of pcapng."""
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size


WRITER: Final = option(1, b"seen by alice") + option(2, b"alice-pc") + option(0, b"")
INTERFACE: Final = b"".join(
    option(code, value)
    for code, value in (
        (1, b"of alice"), (2, b"alice0"), (3, b"alice net"), (4, bytes([10, 7, 7, 1]) + bytes(4)),
        (6, bytes.fromhex("0a1b2c3d4e5f")), (9, b"\6"), (11, b"\0host alice"), (12, b"alice os"),
        (0, b""),
    )
)  # fmt: skip
RESOLVED: Final = struct.pack("<HH", 1, 15) + bytes([10, 7, 7, 1]) + b"alice-pc.x\0\0" + bytes(4)
"""What a pcapng may say of who wrote it, of its interface, and of an address."""


@pytest.mark.parametrize("name", [
    "founding-behind.pcap", "founding-behind.pcap.gz", "ipv6-behind.pcap", "offloaded-behind.pcap",
    "ehlo-refused-snaplen.pcap", "injected-reply-behind.pcap", "forged-reset-behind.pcap",
])  # fmt: skip
def test_scan_finds_the_same_in_the_file(tmp_path: Path, name: str) -> None:
    """Rules, severities, frames and seams, and nobody is named; tshark finds nothing amiss."""
    out = exported(CAPTURES / name, tmp_path / "out.pcapng", tmp_path / "key")
    plain = tmp_path / "plain.pcapng"
    assert seamark("export", CAPTURES / name, "-o", plain).code == 0
    assert findings(out) == findings(plain)
    assert NAME.search(out.read_bytes().decode("latin-1")) is None
    same = ("frame.time_epoch", "frame.len", "frame.cap_len", "tcp.seq_raw", "tcp.ack_raw",
            "tcp.flags", "tcp.options", "tcp.window_size_value", "tcp.len", "ip.id", "ip.ttl",
            "tcp.srcport")  # fmt: skip
    assert fields(out, *same) == fields(plain, *same)
    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE((tmp_path / "key").stat().st_mode)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["founding-behind.pcap", "ipv6-behind.pcap"])
def test_checksums_are_right_where_they_were(tmp_path: Path, name: str) -> None:
    """As Wireshark checks them."""
    out = exported(CAPTURES / name, tmp_path / "out.pcapng", tmp_path / "key")
    wrong = "ip.checksum.status == 0 || tcp.checksum.status == 0"
    for path in (CAPTURES / name, out):
        assert tool("tshark", "-n", "-r", path, *CHECKS, "-Y", wrong) == ""
        assert tool("tshark", "-n", "-r", path, *CHECKS, "-Y", "tcp.checksum.status == 1")


def test_comments_say_what_was_found_and_name_nobody(tmp_path: Path) -> None:
    """Those of the findings are there; the file says that it is redacted, without a folder."""
    out = exported(FOUNDING, tmp_path / "out.pcapng", tmp_path / "key")
    ((said, *_),) = fields(out, "frame.comment", chosen="frame.number == 25")
    assert "split-masked-verb" in said
    data = out.read_bytes()
    assert b"names are replaced" in data
    assert str(CAPTURES).encode() not in data


def test_what_else_the_file_says_goes(tmp_path: Path) -> None:
    """Comments, interfaces, resolved names and keys; times keep their resolution."""
    plain = tmp_path / "plain.pcapng"
    assert seamark("export", FOUNDING, "-o", plain).code == 0
    data, at = plain.read_bytes(), 0
    made = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + WRITER)
    made += block(1, struct.pack("<HHI", 1, 0, 0) + INTERFACE)
    made += block(4, RESOLVED) + block(10, struct.pack("<II", 0x544C534B, 8) + b"alice\n\n\n")
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        made += data[at : at + size] if kind == 6 else b""
        at += size
    rich = tmp_path / "rich.pcapng"
    rich.write_bytes(made)
    out = exported(rich, tmp_path / "out.pcapng", tmp_path / "key")
    assert b"alice" in rich.read_bytes()
    for gone in (b"alice", bytes([10, 7, 7]), bytes.fromhex("0a1b2c3d4e")):
        assert gone not in out.read_bytes()
    times = ("frame.time_epoch",)
    assert fields(out, *times) == fields(plain, *times)


def test_real_addresses_choose(tmp_path: Path) -> None:
    """``--client`` names them as they are in the capture."""
    words = ("export", FOUNDING, "--redact", "--redact-key", tmp_path / "key", "-o")
    ran = seamark(*words, tmp_path / "out.pcapng", "--client", "192.0.2.10")
    assert (ran.code, ran.out.startswith("172 packets of 9")) == (0, True)
    ran = seamark(*words, tmp_path / "none.pcapng", "--client", "192.0.2.11")
    assert (ran.code, (tmp_path / "none.pcapng").exists()) == (3, False)


def test_the_script_names_nobody(tmp_path: Path) -> None:
    """``--lua`` with ``--redact``, too."""
    script = tmp_path / "findings.lua"
    ran = seamark("export", FOUNDING, "--lua", script, "--redact", "--redact-key", tmp_path / "k")
    assert ran.code == 0
    assert NAME.search(script.read_text()) is None


def test_a_link_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """Nothing is written of what cannot be looked through."""
    path, ppp = tmp_path / "ppp.pcap", 9
    with path.open("wb") as file:
        file.write(pcap.file_header()[:-4] + struct.pack("<I", ppp))
        for segment in play(TALK):
            frame = bytes.fromhex("ff030021") + pcap.packet(segment, link=pcap.Link.RAW)
            file.write(pcap.record(segment, frame))
    ran = seamark("export", path, "-o", tmp_path / "out.pcapng", "--redact",
                  "--redact-key", tmp_path / "key")  # fmt: skip
    assert ran.code == 3
    assert "link type 9, which cannot be redacted" in ran.err
    assert not (tmp_path / "out.pcapng").exists()


def test_split_redacts_files_names_and_index(tmp_path: Path) -> None:
    """Neither a file's name nor the index, nor a packet names an end or a person."""
    folder = tmp_path / "split"
    ran = seamark("split", FOUNDING, "-d", folder, "--redact", "--redact-key", tmp_path / "key")
    assert (ran.code, ran.err) == (0, "")
    files = sorted(folder.iterdir())
    assert len(files) == 10
    for path in files:
        assert not path.name.startswith("192.0.2.10-")
        assert NAME.search(path.read_bytes().decode("latin-1")) is None
    lines = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    client = next(line["client"] for line in lines if line["type"] == "flow")
    assert any(path.name.startswith(client.partition(":")[0]) for path in files)
    assert sum(len(findings(path)) for path in files if path.suffix == ".pcapng") > 0


def test_split_cannot_filter_what_is_replaced(tmp_path: Path) -> None:
    """The filter would look for names that are not there any more."""
    ran = seamark("split", FOUNDING, "-d", tmp_path / "new", "--redact", "--filter", "rcpt:x",
                  "--redact-key", tmp_path / "key")  # fmt: skip
    assert (ran.code, (tmp_path / "new").exists()) == (2, False)
    assert "--filter looks at names" in ran.err
