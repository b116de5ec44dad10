"""What is remembered across flows: the envelopes that were damaged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, NamedTuple

ENVELOPES: Final = 20_000
"""Envelopes remembered; the one not tried for longest is forgotten."""

FRAMES: Final = 20
"""Frames kept as evidence for one envelope."""


class Tries(NamedTuple):
    """The damaged tries of one envelope."""

    number: int
    first: float
    """Seconds since the epoch of the first of them."""
    frames: tuple[int, ...]
    """The first frame of each."""


class History:
    """Damaged envelopes of one capture."""

    def __init__(self) -> None:
        self._envelopes: OrderedDict[int, Tries] = OrderedDict()

    def add(self, key: Hashable, time: float, frames: tuple[int, ...]) -> Tries:
        """One more damaged try; all of them so far."""
        known = self._envelopes.pop(hash(key), Tries(0, time, ()))
        tries = Tries(known.number + 1, known.first, (known.frames + frames)[-FRAMES:])
        self._envelopes[hash(key)] = tries
        if len(self._envelopes) > ENVELOPES:
            self._envelopes.popitem(last=False)
        return tries
