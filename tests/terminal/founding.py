"""The walk through the founding case: from the flow list to the ladder to the seam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from terminal.pty_terminal import ROOT

if TYPE_CHECKING:
    from terminal.pty_terminal import PtyTerminal

FOUNDING: Final = ROOT / "captures" / "founding-behind.pcap"
_STEPS: Final = 8
"""More findings than lie before the one that is looked for."""


def to_flows(terminal: PtyTerminal) -> str:
    """Wait until all flows are listed."""
    return terminal.until("complete", "verdict", "192.0.2.25")


def to_ladder(terminal: PtyTerminal) -> str:
    """Open the second flow, and go to the verb that was cut and masked."""
    terminal.press("j", "enter")
    terminal.until("EHLO mail.example.org", "flow 1")
    for _ in range(_STEPS):
        if is_at_the_cut_verb(terminal.text):
            break
        terminal.press("n")
        terminal.quiet()
    return terminal.until_seen(is_at_the_cut_verb, "no cut verb")


def is_at_the_cut_verb(text: str) -> bool:
    """Whether the ladder shows the cut RCPT, and its finding beside it."""
    cut = any(f"XX{seam}XX TO:<recipient0035@cam.example.net>" in text for seam in "┊|")
    return cut and "split-masked-verb" in text and "RCPT" in text


def to_seam(terminal: PtyTerminal) -> str:
    """Open the seam: both frames, the masked bytes in hex, and what Wireshark shows."""
    terminal.press("enter")
    return terminal.until("frame 25", "frame 26", "58 58", "DATA fragment")


def leave(terminal: PtyTerminal) -> int:
    """Go back screen by screen, and quit; the exit code."""
    terminal.press("q")
    terminal.until_seen(is_at_the_cut_verb)
    terminal.press("q")
    to_flows(terminal)
    terminal.press("q")
    return terminal.wait()


def walk(terminal: PtyTerminal) -> None:
    """All the way there."""
    to_flows(terminal)
    to_ladder(terminal)
    to_seam(terminal)
