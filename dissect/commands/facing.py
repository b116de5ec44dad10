"""The other side of what is between two captures, for a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import click

from dissect.both import Read, read_both
from dissect.commands.choosing import readable_twice
from dissect.compare.ladder import ladder
from dissect.compare.overview import Item, Overview, overview
from dissect.dossier import Both, Source
from dissect.errors import UsageError
from dissect.progress import Progress
from dissect.scan import Scan
from dissect.source import CaptureFile, digest, open_capture

Command = TypeVar("Command")

PLACES: Final = ("inside", "outside")


class Other(NamedTuple):
    """The capture from the other side."""

    file: CaptureFile
    place: str
    """Where it was made, one of ``PLACES``."""


def facing_options(command: Any) -> Any:
    """Add ``--inside`` and ``--outside`` to a command."""
    for place, here in (("outside", "inside"), ("inside", "outside")):
        command = click.option(
            f"--{place}", metavar="FILE", default="",
            help=f"A capture of the same time from the {place}, where CAPTURE is from the {here}: "
                 "adds what changed between the two.",
        )(command)  # fmt: skip
    return command


def other(options: dict[str, Any], captures: tuple[str, ...]) -> Other | None:
    """What those options name; they are taken out of a command's options.

    Raises:
        UsageError: if both are named, or there are several captures on this side.
        CaptureError: if the file cannot be read.
    """
    named = {place: name for place in PLACES if (name := options.pop(place))}
    if not named:
        return None
    if len(named) > 1:
        raise UsageError("CAPTURE is one of the two sides.", "Name only the other one.")
    if len(set(captures)) > 1:
        raise UsageError("Two captures are compared, and no more.", "Name one CAPTURE.")
    ((place, name),) = named.items()
    return Other(readable_twice(open_capture(name)), place)


def compared(scan: Scan, here: CaptureFile, there: Other, stream: int | None) -> tuple[Both, Read]:
    """Both sides, and how their reading ended.

    Args:
        scan: that of the report, for its settings.
        here: the capture that the report is about.
        there: the other one.
        stream: tcp.stream of the conversation that is to be shown; None for the worst.
    """
    first = there.place == "outside"
    files = (here, there.file) if first else (there.file, here)
    settings = scan.settings
    done = read_both(scan.tshark, files, tuple(settings.ports), Progress, settings.redactor)
    one, two = (source._replace(name=Path(source.name).name) for source in done.sources)
    told = overview(done.found, (one, two), done.warnings)
    item = _item(told, stream, first=first)
    pair = done.found.pairs[item.pair] if item else None
    source = Source(Path(there.file.name).name, *digest(there.file))
    return Both(source, told, item, ladder(pair, done.found.offset) if pair else ()), done


def _item(told: Overview, stream: int | None, *, first: bool) -> Item | None:
    """The conversation that is shown: the decisive one where it differs, or the worst."""
    pairs = [item for item in told.items if item.pair >= 0]
    for item in pairs:
        tape = item.one if first else item.two
        if item.places and tape is not None and tape.tcp_stream == stream:
            return item
    return pairs[0] if pairs else None
