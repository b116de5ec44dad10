"""Carrying out one case: network, mail server, middleboxes and tcpdump up; the sender through."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.network import Network, network
from lab.process import python, run, running
from lab.record import recording
from lab.servers import MAKES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lab.case import Case

_SENDER_LIMIT_SECONDS = 90.0
_SETTLE_SECONDS = 0.6


@dataclass(frozen=True)
class Recorded:
    """What one run left behind."""

    captures: dict[str, Path]
    """By place: of `lab.case.PLACES`."""
    changes: list[dict[str, str | int]]
    """The middleboxes' logs: everything that they looked at and replaced, or swallowed."""
    mainlog: str
    """The server's log."""
    attempts: list[dict[str, Any]]
    """What the sender did in each of its attempts, and saw of it."""
    server: str = "exim"
    """Of `lab.servers.MAKES`: whose log it is."""


def record(
    case: Case,
    folder: Path,
    beside: Callable[[Network], contextlib.AbstractContextManager[object]] | None = None,
) -> Recorded:
    """Record all sides of a case into `folder`.

    Args:
        case: what to send, through what.
        folder: where captures and logs go.
        beside: entered with the network before anything is sent, and left when all was sent.
    """
    captures = {side: folder / f"{case.name}-{side}.pcap" for side in case.sides}
    logs = [folder / f"{case.name}-{number}.changes" for number in range(len(case.profiles))]
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(network(offload=case.offload, inner=_inner(case)))
        server = stack.enter_context(MAKES[case.server].server(net, case.quirks))
        _boxes(stack, net, case, logs)
        for path, (namespace, interface) in zip(captures.values(), _taps(net, case), strict=True):
            stack.enter_context(recording(net, namespace, interface, path))
        if beside is not None:
            stack.enter_context(beside(net))
        command = net.inside(net.sender, *python("lab.sender"))
        attempts = run(command, case.plan.dump(), _SENDER_LIMIT_SECONDS)
        time.sleep(_SETTLE_SECONDS)
        mainlog = server.log()
    return Recorded(captures, _changes(logs), mainlog, _rows(attempts), case.server)


def _changes(logs: Sequence[Path]) -> list[dict[str, str | int]]:
    """What all middleboxes wrote down, each row with the number of its box; the logs are gone."""
    changes: list[dict[str, str | int]] = []
    for number, log in enumerate(logs):
        changes += [{"box": number, **row} for row in _rows(log.read_text(encoding="utf-8"))]
        log.unlink()
    return changes


def _inner(case: Case) -> list[tuple[str, str]]:
    """The cables inside of the middlebox's namespace."""
    if case.tag:
        return [("near-out", "near-in"), ("far-out", "far-in")]
    return [("middle-near", "middle-far")] if case.second else []


def _boxes(stack: contextlib.ExitStack, net: Network, case: Case, logs: Sequence[Path]) -> None:
    """Start the middleboxes, with a switch port on each side where frames are to be tagged."""
    if case.tag:
        _switch(stack, net, case, logs[0])
        ends = ["near-in", "far-in"]
    else:
        ends = ["near", *(end for cable in _inner(case) for end in cable), "far"]
    pairs = zip(ends[::2], ends[1::2], strict=True)
    for profile, log, pair in zip(case.profiles, logs, pairs, strict=True):
        _box(stack, net, log, (*pair, *_options(case, profile)))


def _switch(stack: contextlib.ExitStack, net: Network, case: Case, log: Path) -> None:
    """Start the switch ports that put a VLAN tag on what goes in and take it off again."""
    for side in ("near", "far"):
        spare = log.with_suffix(f".{side}")
        stack.callback(spare.unlink)
        _box(stack, net, spare, (side, f"{side}-out", "--tag", str(case.tag)))


def _options(case: Case, profile: str) -> tuple[str, ...]:
    """What one middlebox is told to do, as its command line."""
    given = {
        "profile": profile,
        "delay": case.delay,
        "pause": case.pause,
        "size": case.cut,
        "fates": json.dumps(dict(case.fates)),
    }
    return tuple(word for name, value in given.items() for word in (f"--{name}", str(value)))


def _box(stack: contextlib.ExitStack, net: Network, log: Path, words: tuple[str, ...]) -> None:
    errors = log.with_name(log.name + ".out")
    command = net.inside(net.middlebox, *python("lab.middlebox", *words, "--log", str(log)))
    stack.callback(errors.unlink, missing_ok=True)
    stack.enter_context(running(command, errors, lambda: "ready" in errors.read_text()))


def _taps(net: Network, case: Case) -> list[tuple[str, str]]:
    """Where the captures are taken: on the hosts and between them, or on the tagged part."""
    if case.tag:
        return [(net.middlebox, "near-in"), (net.middlebox, "far-in")]
    between = [(net.middlebox, far) for _, far in _inner(case)]
    return [(net.sender, "eth0"), *between, (net.server, "eth0")]


def _rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
