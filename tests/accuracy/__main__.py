"""Prints how often each rule is right: ``python -m accuracy``, in ``tests/``.

Standard error has what is false or missing, capture by capture.
Exit codes of ``--check FILE``: 0 where the file says the same, 1 where it is out of date, and 3
where that cannot be told, because the file counts public captures that are not there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from accuracy import expect
from accuracy.count import faults, scores
from accuracy.table import ALONE, part, replaced, section
from dissect.detect.registry import NAMES

SAME: Final = 0
STALE: Final = 1
UNTOLD: Final = 3


def counted() -> tuple[str, int]:
    """The table with its caption, and how many public captures are in it."""
    own, public = list(expect.our_captures()), list(expect.public_captures())
    both = [*own, *public]
    for fault in (line for wanted, seen in both for line in faults(wanted, seen)):
        sys.stderr.write(f"accuracy: {fault}\n")
    return section(scores(NAMES, both), len(own), len(public)), len(public)


def judged(written: str, now: str, public: int) -> int:
    """The exit code for what a file says and what is so now."""
    if not public and ALONE not in written:
        return UNTOLD
    return SAME if written == now else STALE


def main(words: list[str] | None = None) -> int:
    """Print the table, or compare it with that of a file."""
    parser = argparse.ArgumentParser(prog="accuracy", description=__doc__)
    parser.add_argument("--check", metavar="FILE", type=Path, help="compare, and print nothing")
    parser.add_argument("--write", metavar="FILE", type=Path, help="put it into a file's part")
    given = parser.parse_args(words)
    now, public = counted()
    if given.write is not None:
        text = given.write.read_text(encoding="utf-8")
        given.write.write_text(replaced(text, now), encoding="utf-8")
        return SAME
    if given.check is None:
        sys.stdout.write(f"{now}\n")
        return SAME
    code = judged(part(given.check.read_text(encoding="utf-8")), now, public)
    if code == UNTOLD:
        sys.stderr.write("accuracy: the public captures that the file counts are not there\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
