"""What ``seamark scan`` prints for all bundled captures, once for all tests."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from typing import Any, Final

from cli.command import CAPTURES, scan


def captures() -> list[str]:
    """The names of the bundled captures."""
    return sorted(path.name for path in CAPTURES.iterdir() if ".pcap" in path.name)


SOME: Final = ("founding-behind.pcap", "ipv6-behind.pcap", "midway.pcap")
"""Captures enough for CSV, in the order of their names."""


@cache
def printed(form: str) -> str:
    """One scan of them all; for CSV, of some."""
    return scan("--format", form, *(SOME if form == "csv" else captures()), cwd=CAPTURES).out


def objects() -> list[dict[str, Any]]:
    """The JSON Lines."""
    return [json.loads(line) for line in printed("jsonl").splitlines()]


def of_type(kind: str) -> list[dict[str, Any]]:
    """The JSON Lines of one type."""
    return [line for line in objects() if line["type"] == kind]


def table() -> list[dict[str, str]]:
    """The CSV."""
    return list(csv.DictReader(io.StringIO(printed("csv"), newline="")))
