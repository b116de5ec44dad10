"""The walk from the flow list to the seam in every kind of terminal, with real tshark."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Final

import pytest
from terminal.answers import CONSOLE, MODERN, PUTTY, SILENT, XTERM, Manners
from terminal.founding import FOUNDING, is_at_the_cut_verb, leave, to_flows, to_ladder, walk
from terminal.hygiene import colours, strays, unprintable_ascii

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from terminal.pty_terminal import PtyTerminal

pytestmark = [pytest.mark.terminal, pytest.mark.tshark]

KINDS: Final[dict[str, Manners]] = {
    "xterm-256color": XTERM,
    "xterm": SILENT,
    "screen-256color": PUTTY,
    "tmux-256color": MODERN,
    "linux": CONSOLE,
    "vt100": SILENT,
    "putty-256color": PUTTY,
}
"""What TERM says, and how such a terminal answers."""
PLAIN: Final = ("linux", "vt100")
"""Terminals that are drawn on with ASCII, whatever the locale says."""


@pytest.mark.parametrize("term", KINDS)
def test_the_walk_arrives_in_every_terminal(term: str, opened: Callable[..., PtyTerminal]) -> None:
    """From the flows to the cut verb in its frames and back, and nothing strange is written."""
    terminal = opened(FOUNDING, term=term, manners=KINDS[term])
    walk(terminal)
    assert leave(terminal) == 0
    assert strays(terminal.output()) == []
    if term in PLAIN:
        assert unprintable_ascii(terminal.output()) == ""


@pytest.mark.parametrize("size", [(160, 45), (300, 100)], ids=["160x45", "300x100"])
def test_the_walk_arrives_in_large_windows(
    size: tuple[int, int], opened: Callable[..., PtyTerminal]
) -> None:
    """The same where there is plenty of room, and all of it is used."""
    terminal = opened(FOUNDING, size=size)
    walk(terminal)
    assert all(line.strip() for line in (terminal.picture.lines[0], terminal.picture.lines[-1]))
    assert leave(terminal) == 0


def test_the_window_changes_its_size(opened: Callable[..., PtyTerminal]) -> None:
    """Down to 80x24, up and down again on the way; the place in the ladder is kept."""
    terminal = opened(FOUNDING, size=(300, 100))
    to_flows(terminal)
    terminal.resize(80, 24)
    terminal.until_seen(lambda text: fits(text, 80, 24) and "? help" in text)
    to_ladder(terminal)
    for size in ((160, 45), (100, 30), (80, 24)):
        terminal.resize(*size)
        terminal.until_seen(lambda text: is_at_the_cut_verb(text) and is_full(terminal, size))  # noqa: B023 - called at once
    assert strays(terminal.output()) == []


def test_the_window_is_dragged(opened: Callable[..., PtyTerminal]) -> None:
    """Many sizes in a row while the capture loads, and one too small for anything, harm nothing."""
    terminal = opened(FOUNDING, size=(160, 45))
    for width in range(160, 4, -12):
        terminal.resize(width, max(width // 4, 1))
        time.sleep(0.05)
    terminal.resize(80, 24)
    to_flows(terminal)
    terminal.until_seen(lambda _text: is_full(terminal, (80, 24)))
    to_ladder(terminal)


def fits(text: str, columns: int, lines: int) -> bool:
    """Whether a text is no larger than a window."""
    rows = text.split("\n")
    return len(rows) <= lines and max(map(len, rows)) <= columns


def is_full(terminal: PtyTerminal, size: tuple[int, int]) -> bool:
    """Whether the first and the last line of a window of this size are written on."""
    rows = terminal.picture.lines
    return (len(rows[0]), len(rows)) == size and bool(rows[0].strip() and rows[-1].strip())


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": None, "LANG": "C"}],
    ids=["LC_ALL=C", "LC_ALL=POSIX", "LANG=C"],
)
def test_without_utf8_all_is_printable_ascii(
    env: dict[str, str | None], opened: Callable[..., PtyTerminal]
) -> None:
    """Where the locale has no UTF-8, nothing but printable ASCII is written as text.

    Python itself makes LANG=C a UTF-8 locale for its children (PEP 538): that is not the user's.
    """
    terminal = opened(FOUNDING, env=env)
    walk(terminal)
    terminal.press("?")
    terminal.until("help: ")
    terminal.press("q", "v")
    terminal.until("findings")
    terminal.press(":")
    terminal.quiet()
    assert unprintable_ascii(terminal.output()) == ""
    assert strays(terminal.output()) == []


@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "linux"])
def test_no_color_writes_no_colour(term: str, opened: Callable[..., PtyTerminal]) -> None:
    """With NO_COLOR no colour is chosen, not even grey, on any screen on the way."""
    terminal = opened(FOUNDING, term=term, env={"NO_COLOR": "1"})
    walk(terminal)
    terminal.press("?")
    terminal.until("help: ")
    assert colours(terminal.output()) == set()


def test_colours_are_written_otherwise(opened: Callable[..., PtyTerminal]) -> None:
    """The check for colours finds those of a terminal that has them."""
    terminal = opened(FOUNDING)
    to_flows(terminal)
    assert colours(terminal.output()) >= {38, 48}


def test_a_terminal_with_kitty_keys(opened: Callable[..., PtyTerminal]) -> None:
    """Keys that come as kitty's codes do the same."""
    terminal = opened(FOUNDING, manners=MODERN)
    to_flows(terminal)
    terminal.type(b"\x1b[106;1;106u\x1b[13u")
    terminal.until("EHLO mail.example.org", "flow 1")
    terminal.type(b"\x1b[27u")
    to_flows(terminal)
    terminal.type(b"\x1b[47;2;63u")
    terminal.until("help: ")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_the_picture_is_what_tmux_shows(opened: Callable[..., PtyTerminal], tmp_path: Path) -> None:
    """The same output looks the same in tmux as in these tests' own terminal."""
    terminal = opened(FOUNDING)
    to_flows(terminal)
    to_ladder(terminal)
    terminal.quiet()
    (tmp_path / "output").write_bytes(terminal.written)
    assert in_tmux(tmp_path, tmp_path / "output", "split-masked-verb") == terminal.text


def asked(*command: str) -> str:
    """What a command prints."""
    done = subprocess.run(command, check=True, capture_output=True, timeout=20, text=True)
    return done.stdout


def in_tmux(folder: Path, output: Path, last: str) -> str:
    """How tmux shows some output, once its last words are there."""
    tmux = ("tmux", "-S", str(folder / "socket"), "-f", "/dev/null")
    show = ('stty raw -echo; cat -- "$0"; exec sleep 60', str(output))
    try:
        asked(*tmux, "-u", "new-session", "-d", "-x80", "-y24", "sh", "-c", *show)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            seen = asked(*tmux, "capture-pane", "-p")
            if last in seen:
                break
            time.sleep(0.1)
        return "\n".join(line.rstrip() for line in seen.removesuffix("\n").split("\n"))
    finally:
        subprocess.run((*tmux, "kill-server"), check=False, capture_output=True)
