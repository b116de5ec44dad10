"""The command ``seamark``: puts the rooms together and runs what the user asked for."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import click

from dissect import cli, rulebook
from dissect.commands.doctor import doctor
from dissect.commands.export import export
from dissect.commands.log import log
from dissect.commands.report import report
from dissect.detect.policy import DEFAULT, known
from dissect.errors import ToolError, UsageError
from tui.compare_command import compare
from tui.config_command import config_
from tui.live_command import live
from tui.opening import read_on_screen, read_redacted
from tui.settings import NAMES as SCREEN_NAMES
from tui.settings import screen_options
from tui.split_command import split_

BUNDLED: Final = "founding-behind.pcap"
"""The case that ``seamark demo`` opens."""

PLACES: Final = (Path(__file__).parent / "captures", Path(__file__).parent.parent / "captures")
"""Where it is: in an installed package, or in a checkout."""

WIDTH: Final = 80
"""Columns where standard output is no terminal."""


@click.group(cls=cli.Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="seamark", message="%(prog)s %(version)s")
def seamark() -> None:
    """Seamark shows where a firewall or another middlebox has damaged an SMTP conversation.

    \b
    seamark                     the screen, which asks what to capture
    seamark CAPTURE...          walk the conversations on the screen
    seamark scan CAPTURE...     print what was found
    seamark live -i eth0        watch mail as it passes, here or over ssh
    seamark export CAPTURE ...  conversations and findings for Wireshark and tshark
    seamark report CAPTURE -o F what is wrong, for those who run the firewall
    seamark split CAPTURE ...   one file for each connection, and what was found in it
    seamark compare IN OUT      what a firewall between two captures does to mail
    seamark log LOG...          whom the mail log makes suspect
    seamark demo                the bundled case
    seamark rules [NAME]        what is looked for, or one rule explained
    seamark doctor              what is missing here or on a host, and what mends it
    seamark config show         what is set, and where
    seamark open --help         the options of the screen

    Where standard output is no terminal, seamark CAPTURE prints what scan prints.
    """  # noqa: D301 - the backspace is click's mark for lines that stay as they are


@seamark.command("open", hidden=True, context_settings={"auto_envvar_prefix": "SEAMARK_TUI"})
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@screen_options
@cli.log_options
@cli.redacting_options
@cli.reading_options
@click.pass_context
def open_(context: click.Context, /, captures: tuple[str, ...], **options: Any) -> None:
    """Walk the conversations of some captures on the screen.

    This is what seamark CAPTURE does; where standard output is no terminal, the options that only
    the screen has are left out, and the rest goes to scan.
    """
    own = {name: options.pop(name) for name in SCREEN_NAMES}
    logs, timezone = options.pop("logs"), options.pop("timezone")
    cli.refuse_twice(captures, logs)
    redactor = cli.redactor(context, options)
    settings = cli.settings(context.obj, redactor=redactor, **options)
    if redactor is None:
        context.exit(read_on_screen(context, captures, settings, own, logs, timezone))
    if logs:
        raise UsageError(
            "The screen does not show mail logs with --redact.",
            "seamark scan --redact --log prints both.",
        )
    context.exit(read_redacted(context, captures, settings, own))


@seamark.command()
@click.pass_context
def demo(context: click.Context) -> None:
    """Open the bundled case: a PIX that masks verbs cut by a packet boundary."""
    name = "open" if sys.stdout.isatty() else "scan"
    command = seamark.commands[name]
    inner = command.make_context(name, [_bundled()], parent=context.find_root())
    with inner:
        command.invoke(inner)


seamark.add_command(cli.scan)
seamark.add_command(compare)
seamark.add_command(config_)
seamark.add_command(export)
seamark.add_command(live)
seamark.add_command(doctor)
seamark.add_command(log)
seamark.add_command(report)
seamark.add_command(split_)


@seamark.command()
@click.argument("name", required=False)
@click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="Text for people; for programs one JSON object a line.",
)  # fmt: skip
@click.pass_context
def rules(context: click.Context, /, name: str | None, **options: Any) -> None:
    """List what Seamark looks for, or explain one rule.

    NAME is a rule as it is called in a report. Without it all rules are listed, each with its
    group and its severity; the configuration file can change the severity, and mute a rule.

    Exit codes: 0, or 2 for a name that no rule has.
    """
    wanted = known((name,)) if name is not None else None
    pages = rulebook.pages(context.obj or DEFAULT)
    chosen = [page for page in pages if wanted is None or page.name in wanted]
    cli.take_any_text()
    if options["format"] == "json":
        lines = [json.dumps(rulebook.rule_object(page), separators=(",", ":")) for page in chosen]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    else:
        sys.stdout.write(_explained(chosen, one=wanted is not None))
    sys.stdout.flush()


def _explained(pages: list[rulebook.Page], *, one: bool) -> str:
    """One rule, or the list of rules, as wide as the terminal."""
    from tui.rulebook import listing, page  # noqa: PLC0415 - other commands start without rich

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    how: dict[str, Any] = {"width": width, "colour": cli.colour()}
    return page(pages[0], **how) if one else listing(pages, **how)


def _bundled() -> str:
    """Where the bundled case is.

    Raises:
        ToolError: if it is not there.
    """
    for place in PLACES:
        if (place / BUNDLED).is_file():
            return str(place / BUNDLED)
    raise ToolError("The bundled case is missing from this installation.", "Install it again.")


def main() -> int:
    """The entry point."""
    return cli.run(seamark)


if __name__ == "__main__":
    sys.exit(main())
