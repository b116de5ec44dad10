"""Makes the picture of a report, as a browser shows it, on the bundled case.

Run from the root, where Chromium is installed: ``.venv/bin/python tests/docs/report_picture.py``
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "tests"))

from dossier.test_browser import browse  # noqa: E402 - found by the line above

CASE: Final = "captures/founding-behind.pcap"
PICTURE: Final = ROOT / "docs" / "screens" / "report.png"
SIZE: Final = "900,1500"


def main() -> int:
    """Write the report, and take its picture."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        command = [
            sys.executable,
            "-P",
            "-m",
            "tui",
            "report",
            "--no-redact",
            CASE,
            "-o",
            str(page),
        ]
        subprocess.run(command, cwd=ROOT, check=True)
        browse(page, f"--screenshot={PICTURE}", f"--window-size={SIZE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
