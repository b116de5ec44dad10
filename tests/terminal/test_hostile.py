"""What a hostile capture makes the program write to the terminal: nothing of its own."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import pytest
from terminal.hostile import ATTACKS, endless_capture, hostile_capture, hostile_log
from terminal.hygiene import clips, harmful, strays
from terminal.pty_terminal import PATIENCE, ROOT, PtyTerminal, python

from tui.actions import (
    ACTIONS,
    COMPARE,
    FINDINGS,
    FLOWS,
    LADDER,
    PACKET,
    PAIR,
    PAIRS,
    PEERS,
    SEAM,
    Action,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Opened = Callable[..., PtyTerminal]

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.tshark,
    pytest.mark.skipif(sys.platform != "linux", reason="a file's name is bytes there"),
]

DRIVER: Final = ROOT / "tests" / "terminal" / "driver.py"
TOOLS: Final = {"PAGER": "cat", "EDITOR": "true", "VISUAL": "true", "DISPLAY": None}
"""Programs that write to the terminal what they are given, and nothing more."""

WAYS: Final = {
    FLOWS: ((), "flows"),
    LADDER: (("open-flow",), "flow 0"),
    SEAM: (("open-flow", "next-finding", "next-finding", "open-seam"), "seam 1/"),
    PACKET: (("open-flow", "packet"), "frame"),
    COMPARE: (("open-flow", "compare"), "flow"),
    FINDINGS: (("findings",), "findings"),
    PEERS: (("peers",), "192.0.2.10"),
}
"""For each screen, the actions that lead there, and what it shows."""

CLOSED_BY: Final = {
    "pager": "enter",
    **dict.fromkeys(
        (
            "open-flow", "open-seam", "open-finding", "open-node", "open-side", "open-peer",
            "findings", "peers", "help", "palette", "columns", "filter", "sort", "theme", "copy",
            "write", "save", "note", "edit-note", "judge", "packet", "compare", "frame",
            "open-pair",
        ),
        "escape",
    ),
}  # fmt: skip
"""Actions that open something, and the key that closes it."""
LEFT_OUT: Final = frozenset({"quit", "leave", "dismiss", "suspend", "wireshark"})
"""Actions that end the walk, or start a program of the desktop."""
HERE: Final = {action.id: action for action in ACTIONS}
NAMES: Final = {
    "slash": "/", "colon": ":", "question_mark": "?", "less_than_sign": "<",
    "greater_than_sign": ">", "number_sign": "#", "at": "@", "vertical_line": "|", "plus": "+",
    "minus": "-",
}  # fmt: skip


def key(action: Action) -> str:
    """The key of an action, as it is pressed."""
    first = action.keys.split(",")[0]
    return NAMES.get(first, first)


def can_be_reached(where: str) -> bool:
    """Whether there is such a screen."""
    return all(step in HERE for step in WAYS[where][0])


def go(terminal: PtyTerminal, where: str) -> None:
    """Go to a screen from the first one."""
    steps, words = WAYS[where]
    for step in steps:
        terminal.press(key(HERE[step]))
        terminal.quiet()
    terminal.until(words)


def actions(where: str) -> Iterator[Action]:
    """What can be done on a screen."""
    return (each for each in ACTIONS if where in each.where and each.id not in LEFT_OUT)


def use(terminal: PtyTerminal, action: Action) -> None:
    """Do something, and close what it has opened."""
    terminal.press(key(action))
    terminal.quiet(0.1)
    if action.id in CLOSED_BY:
        terminal.press(CLOSED_BY[action.id])
        terminal.quiet(0.1)


@pytest.mark.parametrize("where", [*filter(can_be_reached, WAYS)])
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_no_screen_writes_what_a_packet_says(
    where: str, locale: str, opened: Opened, tmp_path: Path
) -> None:
    """Every screen is gone to, and everything is done there that can be done."""
    size = (160, 45) if locale == "C" else (80, 24)
    terminal = opened(hostile_capture(tmp_path), env={**TOOLS, "LC_ALL": locale}, size=size)
    terminal.until("complete", "flows")
    go(terminal, where)
    for action in actions(where):
        use(terminal, action)
    assert terminal.process.poll() is None, terminal.text
    assert strays(terminal.output(), clipboard=True) == []
    assert [harm for clip in clips(terminal.output()) for harm in harm_in(clip)] == []


def harm_in(clip: bytes) -> list[str]:
    """What must not be in the clipboard; lines are allowed there."""
    return [harm for line in clip.split(b"\n") for harm in harmful(line)]


def test_every_attack_is_looked_at(opened: Opened, tmp_path: Path) -> None:
    """One flow after the other, from its first to its last line."""
    terminal = opened(hostile_capture(tmp_path), size=(160, 45))
    terminal.until("complete", "flows")
    go(terminal, LADDER)
    for flow in range(1, len(ATTACKS) + 2):
        terminal.press("G")
        terminal.quiet(0.1)
        terminal.press("space")
        terminal.until(f"flow {flow} ")
    assert strays(terminal.output()) == []


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_no_line_of_a_log_steers(locale: str, opened: Opened, tmp_path: Path) -> None:
    """The same attacks, quoted by a mail log: in list and ladder, and in what is copied."""
    size = (160, 45) if locale == "C" else (80, 24)
    words = (hostile_capture(tmp_path), "--log", hostile_log(tmp_path))
    terminal = opened(*words, env={**TOOLS, "LC_ALL": locale}, size=size)
    flows = len(ATTACKS) + 1
    terminal.until("complete", f"{flows} of {flows} lines in {flows} flows")
    go(terminal, LADDER)
    terminal.press("G")
    terminal.until("log SMTP", "stamped", "XXXX")
    use(terminal, HERE["copy"])
    assert strays(terminal.output(), clipboard=True) == []


def test_lines_of_a_million_characters(opened: Opened, tmp_path: Path) -> None:
    """They can be walked through, sideways too, and their seams be opened."""
    terminal = opened(endless_capture(tmp_path))
    terminal.until("complete", "flows")
    for _ in range(3):
        terminal.press("enter", "n", "right", "right", "G", "enter", "escape", "escape", "j")
        terminal.quiet()
    terminal.until("flows")
    terminal.press("v", "n", "G", "q")
    terminal.until("flows")
    assert strays(terminal.output()) == []


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_no_byte_steers_from_either_side(locale: str, opened: Opened, tmp_path: Path) -> None:
    """The same attacks in two captures that are compared: in the list, both columns and hex."""
    size = (160, 45) if locale == "C" else (80, 24)
    capture = hostile_capture(tmp_path)
    terminal = opened("compare", capture, capture, env={**TOOLS, "LC_ALL": locale}, size=size)
    terminal.until("complete", f"0 of {len(ATTACKS) + 2} flows differ")
    for action in actions(PAIRS):
        use(terminal, action)
    for _ in ATTACKS:
        terminal.press("enter")
        terminal.until("both sides")
        terminal.press("G", "enter")
        terminal.quiet(0.1)
        terminal.press("q")
        terminal.until("flows differ")
        terminal.press("j")
    terminal.press("enter")
    terminal.until("both sides")
    for action in actions(PAIR):
        use(terminal, action)
    assert terminal.process.poll() is None, terminal.text
    assert strays(terminal.output(), clipboard=True) == []


@pytest.mark.skipif("copy" not in HERE, reason="there is no copying yet")
def test_the_clipboard_is_filled_on_demand_only(opened: Opened, tmp_path: Path) -> None:
    """OSC 52 is written once for each copy, with a text that is safe to paste."""
    terminal = opened(hostile_capture(tmp_path))
    terminal.until("complete", "flows")
    go(terminal, LADDER)
    assert clips(terminal.output()) == []
    terminal.press("y")
    terminal.quiet()
    terminal.press("enter")
    terminal.until("copied")
    (copied,) = clips(terminal.output())
    assert copied
    assert harm_in(copied) == []
    assert strays(terminal.output(), clipboard=True) == []


@pytest.mark.skipif("pager" not in HERE, reason="there is no pager yet")
def test_the_pager_gets_what_is_safe(opened: Opened, tmp_path: Path) -> None:
    """With ``cat`` for a pager, the dialogue goes to the terminal as it is."""
    terminal = opened(hostile_capture(tmp_path), env=TOOLS)
    terminal.until("complete", "flows")
    before = len(terminal.written)
    terminal.press("|")
    terminal.until("Enter goes back")
    assert b"RCPT TO:" in terminal.written[before:]
    terminal.press("enter")
    terminal.until("flows")
    assert strays(terminal.output()) == []


def test_a_bug_shows_nothing_of_a_packet(opened: Opened, tmp_path: Path) -> None:
    """When the program breaks in the middle of such a capture, the terminal stays clean."""
    terminal = opened(DRIVER, "raise", hostile_capture(tmp_path), program=python)
    terminal.until("complete", "flows")
    terminal.press("enter")
    terminal.wait()
    assert strays(terminal.output()) == []


def leaked(terminal: PtyTerminal, kinds: Sequence[str]) -> str:
    """What should not be in the output, once there is some, and some of each kind."""
    end = time.monotonic() + PATIENCE
    found = ""
    while not (found and all(words in found for words in kinds)) and time.monotonic() < end:
        terminal.quiet(0.1)
        found = " ".join(strays(terminal.output()))
    return found


def test_the_check_finds_what_is_let_through(opened: Opened, tmp_path: Path) -> None:
    """Without the sanitiser every kind of attack arrives in the terminal, and is reported."""
    terminal = opened(DRIVER, "leak", hostile_capture(tmp_path), program=python, size=(300, 100))
    kinds = (
        "OSC b'\\x1b]0;owned", "OSC b'\\x1b]52;c;", "OSC b'\\x1b]8;", "CSI b'\\x1b[2J'", "DCS b",
        "CSI b'\\x1b[6n'", "APC b", "PM b", "SOS b", "text U+009B", "text U+202E", "text U+200B",
        "text U+0301",
    )  # fmt: skip
    leaked(terminal, ())  # there is no picture to be waited for
    terminal.quiet()
    terminal.press("enter")
    found = leaked(terminal, kinds)
    assert [words for words in kinds if words not in found] == []
