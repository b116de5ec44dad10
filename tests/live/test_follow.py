"""Captures that other programs write, watched while they grow: a file, and both kinds of rings."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from live.seamark_live import ROOT, Live
from live.talk import mail_server, talk

from dissect.source.records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="loopback is called lo"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
may_capture = pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture here")
FOUNDING: Final = ROOT / "captures" / "founding-behind.pcap"
BALLAST: Final = 1_200_000
"""Bytes between two conversations: more than tcpdump's smallest file holds."""

RINGS: Final = {
    "tcpdump": ("tcpdump", "-U", "-n", "-B", "32768", "-Z", "root", "-C", "1", "-W", "3"),
    "dumpcap": ("dumpcap", "-q", "-B", "32", "-b", "filesize:1000", "-b", "files:3"),
}


@contextmanager
def ring(kind: str, path: Path, *ports: int) -> Iterator[subprocess.Popen[str]]:
    """A real ring of three files of a megabyte."""
    command = (*RINGS[kind], "-i", "lo", "-w", str(path))
    wanted = " or ".join(f"tcp port {port}" for port in ports)
    bpf = (wanted,) if kind == "tcpdump" else ("-f", wanted)
    with subprocess.Popen((*command, *bpf), stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)


@contextmanager
def sink() -> Iterator[int]:
    """A server that takes anything; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_swallow, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def _swallow(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            while connection.recv(1 << 16):
                pass


def push(port: int, size: int) -> None:
    """Let bytes pass, so that the ring turns."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(bytes(size))


def damaged(run: Live, times: int) -> None:
    """Wait until that many conversations were found to be damaged."""
    run.until(lambda _: sum("split-masked-verb" in line for line in run.lines) >= times)


@may_capture
@pytest.mark.parametrize("kind", list(RINGS))
def test_a_ring_is_followed_round_and_round(tmp_path: Path, kind: str) -> None:
    """Its files are overwritten or deleted behind us, and no packet and no finding is missing."""
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed")
    path = tmp_path / "mail.pcap"
    with mail_server() as port, sink() as other, ring(kind, path, port, other) as writer:
        while not list(tmp_path.iterdir()):
            assert writer.poll() is None
            time.sleep(0.02)
        with Live("--follow", str(path), "--port", str(port)) as run:
            run.until_said("connected")
            for times in range(1, 6):
                talk(port)
                damaged(run, times)
                push(other, BALLAST)
            talk(port)
            damaged(run, 6)
            writer.send_signal(signal.SIGINT)
            _, said = writer.communicate()
            captured = re.search(r"(\d+) packets captured|Packets captured: (\d+)", said)
            assert captured is not None
            count = f"{int(captured[1] or captured[2]):,}"
            assert run.end() == 1
            run.until_said(f"{count} packets seen, {count} decoded")
            assert not any("interrupted" in line for line in run.lines)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_conversation_goes_on_in_the_next_file(tmp_path: Path) -> None:
    """What was cut by the end of a file is one flow, with frame numbers that go on."""
    records = Records()
    found = records.feed(FOUNDING.read_bytes())
    one, two = tmp_path / "mail.pcap", tmp_path / "mail.pcap1"
    one.write_bytes(records.head + b"".join(record.data for record in found[:30]))
    with Live(str(one), "--follow", "--format", "jsonl") as run:
        run.until_said('"state":"connected"')
        two.write_bytes(records.head + b"".join(record.data for record in found[30:]))
        damaged(run, 6)
        assert run.end() == 1
        flows = run.objects("flow")
        assert len(flows) == 9
        assert max(flow["frames"]["last"] for flow in flows) == len(found)
        source = run.objects("source")[-1]
        assert (source["packets"], source["decoded"], source["gaps"]) == (172, 172, 0)


def test_missing_files_are_marked_in_the_flows(tmp_path: Path) -> None:
    """Where the ring was faster than we, the conversations that it cut say so."""
    records = Records()
    found = records.feed(FOUNDING.read_bytes())
    names = [tmp_path / f"mail{number}" for number in range(3)]
    names[0].write_bytes(records.head + b"".join(record.data for record in found[:30]))
    with Live("--follow", str(names[0]), "--format", "jsonl") as run:
        run.until_said('"state":"connected"')
        names[2].write_bytes(records.head + b"".join(record.data for record in found[40:]))
        run.until_said('"gaps":1')
        run.until_said("capture-gap", "interrupted during this conversation")
        damaged(run, 5)
        run.end()


def test_another_format_in_the_next_file_is_read(tmp_path: Path) -> None:
    """Each file says what it holds; where tshark cannot go on with it, another one takes over."""
    if shutil.which("editcap") is None:
        pytest.skip("editcap is not installed")
    kinds = ("pcap", "pcapng", "pcapng", "nsecpcap")
    parts = []
    for number, kind in enumerate(kinds):
        parts.append(tmp_path / f"part{number}")
        chosen = f"{1 + 43 * number}-{43 + 43 * number}"
        cut = ("editcap", "-F", kind, "-r", str(FOUNDING), str(parts[-1]), chosen)
        subprocess.run(cut, check=True)
    for number, part in enumerate(parts):
        part.rename(tmp_path / f"mail{number}")
        os.utime(tmp_path / f"mail{number}", (number, number))
    with Live("--follow", str(tmp_path / "mail")) as run:
        damaged(run, 6)
        run.end()
        run.until_said("172 packets seen, 172 decoded")
