"""A capture that is begun on the screen: real programs, a real sshd, and nothing left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from live.seamark_live import ROOT, captures_of, until_none
from live.talk import mail_server, talk
from terminal.pty_terminal import PtyTerminal, home, seamark

if TYPE_CHECKING:
    from pathlib import Path

    from live.conftest import Sshd

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.terminal,
    pytest.mark.skipif(sys.platform != "linux", reason="loopback is called lo"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
may_capture = pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture here")
FOUNDING = ROOT / "captures" / "founding-behind.pcap"


def choose(screen: PtyTerminal, name: str) -> None:
    """Go to an interface in the list, and begin."""
    screen.until("127.0.0.1/8")
    for _ in range(30):
        if re.search(rf"▌  {name} ", screen.text):
            break
        screen.press("j")
        time.sleep(0.2)
    screen.press("enter")


@may_capture
def test_it_is_begun_changed_ended_and_begun_again(tmp_path: Path) -> None:
    """What was seen before stays, a gap is marked, the same is filled in, and q leaves nothing."""
    with mail_server() as port:
        words = ("live", "-f", "tcp port 9", "--port", str(port))
        with seamark(*words, env=home(tmp_path)) as screen:
            screen.until("begin a capture")
            choose(screen, "lo")
            screen.until("Watching", "live")
            screen.press("F")
            screen.until("capture filter", "tcp port 9")
            screen.press("\x15", f"tcp port {port}", "enter")
            screen.until("the filter is another one")
            talk(port)
            screen.until("1 damaged", "live")
            screen.press("E")
            screen.until("complete", "interrupted once")
            assert until_none(port) == []
            screen.press("B")
            screen.until("begin a capture", f"tcp port {port}", "▌  lo ")
            screen.press("enter")
            screen.until("live", gone=["begin a capture"])
            talk(port)
            screen.until("2 damaged", "lo  connected")
            screen.press("q")
            assert screen.wait() == 0
            assert screen.until_alone() == {}
            assert until_none(port) == []


@may_capture
def test_it_is_begun_beside_a_file(tmp_path: Path) -> None:
    """Flows of both are listed with their source, and the bytes of both can be seen."""
    with mail_server() as port:
        env = {"SEAMARK_LIVE_INTERFACES": "lo", "SEAMARK_LIVE_BPF": f"tcp port {port}"}
        with seamark(FOUNDING, size=(160, 45), env={**home(tmp_path), **env}) as screen:
            screen.until("9 flows", "complete")
            screen.press("B")
            screen.until("begin a capture", "▌  lo ")
            screen.press("enter")
            screen.until("live", gone=["begin a capture"])
            talk(port)
            screen.until("10 flows", "founding-behind.pcap, lo", "source")
            screen.press("G", "enter", "n", "n", "n", "enter")
            screen.until("seam 1/1", "tcp sum", "127.0.0.1")
            screen.press("q", "q", "g", "enter", "j", "f")
            screen.until("Transmission Control Protocol", "192.0.2.10")
            screen.press("q", "q", "q")
            assert screen.wait() == 0
            assert screen.until_alone() == {}
            assert until_none(port) == []


def test_over_ssh_nothing_is_asked(sshd: Sshd, tmp_path: Path) -> None:
    """An unknown key is refused in the dialog; once it is known, packets come from there."""
    known = sshd.folder / "known"
    key = known.read_text()
    known.write_text("")
    with mail_server() as port:
        words = ("live", "-f", f"tcp port {port}", "--port", str(port))
        with seamark(*words, env={**home(tmp_path), **sshd.env}) as screen:
            screen.until("begin a capture", "127.0.0.1/8")
            screen.press("tab", f"root@127.0.0.1:{sshd.port}", "enter")
            said = screen.until("does not know the key")
            assert "Connect once by hand" in said
            known.write_text(key)
            screen.press("\x12")  # Ctrl-R
            choose(screen, "lo")
            screen.until("Watching", "live", f"127.0.0.1:{sshd.port}")
            assert captures_of(port)
            talk(port)
            screen.until("1 damaged")
            screen.press("q")
            assert screen.wait() == 0
            assert screen.until_alone() == {}
            assert until_none(port) == []


@may_capture
def test_a_killed_screen_takes_what_was_begun_with_it(tmp_path: Path) -> None:
    """Nothing captures any more when the screen has died."""
    with mail_server() as port:
        env = {"SEAMARK_LIVE_BPF": f"tcp port {port}"}
        with seamark(env={**home(tmp_path), **env}) as screen:
            screen.until("begin a capture")
            choose(screen, "lo")
            screen.until("Watching")
            assert captures_of(port)
            os.kill(screen.process.pid, signal.SIGKILL)
            assert until_none(port) == []
            assert screen.until_alone() == {}
