"""The whole way in a real terminal: from the flow list to the seam, with real tshark."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FOUNDING = ROOT / "captures" / "founding-behind.pcap"
PATIENCE = 40.0

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


class Terminal:
    """A tmux server of its own, with one window that runs ``seamark``."""

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self._socket = str(folder / "tmux")
        self._size = size

    def tmux(self, *words: str) -> str:
        """Run a tmux command on this server; what it prints."""
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *words]
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        return said.stdout

    def start(self, *arguments: str) -> None:
        """Open the window; it stays when the program has ended, and shows its exit code."""
        width, height = self._size
        self.tmux(
            "new-session", "-d", "-x", str(width), "-y", str(height),
            "env", "LC_ALL=C.UTF-8", "PYTHONPATH=" + str(ROOT),
            "sh", "-c", '"$@"; echo "exit $?"; exec sleep 120', "sh",
            sys.executable, "-m", "tui", *arguments,
        )  # fmt: skip

    def keys(self, *keys: str) -> None:
        """Press keys."""
        self.tmux("send-keys", *keys)

    def screen(self) -> str:
        """What is on the screen."""
        return self.tmux("capture-pane", "-p")

    def until(self, seen: Callable[[str], bool]) -> str:
        """Wait until the screen shows something; the screen."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            screen = self.screen()
            if seen(screen):
                return screen
            time.sleep(0.1)
        raise AssertionError(f"never seen; the screen is:\n{self.screen()}")


@pytest.fixture(params=[(80, 24), (160, 45)], ids=["80x24", "160x45"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal of a size, gone afterwards with all that ran in it."""
    found = Terminal(tmp_path, request.param)
    yield found
    found.tmux("kill-server")


def test_walk_from_the_flows_to_the_seam(terminal: Terminal) -> None:
    """A stranger opens the founding case and has the cut verb on the screen with a few keys."""
    terminal.start(str(FOUNDING))
    flows = terminal.until(lambda s: "complete" in s and "verdict" in s)
    assert "192.0.2.25" in flows

    terminal.keys("j")
    terminal.keys("Enter")
    terminal.until(lambda s: "EHLO mail.example.org" in s and "flow 1" in s)
    for _ in range(6):
        if "XX┊XX TO:" in terminal.screen() and "split-masked-verb" in terminal.screen():
            break
        terminal.keys("n")
        time.sleep(0.5)
    ladder = terminal.until(lambda s: "XX┊XX TO:<recipient0035@cam.example.net>" in s)
    assert "RCPT" in ladder

    terminal.keys("Enter")
    seam = terminal.until(lambda s: "frame 25" in s and "frame 26" in s)
    assert "58 58" in seam, "the masked bytes in hex"
    terminal.until(lambda s: "DATA fragment" in s)


def test_quit_leaves_a_sane_terminal(terminal: Terminal, tmp_path: Path) -> None:
    """After q the program has ended with 0, and nothing of it is left running."""
    capture = tmp_path / "of-this-test-alone.pcap"  # others read the bundled one meanwhile
    capture.write_bytes(FOUNDING.read_bytes())
    terminal.start(str(capture))
    terminal.until(lambda s: "complete" in s)
    terminal.keys("q")
    terminal.until(lambda s: "exit 0" in s)
    left = subprocess.run(
        ["pgrep", "-f", f"dissect.worker.*{capture}"], capture_output=True, text=True, check=False
    )
    assert left.stdout == ""


def test_bad_capture_is_told_before_the_screen_is_taken(terminal: Terminal, tmp_path: Path) -> None:
    """A file that is not there is a sentence in the terminal, not an empty screen."""
    terminal.start(str(tmp_path / "none.pcap"))
    screen = terminal.until(lambda s: "exit 3" in s)
    assert "there is no such file" in screen.replace("\n", "")
