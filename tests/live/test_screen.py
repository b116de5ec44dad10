"""A live capture on a real terminal: from the first packet to the seam, and a clean end."""

from __future__ import annotations

import os
import shutil
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest
from live.seamark_live import ROOT, captures_of, until_none
from live.talk import mail_server, talk
from redact.same import key_file
from terminal.pty_terminal import PtyTerminal, home, seamark

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.terminal,
    pytest.mark.skipif(sys.platform != "linux", reason="loopback is called lo"),
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
may_capture = pytest.mark.skipif(os.geteuid() != 0, reason="only root may capture here")
FOUNDING = ROOT / "captures" / "founding-behind.pcap"


@may_capture
@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_a_conversation_appears_while_it_is_watched(tmp_path: Path, size: tuple[int, int]) -> None:
    """It can be opened at once; E ends the capture, what was seen stays, nothing is left behind."""
    with mail_server() as port:
        words = ("live", "-i", "lo", "-f", f"tcp port {port}", "--port", str(port))
        with seamark(*words, size=size, env=home(tmp_path)) as screen:
            screen.until("Watching", "live")
            talk(port)
            screen.until("1 damaged", "live")
            screen.press("enter")
            screen.until("EHLO")
            screen.press("n", "n", "n")
            screen.until("RCPT was masked as XXXX")
            screen.press("E")
            screen.until("complete")
            screen.press("q", "q")
            assert screen.wait() == 0
            assert screen.until_alone() == {}
            assert until_none(port) == []


@may_capture
def test_a_killed_screen_takes_the_capture_with_it(tmp_path: Path) -> None:
    """No program of ours captures any more when the screen has died."""
    with mail_server() as port:
        words = ("live", "-i", "lo", "-f", f"tcp port {port}", "--port", str(port))
        with seamark(*words, env=home(tmp_path)) as screen:
            screen.until("Watching")
            assert captures_of(port)
            screen.hang_up()
            assert until_none(port) == []


def test_a_stream_on_standard_input_leaves_the_keys_to_the_terminal(tmp_path: Path) -> None:
    """The packets come through the pipe, and q still quits."""
    piped = ("sh", "-c", 'cat "$1" | exec "$2" -P -m tui live -', "sh", FOUNDING, sys.executable)
    with PtyTerminal(piped, env={"PYTHONPATH": str(ROOT), **home(tmp_path)}) as screen:
        screen.until("9 flows", "complete")
        screen.press("q")
        assert screen.wait() == 0


def test_the_screen_takes_its_options(tmp_path: Path) -> None:
    """They may stand where any others do, also beside a capture that grows."""
    words = (FOUNDING, "--follow", "--filter", "outcome:delivered", "--ascii", "--tail")
    with seamark(*words, size=(160, 45), env=home(tmp_path)) as screen:
        screen.until("3 of them: outcome:delivered", "follow", "live")
        screen.press("q")
        assert screen.wait() == 0


@may_capture
def test_bytes_of_a_live_frame_can_be_seen_and_saved(tmp_path: Path) -> None:
    """The seam's frames show what Wireshark says; flows are saved, also when all is over."""
    with mail_server() as port:
        words = ("live", "-i", "lo", "-f", f"tcp port {port}", "--port", str(port))
        with seamark(*words, size=(160, 45), env=home(tmp_path), cwd=tmp_path) as screen:
            screen.until("Watching")
            talk(port)
            screen.until("1 damaged")
            screen.press("enter", "n", "n", "n", "enter")
            screen.until("seam 1/1", "tcp sum")
            screen.press("f")
            screen.until("Transmission Control Protocol")
            screen.press("q", "q", "E")
            screen.until("complete")
            screen.press("S")
            screen.until("save")
            screen.press("enter")
            screen.until("packets")
            screen.press("q", "q", "q")
            assert screen.wait() == 0
            assert screen.until_alone() == {}
        (saved,) = tmp_path.glob("*.pcapng")
        assert b"XX TO:<three@example.net>" in saved.read_bytes()


def test_a_redacted_screen_names_nobody(tmp_path: Path) -> None:
    """Neither list, dialogue, bytes nor a saved file; it says that it is redacted."""
    words = ("--follow", FOUNDING, "--redact", "--redact-key", key_file(tmp_path))
    with seamark("live", *words, size=(160, 45), env=home(tmp_path), cwd=tmp_path) as screen:
        screen.until("9 flows", " founding-behind.pcap (redacted)")
        screen.press("enter")
        screen.until("──▶ EHLO")
        screen.press("n", "f")
        screen.until("Transmission Control Protocol")
        screen.press("q", "q", "E")
        screen.until("complete")
        screen.press("S")
        screen.until("save")
        screen.press("enter")
        screen.until("packets of 1 flow")
        screen.press("q", "q", "q")
        assert screen.wait() == 0
        shown = screen.written
    (saved,) = tmp_path.glob("*.pcapng")
    for name in (b"example", b"recipient0", b"registrar", b"192.0.2.10 "):
        assert name in FOUNDING.read_bytes() + b"192.0.2.10 "
        assert name not in shown + saved.read_bytes()
    assert ip_address("192.0.2.10").packed not in saved.read_bytes()
    assert b"RCPT TO:<" in saved.read_bytes()
