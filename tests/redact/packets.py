"""A capture written with its packets redacted, and what must not be in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from redact.same import KEY, Reading, reading, rows

from dissect.commands.choosing import Choice, choose
from dissect.pipeline import Settings
from dissect.redact import Key, Redactor
from dissect.source import Comments, cut, find_tshark

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, out: Path) -> Path:
    """All frames of a capture, under their numbers, with names replaced."""
    tshark, redactor = find_tshark(), Redactor(Key(KEY))
    settings = Settings(redactor=redactor)
    chosen = choose(tshark, str(path), settings, Choice(redactor=redactor))
    said = Comments(capture="")
    asyncio.run(cut(tshark, chosen.file, lambda _: True, out, said, chosen.rewrite))
    return out


def both(path: Path, out: Path) -> tuple[Reading, Reading]:
    """The reading of a capture as it is, and of the one that is written."""
    original = reading(path.name, rows(path), None)
    return original, reading(path.name, rows(write(path, out)), None)
