"""Opens the screen: on captures, or on live sources; what is wrong is told before it is taken."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from click.core import ParameterSource

from dissect import worker
from dissect.again import Again, KeptAgain
from dissect.both import worker as comparing
from dissect.commands.redacting import copies
from dissect.errors import ToolError
from dissect.maillog import open_log
from dissect.maillog.zone import zone
from dissect.source import asked, find_tshark, open_capture
from tui import terminal
from tui.settings import NAMES, RATES
from tui.watching import as_set

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import click

    from dissect.pipeline import Settings
    from dissect.source import Tshark
    from dissect.source.tap import Line
    from tui.feeds import Feeds
    from tui.watching import Watching
    from tui.wireshark import Wireshark


def read_on_screen(
    context: click.Context,
    captures: tuple[str, ...],
    settings: Settings,
    said: dict[str, Any],
    logs: tuple[str, ...] = (),
    timezone: str = "",
) -> int:
    """Walk the conversations of captures; the exit code.

    Args:
        context: that of the command.
        captures: their names.
        settings: how they are read.
        said: what was said of the screen.
        logs: mail logs whose lines are shown in their flows.
        timezone: of stamps in them that have none.

    Raises:
        SeamarkError: for what is wrong with the captures, the logs or the settings.
    """
    tshark = find_tshark()
    files = [open_capture(name) for name in captures]
    zone(timezone)
    for name in logs:
        if name != "-":
            open_log(name).close()
    asked.check(tshark, settings.display_filter, settings.keylog)
    stdin = terminal_for_keys() if "-" in (*captures, *logs) else None
    again = Again(tshark, files, settings)
    words = worker.arguments(captures, settings, logs, timezone)
    title = ", ".join(captures)
    begin = _files_first(again, captures, words, title, settings, stdin)
    kept = [name for name in captures if name != "-"]
    return _run(context, said, title, begin, lambda: as_set(context, settings), kept)


def _files_first(
    again: Again,
    captures: tuple[str, ...],
    words: Sequence[str],
    title: str,
    settings: Settings,
    stdin: int | None = None,
) -> Callable[[Feeds], Wireshark]:
    """What lets a worker with these words read captures, beside which live ones may be begun."""

    def begin(feeds: Feeds) -> Wireshark:
        from tui.feed import ProcessFeed  # noqa: PLC0415 - Textual reads its switches at import
        from tui.routed import Routed  # noqa: PLC0415

        feeds.add(ProcessFeed([sys.executable, *words], capture=title, stdin=stdin))
        return Routed(again, captures, KeptAgain(find_tshark(), feeds.kept, settings))

    return begin


def read_redacted(
    context: click.Context, captures: tuple[str, ...], settings: Settings, said: dict[str, Any]
) -> int:
    """The same with names and addresses replaced: the screen sees nothing but redacted copies.

    They are removed at its end; notes are kept nowhere.  A live capture that is begun beside them
    is redacted as well.

    Raises:
        SeamarkError: for what is wrong with the captures or the settings.
    """
    tshark = find_tshark()
    with TemporaryDirectory(prefix="seamark-redacted-") as folder:
        names = copies(tshark, captures, settings, Path(folder))
        again = Again(tshark, [open_capture(name) for name in names])
        title = ", ".join(Path(name).name for name in captures) + worker.REDACTED
        words = worker.arguments(names, replace(settings, redactor=None), title=title)
        begin = _files_first(again, names, words, title, settings)
        return _run(context, said, title, begin, lambda: as_set(context, settings), [])


def watch_on_screen(
    context: click.Context, tshark: Tshark, lines: Sequence[Line], wanted: Watching
) -> int:
    """Watch live sources that are open, or ask where to capture; the exit code.

    The settings of the screen are those of ``seamark CAPTURE``, the configuration file's and the
    environment's, unless the command was given others.

    Args:
        context: that of the command.
        tshark: for what the screen asks.
        lines: the sources; closed here.
        wanted: how they are watched.

    Raises:
        SeamarkError: for what is wrong with the settings.
    """
    inner = _settings_of_screen(context)
    inner.params["logs"] = context.params["logs"]
    title = worker.title(lines, wanted.settings) if lines else ""
    said = {name: inner.params[name] for name in NAMES}

    def live_first(feeds: Feeds) -> Wireshark:
        from tui.feed import ProcessFeed  # noqa: PLC0415 - Textual reads its switches at import

        if lines:
            command = wanted.command(lines)
            feed = ProcessFeed(command, capture=title, lines=lines, live=True)
            feeds.add(feed, live=True, bell=wanted.bell)
        return KeptAgain(tshark, feeds.kept, wanted.settings)

    return _run(inner, said, title, live_first, lambda: wanted, [])


def compare_on_screen(
    context: click.Context, inside: str, outside: str, ports: list[int], redacted: list[str]
) -> int:
    """Compare two captures on the screen; the exit code.

    The settings of the screen are those of ``seamark CAPTURE``, unless the command was given
    others.

    Args:
        context: that of the command.
        inside: the name of a capture.
        outside: that of the other one.
        ports: TCP ports that speak SMTP, beside the usual ones.
        redacted: options of ``cli.redacting_options`` that were given.

    Raises:
        SeamarkError: for what is wrong with the captures or the settings.
    """
    find_tshark()
    for name in (inside, outside):
        open_capture(name)
    inner = _settings_of_screen(context)
    said = {name: inner.params[name] for name in NAMES}
    _prepare(said)
    from tui import chosen  # noqa: PLC0415 - Textual reads its switches at import
    from tui.app import SeamarkApp, run_app  # noqa: PLC0415
    from tui.both import BothFeed  # noqa: PLC0415
    from tui.state import State  # noqa: PLC0415

    state = State.load()
    screen = chosen.screen(inner, said, state)
    title = " | ".join(Path(name).name if redacted else name for name in (inside, outside))
    words = comparing.arguments(inside, outside, ports, redacted)
    both = BothFeed([sys.executable, *words], capture=title)
    app = SeamarkApp(both, title=title, screen=screen, state=state, both=both)
    return run_app(app, mouse=screen.mouse)


def _prepare(said: dict[str, Any]) -> None:
    """Set what has to be set before Textual is imported."""
    terminal.prepare(slow=RATES[said["rate"]], colour=not said["no_color"])


def _settings_of_screen(context: click.Context) -> click.Context:
    """A context of the command that opens captures, with what another was told of the screen."""
    root = context.find_root()
    command: Any = root.command
    opened: click.Context = command.commands["open"].make_context("open", ["-"], parent=root)
    for name in NAMES:
        source = context.get_parameter_source(name)
        if source is not None and source is not ParameterSource.DEFAULT:
            opened.params[name] = context.params[name]
            opened.set_parameter_source(name, source)
    return opened


def _run(
    context: click.Context,
    said: dict[str, Any],
    title: str,
    begin: Callable[[Feeds], Wireshark],
    wanted: Callable[[], Watching],
    captures: Sequence[str],
) -> int:
    """Run the app.

    Args:
        context: that of the command.
        said: what was said of the screen.
        title: the names of what is shown at first.
        begin: adds what is shown at first; what asks tshark of it.
        wanted: how captures that are begun on the screen are watched.
        captures: files, beside which notes are kept.
    """
    _prepare(said)
    from tui import chosen  # noqa: PLC0415 - Textual reads its switches at import
    from tui.app import SeamarkApp, run_app  # noqa: PLC0415
    from tui.feeds import Feeds  # noqa: PLC0415
    from tui.notes import Notes  # noqa: PLC0415
    from tui.starting import Starter  # noqa: PLC0415
    from tui.state import State  # noqa: PLC0415

    state = State.load()
    screen = chosen.screen(context, said, state, logged=bool(context.params.get("logs")))
    feeds = Feeds(wanted)
    wireshark = begin(feeds)
    app = SeamarkApp(
        feeds,
        title=title,
        screen=screen,
        wireshark=wireshark,
        notes=Notes(captures),
        state=state,
        starter=Starter(feeds, wanted),
    )
    feeds.ring = app.bell
    return run_app(app, mouse=screen.mouse)


def terminal_for_keys() -> int:
    """Give the capture on standard input a descriptor of its own, and the keys /dev/tty.

    Raises:
        ToolError: if there is no terminal to take keys from.
    """
    capture = os.dup(0)
    try:
        keys = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        os.close(capture)
        raise ToolError(
            "There is no terminal to take keys from.", "Use seamark scan -, which needs none."
        ) from error
    os.dup2(keys, 0)
    os.close(keys)
    return capture
