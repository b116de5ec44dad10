"""Puts the hand-made flows within reach of the tests here, and fixes the time zone."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tui import terminal

terminal.prepare(os.environ)
os.environ["TZ"] = "UTC"
time.tzset()

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the screen remembers goes to a folder of the test, never to the user's."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
