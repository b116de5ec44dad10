"""``seamark``, which takes a source for dead sooner than it should: for tests that wait for it."""

from __future__ import annotations

import sys

from dissect.live import watch
from dissect.source import connection
from tui.__main__ import main

if __name__ == "__main__":
    watch.ASK = 0.5  # type: ignore[misc]
    connection.STALLED = 3.0  # type: ignore[misc]
    connection.LINGER = (1.0, 5.0)  # type: ignore[misc]
    sys.exit(main())
