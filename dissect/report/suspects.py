"""The suspects of mail logs: as text for people, and as JSON Lines."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from dissect.escape import visible
from dissect.maillog import Suspect
from dissect.report.port import Write

WIDTH: Final = 80
EXAMPLE: Final = 300
"""Characters of a line of a log that are shown."""

WORDS: Final = {
    "masked_sync_errors": "synchronisation error{s} at a masked verb",
    "masked_commands": "masked command{s} not recognised",
    "unknown_in_transaction": "unknown command{s} in a mail transaction",
    "lost_after_rcpt": "connection{s} lost after RCPT",
    "lost_after_data": "connection{s} lost in message data",
}
"""By the names of ``dissect.maillog.suspects.KINDS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSummary:
    """What was read."""

    files: int
    lines: int
    understood: int
    """Lines of a mail server."""
    masked: int
    """Clients with the trace of a mask."""
    hints: int
    """The other suspects."""
    unclear: int
    status: str
    """complete, truncated (some was read) or failed (nothing was)."""
    warnings: tuple[str, ...]


def as_jsonl(write: Write, suspects: tuple[Suspect, ...], summary: LogSummary) -> None:
    """One object for each suspect, and one at the end."""
    for value in (*map(suspect_object, suspects), _summary_object(summary)):
        write(json.dumps(value, separators=(",", ":")) + "\n")


def suspect_object(suspect: Suspect) -> dict[str, Any]:
    """A suspect as in the schema."""
    return {
        "type": "suspect",
        "client": suspect.client,
        "masked": suspect.masked,
        "start": round(suspect.first, 6),
        "end": round(suspect.last, 6),
        "counts": dict(suspect.counts),
        "verbs": list(suspect.verbs),
        "servers": list(suspect.makes),
        "example": suspect.example._asdict(),
        "capture": suspect.capture,
    }


def _summary_object(summary: LogSummary) -> dict[str, Any]:
    return {
        "type": "log-summary",
        "files": summary.files,
        "lines": summary.lines,
        "understood": summary.understood,
        "masked": summary.masked,
        "hints": summary.hints,
        "unclear": summary.unclear,
        "status": summary.status,
        "warnings": list(summary.warnings),
    }


def as_text(write: Write, suspects: tuple[Suspect, ...], summary: LogSummary) -> None:
    """The clients with masks, then those with hints, each with what to run next."""
    read = f"{_many(summary.lines, 'line')} in {_many(summary.files, 'file')}"
    lines = [
        f"{read}, {summary.understood:,} of them a mail server's",
        f"{_many(summary.masked, 'client')} with masked verbs, {summary.hints:,} with hints only",
    ]
    for suspect in suspects:
        lines += ["", *_suspect(suspect)]
    if summary.unclear:
        what = "a masked verb, and more than one client, or none: not counted"
        lines += ["", f"Note: {_many(summary.unclear, 'line')} with {what}"]
    for warning in summary.warnings:
        lines += ["", *_filled(f"Note: {visible(warning)}", "")]
    write("".join(f"{line}\n" for line in lines))


def _suspect(suspect: Suspect) -> list[str]:
    """One client."""
    grade = "masked verbs" if suspect.masked else "hints only"
    lines = [f"{suspect.client}  {grade}", f"  {_span(suspect.first, suspect.last)}"]
    for name, count in suspect.counts:
        lines.append(f"  {count:6,} {WORDS[name].format(s='s' * (count != 1))}")
    if suspect.verbs:
        lines.append(f"  masks: {visible(', '.join(suspect.verbs))}"[:WIDTH])
    example = suspect.example
    place = f"{visible(example.file)}:{example.line}: "
    lines += _filled(place + visible(example.text[:EXAMPLE]), "  ")
    return [*lines, "  Capture it:", f"    {suspect.capture}"]


def _filled(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"


def _span(first: float, last: float) -> str:
    """From when to when."""
    begin, end = (datetime.fromtimestamp(time, UTC) for time in (first, last))
    return f"{begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"
