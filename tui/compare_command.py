"""``seamark compare``: on the screen where there is a terminal, and printed where there is none."""

from __future__ import annotations

import sys
from typing import Any

import click
from click.core import ParameterSource

from dissect import cli
from dissect.commands.compare import compare as printed
from tui.opening import compare_on_screen
from tui.settings import LOOKS, as_words_alone, look_options


@as_words_alone
@click.command("compare", help=printed.help)
@look_options
@click.option(
    "--no-tui", is_flag=True, help="Print on a terminal, too, instead of opening the screen."
)
@click.pass_context
def compare(context: click.Context, /, inside: str, outside: str, **options: Any) -> None:
    """Take the screen, or print."""
    words_alone = options.pop("no_tui") or "-" in (inside, outside) or _asked(context)
    for name in LOOKS:
        options.pop(name)
    cli.redactor(context, dict(options))  # what is wrong with the key is told before the screen
    if words_alone or not sys.stdout.isatty():
        context.invoke(printed, inside=inside, outside=outside, **options)
        return
    context.exit(compare_on_screen(context, inside, outside, options["port"], _redacted(options)))


def _redacted(options: dict[str, Any]) -> list[str]:
    """The words that ask the worker for redaction."""
    key = options["redact_key"]
    words = ["--redact"] if options["redact"] else []
    return [*words, f"--redact-key={key}"] if words and key else words


def _asked(context: click.Context) -> bool:
    """Whether a format was named: that is for printing."""
    source = context.get_parameter_source("format")
    return source is not None and source is not ParameterSource.DEFAULT


compare.params[:0] = printed.params
