"""How live sources are watched, by the options of ``seamark live`` or their settings."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from dissect import cli, worker
from dissect.detect.finding import Severity
from dissect.detect.policy import known
from dissect.live import KEEP, Beside, Limits
from dissect.source import bpf
from tui.live_options import beside
from tui.starting import RIGHTS, Form

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click

    from dissect.pipeline import Settings
    from dissect.redact import Redactor
    from dissect.source.tap import Line

ANY: Final = "any"
"""What ``--program`` says for whichever is there."""


NOTHING: Final = Form()
"""Where nothing is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """What a capture is watched with, whenever it is begun."""

    settings: Settings
    limits: Limits
    keep: int = KEEP
    """Ended flows that the screen keeps."""
    beside: Beside
    again: bool = True
    """Whether a source is connected again when it ends by itself."""
    bell: Severity | None = None
    """From which severity on a finding rings."""
    form: Form = NOTHING
    """What stands in the dialog that begins one."""
    program: str = ""
    """What captures; empty for whichever is there."""

    def command(self, lines: Sequence[Line] = (), first_flow: int = 0) -> list[str]:
        """The words that start a worker."""
        words = worker.live_arguments(
            lines, self.settings, self.limits, self.keep, self.beside, first_flow
        )
        return [sys.executable, *words]


def watching(
    context: click.Context, options: dict[str, Any], fail_on: str, redactor: Redactor | None
) -> Watching:
    """What the options of ``seamark live`` say, all of which are taken out of ``options``.

    Raises:
        UsageError: if they contradict each other.
    """
    limits = Limits(
        duration=options.pop("duration"),
        packets=options.pop("count"),
        rules=known(options.pop("stop_on")),
    )
    again, keep, bell = (options.pop(name) for name in ("no_reconnect", "keep_flows", "bell"))
    wanted = beside(context, options, fail_on)
    return Watching(
        settings=cli.settings(context.obj, redactor=redactor, **options),
        limits=limits,
        keep=keep,
        beside=wanted,
        again=not again,
        bell=Severity.parse(fail_on) if bell else None,
    )


def as_set(context: click.Context, settings: Settings) -> Watching:
    """What is set of live captures, where the command was another one.

    Args:
        context: that of the command.
        settings: how captures are read.

    Raises:
        UsageError: if what is set cannot be meant.
    """
    root = context.find_root()
    command: Any = root.command
    live: click.Context = command.commands["live"].make_context("live", [], parent=root)
    options = {name: live.params[name] for name in _OPTIONS}
    redactor = cli.redactor(live, options)
    redactor = settings.redactor or redactor  # who has asked for it wants it for all
    found = watching(live, options, live.params["fail_on"], redactor)
    return replace(found, settings=replace(settings, redactor=redactor), **place(live.params))


def place(said: Mapping[str, Any]) -> dict[str, Any]:
    """Where to capture, of the options of ``seamark live``: fields of ``Watching``.

    Raises:
        UsageError: if the capture filter is none.
    """
    form = Form(
        host=next(iter(said["hosts"]), ""),
        interfaces=tuple(said["interfaces"]),
        bpf=bpf.plain(said["bpf"]),
        privilege=said["privilege"] if said["privilege"] in RIGHTS else "sudo",
    )
    return {"form": form, "program": "" if said["program"] == ANY else said["program"]}


_OPTIONS: Final = (
    "duration", "count", "stop_on", "no_reconnect", "keep_flows", "bell", "keep_dir", "keep",
    "keep_severity", "keep_size", "keep_files", "on_finding", "logs", "timezone",
    "redact", "redact_key", "port", "display_filter", "keylog", "rule", "ignore", "min_severity",
)  # fmt: skip
"""Of ``seamark live``: those that ``watching`` takes."""
