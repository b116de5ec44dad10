"""What a live capture tells beside its flows, with names and addresses replaced.

Packets that are kept are rewritten before anybody gets them; sources and their errors name hosts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from dissect.redact import Redactor
from dissect.source.redacted import rewritten
from dissect.source.tap import Line

MOST: Final = 8 << 20
"""Bytes of each side of a flow that are remembered: never more than its packets take."""

USER: Final = re.compile(r"[^\s@\[]+(?=@\[?$)")
"""Who logs in, in front of a host."""

Hide = Callable[[bytes, str], bytes]
"""Makes of a pcapng, and of what is to be said in it, another one."""


class Hiding:
    """Hides what the packets of flows say.

    Args:
        redactor: that of the pipelines from which the flows come.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.transcripts = redactor.transcripts(MOST)
        """To be given to the pipelines."""

    def of(self, frames: Sequence[tuple[int, int]]) -> Hide:
        """What hides the packets of a file; it may be used when their flows are forgotten here.

        Args:
            frames: number and flow of each packet of the file, in their order.
        """
        transcripts = self.transcripts.only({flow for _, flow in frames})
        return partial(rewritten, self._redactor.packets(transcripts), tuple(frames))


def named(lines: Iterable[Line], redactor: Redactor) -> list[Line]:
    """Lines under names that may be shown, each under one of its own."""
    found: list[Line] = []
    known: Counter[str] = Counter()
    for line in lines:
        name = _name(line, redactor)
        known[name] += 1
        again = known[name]
        found.append(line._replace(name=f"{name} ({again})" if again > 1 else name))
    return found


def _name(line: Line, redactor: Redactor) -> str:
    """A file's without its folders; of a host, the interface stays."""
    if not line.host:
        return redactor.file(line.name) if line.follow else line.name
    before, _, behind = line.name.partition(line.host)
    return redactor.host(before) + redactor.host(line.host) + behind


def error(words: str, line: Line, redactor: Redactor) -> str:
    """What is wrong with a source: hosts, users and addresses are replaced."""
    if not line.host:
        return redactor.error(words)
    parts = (
        USER.sub(lambda user: redactor.host(user[0]), redactor.error(part))
        for part in words.split(line.host)
    )
    return redactor.host(line.host).join(parts)
