"""More packets than can be decoded: each one that was sent is decoded, or counted as dropped."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest
from lab.needs import missing
from lab.network import cable
from live.seamark_live import Live
from support.pcap import packet
from support.script import play
from support.wire import Setting

from dissect.evidence import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="it takes network namespaces"),
]
FLOOD: Final = 60_000
"""Packets at once: tshark decodes some ten thousand a second."""

TALK: Final = (
    "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 PIPELINING\nC: MAIL FROM:<a@example.org>\n"
    "C: XX¦XX TO:<b@example.net>\nS: 250 OK\nS: 500 what\nC: QUIT\nS: 221 Bye\nC! FIN\nS! FIN\n"
)
MESSAGE: Final = TALK.replace(
    "S: 500 what\n",
    "S: 500 what\nC: DATA\nS: 354 go on\n" + f"C: {'x' * 990}\n" * 40 + "C: .\nS: 250 OK\n",
)
"""With a text, so that the flood is larger than what the kernel and dumpcap hold together."""

PATIENCE: Final = 90.0
"""Seconds in which the flood is decoded."""

FLOODS: Final = "192.0.2.66"
LAST: Final = "192.0.2.77"

SEND: Final = """
import socket, sys
frames = [bytes.fromhex(line) for line in sys.stdin.read().split()]
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
    sender.bind(("near", 0))
    for number in range(int(sys.argv[1])):
        sender.send(frames[number % len(frames)])
"""
"""Sends frames in turn, as fast as they go."""


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network of its own."""
    if reason := missing():
        pytest.skip(reason)
    with cable() as name:
        yield name


def frames(client: str, port: int, talk: str = TALK) -> str:
    """A conversation as frames, one a line."""
    segments = play(talk, Setting(client=Endpoint(client, port)))
    return "\n".join(packet(segment).hex() for segment in segments)


def send(namespace: str, said: str, many: int = 0) -> int:
    """Send frames, each once or so many in turn; how many they were."""
    many = many or len(said.split())
    where = ("ip", "netns", "exec", namespace)
    subprocess.run(
        (*where, sys.executable, "-c", SEND, str(many)), input=said, text=True, check=True
    )
    return many


@pytest.mark.parametrize("program", ["tcpdump", "dumpcap"])
def test_the_counters_add_up(namespace: str, tmp_path: Path, program: str) -> None:
    """What was sent is what was seen and what was dropped; what was seen is decoded."""
    where = ("-i", "near", "-f", "tcp port 25", "--program", program)
    with Live(
        *where, "--format", "jsonl", before=("ip", "netns", "exec", namespace), TMPDIR=str(tmp_path)
    ) as run:
        run.until_said('"state":"connected"')
        sent = send(namespace, frames(FLOODS, 4000, MESSAGE), FLOOD)
        end, port = time.monotonic() + PATIENCE, 5000
        while not any(LAST in line for line in run.lines):
            assert time.monotonic() < end
            sent += send(namespace, frames(LAST, port))
            port += 1
            time.sleep(0.3)
        time.sleep(0.5)  # for the last packets of the last of them
        assert run.end() == 1
    source = run.objects("source")[-1]
    dropped = source["dropped"]
    assert dropped["kernel"] > 0
    assert source["packets"] + dropped["kernel"] + dropped["interface"] == sent
    assert source["waiting"] == source["lost"] == source["left_out"] == 0
    assert source["decoded"] == source["packets"]
