"""The page in a real browser: in light and dark, on paper, and with its policy at work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import Final

import pytest
from cli.command import FOUNDING, seamark
from cli.fakes import needs_tshark
from dossier.page import evil_capture

BROWSER: Final = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    *needs_tshark,
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="chromium is not installed"),
]

PATIENCE: Final = 120
DARK: Final = "--blink-settings=preferredColorScheme=0"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on the founding case."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert seamark("report", "--no-redact", FOUNDING, "-o", path).code == 0
    return path


def browse(path: Path, *words: str) -> tuple[str, list[str]]:
    """Open a page: what the browser prints, and what it complains of."""
    assert BROWSER is not None
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    home = path.parent / "profile"
    done = subprocess.run(
        [BROWSER, "--headless", "--disable-gpu", "--hide-scrollbars", *sandbox,
         f"--user-data-dir={home}", "--enable-logging=stderr", *words, path.as_uri()],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
        env=os.environ | {"HOME": str(home)},
    )  # fmt: skip
    return done.stdout, re.findall(r'CONSOLE[^"]*"(.*)"', done.stderr)


def ground(picture: bytes) -> tuple[int, ...]:
    """The colour of the first pixel of a PNG (RFC 2083): no filter changes that one."""
    data, at = b"", 8
    while at < len(picture):
        size = int.from_bytes(picture[at : at + 4], "big")
        if picture[at + 4 : at + 8] == b"IDAT":
            data += picture[at + 8 : at + 8 + size]
        at += size + 12
    return tuple(zlib.decompressobj().decompress(data, 4)[1:4])


def test_the_style_sheet_is_let_in_by_its_hash_alone(page: Path, tmp_path: Path) -> None:
    """The browser has nothing to say of the page; of one with another style sheet it has."""
    _, said = browse(page, "--dump-dom")
    assert said == []
    other = tmp_path / "other.html"
    other.write_text(page.read_text().replace("<style>:root", "<style> :root"))
    _, said = browse(other, "--dump-dom")
    assert any("Content Security Policy" in line for line in said)


def test_light_and_dark(page: Path, tmp_path: Path) -> None:
    """The ground is white, or nearly black, as the reader's system wants it."""
    grounds = []
    for words in ([], [DARK]):
        picture = tmp_path / "picture.png"
        browse(page, f"--screenshot={picture}", "--window-size=900,900", *words)
        grounds.append(ground(picture.read_bytes()))
    assert grounds == [(0xFF, 0xFF, 0xFF), (0x14, 0x18, 0x1D)]


def test_paper(page: Path, tmp_path: Path) -> None:
    """It prints on a few pages, the first of which is the manager's."""
    paper = tmp_path / "paper.pdf"
    browse(page, f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    pages = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
    assert 5 <= pages <= 12


def test_what_a_peer_says_runs_nothing(tmp_path: Path) -> None:
    """Markup in names stays text in the document that the browser makes, without a complaint."""
    path = tmp_path / "evil.html"
    assert seamark("report", "--no-redact", evil_capture(tmp_path), "-o", path).code == 0
    document, said = browse(path, "--dump-dom")
    assert said == []
    assert not re.search(r"<script|<img|<b>", document)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in document
