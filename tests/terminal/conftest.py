"""What the tests of this folder share: a home of their own, and terminals that are gone after."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from terminal.pty_terminal import PtyTerminal, home, seamark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True, scope="session")
def _signals_are_heard() -> None:
    """Programs that are started here hear signals, although a shell's background jobs do not."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., PtyTerminal]]:
    """Opens ``seamark``, or what ``program`` starts, in a terminal."""
    with ExitStack() as terminals:

        def open_(
            *arguments: str | Path,
            program: Callable[..., PtyTerminal] = seamark,
            env: dict[str, str | None] | None = None,
            **how: Any,
        ) -> PtyTerminal:
            made = program(*arguments, env={**home(tmp_path), **(env or {})}, cwd=tmp_path, **how)
            return terminals.enter_context(made)

        yield open_
