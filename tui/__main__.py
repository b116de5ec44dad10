"""The command ``seamark``: puts the rooms together and runs what the user asked for."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import click

from dissect import cli, rulebook, worker
from dissect.again import Again
from dissect.detect.policy import DEFAULT, known
from dissect.errors import ToolError
from dissect.pipeline import Settings
from dissect.source import filters, find_tshark, open_capture
from tui import terminal
from tui.config_command import config_
from tui.live_command import live
from tui.settings import NAMES as SCREEN_NAMES
from tui.settings import RATES, screen_options

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
    seamark CAPTURE...          walk the conversations on the screen
    seamark scan CAPTURE...     print what was found
    seamark live -i eth0        watch mail as it passes, here or over ssh
    seamark demo                the bundled case
    seamark rules [NAME]        what is looked for, or one rule explained
    seamark config show         what is set, and where
    seamark open --help         the options of the screen

    Where standard output is no terminal, seamark CAPTURE prints what scan prints.
    """  # noqa: D301 - the backspace is click's mark for lines that stay as they are


@seamark.command("open", hidden=True, context_settings={"auto_envvar_prefix": "SEAMARK_TUI"})
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@screen_options
@cli.reading_options
@click.pass_context
def open_(context: click.Context, /, captures: tuple[str, ...], **options: Any) -> None:
    """Walk the conversations of some captures on the screen.

    This is what seamark CAPTURE does; where standard output is no terminal, the options that only
    the screen has are left out, and the rest goes to scan.
    """
    own = {name: options.pop(name) for name in SCREEN_NAMES}
    context.exit(_screen(context, captures, cli.settings(context.obj, **options), own))


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
seamark.add_command(config_)
seamark.add_command(live)


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


def _screen(
    context: click.Context, captures: tuple[str, ...], settings: Settings, said: dict[str, Any]
) -> int:
    """Run the terminal interface; what is wrong is told of before it takes the screen."""
    tshark = find_tshark()
    files = [open_capture(name) for name in captures]
    filters.check(tshark, settings.display_filter)
    terminal.prepare(slow=RATES[said["rate"]], colour=not said["no_color"])
    from tui import chosen  # noqa: PLC0415 - Textual reads its switches at import
    from tui.app import SeamarkApp, run_app  # noqa: PLC0415
    from tui.feed import ProcessFeed  # noqa: PLC0415
    from tui.notes import Notes  # noqa: PLC0415
    from tui.state import State  # noqa: PLC0415

    state = State.load()
    screen = chosen.screen(context, said, state)
    stdin = _terminal_for_keys() if "-" in captures else None
    title = ", ".join(captures)
    command = [sys.executable, *worker.arguments(captures, settings)]
    feed = ProcessFeed(command, capture=title, stdin=stdin)
    again = Again(tshark, files, settings.display_filter)
    notes = Notes([name for name in captures if name != "-"])
    app = SeamarkApp(feed, title=title, screen=screen, wireshark=again, notes=notes, state=state)
    return run_app(app, mouse=screen.mouse)


def _terminal_for_keys() -> int:
    """Give the capture on standard input a descriptor of its own, and the keys /dev/tty.

    Raises:
        ToolError: if there is no terminal to take keys from.
    """
    capture = os.dup(0)
    try:
        keys = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise ToolError(
            "There is no terminal to take keys from.", "Use seamark scan -, which needs none."
        ) from error
    os.dup2(keys, 0)
    os.close(keys)
    return capture


def main() -> int:
    """The entry point."""
    return cli.run(seamark)


if __name__ == "__main__":
    sys.exit(main())
