"""``seamark export``: conversations as pcapng, with what was found as comments on the frames."""

from __future__ import annotations

import asyncio
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import click

from dissect import cli
from dissect.commands.choosing import Choice, Chosen, choose, choosing_options
from dissect.errors import UsageError
from dissect.escape import visible
from dissect.report import comments
from dissect.source import Comments, cut, find_tshark

FAILED: Final = 3


@click.command()
@click.argument("capture", metavar="CAPTURE")
@click.option(
    "-o", "--output", metavar="FILE", default="",
    help="The new pcapng file, which only you may read (required).",
)  # fmt: skip
@choosing_options
@cli.reading_options
@click.pass_context
def export(context: click.Context, /, capture: str, output: str, **options: Any) -> None:
    """Write conversations to a pcapng file, with the findings as packet comments.

    Every frame that is evidence gets a comment: the rule, what was seen, what it was before, the
    seam, and the frame's number in CAPTURE. In Wireshark the filter frame.comment shows these
    frames. Comments that were there stay.

    With --rule, or --min-severity above info, only conversations with such a finding are written;
    otherwise all SMTP conversations that the other options leave. The packets are written as they
    are, passwords and all.

    Exit codes: 0, 2 wrong usage or FILE is there already, 3 nothing could be written, or CAPTURE
    is cut short (what was read is written).
    """
    choice = {name: options.pop(name) for name in ("client", "server", "flow")}
    settings = cli.settings(context.obj, **options)
    wanted = Choice.of(settings, **choice)
    path = _new(output)
    cli.collect_seldom()
    tshark = find_tshark()
    chosen = choose(tshark, capture, settings, wanted)
    said = Comments(capture=_made(chosen), frames=comments.by_frame(chosen.details))
    written = asyncio.run(cut(tshark, chosen.file, chosen.frames(), path, said))
    cli.take_any_text()
    click.echo(
        f"{_count(written.packets, 'packet')} of {_count(len(chosen.details), 'conversation')}, "
        f"{written.commented:,} with comments, in {visible(output)}"
    )
    context.exit(_end(chosen))


def _new(output: str) -> Path:
    """The file to write; looked at before a long reading, and once more when it is made.

    Raises:
        UsageError: if none is named, or it is there already.
    """
    if not output:
        raise UsageError("No file to write is named.", "Name one: -o evidence.pcapng")
    path = Path(output)
    if os.path.lexists(path):
        raise UsageError(f"{visible(output)} is there already.", "Choose another name.")
    return path


def _made(chosen: Chosen) -> str:
    """What made the file, and of what."""
    flows = ", ".join(str(flow.flow) for flow in chosen.flows[:20])
    more = ", ..." if len(chosen.flows) > 20 else ""  # noqa: PLR2004 - as above
    return (
        f"Made by seamark {version('seamark')} export from {visible(chosen.file.name)}: "
        f"flows {flows}{more}. Comments that begin with Seamark: are findings; they name the "
        "frames by their numbers in that capture."
    )


def _end(chosen: Chosen) -> int:
    """The exit code, and what was wrong with a capture that was cut short."""
    outcome = chosen.outcome
    if outcome is None or outcome.status == "complete":
        return 0
    click.echo(f"seamark: {visible(chosen.file.name)}: {outcome.what}.", err=True)
    return FAILED


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
