"""Numbers with units: counts, bytes and lengths of time."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

COUNTS: Final = {"": 1.0}
SIZES: Final = {
    f"{letter}{tail}": factor
    for letter, factor in (("", 1.0), ("k", 2.0**10), ("m", 2.0**20), ("g", 2.0**30))
    for tail in ("", "b", *(("ib",) if letter else ()))
}
SPANS: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_PART: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?([A-Za-z]*)")
_RANGE: Final = re.compile(r"(.+?)(?:\.\.|-)(.+)")


class Amount(NamedTuple):
    """A number as it was written: all values from ``low`` on that begin so."""

    low: float
    beyond: float
    """The first value that is written otherwise: 31 s for ``30s``, 1.6 k for ``1.5k``."""


def amount(words: str, units: dict[str, float]) -> Amount:
    """What a number with its unit stands for; ``1m30s`` adds up.

    Raises:
        ValueError: if it is no number, with what is wrong as its message.
    """
    parts = _PART.findall(words)
    if not parts or "".join(_written(*part) for part in parts) != words:
        raise ValueError(_bad(words, units))
    total, step = 0.0, float("inf")
    for whole, decimals, unit in parts:
        factor = units.get(unit.lower())
        if factor is None or factor >= step or (decimals and units is COUNTS):
            raise ValueError(_bad(words, units))
        total += float(f"{whole}.{decimals or 0}") * factor
        step = factor
    finest = step / 10 ** len(parts[-1][1])
    whole_bytes = units is SIZES and step == 1
    return Amount(total, total + (1.0 if whole_bytes else finest))


def _written(whole: str, decimals: str, unit: str) -> str:
    return f"{whole}.{decimals}{unit}" if decimals else f"{whole}{unit}"


def _bad(words: str, units: dict[str, float]) -> str:
    """What is wrong with it, as far as that can be told."""
    if "," in words:
        return "a number is written without separators"
    unknown = (unit for _, _, unit in _PART.findall(words) if unit.lower() not in units)
    unit = next(unknown, "")
    if unit:
        return f"there is no unit {unit} here"
    return _KINDS[tuple(units)]


_KINDS: Final = {
    tuple(COUNTS): "that is no whole number",
    tuple(SIZES): "that is no number of bytes",
    tuple(SPANS): "that is no length of time",
}

HOW: Final = {
    tuple(COUNTS): "write a number without a unit, such as 12",
    tuple(SIZES): "write 4505, 20k or 1.5M",
    tuple(SPANS): "write 500ms, 30s, 1m30s or 2h",
}
"""By units: what would be right."""


def bounds(words: str, units: dict[str, float]) -> tuple[Amount, Amount] | None:
    """The two ends of ``3-7`` or ``3..7``; None where it is one number.

    Raises:
        ValueError: if an end is no number, or they are the wrong way round.
    """
    match = _RANGE.fullmatch(words)
    if match is None:
        return None
    low, high = amount(match[1], units), amount(match[2], units)
    if low.low > high.low:
        raise ValueError("the range ends before it begins")
    return low, high
