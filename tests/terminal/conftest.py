"""What the tests of this folder share: a home of their own, and terminals that are gone after."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from support.signals import signals_are_heard
from terminal.pty_terminal import PtyTerminal, home, seamark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["signals_are_heard"]


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
