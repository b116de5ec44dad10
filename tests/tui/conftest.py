"""Puts the hand-made flows within reach of the tests here, and fixes the time zone."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tui import terminal

terminal.prepare(os.environ)
os.environ["TZ"] = "UTC"
time.tzset()

sys.path.append(str(Path(__file__).parent))
