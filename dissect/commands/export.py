"""``seamark export``: conversations for Wireshark, with what was found.

As packets with comments on the frames, as a post-dissector with fields, or both.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from dissect import cli
from dissect.commands.choosing import (
    Choice,
    Chosen,
    choose,
    choosing_options,
    counted,
    ended,
)
from dissect.errors import UsageError
from dissect.escape import visible
from dissect.report import comments, lua, profile
from dissect.source import Comments, Tshark, cut, find_tshark, newfile

_REDACTED = "Addresses and names are replaced, message data is blank. "


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outputs:
    """What is to be written; None for what is not."""

    packets: Path | None
    script: Path | None
    profile: Path | None

    @classmethod
    def of(cls, output: str, script: str, folder: str) -> _Outputs:
        """What the options say; looked at before a long reading, and once more when it is made.

        Raises:
            UsageError: if nothing is named, or something is there already.
        """
        if not (output or script):
            raise UsageError(
                "No file to write is named.", "Name one: -o evidence.pcapng, or --lua findings.lua"
            )
        if folder and not script:
            raise UsageError("--profile goes with --lua.", "Its colours need the script's fields.")
        if script and output and Path(script) == Path(output):
            raise UsageError("-o and --lua name the same file.", "Name two.")
        for name in profile.files(()) if folder else ():
            newfile.unused(str(Path(folder, name)))
        return cls(
            packets=newfile.unused(output) if output else None,
            script=newfile.unused(script) if script else None,
            profile=Path(folder) if folder else None,
        )


@click.command()
@click.argument("capture", metavar="CAPTURE")
@click.option(
    "-o", "--output", metavar="FILE", default="",
    help="Write the packets to this new pcapng file.",
)  # fmt: skip
@click.option(
    "--lua", "script", metavar="FILE", default="",
    help="Write a post-dissector for Wireshark and tshark to this new file.",
)  # fmt: skip
@click.option(
    "--profile", metavar="DIR", default="",
    help="With --lua: write colours, filter buttons and columns for a Wireshark profile.",
)  # fmt: skip
@choosing_options
@cli.reading_options
@cli.redacting_options
@click.pass_context
def export(context: click.Context, /, capture: str, **options: Any) -> None:
    """Write conversations and findings for Wireshark.

    -o writes the packets. Every frame that is evidence gets a comment: the rule, what was seen,
    what it was before, the seam, and the frame's number in CAPTURE. In Wireshark the filter
    frame.comment shows these frames. Comments that were there stay. The packets are written as
    they are, passwords and all, unless --redact is given: then addresses and names are replaced,
    message data is blank, and credentials, TLS and comments that were there are gone.

    --lua writes a script that shows the findings in CAPTURE itself as fields: seamark.rule,
    .severity, .original, .observed, .seam, .message and .flow. Load it with
    -X lua_script:FILE.

    With --rule, or --min-severity above info, only conversations with such a finding are written;
    otherwise all SMTP conversations that the other options leave. All files are legible to you
    only.

    Exit codes: 0, 2 wrong usage or a file is there already, 3 nothing could be written, or
    CAPTURE is cut short (what was read is written).
    """
    outputs = _Outputs.of(*(options.pop(name) for name in ("output", "script", "profile")))
    choice = {name: options.pop(name) for name in ("client", "server", "flow")}
    redactor = cli.redactor(context, options)
    settings = cli.settings(context.obj, redactor=redactor, **options)
    wanted = Choice.of(settings, **choice)
    cli.collect_seldom()
    cli.take_any_text()
    tshark = find_tshark()
    chosen = choose(tshark, capture, settings, wanted, twice=outputs.packets is not None)
    if outputs.packets:
        _packets(tshark, chosen, outputs.packets)
    if outputs.script:
        _script(chosen, outputs.script)
    if outputs.profile:
        _profile(chosen, outputs.profile)
    context.exit(ended(chosen))


def _packets(tshark: Tshark, chosen: Chosen, path: Path) -> None:
    """Write the packets with their comments."""
    said = Comments(capture=_made(chosen), frames=comments.by_frame(chosen.details))
    written = asyncio.run(cut(tshark, chosen.file, chosen.wanted(), path, said, chosen.rewrite))
    click.echo(
        f"{counted(written.packets, 'packet')} of {counted(len(chosen.details), 'conversation')}, "
        f"{written.commented:,} with comments, in {visible(str(path))}"
    )


def _script(chosen: Chosen, path: Path) -> None:
    """Write the post-dissector."""
    made = lua.script(chosen.details, chosen.frames.mark, chosen.name, version("seamark"))
    newfile.write_text(path, made)
    findings = [finding for detail in chosen.details for finding in detail.findings]
    frames = {frame for finding in findings for frame in finding.frames}
    click.echo(
        f"{counted(len(findings), 'finding')} on {counted(len(frames), 'frame')} "
        f"in {visible(str(path))}"
    )


def _profile(chosen: Chosen, folder: Path) -> None:
    """Write the files of a profile."""
    rules = {finding.rule for detail in chosen.details for finding in detail.findings}
    newfile.folder(folder)
    for name, text in profile.files(rules).items():
        newfile.write_text(folder / name, [text])
    click.echo(f"a profile for Wireshark in {visible(str(folder))}")


def _made(chosen: Chosen) -> str:
    """What made the file, and of what."""
    flows = ", ".join(str(flow.flow) for flow in chosen.flows[:20])
    more = ", ..." if len(chosen.flows) > 20 else ""  # noqa: PLR2004 - as above
    return (
        f"Made by seamark {version('seamark')} export from {visible(chosen.name)}: "
        f"flows {flows}{more}. {_REDACTED if chosen.redactor else ''}"
        "Comments that begin with Seamark: are findings; they name the frames by "
        "their numbers in that capture."
    )
