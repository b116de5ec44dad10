"""The pictures of the screens in the documentation are what the app draws, cell by cell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from docs.screenshot import OWN, PICTURES, ROOT

pytestmark = pytest.mark.tshark

COMMAND = "XDG_STATE_HOME=$(mktemp -d) .venv/bin/python tests/docs/screenshot.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures, made now, with nothing of the user's and nothing of this terminal's."""
    folder = tmp_path_factory.mktemp("pictures")
    kept = {name: os.environ[name] for name in ("PATH", "SEAMARK_TSHARK") if name in os.environ}
    env = {**kept, "HOME": str(folder), "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    program = str(ROOT / "tests" / "docs" / "screenshot.py")
    done = subprocess.run(
        (sys.executable, "-P", program, "--to", str(folder), *OWN),
        env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", OWN)
def test_a_picture_is_true(name: str, made: Path) -> None:
    """Text, place and colour of every cell are as in the picture that is kept."""
    now = (made / f"{name}.svg").read_text(encoding="utf-8")
    kept = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    assert words(now) == words(kept), f"a screen has changed: look at it, then {COMMAND} {name}"
    assert now == kept, f"only colours have changed: look at it, then {COMMAND} {name}"


def words(svg: str) -> list[str]:
    """The lines of a picture, without where they stand, to be compared by a person."""
    lines: dict[str, str] = {}
    for line, text in re.findall(r'<text[^>]*y="([\d.]+)"[^>]*>([^<]*)</text>', svg):
        lines[line] = lines.get(line, "") + text.replace("&#160;", " ")
    return [lines[line] for line in sorted(lines, key=float)]
