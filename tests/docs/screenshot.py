"""Makes the pictures of the screens from the running app, on the bundled case.

Run from the root: ``.venv/bin/python tests/docs/screenshot.py [--to FOLDER] [NAME...]``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tui import terminal

terminal.prepare({"TEXTUAL_THEME": ""})

from dissect import worker  # noqa: E402 - Textual reads its switches at import
from dissect.again import Again  # noqa: E402
from dissect.both import worker as comparing  # noqa: E402
from dissect.pipeline import Settings  # noqa: E402
from dissect.source import find_tshark, open_capture  # noqa: E402
from tui.app import SeamarkApp  # noqa: E402
from tui.both import BothFeed  # noqa: E402
from tui.feed import ProcessFeed  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
CASE = "captures/founding-behind.pcap"
BOTH = ("captures/founding-before.pcap", CASE)
PICTURES = ROOT / "docs" / "screens"
SIZE = (118, 34)
PATIENCE = 20.0


class Picture(NamedTuple):
    """A screen, how to get there, and what has to be on it."""

    keys: tuple[str, ...]
    words: str
    two: bool = False
    """Whether it is of two captures that are compared."""


SEAM = ("j", "enter", "n", "n", "n")
SCREENS = {
    "flows": Picture(("j",), "flow 1"),
    "filter": Picture(("slash", *"recipients>50 and rule:split-m"), "split-masked-verb"),
    "groups": Picture(("b", "b"), "by server"),
    "ladder": Picture(SEAM, "split-masked-verb"),
    "message": Picture((*SEAM, "G", *"kkkkk", "e"), "Subject"),
    "seam": Picture((*SEAM, "enter"), "DATA fragment"),
    "packet": Picture((*SEAM, "f", "G", "right"), "Wireshark"),
    "compare": Picture(("j", "enter", "c", "n"), "flow"),
    "findings": Picture(("v", "n"), "finding"),
    "peers": Picture(("P",), "delivered"),
    "help": Picture(("question_mark",), "Keys: flows"),
    "both": Picture(("enter",), "difference 1 of 1", two=True),
}


# A screen says the same of a capture whatever tshark reads it: these hold no words of tshark's.
OWN = ("flows", "filter", "groups", "ladder", "compare", "findings", "peers", "help", "both")


async def picture(name: str) -> str:
    """A screen as SVG."""
    screen = SCREENS[name]
    app = _two() if screen.two else _one()
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: "complete" in _text(app))
        for key in screen.keys:
            await pilot.press(key)
            await pilot.pause(0.1)
        await _until(pilot, lambda: screen.words in _text(app))
        await pilot.pause(1.0)
        return _self_contained(app.export_screenshot(title="seamark"))


def _one() -> SeamarkApp:
    """The app with the bundled case."""
    command = [sys.executable, *worker.arguments([CASE], Settings())]
    again = Again(find_tshark(), [open_capture(CASE)])
    return SeamarkApp(ProcessFeed(command, capture=CASE), title=CASE, wireshark=again)


def _two() -> SeamarkApp:
    """The app with both sides of it."""
    both = BothFeed([sys.executable, *comparing.arguments(*BOTH, [])], capture=" | ".join(BOTH))
    return SeamarkApp(both, title=" | ".join(BOTH), both=both)


def _self_contained(svg: str) -> str:
    """The picture with the reader's own fonts: nothing is fetched to show it."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+-", "terminal-", svg)  # ids of Rich's, another in each run
    return re.sub(r"[ \t]+$", "", svg.replace("Fira Code", "DejaVu Sans Mono"), flags=re.MULTILINE)


async def _until(pilot: object, seen: object) -> None:
    """Wait until the screen shows something."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not seen() and asyncio.get_running_loop().time() < deadline:  # type: ignore[operator]
        await pilot.pause(0.1)  # type: ignore[attr-defined]


def _text(app: SeamarkApp) -> str:
    """What is on the screen, without its markup."""
    svg = app.export_screenshot()
    return re.sub(r"<[^>]*>", "", svg).replace("&#160;", " ")


def main() -> None:
    """Write the pictures that are asked for, or all."""
    parser = argparse.ArgumentParser(description="Make the pictures of the screens.")
    parser.add_argument("--to", type=Path, default=PICTURES, metavar="FOLDER")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a screen; all without")
    given = parser.parse_args()
    for name in given.names or SCREENS:
        made = given.to / f"{name}.svg"
        made.write_text(asyncio.run(picture(name)), encoding="utf-8")
        print(f"wrote {made}")  # noqa: T201 - for people


if __name__ == "__main__":
    os.chdir(ROOT)  # the title of the picture is the capture's path
    os.environ["TZ"] = "UTC"
    time.tzset()
    main()
