"""``seamark report``: what was found, as a document for people who have no Seamark."""

from __future__ import annotations

import asyncio
import sys
from bisect import bisect_right
from dataclasses import replace
from datetime import tzinfo
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import click

from dissect import cli
from dissect.again import Again
from dissect.again.ladder import ladder
from dissect.analysis.ledger import Ledger
from dissect.commands import facing
from dissect.commands.choosing import Choice, choosing_options, readable_twice
from dissect.dossier import FORMATS, Case, Decisive, Gathered, Source, decisive, document
from dissect.errors import CaptureError, SeamarkError, UsageError
from dissect.escape import visible
from dissect.maillog import Logbook
from dissect.maillog.zone import zone
from dissect.pipeline import Settings
from dissect.progress import Progress
from dissect.scan import Scan
from dissect.source import (
    CaptureFile,
    Tshark,
    asked,
    digest,
    find_tshark,
    newfile,
    open_capture,
)  # fmt: skip

FAILED: Final = 3

ENDINGS: Final = {".html": "html", ".htm": "html", ".md": "md", ".txt": "txt"}
"""What the name of a file says of its format."""

AUTO: Final = "auto"

OUTPUT: Final = "-"
"""Stands for standard output."""


@click.command()
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "-o", "--output", metavar="FILE", default="",
    help="The new file, which only you may read: .html, .md or .txt; - is standard output.",
)  # fmt: skip
@click.option(
    "--format", type=click.Choice([AUTO, *FORMATS]), default=AUTO, show_default=True,
    help="HTML for a browser or paper, Markdown for a ticket, text of 76 columns for a mail; "
         "auto: as FILE's name says, and text on standard output.",
)  # fmt: skip
@facing.facing_options
@choosing_options
@cli.log_options
@cli.redacted_options
@cli.reading_options
@click.pass_context
def report(
    context: click.Context, /, captures: tuple[str, ...], output: str, **options: Any
) -> None:
    """Write a report that convinces the people who run the firewall.

    One file without scripts that fetches nothing: what is wrong in three sentences, then the
    proof: the decisive conversation, its bytes, all cases, statistics, what it is not, the impact
    on mail, the remedy, how to reproduce it, and how to verify it in Wireshark. A capture in which
    nothing is wrong, or that cannot tell, gives a report that says so.

    With --inside or --outside, two captures are laid over each other as compare does it, whole,
    whatever the other options choose: what was sent stands beside what arrived.

    With --rule, or --min-severity above info, only conversations with such a finding are reported;
    otherwise all SMTP conversations that the other options leave. Passwords in AUTH are masked,
    and addresses and names are replaced by others that mean nobody, the same in every report;
    --no-redact leaves them as they are in the capture.

    Exit codes: 0, 2 wrong usage or FILE is there already, 3 nothing could be written, or a CAPTURE
    is cut short (what was read is reported), 130 interrupted.
    """
    form = _form(output, options.pop("format"))
    there = facing.other(options, captures)
    logs, stamps = options.pop("logs"), zone(options.pop("timezone"))
    choice = {name: options.pop(name) for name in ("client", "server", "flow")}
    redactor = cli.redactor(context, options)
    settings = cli.settings(context.obj, redactor=redactor, **options)
    wanted = Choice.of(settings, **choice)
    cli.collect_seldom()
    tshark = find_tshark()
    asked.check(tshark, settings.display_filter, settings.keylog)
    files = [readable_twice(open_capture(name)) for name in dict.fromkeys(captures)]
    scan, gathered = _scanned(tshark, files, settings, wanted)
    scan.logbook = Logbook() if logs else None
    firsts = _read(scan, files, logs, stamps)
    case, errors = _case(scan, gathered, files, firsts, form), list(scan.errors)
    if there is not None:
        case, more = _with_other(case, scan, files[0], there)
        errors += more
    text = FORMATS[form](document(case))
    _write(output, text, gathered, "names replaced" if redactor else "names as they are")
    for error in dict.fromkeys(errors):
        click.echo(f"seamark: {error}", err=True)
    context.exit(FAILED if errors or scan.status != "complete" else 0)


def _form(output: str, form: str) -> str:
    """The format.

    Raises:
        UsageError: if no file is named, it is there already, or nothing says what to write.
    """
    if not output:
        raise UsageError("No file to write is named.", "Name one: -o report.html")
    if output == OUTPUT:
        return "txt" if form == AUTO else form
    ending = newfile.unused(output).suffix.lower()
    found = ENDINGS.get(ending) if form == AUTO else form
    if found is None:
        raise UsageError(
            f"The name {visible(output)} does not tell the format.",
            f"End it in {', '.join(ENDINGS)}, or name a --format.",
        )
    return found


def _scanned(
    tshark: Tshark, files: list[CaptureFile], settings: Settings, wanted: Choice
) -> tuple[Scan, Gathered]:
    """What reads the captures, and what it tells."""
    gathered = Gathered(wanted.wants)
    return Scan(tshark, settings, gathered, Ledger(several=len(files) > 1)), gathered


def _read(
    scan: Scan, files: list[CaptureFile], logs: tuple[str, ...], stamps: tzinfo | None
) -> list[int]:
    """Read all captures, and the mail logs behind them; the first flow's number in each capture.

    Raises:
        CaptureError: if nothing could be read.
    """
    firsts = []
    for file in files:
        firsts.append(scan.flows)
        with Progress(file.name) as progress:
            scan.capture(file.name, progress.tick)
    for name in logs:
        scan.log(name, stamps)
    scan.finish()
    if scan.errors and not scan.packets:
        what, _, remedy = scan.errors[0].partition("\n")
        raise CaptureError(what, remedy.strip())
    return firsts


def _case(
    scan: Scan, gathered: Gathered, files: list[CaptureFile], firsts: list[int], form: str
) -> Case:
    """All that the report is written from."""
    assert gathered.told is not None
    warnings = tuple(_without_folders(each, files) for each in gathered.told.warnings)
    found = decisive(gathered.details, next(iter(gathered.drawn), None))
    rows = infos = None
    if found:
        file = files[bisect_right(firsts, found.finding.flow) - 1]
        rows = asyncio.run(ladder(scan.tshark, file, found.detail.summary, scan.settings))
        infos = _infos(scan, found, file)
    tshark = ".".join(map(str, scan.tshark.version))
    return Case(
        sources=tuple(Source(Path(each.name).name, *digest(each)) for each in files),
        summary=replace(gathered.told, warnings=warnings),
        gathered=gathered,
        policy=scan.settings.policy,
        show=lambda data: visible(data, ascii_only=form == "txt"),
        made=f"Made by seamark {version('seamark')} with tshark {tshark}",
        decisive=found,
        ladder=rows,
        infos=infos or (),
        redacted=scan.settings.redactor is not None,
    )


def _with_other(
    case: Case, scan: Scan, here: CaptureFile, there: facing.Other
) -> tuple[Case, list[str]]:
    """The same case with what the other side shows, and what went wrong there."""
    stream = case.decisive.detail.summary.tcp_stream if case.decisive else None
    both, done = facing.compared(scan, here, there, stream)
    warnings = (_without_folders(each, [here, there.file]) for each in both.overview.warnings)
    told = both.overview._replace(warnings=tuple(warnings))
    return replace(case, both=both._replace(overview=told)), done.errors


def _without_folders(text: str, files: list[CaptureFile]) -> str:
    """A warning that names captures, without where they lie."""
    for file in files:
        name = visible(file.name)
        text = text.replace(name, name.rpartition("/")[2])
    return text


def _infos(scan: Scan, found: Decisive, file: CaptureFile) -> tuple[tuple[int, str], ...]:
    """Wireshark's Info column of the decisive frames; nothing where it cannot be had."""
    again = Again(scan.tshark, [file], scan.settings)
    try:
        flow = replace(found.detail.summary, capture=file.name)
        facts = asyncio.run(again.facts(flow, found.finding.frames[:2]))
    except SeamarkError:
        return ()  # one sentence less; the report stands without it
    return tuple((frame, each.info) for frame, each in facts.items())


def _write(output: str, text: str, gathered: Gathered, names: str) -> None:
    """Write the report, and say so."""
    if output == OUTPUT:
        cli.take_any_text()
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    newfile.write_text(Path(output), [text])
    cli.take_any_text()
    verdict = next(iter(gathered.drawn), None)
    named = f": {verdict.title}, {verdict.confidence:.0%} sure" if verdict else ""
    flows = f"{gathered.flows:,} conversation{'s' * (gathered.flows != 1)}"
    click.echo(f"{visible(output)}: a report on {flows}{named}; {names}")
