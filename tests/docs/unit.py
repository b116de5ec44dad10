"""The unit file of docs/live.md, read as systemd reads it: a key may be given several times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from docs.make import ROOT

if TYPE_CHECKING:
    from pathlib import Path

UNIT: Final[Path] = ROOT / "docs" / "seamark.service"


def settings(text: str, section: str) -> dict[str, list[str]]:
    """The settings of a section, and all values of each (systemd.syntax(7))."""
    found: dict[str, list[str]] = {}
    here = ""
    for line in text.splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif here == section and line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


SERVICE: Final = settings(UNIT.read_text(encoding="utf-8"), "Service")
ENVIRONMENT: Final = dict(words.split("=", 1) for words in SERVICE["Environment"])
