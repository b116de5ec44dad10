"""``seamark split``: a capture as one file for each connection."""

from __future__ import annotations

from typing import Any, Final

import click

from dissect import cli
from dissect.commands import split
from dissect.commands.choosing import Choice, choose, choosing_options, counted, ended
from dissect.errors import UsageError
from dissect.escape import visible
from dissect.source import find_tshark, newfile
from tui.filtering import BARE, FilterError, parse
from tui.filtering.scan import Kind, scan

ON_SCREEN: Final = frozenset({"verdict", "note", "is:marked", "is:noted"})
"""Fields, and values of them, that the conversation alone does not answer."""


@click.command("split")
@click.argument("capture", metavar="CAPTURE")
@click.option(
    "-d", "--directory", "folder", metavar="DIR", default="",
    help="A new or empty folder for the files (required).",
)  # fmt: skip
@click.option(
    "--filter", "wanted", metavar="FILTER", default="",
    help="Only conversations that this filter of the screen wants, as 'rcpt:example.org "
         "and not outcome:delivered'.",
)  # fmt: skip
@choosing_options
@cli.reading_options
@cli.redacting_options
@click.pass_context
def split_(context: click.Context, /, capture: str, **options: Any) -> None:
    """Write each conversation to a file of its own.

    The files are pcapng, named after both ends, as 192.0.2.10-33738_192.0.2.25-25.pcapng; where
    the same ports meet again, a number follows. They hold all packets of a connection, with the
    ICMP errors about it, and comments as export writes them. DIR/index.jsonl has the flows and
    findings as scan --format jsonl prints them, each with its file and, for findings, the frame
    numbers there. Comments that were there stay. The packets are written as they are, passwords
    and all, unless --redact is given, as in export; only you may read the files.

    With --rule, or --min-severity above info, only conversations with such a finding are written;
    otherwise all SMTP conversations that the other options leave.

    Exit codes: 0, 2 wrong usage or DIR is not empty, 3 nothing could be written, or CAPTURE is cut
    short (what was read is written).
    """
    folder, wanted = options.pop("folder"), options.pop("wanted")
    if not folder:
        raise UsageError("No folder to write to is named.", "Name one: -d connections")
    path = newfile.unused_folder(folder)
    ends = {name: options.pop(name) for name in ("client", "server", "flow")}
    redactor = cli.redactor(context, options)
    if redactor and wanted:
        raise UsageError(
            "--filter looks at names, and --redact has replaced them.",
            "Choose by --client, --server and --flow.",
        )
    settings = cli.settings(context.obj, redactor=redactor, **options)
    choice = Choice.of(settings, **ends, **_filter(wanted))
    cli.collect_seldom()
    cli.take_any_text()
    tshark = find_tshark()
    chosen = choose(tshark, capture, settings, choice)
    parts = split.write(tshark, chosen, path)
    packets = sum(part.packets for part in parts)
    click.echo(
        f"{counted(packets, 'packet')} of {counted(len(parts), 'conversation')} in "
        f"{visible(folder)}; {split.INDEX} says what is where"
    )
    context.exit(ended(chosen))


def _filter(text: str) -> dict[str, Any]:
    """What a filter asks of a conversation.

    Raises:
        UsageError: if it is no filter, or asks for what only the screen knows.
    """
    try:
        found = parse(text)
    except FilterError as error:
        raise UsageError(f"--filter: {error}.") from None
    bits = list(scan(found.meaning))
    asked = {
        words
        for at, bit in enumerate(bits)
        if bit.kind is Kind.FIELD
        for words in (bit.text, "".join(each.text for each in bits[at : at + 3]).lower())
    }
    if not ON_SCREEN.isdisjoint(asked):
        raise UsageError(
            "--filter: verdicts, marks and notes are known on the screen only.",
            "Choose by --client and --server, or by other fields.",
        )
    return {
        "matches": lambda detail: found.detail(detail, BARE),
        "ladders": found.needs_dialogue,
    }
