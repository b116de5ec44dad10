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

KEY: Final = "redact.key"
"""What redaction keeps its secret in, beside the capture."""

FOUND_SOMETHING: Final = frozenset({0, 1})
"""Exit codes of a scan that worked."""


def _scan(capture: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "tui", "scan", str(capture), "--format", "jsonl")


def _redacted(capture: Path) -> tuple[str, ...]:
    return (*_scan(capture), "--redact", "--redact-key", str(capture.with_name(KEY)))


ONCE: Final = '"$@" -o "$0"; code=$?; rm -f "$0"; exit $code'
"""Writes a file, and leaves none: the next run must not find it."""


def _export(capture: Path) -> tuple[str, ...]:
    out = str(capture.with_name("exported.pcapng"))
    return ("sh", "-c", ONCE, out, sys.executable, "-m", "tui", "export", str(capture))


def _export_redacted(capture: Path) -> tuple[str, ...]:
    return (*_export(capture), "--redact", "--redact-key", str(capture.with_name(KEY)))


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

SCAN_REDACTED: Final = Job(
    name="scan-redacted",
    title="`seamark scan --format jsonl --redact`",
    command=_redacted,
    good=FOUND_SOMETHING,
    works=_has_summary,
)
EXPORT: Final = Job(name="export", title="`seamark export -o`", command=_export)
EXPORT_REDACTED: Final = Job(
    name="export-redacted", title="`seamark export -o --redact`", command=_export_redacted
)

REDACTION: Final = (SCAN, SCAN_REDACTED, EXPORT, EXPORT_REDACTED)

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
