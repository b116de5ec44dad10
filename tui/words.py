"""Numbers and times in words short enough for a column."""

from __future__ import annotations

import time
from typing import Final

_UNITS: Final = ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "k"))
_MINUTE: Final = 60
_HOUR: Final = 3600
_TEN_SECONDS: Final = 10
_FLAGS: Final = (
    (0x02, "SYN"), (0x08, "PSH"), (0x01, "FIN"), (0x04, "RST"), (0x20, "URG"), (0x10, "ACK"),
    (0x40, "ECE"), (0x80, "CWR"),
)  # fmt: skip
_OFFSETS_SHOWN: Final = 4


def clock(seconds: float, *, digits: int = 0) -> str:
    """The local time of day, as a mail log writes it."""
    whole = int(seconds // 1)
    words = time.strftime("%H:%M:%S", _local(whole))
    return words + f"{seconds - whole:.{digits}f}"[1:] if digits else words


def date(seconds: float) -> str:
    """The local day."""
    return time.strftime("%Y-%m-%d", _local(int(seconds // 1)))


def _local(seconds: int) -> time.struct_time:
    """The local time; a damaged capture can hold times that no calendar has."""
    try:
        return time.localtime(seconds)
    except (OverflowError, OSError, ValueError):
        return time.localtime(0)


def span(seconds: float) -> str:
    """A length of time in at most six cells."""
    if seconds < _TEN_SECONDS:
        return f"{seconds:.2f}s"
    if seconds < _MINUTE:
        return f"{seconds:.1f}s"
    if seconds < _HOUR:
        return f"{int(seconds // 60)}m{int(seconds % 60):02d}s"
    return f"{int(seconds // _HOUR)}h{int(seconds % _HOUR // 60):02d}m"


def size(count: int) -> str:
    """A number of bytes in at most six cells."""
    for unit, letter in _UNITS:
        if count >= unit:
            return f"{count / unit:.1f}{letter}"
    return str(count)


def count(number: int, one: str, many: str = "") -> str:
    """``1 flow``, ``12,345 flows``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def flags(bits: int) -> str:
    """TCP flags by name."""
    return " ".join(name for bit, name in _FLAGS if bits & bit) or "none"


def frames(numbers: tuple[int, ...], most: int = _OFFSETS_SHOWN) -> str:
    """Frame numbers: ``27,29``, ``27-31`` for the ends of a run, ``27,29,+4`` for many."""
    if len(numbers) <= most:
        return ",".join(map(str, numbers))
    return ",".join(map(str, numbers[: most - 1])) + f",+{len(numbers) - most + 1}"
