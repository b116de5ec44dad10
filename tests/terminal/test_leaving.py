"""However the program ends, the terminal is as it was before, and nothing is left running."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Final

import pytest
from support.script import play
from support.wire import to_pcap
from terminal.driver import BREAKAGE
from terminal.founding import FOUNDING, leave, to_flows, to_ladder, walk
from terminal.hygiene import strays
from terminal.picture import USUAL
from terminal.pty_terminal import ROOT, PtyTerminal, python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Opened = Callable[..., PtyTerminal]

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

DRIVER: Final = ROOT / "tests" / "terminal" / "driver.py"
LARGE: Final = 20_000
"""Flows of a capture that takes longer to read than to interrupt."""


def assert_sane(terminal: PtyTerminal) -> None:
    """The terminal is as it was, and nobody is left."""
    picture = terminal.picture
    assert terminal.until_alone() == {}
    assert terminal.attributes() == terminal.before
    assert not picture.alternate
    assert picture.modes == USUAL
    assert terminal.written.count(b"\x1b[>") == terminal.written.count(b"\x1b[<u"), "kitty keys"
    assert strays(terminal.output()) == []


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture that is still loading when a key is pressed."""
    one = play("S: 220 mx.example.net\nC: EHLO a\nS: 250 mx\nC: QUIT\nS: 221 bye\nS! FIN\nC! FIN")
    made = [
        segment._replace(
            time=segment.time + number,
            source_port=segment.source_port if segment.source_port == 25 else 1024 + number,
            destination_port=25 if segment.destination_port == 25 else 1024 + number,
        )
        for number in range(LARGE)
        for segment in one
    ]
    return to_pcap(made, tmp_path_factory.mktemp("large") / "large.pcap")


def test_quitting_from_the_seam(opened: Opened) -> None:
    """Screen by screen to the last one, and out with exit code 0."""
    terminal = opened(FOUNDING)
    walk(terminal)
    assert leave(terminal) == 0
    assert_sane(terminal)


def test_two_interrupts_quit(opened: Opened) -> None:
    """Ctrl-C twice ends it from any screen, with the exit code of an interruption."""
    terminal = opened(FOUNDING)
    to_flows(terminal)
    to_ladder(terminal)
    terminal.press("ctrl+c")
    terminal.until("Ctrl-C again")
    terminal.press("ctrl+c")
    assert terminal.wait() == 130
    assert_sane(terminal)


def test_quitting_while_it_loads(opened: Opened, large: Path) -> None:
    """The dissector and its tshark go with the screen."""
    terminal = opened(large)
    terminal.until("loading", "192.0.2.10")
    assert any("tshark" in words for words in terminal.processes().values())
    terminal.press("q")
    assert terminal.wait() == 0
    assert_sane(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_as_a_key_does(
    number: signal.Signals, opened: Opened, large: Path
) -> None:
    """A signal leaves the terminal sane, whatever was under way, and is seen in the exit code."""
    terminal = opened(large)
    terminal.until("loading", "192.0.2.10")
    os.kill(terminal.process.pid, number)
    assert terminal.wait() == 128 + number
    assert_sane(terminal)


def test_a_signal_before_the_screen_is_taken(opened: Opened) -> None:
    """Ended while it starts, nothing of it is left either."""
    terminal = opened(FOUNDING)
    terminal.quiet(0.2)
    os.kill(terminal.process.pid, signal.SIGTERM)
    terminal.wait()
    assert_sane(terminal)


def test_a_signal_as_soon_as_the_screen_is_taken(opened: Opened) -> None:
    """Ended with its first bytes on the terminal, it takes them back, and is no bug of ours."""
    terminal = opened(FOUNDING)
    terminal.until_seen(lambda _text: bool(terminal.chunks))
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.wait() == 128 + signal.SIGTERM
    assert "bug" not in terminal.text
    assert_sane(terminal)


def test_the_window_is_closed(opened: Opened, large: Path) -> None:
    """When the terminal goes away, everything ends, in the middle of the reading."""
    terminal = opened(large)
    terminal.until("loading", "192.0.2.10")
    terminal.hang_up()
    terminal.wait()
    assert terminal.until_alone() == {}


def test_the_window_is_closed_behind_nohup(opened: Opened, large: Path) -> None:
    """Where the hang-up signal is ignored, it still ends when there is no terminal any more."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        terminal = opened(large)
    finally:
        signal.signal(signal.SIGHUP, before)
    terminal.until("loading", "192.0.2.10")
    terminal.hang_up()
    terminal.wait()
    assert terminal.until_alone() == {}


@pytest.mark.parametrize("who", ["dissect.worker", "tshark"])
def test_a_killed_helper_is_told_and_leaves_the_rest(who: str, opened: Opened, large: Path) -> None:
    """Whichever of the processes behind it dies, the screen says so, and quits as always."""
    terminal = opened(large)
    terminal.until("loading", "192.0.2.10")
    for pid, words in terminal.processes().items():
        if who in words.split(str(large))[0] and pid != terminal.process.pid:
            os.kill(pid, signal.SIGKILL)
            break
    terminal.until("killed")
    terminal.press("enter")
    terminal.until("192.0.2.10")
    terminal.press("q")
    assert terminal.wait() == 0
    assert_sane(terminal)


def test_a_bug_of_ours_leaves_the_terminal_sane(opened: Opened) -> None:
    """An exception ends it, is told, and nothing stays behind."""
    terminal = opened(DRIVER, "raise", FOUNDING, program=python)
    to_flows(terminal)
    terminal.press("enter")
    assert terminal.wait() not in {0, 1}
    assert "RuntimeError" in terminal.text
    assert BREAKAGE not in terminal.text, "an exception's words may be a packet's"
    assert_sane(terminal)


def test_a_screen_that_was_suspended_comes_back(opened: Opened) -> None:
    """Stopped, the terminal is the shell's; continued, the place is kept."""
    terminal = opened(FOUNDING)
    to_flows(terminal)
    to_ladder(terminal)
    before = terminal.text
    terminal.press("Z")
    terminal.until_seen(lambda _text: not terminal.picture.alternate)
    assert terminal.attributes() == terminal.before
    assert terminal.picture.modes == USUAL
    os.kill(terminal.process.pid, signal.SIGCONT)
    terminal.until_seen(lambda text: text == before)
    terminal.press("ctrl+c", "ctrl+c")
    assert terminal.wait() == 130
    assert_sane(terminal)
