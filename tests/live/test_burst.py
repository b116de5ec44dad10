"""Packets that come while the capturing program has no time for them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from lab.needs import missing
from lab.network import SERVER, pair, within
from live.seamark_live import PATIENCE

from dissect.source.tap import BUFFER, SCRIPT, SNAP

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture and make namespaces"),
]
PORT: Final = 9
HEADER, RECORD = 24, 16
"""Bytes of a pcap in front of all packets, and in front of each."""

SLOTS: Final = (BUFFER << 10) // (SNAP + 4096)
"""Packets that surely wait for tcpdump."""


def packets(pcap: bytes) -> int:
    """How many packets a capture has."""
    at, count = HEADER, 0
    while at + RECORD <= len(pcap):
        at += RECORD + struct.unpack_from("=I", pcap, at + 8)[0]
        count += at <= len(pcap)
    return count


@contextlib.contextmanager
def capturing(namespace: str, program: str) -> Iterator[tuple[subprocess.Popen[bytes], bytearray]]:
    """A capture by the script of all captures, and what has come of it."""
    words = ("sh", "-c", SCRIPT, "seamark", "eth0", f"udp port {PORT}", "none", program)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        ("ip", "netns", "exec", namespace, *words), stdin=pipe, stdout=pipe, stderr=pipe
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        out = process.stdout.fileno()
        came = bytearray(os.read(out, HEADER))

        def read() -> None:
            while data := os.read(out, 1 << 16):
                came.extend(data)

        reader = threading.Thread(target=read)
        reader.start()
        yield process, came
        process.stdin.close()
        reader.join()


def child(process: subprocess.Popen[bytes], program: str) -> int:
    """The process id of the program that the script has started."""
    words = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    names = {int(each): Path(f"/proc/{each}/comm").read_text("ascii") for each in words.split()}
    return next(each for each, name in names.items() if name.strip() == program)


def memory() -> int:
    """KiB of this machine."""
    return int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1])


@pytest.mark.parametrize(("program", "many"), [("tcpdump", SLOTS), ("dumpcap", 20_000)])
def test_a_burst_waits_for_the_program(program: str, many: int) -> None:
    """None is lost while it is stopped, as it is for moments on a machine that is busy."""
    if why := missing():
        pytest.skip(why)
    if shutil.which(program) is None or memory() < 32 * BUFFER:
        pytest.skip(f"{program} is not installed, or gets less on this machine")
    with pair() as (near, far), capturing(far, program) as (process, came):
        with within(near), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            stopped = child(process, program)
            os.kill(stopped, signal.SIGSTOP)
            for _ in range(many):
                out.sendto(bytes(200), (SERVER, PORT))
            os.kill(stopped, signal.SIGCONT)
        end = time.monotonic() + PATIENCE
        while packets(bytes(came)) < many and time.monotonic() < end:
            time.sleep(0.1)
    assert packets(bytes(came)) == many
