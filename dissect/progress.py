"""A progress bar on standard error, once reading takes longer than a second."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Final, Self

import click

from dissect.escape import visible

PATIENCE: Final = 1.0
"""Seconds before it appears."""

NAME: Final = 40
"""Characters of the capture's name that are shown."""


class Progress:
    """How far the reading of one capture is; only where standard error is a terminal."""

    def __init__(self, name: str) -> None:
        self._label = visible(name)[-NAME:]
        self._begun = time.monotonic()
        self._bar: Any = None
        self._size = _size(name)
        self._shown = sys.stderr.isatty()
        self._counted = False

    def __enter__(self) -> Self:
        return self

    def tick(self, packets: int, read: int) -> None:
        """Packets and bytes read so far."""
        if not self._shown or time.monotonic() - self._begun < PATIENCE:
            return
        if self._size:
            self._advance(packets, read)
        else:
            self._counted = True
            click.echo(f"\r{self._label}  {packets:,} packets", err=True, nl=False)

    def _advance(self, packets: int, read: int) -> None:
        """Move the bar, made at its first move."""
        if self._bar is None:
            self._bar = click.progressbar(
                length=self._size, label=self._label, file=sys.stderr,
                item_show_func=lambda count: f"{count or 0:,} packets",
            )  # fmt: skip
        self._bar.update(max(0, min(read, self._size) - self._bar.pos), packets)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()
        elif self._counted:
            click.echo(err=True)


def _size(name: str) -> int:
    """Bytes of a capture that is a file; 0 where it is none, or may not be asked."""
    try:
        path = Path(name)
        return path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):
        return 0
