"""Copies of captures with names and addresses replaced, for commands that read them again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path, PurePath

from dissect.commands.choosing import Choice, choose
from dissect.errors import UsageError
from dissect.pipeline import Settings
from dissect.source import Comments, Tshark, cut


def copies(
    tshark: Tshark, captures: Iterable[str], settings: Settings, folder: Path
) -> tuple[str, ...]:
    """Write each capture with all its frames, under their numbers; the names of the files.

    Args:
        tshark: to read with.
        captures: their names.
        settings: how they are read; with a redactor.
        folder: an empty one.

    Raises:
        UsageError: for a display filter or a key log: what they are about is not there any more.
        SeamarkError: if a capture cannot be read twice, or has no conversation, or cannot be
            redacted.
    """
    if settings.display_filter:
        raise UsageError(
            "-Y names addresses as they are, and --redact has replaced them.",
            "Choose first: seamark export CAPTURE -Y FILTER --redact -o NEW",
        )
    if settings.keylog:
        raise UsageError(
            "A redacted copy holds nothing of what is inside TLS.",
            "seamark scan --keylog FILE --redact prints what was found there.",
        )
    found = []
    for at, name in enumerate(captures):
        path = folder / str(at) / f"{PurePath(name).name.partition('.')[0] or 'capture'}.pcapng"
        path.parent.mkdir(mode=0o700)
        chosen = choose(tshark, name, settings, Choice(redactor=settings.redactor))
        said = Comments(capture="Addresses and names are replaced, message data is blank.")
        asyncio.run(cut(tshark, chosen.file, lambda _: True, path, said, chosen.rewrite))
        found.append(str(path))
    return tuple(found)
