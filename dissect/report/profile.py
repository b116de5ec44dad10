"""A profile for Wireshark that goes with the post-dissector: colours, buttons and columns.

A profile is a folder of files with fixed names (Wireshark User's Guide, B.2 and 11.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from dissect.detect.finding import Severity

NAME: Final = "Seamark"

COLOURS: Final = {
    Severity.CRITICAL: ("b00020", "ffffff"),
    Severity.HIGH: ("f4a09a", "000000"),
    Severity.MEDIUM: ("fbd38d", "000000"),
    Severity.LOW: ("fdf3c0", "000000"),
    Severity.INFO: ("d6e9f8", "000000"),
}
"""Background and text of frames; the worst severity of a frame counts."""

COLUMNS: Final = (
    ("No.", "%m"),
    ("Time", "%t"),
    ("Source", "%s"),
    ("Destination", "%d"),
    ("Finding", "%Cus:seamark.rule:0:R"),
    ("Was", "%Cus:seamark.original:0:R"),
    ("Info", "%i"),
)
"""Titles and formats."""


def files(rules: Iterable[str]) -> dict[str, str]:
    """The files of the profile, by name.

    Args:
        rules: those that get a button, beside one for each severity.
    """
    return {
        "colorfilters": "".join(_colours()),
        "dfilter_buttons": "".join(_buttons(rules)),
        "preferences": _preferences(),
    }


def _colours() -> Iterator[str]:
    """Colouring rules, the worst severity first: the first that fits counts."""
    for severity, (back, text) in COLOURS.items():
        chosen = f'seamark.severity == "{severity}"'
        yield f"@{NAME} {severity}@{chosen}@{_colour(back)}{_colour(text)}\n"


def _colour(digits: str) -> str:
    """A colour of 24 bits as Wireshark writes it: 16 bits of red, green and blue."""
    return "[" + ",".join(str(byte * 0x101) for byte in bytes.fromhex(digits)) + "]"


def _buttons(rules: Iterable[str]) -> Iterator[str]:
    """Filter buttons: a menu of severities and rules; // divides a menu from its entry."""
    yield _button("all findings", "seamark", "Frames with a finding")
    for severity in COLOURS:
        yield _button(str(severity), f'seamark.severity == "{severity}"', "Severity")
    for rule in sorted(rules):
        yield _button(rule, f'seamark.rule == "{rule}"', "Rule")


def _button(label: str, chosen: str, comment: str) -> str:
    """A line of a table of Wireshark's, in which a quote is escaped in hex."""
    words = ("TRUE", f"{NAME}//{label}", chosen, comment)
    return ",".join('"' + word.replace('"', "\\x22") + '"' for word in words) + "\n"


def _preferences() -> str:
    words = (word for column in COLUMNS for word in column)
    return "gui.column.format: " + ", ".join(f'"{word}"' for word in words) + "\n"
