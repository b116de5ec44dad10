"""Makes the README's screenshot from the running app, on the bundled case.

Run from the root: ``.venv/bin/python tests/docs/screenshot.py``
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from tui import terminal

terminal.prepare({"TEXTUAL_THEME": ""})

from dissect import worker  # noqa: E402 - Textual reads its switches at import
from dissect.pipeline import Settings  # noqa: E402
from tui.app import SeamarkApp  # noqa: E402
from tui.feed import ProcessFeed  # noqa: E402

ROOT = Path(__file__).parent.parent.parent
CASE = "captures/founding-behind.pcap"
PICTURE = ROOT / "tui" / "screenshot.svg"
SIZE = (118, 34)
PATIENCE = 20.0


async def picture() -> str:
    """The ladder of a damaged flow, with the cut verb under the cursor, as SVG."""
    command = [sys.executable, *worker.arguments([CASE], Settings())]
    app = SeamarkApp(ProcessFeed(command, capture=CASE), title=CASE)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: "complete" in _text(app))
        for key in ("j", "enter", "n", "n", "n", "n"):
            await pilot.press(key)
            await pilot.pause(0.5)
            if "XX" in _text(app) and "split-masked-verb" in _text(app):
                break
        return _self_contained(app.export_screenshot(title="seamark"))


def _self_contained(svg: str) -> str:
    """The picture with the reader's own fonts: nothing is fetched to show it."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
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


if __name__ == "__main__":
    PICTURE.write_text(asyncio.run(picture()), encoding="utf-8")
    print(f"wrote {PICTURE.relative_to(ROOT)}")  # noqa: T201 - a command for people
