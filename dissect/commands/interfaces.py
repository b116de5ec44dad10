"""What ``seamark live --list-interfaces`` prints: where packets pass, here or behind ssh."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from dissect import cli
from dissect.errors import SeamarkError, UsageError
from dissect.escape import visible
from dissect.source.interface import Counters, Interface
from dissect.source.interfaces import Listing, interfaces
from dissect.source.tap import Host, Tap, host

HERE: Final = "this machine"
WIDTH: Final = 80
"""Columns."""

LISTED: Final = "seamark.interfaces"
"""Where a context notes that interfaces are to be listed."""

NAME: Final = 16
UNITS: Final = ("", "k", "M", "G", "T", "P")
THOUSAND: Final = 1000

HEAD: Final = (
    f"  {'':{NAME}} {'':10} {'packets/s':>15}   {'bytes/s':>15}\n"
    f"  {'interface':{NAME}} {'state':10} {'in':>7} {'out':>7}   {'in':>7} {'out':>7}\n"
)


def _note(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - as click calls it
    context.meta[LISTED] = value


option: Final = click.option(
    "-D", "--list-interfaces", is_flag=True, expose_value=False, callback=_note,
    help="List the interfaces here, or of each --ssh, with state, addresses and what passes "
         "them in a second, and end.",
)  # fmt: skip
"""Is no setting: who set it would never see anything else."""


def listed(context: click.Context, streams: Sequence[str], options: Mapping[str, Any]) -> int:
    """Print the interfaces of each place; the exit code.

    Args:
        context: of the command that has ``option``.
        streams: captures that were named, which is a mistake.
        options: of that command.

    Raises:
        UsageError: for what cannot be meant together with it.
    """
    source = context.get_parameter_source("interfaces")
    if streams or source is click.core.ParameterSource.COMMANDLINE:
        raise UsageError("-D lists all interfaces.", "Leave out -i and captures.")
    places: list[Host | None] = [host(word) for word in options["hosts"]]
    form, batch = FORMATS[options["format"]], options["batch"]
    cli.take_any_text()
    codes = [0]
    for place in dict.fromkeys(places or [None]):
        tap = Tap(interface="any", host=place, batch=batch)
        try:
            sys.stdout.writelines(form(str(place or HERE), interfaces(tap)))
        except SeamarkError as error:  # of one host; the others are asked all the same
            click.echo(f"seamark: {error}", err=True)
            codes.append(error.exit_code)
        sys.stdout.flush()
    return max(codes)


def _text(where: str, found: Listing) -> Iterator[str]:
    """A table."""
    yield f"{visible(where)}, measured over {found.seconds:.2f} seconds\n\n{HEAD}"
    for each in found.interfaces:
        yield f"  {visible(each.name):{NAME}} {each.state.value:10} {_rates(each.rate)}\n"
        yield from _addresses(each)
    there = "" if where == HERE else f"--ssh {visible(where)} "
    every = "; -i any takes all of them" if found.has_any else ""
    yield f"\nTo watch one: seamark live {there}-i NAME{every}\n\n"


def _addresses(each: Interface) -> list[str]:
    """Beneath their interface: those of IPv6 are long, and there may be many."""
    words = "addresses unknown: neither ip nor ifconfig is there"
    if each.addresses is not None:
        words = ", ".join(map(visible, each.addresses))
    indent = " " * (NAME + 3)
    lines = textwrap.wrap(words, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return [f"{line}\n" for line in lines]


def _rates(rate: Counters | None) -> str:
    if rate is None:
        return f"{'?':>7} {'?':>7}   {'?':>7} {'?':>7}"
    cells = (rate.packets_in, rate.packets_out, rate.bytes_in, rate.bytes_out)
    return "{:>7} {:>7}   {:>7} {:>7}".format(*map(short, cells))


def short(number: float) -> str:
    """A number in at most five places: ``12``, ``1.5k``, ``340M``."""
    for unit in UNITS:
        digits = 1 if unit and number < 99.95 else 0  # noqa: PLR2004 - 99.95 would be 100.0
        if round(number, digits) < THOUSAND:
            return f"{number:.{digits}f}{unit}"
        number /= THOUSAND
    return f"{number:.0f}E"


def _jsonl(where: str, found: Listing) -> Iterator[str]:
    """A line for each."""
    for each in found.interfaces:
        value = {
            "type": "interface", "where": where, "name": each.name, "state": each.state.value,
            "addresses": None if each.addresses is None else list(each.addresses),
            "packets_per_second": _both(each.rate, "packets"),
            "bytes_per_second": _both(each.rate, "bytes"),
            "seconds": round(found.seconds, 2),
        }  # fmt: skip
        yield json.dumps(value, separators=(",", ":")) + "\n"


def _both(rate: Counters | None, what: str) -> dict[str, float] | None:
    if rate is None:
        return None
    return {way: round(getattr(rate, f"{what}_{way}"), 1) for way in ("in", "out")}


FORMATS: Final = {"text": _text, "jsonl": _jsonl}
"""By what ``--format`` takes."""
