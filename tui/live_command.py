"""``seamark live``: watches mail as it passes an interface, here or on a host behind ssh."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from dissect import cli
from dissect.commands import interfaces
from dissect.detect.finding import Severity
from dissect.errors import UsageError
from dissect.live import KEEP, REPORTS, Attached, Watch
from dissect.live.hidden import named
from dissect.live.triggers import Bell
from dissect.source import asked, bpf, find_tshark, keylog
from dissect.source.tap import MAIL, Line, Tap, connect, following, host, interface, lasting
from tui.live_options import beside_options
from tui.opening import terminal_for_keys, watch_on_screen
from tui.settings import NAMES as SCREEN_NAMES
from tui.settings import as_words_alone, screen_options
from tui.starting import form_of
from tui.watching import ANY, place, watching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dissect.source.tap import Host

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ASKS: Final = "sudo-ask"


if TYPE_CHECKING:
    _Seconds = click.ParamType[float]
else:
    _Seconds = click.ParamType  # older ones take no parameter


class _Duration(_Seconds):
    """Seconds, or a number with a unit."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """``90``, ``90s``, ``15m``, ``2h``, ``7d``."""
        if isinstance(value, float):
            return value
        found = _DURATION.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no time; write 90s, 15m, 2h or 7d", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


@as_words_alone
@click.command()
@click.argument("streams", nargs=-1, metavar="[- | FILE...]")
@click.option(
    "-i",
    "--interface",
    "interfaces",
    multiple=True,
    metavar="IFACE",
    help="Where to capture: eth0, lo, any (repeatable).",
)
@interfaces.option
@click.option(
    "--ssh",
    "hosts",
    multiple=True,
    metavar="[USER@]HOST[:PORT]",
    help="Capture there; the first host belongs to the first -i, and so on; one host to all.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Read FILE while it grows, and the next of the ring that tcpdump -C or dumpcap -b writes.",
)
@click.option(
    "-f",
    "--bpf",
    default=MAIL,
    metavar="BPF",
    help="What to capture, in tcpdump's language; without it mail, and what tells of its path.",
)
@click.option(
    "--privilege",
    type=click.Choice(["none", "sudo", "sudo-ask", "doas"]),
    default="none",
    show_default=True,
    help="How the capturing program gets its rights.",
)
@click.option(
    "--program",
    type=click.Choice([ANY, "tcpdump", "dumpcap"]),
    default=ANY,
    show_default=True,
    help="What captures; any is tcpdump where it is there.",
)
@click.option(
    "--no-tui", is_flag=True, help="Print lines on a terminal, too, instead of opening the screen."
)
@click.option(
    "--keep-flows",
    type=click.IntRange(min=1),
    default=KEEP,
    show_default=True,
    metavar="N",
    help="Ended flows that the screen keeps; the oldest clean ones go first.",
)
@click.option(
    "--no-reconnect",
    is_flag=True,
    help="Let a source be gone when it ends by itself, instead of connecting it again.",
)
@click.option("--batch", is_flag=True, help="Fail at once where ssh would ask something.")
@click.option(
    "--format",
    type=click.Choice(list(REPORTS)),
    default="text",
    show_default=True,
    help="Lines for people and journals; JSON Lines for programs.",
)
@click.option(
    "--fail-on",
    type=click.Choice(cli.SEVERITIES),
    default="medium",
    show_default=True,
    help="Exit with 1 for findings at or above it.",
)
@click.option(
    "--duration", type=_Duration(), default=0.0, help="End after 90s, 15m, 2h, 7d; 0 for never."
)
@click.option(
    "--count",
    type=click.IntRange(min=0),
    default=0,
    metavar="PACKETS",
    help="End after so many packets; 0 for any number.",
)
@click.option(
    "--stop-on", multiple=True, metavar="RULE", help="End when this rule fires (repeatable)."
)
@beside_options
@screen_options
@cli.redacting_options
@cli.reading_options
@click.pass_context
def live(context: click.Context, /, streams: tuple[str, ...], **options: Any) -> None:
    """Watch mail as it passes: on the screen, or printed as it is found.

    On a terminal, and without --format and --no-tui, the screen opens. With - a capture is read
    from standard input as it comes:

        ssh mx tcpdump -U -w - port 25 | seamark live -

    Without -i and without a capture the screen asks where to capture; there, B begins a capture
    beside what is shown, and E ends all that are captured.

    With --follow captures are read while another program writes them, from their beginning. FILE
    may be the first file of a ring, or what the names of its files begin with, or their directory;
    then the oldest file comes first.

    A remote host needs sshd, and tcpdump or dumpcap. The connection of ssh itself is left out.
    A source that ends by itself is connected again, without asking anything, for as long as it
    takes; what it missed is marked in the conversations that it cut. One that took a password for
    sudo is not.

    Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, 3 a source could not
    be opened or listed, or has ended by itself.
    """
    if context.meta[interfaces.LISTED]:
        context.exit(interfaces.listed(context, streams, options))
    for name in SCREEN_NAMES:  # the screen asks the context for them
        options.pop(name)
    on_screen = _on_screen(context, no_tui=options.pop("no_tui"))
    asks = on_screen and not streams and not options["interfaces"] and not options["follow"]
    if not asks:
        _refuse_filter_of_nothing(context, options["interfaces"])
    where = place(options)
    taps, files = _taps(streams, options, asks=asks)
    report, fail_on = REPORTS[options.pop("format")], options.pop("fail_on")
    redactor = cli.redactor(context, options)
    wanted = replace(watching(context, options, fail_on, redactor), **where)
    tshark = find_tshark()
    asked.check(tshark, wanted.settings.display_filter, wanted.settings.keylog)
    keylog.legible(wanted.settings.keylog)
    if any(tap.host is None for tap in taps):
        bpf.check(taps[0].bpf)
    cli.take_any_text()
    if asks:
        context.exit(watch_on_screen(context, tshark, [], wanted))
    with ExitStack() as opened:
        lines = _connected(taps, files, opened, on_screen=on_screen, again=wanted.again)
        lines = named(lines, redactor) if redactor else lines
        if on_screen:
            opened.pop_all()  # the screen's feed closes them
            wanted = replace(wanted, form=form_of(taps, wanted.form))
            context.exit(watch_on_screen(context, tshark, lines, wanted))
        bell = Bell(_ring) if wanted.bell is not None else None
        attached = Attached(wanted.beside, report(_write), bell=bell, redactor=redactor)
        watch = Watch(
            tshark, wanted.settings, attached.listener, wanted.limits, memory=attached.memory
        )
        asyncio.run(_run(attached, watch, lines))
        opened.pop_all()  # the watch has closed them
    found = watch.worst is not None and watch.worst >= Severity.parse(fail_on)
    context.exit(3 if watch.has_failed else int(found))


def _refuse_filter_of_nothing(context: click.Context, interfaces: Sequence[str]) -> None:
    """Refuse a capture filter where nothing is captured: it would change nothing.

    Raises:
        UsageError: for -f without -i.
    """
    if not interfaces and context.get_parameter_source("bpf") is ParameterSource.COMMANDLINE:
        raise UsageError(
            "-f says what to capture, and this is captured already.",
            "What of it to read: -Y; what to list on the screen: --filter.",
        )


def _on_screen(context: click.Context, *, no_tui: bool) -> bool:
    """Whether to open the screen: where there is one, and nobody wants lines."""
    said = context.get_parameter_source("format") is not ParameterSource.DEFAULT
    return sys.stdout.isatty() and not no_tui and not said


def _write(words: str) -> None:
    """A whole line, at once: who reads it may wait for it."""
    sys.stdout.write(words)
    sys.stdout.flush()


def _ring() -> None:
    """Ring the terminal's bell, if there is a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write("\a")
        sys.stderr.flush()


def _taps(
    streams: tuple[str, ...], options: dict[str, Any], *, asks: bool
) -> tuple[list[Tap], tuple[str, ...]]:
    """What the options say of where to capture, and what to follow; nothing for standard input.

    Args:
        streams: captures that were named.
        options: what was said; these are taken out.
        asks: whether the screen asks where to capture.

    Raises:
        UsageError: if they contradict each other.
    """
    follow = options.pop("follow")
    names, hosts = options.pop("interfaces"), [host(word) for word in options.pop("hosts")]
    how = {name: options.pop(name) for name in ("privilege", "program", "batch")}
    how["bpf"] = bpf.plain(options.pop("bpf"))
    how["program"] = "" if how["program"] == ANY else how["program"]
    if streams != ("-",) and streams and not follow:
        raise UsageError(
            "Only - can stand here, for standard input.",
            "A file: seamark FILE; one that grows: seamark FILE --follow",
        )
    if follow and (not streams or "-" in streams):
        raise UsageError("Say what to follow: seamark live --follow FILE")
    if asks:
        return [], ()
    if bool(names) == bool(streams) and not (names and follow):
        raise UsageError("Say where to capture: -i eth0, or - for standard input.")
    places = [Tap(interface=interface(name), **how) for name in names]
    taps = [
        Tap(interface=place.interface, host=there, **how)
        for place, there in zip(places, _hosts(hosts, len(places)), strict=True)
    ]
    if len({str(tap) for tap in taps}) < len(taps):
        raise UsageError("The same interface is named twice.", "Once is enough.")
    return taps, streams if follow else ()


def _hosts(hosts: list[Host], places: int) -> Sequence[Host | None]:
    """A host for each interface."""
    if not hosts:
        return [None] * places
    if len(hosts) == 1:
        return hosts * places
    if len(hosts) != places:
        raise UsageError(
            f"There are {len(hosts)} hosts for {places} interfaces.",
            "Give each --ssh an -i of its own.",
        )
    return hosts


def _connected(
    taps: Sequence[Tap], files: Sequence[str], opened: ExitStack, *, on_screen: bool, again: bool
) -> list[Line]:
    """The lines, each open; all are closed again if one cannot be."""
    if not taps and not files:
        return [Line("-", terminal_for_keys() if on_screen else os.dup(0))]
    lines = [following(name) for name in files]
    for tap in taps:
        line = connect(tap, _password(tap))
        opened.callback(line.close)
        lines.append(lasting(line, tap) if again else line)
    return lines


def _password(tap: Tap) -> bytes:
    """sudo's, asked for on the terminal and kept nowhere."""
    if tap.privilege != _ASKS:
        return b""
    asked: str = click.prompt(f"sudo password for {tap}", hide_input=True, err=True)
    return asked.encode()


async def _run(attached: Attached, watch: Watch, lines: Sequence[Line]) -> None:
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, watch.end)
    await attached.run(watch, lines)
