"""Short names of sources: what several captures, interfaces or hosts do not have in common."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_PARTS: Final = re.compile(r"(?:\[[^\]]*\]|[^/:@.])*[/:@.]?")
"""A name's parts, each with what divides it from the next; an address in brackets is one."""

_FROM_BEHIND: Final = re.compile(r"(?:\][^\[]*\[|[^/:@.])*[/:@.]?")
"""The same of a name that is turned round."""


def labels(names: Collection[str]) -> dict[str, str]:
    """A label for each name, as different as the names are.

    ``root@inside.example.net:eth0`` and ``root@outside.example.net:eth0`` are ``inside`` and
    ``outside``; ``a/mail.pcap`` and ``b/mail.pcap`` are ``a`` and ``b``.
    """
    if len(names) <= 1:
        return {name: name for name in names}
    front = _common(_PARTS.findall(name) for name in names)
    back = _common(_FROM_BEHIND.findall(name[::-1]) for name in names)
    short = {name: name[front : len(name) - back] for name in names}
    return short if all(short.values()) else {name: name for name in names}


def _common(names: Iterable[list[str]]) -> int:
    """How long the first parts are that all have."""
    same = takewhile(lambda parts: len({*parts}) == 1, zip(*names, strict=False))
    return sum(len(parts[0]) for parts in same)
