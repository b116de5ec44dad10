"""Runs ``seamark`` with something broken in it: ``python driver.py WHAT ARGUMENT...``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from dissect import escape
from tui import terminal
from tui.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable

BREAKAGE: Final = "an exception that a test has made"


def _leak() -> None:
    """Let bytes from packets through as they are."""

    def visible(data: bytes | str, *, ascii_only: bool = False) -> str:
        del ascii_only
        return data if isinstance(data, str) else data.decode("utf-8", "replace")

    def cells(data: bytes | str, *, ascii_only: bool = False) -> list[escape.Cell]:
        del ascii_only
        return [escape.Cell(char, at, False) for at, char in enumerate(visible(data))]  # noqa: FBT003

    escape.visible, escape.cells = visible, cells


def _raise() -> None:
    """Let the ladder fail when it is opened."""
    terminal.prepare()
    from tui.screens.ladder import LadderScreen  # noqa: PLC0415 - Textual reads its switches first

    def changed(_self: LadderScreen) -> None:
        raise RuntimeError(BREAKAGE)

    LadderScreen.changed = changed  # type: ignore[assignment,method-assign]


BREAK: Final[dict[str, Callable[[], None]]] = {"leak": _leak, "raise": _raise}

if __name__ == "__main__":
    BREAK[sys.argv.pop(1)]()
    sys.exit(main())
