"""``seamark doctor``: what is missing, here or on a remote host, and what mends it."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import click

from dissect import cli
from dissect.commands.size import Size
from dissect.doctor import Check, Status, desk, keeping, site
from dissect.escape import visible
from dissect.source import bpf
from dissect.source.folder import SIZE
from dissect.source.tap import MAIL, Tap, host, interface

HERE: Final = "this machine"

WIDTH: Final = 80
"""Columns."""


@click.command()
@click.option(
    "--ssh", metavar="[USER@]HOST[:PORT]", help="Look at this host too, where packets come from."
)
@click.option(
    "-i", "--interface", default="any", show_default=True, metavar="IFACE",
    help="Where a capture is tried.",
)  # fmt: skip
@click.option(
    "-f", "--bpf", default=MAIL, metavar="BPF",
    help="The capture filter that is tried; without it that of live.",
)  # fmt: skip
@click.option(
    "--privilege",
    type=click.Choice(["none", "sudo", "sudo-ask", "doas"]),
    default="none",
    show_default=True,
    help="How the capturing program gets its rights.",
)
@click.option(
    "--program", type=click.Choice(["any", "tcpdump", "dumpcap"]), default="any",
    show_default=True, help="What captures; any is tcpdump where it is there.",
)  # fmt: skip
@click.option(
    "--keep-dir", metavar="DIR", default="", help="Look at this folder for evidence, too.",
)  # fmt: skip
@click.option(
    "--keep-size", type=Size(), default=SIZE, show_default="1G",
    help="What the files in --keep-dir may take together.",
)  # fmt: skip
@click.option("--batch", is_flag=True, help="Fail at once where ssh would ask something.")
@click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="Text for people; for programs one JSON object a line.",
)  # fmt: skip
@click.pass_context
def doctor(context: click.Context, /, **options: Any) -> None:
    """Look for what a live capture lacks, and print what mends it.

    A capture is begun and ended at once, so that the right to capture is known and not guessed;
    with --ssh there, otherwise here. Nothing is changed.

    Exit codes: 0, also with warnings; 2 wrong usage; 3 where something is missing.
    """
    there = host(options["ssh"]) if options["ssh"] else None
    tap = Tap(
        interface=interface(options["interface"]),
        bpf=bpf.plain(options["bpf"]),
        host=there,
        privilege=options["privilege"],
        program="" if options["program"] == "any" else options["program"],
        batch=options["batch"],
    )
    cli.take_any_text()
    write = _json if options["format"] == "json" else _Text()
    count: Counter[Status] = Counter()
    for where, check in _all(tap, options["keep_dir"], options["keep_size"]):
        count[check.status] += 1
        _print(write(where, check))
    if options["format"] == "text":
        _print(f"\nwarnings: {count[Status.WARNING]}, missing: {count[Status.MISSING]}\n")
    context.exit(3 if count[Status.MISSING] else 0)


def _all(tap: Tap, folder: str, size: int) -> Iterator[tuple[str, Check]]:
    """Each check with its place, as soon as it is made."""
    for check in desk(os.environ):
        yield HERE, check
    for check in keeping(folder, size) if folder else ():
        yield HERE, check
    place = str(tap.host) if tap.host else HERE
    for check in site(tap, _password(tap)):
        yield place, check


def _password(tap: Tap) -> bytes:
    """sudo's, asked for on the terminal and kept nowhere."""
    if tap.privilege != "sudo-ask":
        return b""
    asked: str = click.prompt(f"sudo password for {tap}", hide_input=True, err=True)
    return asked.encode()


class _Text:
    """A line each under its place, and what mends it beneath."""

    def __init__(self) -> None:
        self._place = ""

    def __call__(self, where: str, check: Check) -> str:
        head = "" if where == self._place else f"{visible(where)}\n"
        gap = "\n" if head and self._place else ""
        self._place = where
        first = f"  {check.status.value:8} {check.name:15} "
        lines = textwrap.wrap(
            visible(check.what), WIDTH, break_long_words=False, break_on_hyphens=False,
            initial_indent=first, subsequent_indent=" " * len(first),
        )  # fmt: skip
        # Never wrapped: it is there to be copied.
        lines += [f"{' ' * 11}{visible(line.strip())}" for line in check.remedy.splitlines()]
        return gap + head + "".join(f"{line}\n" for line in lines)


def _json(where: str, check: Check) -> str:
    value = {
        "type": "check", "where": where, "name": check.name, "status": check.status.value,
        "what": check.what, "remedy": check.remedy,
    }  # fmt: skip
    return json.dumps(value, separators=(",", ":")) + "\n"


def _print(words: str) -> None:
    """At once: the next check may take its time."""
    sys.stdout.write(words)
    sys.stdout.flush()
