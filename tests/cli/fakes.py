"""Programs that pose as tshark and misbehave."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

REAL = shutil.which("tshark") or "tshark"

needs_tshark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
"""The marks of tests that run it."""


def script(path: Path, body: str) -> Path:
    """An executable shell script."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def fake_tshark(folder: Path, body: str) -> dict[str, str]:
    """The environment in which a script is tshark: it tells the real version, then does ``body``.

    In the body ``$REAL`` is the real tshark, ``$HERE`` the folder.
    """
    head = f'REAL={REAL} HERE={folder}\n[ "$1" = -v ] && exec "$REAL" -v\n'
    return {"SEAMARK_TSHARK": str(script(folder / "fake-tshark", head + body))}
