"""``seamark compare``: two captures of the same mail, from the two sides of a middlebox."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

import click

from dissect import cli
from dissect.compare import Budget, Recorder, jsonl, text, words
from dissect.compare import compare as laid
from dissect.compare.text import Source
from dissect.errors import UsageError
from dissect.escape import visible
from dissect.progress import Progress
from dissect.segments import decode
from dissect.segments.decode import Row
from dissect.source import Outcome, Tshark, drops, find_tshark, open_capture, read

FORMATS: Final = {"text": text.write, "jsonl": jsonl.write}

PLACES: Final = ("inside", "outside")

FAILED: Final = 3


@click.command()
@click.argument("inside")
@click.argument("outside")
@click.option(
    "--format", type=click.Choice(list(FORMATS)), default="text", show_default=True,
    help="Text for people; JSON Lines for programs, with every difference.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(1, 65535), multiple=True, metavar="PORT",
    help="A port that speaks SMTP, beside 25, 465, 587 and 2525 (repeatable).",
)  # fmt: skip
@click.pass_context
def compare(context: click.Context, /, inside: str, outside: str, **options: Any) -> None:
    """Prove what is done to mail between two places: compare captures from both.

    INSIDE and OUTSIDE are captures of the same time from the two sides of a firewall, a proxy or
    any stretch of network; one of them may be - for standard input. Their flows are matched
    through NAT, other sequence numbers and clocks that differ by up to 15 minutes. Every byte that
    changed, appeared or vanished on the way is shown with the packet boundaries on both sides, and
    so are TTL, MSS, window and options. Passwords in AUTH are masked. Up to 8 MiB of each
    direction of a flow and 256 MiB in all are compared; what lies beyond is told.

    Exit codes: 0 nothing differs, 1 something does, 2 wrong usage, 3 a capture failed, no flow is
    in both, or what is in both shows no difference but some could not be compared; 130
    interrupted.
    """
    if inside == outside == "-":
        raise UsageError("Standard input can be read only once.", "Name - once.")
    cli.collect_seldom()
    cli.take_any_text()
    tshark, budget = find_tshark(), Budget()
    recorders: list[Recorder] = []
    sources: list[Source] = []
    warnings: list[str] = []
    errors: list[str] = []
    for place, name in zip(PLACES, (inside, outside), strict=True):
        recorder = Recorder(options["port"], budget)
        outcome = _read(tshark, name, recorder, warnings)
        if outcome.status != "complete":
            errors.append(f"{visible(name)}: {outcome.what}.\n  {outcome.remedy}".rstrip())
            warnings.append(f"{visible(name)}: {outcome.what}")
        recorders.append(recorder)
        sources.append(Source(place, name, outcome.packets, recorder.tracker.flows))
    found = laid(recorders[0], recorders[1])
    warnings += words.doubts(found)
    FORMATS[options["format"]](found, (sources[0], sources[1]), warnings, sys.stdout.write)
    sys.stdout.flush()
    for error in errors:
        click.echo(f"seamark: {error}", err=True)
    unsure = not found.pairs or any(pair.unsure for pair in found.pairs)
    if errors or (unsure and not found.differs):
        context.exit(FAILED)
    context.exit(int(found.differs))


def _read(tshark: Tshark, name: str, recorder: Recorder, warnings: list[str]) -> Outcome:
    """Read one capture to its end.

    Raises:
        CaptureError: if it cannot be opened.
    """
    file = open_capture(name)
    lost = drops.dropped(file)
    if lost:
        warnings.append(drops.warning(name, lost))
    seen = [0, 0]
    with Progress(name) as progress:

        def sink(rows: list[Row]) -> None:
            recorder.segments(decode(rows))
            seen[0] += len(rows)
            seen[1] += sum(int(row[1]) for row in rows) + 16 * len(rows)
            progress.tick(*seen)

        return asyncio.run(read(tshark, file, sink, ()))
