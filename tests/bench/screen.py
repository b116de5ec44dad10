"""What is measured of a screen: on a capture that is large, on very many flows, on a slow line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.apps import APPS, App
from bench.session import SIZE, SLOW_RATE, SLOW_SIZE, SSH, Session, trouble

if TYPE_CHECKING:
    from bench.session import Seen
    from bench.subject import Subject


class Case(NamedTuple):
    """A capture on a line."""

    title: str
    subject: Subject
    slow: bool = False

    def session(self, app: App, keys: int) -> Session:
        """A program with it."""
        if not self.slow:
            return Session(app, self.subject.path, keys, size=SIZE)
        return Session(app, self.subject.path, keys, size=SLOW_SIZE, rate=SLOW_RATE, env=dict(SSH))


class Measured(NamedTuple):
    """A program on a case."""

    case: Case
    app: App
    seen: Seen | None
    trouble: str = ""
    """Why nothing was seen."""


Say = Callable[[str], object]

_KEYS_OF_A_SLOW_LINE: Final = 20
"""At most: each takes as long as the line carries its answer."""


def cases(large: Subject, crowd: Subject) -> tuple[Case, ...]:
    """What is measured of each program."""
    return (
        Case("many packets", large),
        Case("many flows", crowd),
        Case("many packets, slow line", large, slow=True),
    )


def measure(
    wanted: Sequence[Case], small: Subject, keys: int, say: Say, apps: Sequence[App] = APPS
) -> Iterator[Measured]:
    """Run every program on every case, side by side in time.

    Args:
        wanted: the cases.
        small: a capture on which it is tried whether a program works at all.
        keys: how many are pressed.
        say: told of progress.
        apps: the programs.
    """
    troubles = {app.name: trouble(app, small.path) for app in apps}
    for case in wanted:
        for app in apps:
            if troubles[app.name]:
                yield Measured(case, app, None, troubles[app.name])
                continue
            measured = _one(case, app, keys)
            say(f"{case.title}, {app.name}: {_in_short(measured)}")
            yield measured


def _one(case: Case, app: App, keys: int) -> Measured:
    most = min(keys, _KEYS_OF_A_SLOW_LINE) if case.slow else keys
    with TemporaryDirectory(prefix="seamark-bench-") as folder:
        if app.warm_up:
            case._replace(slow=False).session(app, 0).run(Path(folder))
        seen = case.session(app, most).run(Path(folder))
    if seen.first is None:
        return Measured(case, app, None, "nothing was listed")
    return Measured(case, app, seen)


def _in_short(measured: Measured) -> str:
    seen = measured.seen
    return measured.trouble if seen is None else f"first line after {seen.first:.2f} s"
