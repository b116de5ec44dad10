"""The commands that are measured."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.subject import Subject

ROOT: Final = Path(__file__).resolve().parents[2]
"""Where ``dissect`` and ``tui`` lie; every job runs here."""

FIELDS: Final = (
    "frame.number",
    "frame.time_epoch",
    "ip.src",
    "tcp.srcport",
    "ip.dst",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.flags",
    "tcp.payload",
)
"""What an engineer would ask tshark for by hand (design, section 5)."""

PYSHARK: Final = """\
import sys, pyshark
capture = pyshark.FileCapture(sys.argv[1], keep_packets=False)
for packet in capture:
    packet.tcp
capture.close()
"""
"""The loop of pyshark's own documentation: one object for every packet."""

FOUND_SOMETHING: Final = frozenset({0, 1})
"""Exit codes of a scan that worked."""


def _scan(capture: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "tui", "scan", str(capture), "--format", "jsonl")


def _fields(capture: Path) -> tuple[str, ...]:
    chosen = (argument for field in FIELDS for argument in ("-e", field))
    return ("tshark", "-n", "-r", str(capture), "-T", "fields", *chosen)


def _bare(capture: Path) -> tuple[str, ...]:
    return ("tshark", "-n", "-r", str(capture))


def _pyshark(capture: Path) -> tuple[str, ...]:
    return (sys.executable, "-c", PYSHARK, str(capture))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to measure."""

    name: str
    title: str
    command: Callable[[Path], tuple[str, ...]]
    on_slice: bool = False
    """Run on the first packets only, and scaled up."""
    good: frozenset[int] = frozenset({0})
    """Exit codes that mean that it worked."""
    works: Callable[[str], bool] = bool
    """Whether it worked, by its output for the slice."""


def _has_summary(output: str) -> bool:
    """Whether JSON Lines end with the summary that every scan ends with."""
    try:
        return bool(json.loads(output.splitlines()[-1])["type"] == "summary")
    except (IndexError, KeyError, TypeError, ValueError):
        return False


SCAN: Final = Job(
    name="scan",
    title="`seamark scan --format jsonl`",
    command=_scan,
    good=FOUND_SOMETHING,
    works=_has_summary,
)
FIELDS_JOB: Final = Job(name="fields", title="`tshark -T fields` (9 fields)", command=_fields)
BARE: Final = Job(name="bare", title="`tshark -n -r`", command=_bare)
PYSHARK_JOB: Final = Job(
    name="pyshark",
    title="plain pyshark loop",
    command=_pyshark,
    on_slice=True,
    works=lambda _output: True,
)

JOBS: Final = (SCAN, FIELDS_JOB, BARE, PYSHARK_JOB)


def trouble(job: Job, part: Subject) -> str:
    """Why a job does not work here, tried on a small capture; empty if it does."""
    try:
        done = subprocess.run(
            job.command(part.path), cwd=ROOT, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        return f"{error.filename} is missing"
    if done.returncode in job.good and job.works(done.stdout):
        return ""
    said = done.stderr.strip().splitlines() or ["without a word"]
    return f"exit code {done.returncode}: {said[-1]}"
