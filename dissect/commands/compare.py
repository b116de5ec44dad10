"""``seamark compare``: two captures of the same mail, from the two sides of a middlebox."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from dissect import cli
from dissect.both import Read, read_both
from dissect.compare import jsonl, text
from dissect.errors import UsageError
from dissect.progress import Progress
from dissect.source import find_tshark, open_capture

FORMATS: Final = {"text": text.write, "jsonl": jsonl.write}

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
@cli.redacting_options
@click.pass_context
def compare(context: click.Context, /, inside: str, outside: str, **options: Any) -> None:
    """Prove what is done to mail between two places: compare captures from both.

    INSIDE and OUTSIDE are captures of the same time from the two sides of a firewall, a proxy or
    any stretch of network; one of them may be - for standard input. Their flows are matched
    through NAT, other sequence numbers and clocks that differ by up to 15 minutes. Every byte that
    changed, appeared or vanished on the way is shown with the packet boundaries on both sides, and
    so are TTL, MSS, window and options. Passwords in AUTH are masked. Up to 8 MiB of each
    direction of a flow and 256 MiB in all are compared; what lies beyond is told.

    On a terminal, and without --format and --no-tui, the screen opens: the flows, and both sides of
    each in two columns. From standard input it is printed.

    Exit codes: 0 nothing differs, 1 something does, 2 wrong usage, 3 a capture failed, no flow is
    in both, or what is in both shows no difference but some could not be compared; 130
    interrupted.
    """
    if inside == outside == "-":
        raise UsageError("Standard input can be read only once.", "Name - once.")
    redactor = cli.redactor(context, options)
    cli.collect_seldom()
    cli.take_any_text()
    tshark = find_tshark()
    files = open_capture(inside), open_capture(outside)
    done = read_both(tshark, files, options["port"], Progress, redactor)
    write(done, options["format"])
    context.exit(code(done))


def write(done: Read, form: str) -> None:
    """Print a comparison, and on standard error what went wrong."""
    FORMATS[form](done.found, done.sources, done.warnings, sys.stdout.write)
    sys.stdout.flush()
    for error in done.errors:
        click.echo(f"seamark: {error}", err=True)


def code(done: Read) -> int:
    """The exit code."""
    if done.errors or (done.unsure and not done.found.differs):
        return FAILED
    return int(done.found.differs)
