"""Times as the screen shows them: local, and as exact as they were written.

A prefix stands for all that begins so: ``10:15`` for that minute of any day, ``2026-11-24`` for
that day.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

_CLOCK: Final = r"(\d{1,2})(?::(\d\d)(?::(\d\d))?)?"
_DAY: Final = r"(\d{4})-(\d{1,2})-(\d{1,2})"
_MOMENT: Final = re.compile(rf"{_DAY}(?:[Tt ]{_CLOCK})?|{_CLOCK}")
_ENDS: Final = re.compile(rf"({_MOMENT.pattern})(?:(?:-|\.\.)({_MOMENT.pattern}))?")
_LOCAL: Final = 6
"""Of a local time: year to second."""
_HOUR: Final = 3
"""Where in it the hour is."""
HOW: Final = "write 10:15, 10:15-10:20, 2026-11-24 or 2026-11-24T10:15, in local time"

Key = tuple[int, ...]
Within = Callable[[float], bool]


class Moment(NamedTuple):
    """A time, or the beginning of one."""

    dated: bool
    key: Key
    """Year to second, or without a date hour to second; as many as were written."""


def moments(words: str) -> tuple[Moment, Moment | None]:
    """The time, or the first and the last one of a range.

    Raises:
        ValueError: if it is no time, with what is wrong as its message.
    """
    match = _ENDS.fullmatch(words)
    if match is None:
        raise ValueError("that is no time")
    first = _moment(match[1])
    if match[_LAST] is None:
        return first, None
    return first, _last(first, _moment(match[_LAST]))


_LAST: Final = _MOMENT.groups + 2
"""The group of the second time."""


def _last(first: Moment, last: Moment) -> Moment:
    """The second time of a range, on the day of the first where it has none of its own."""
    if first.dated and not last.dated:
        last = Moment(dated=True, key=(*first.key[:_HOUR], *last.key))
    if first.dated is not last.dated:
        raise ValueError("both ends need a date, or none")
    if first.dated and first.key[: len(last.key)] > last.key:
        raise ValueError("the range ends before it begins")
    return last


def _moment(words: str) -> Moment:
    match = _MOMENT.fullmatch(words)
    assert match is not None
    key = tuple(int(number) for number in match.groups() if number is not None)
    dated = match[1] is not None
    _check(key if dated else (2000, 1, 1, *key))
    return Moment(dated, key)


def _check(key: Key) -> None:
    """Raise ValueError for a day or a time that no calendar has."""
    try:
        datetime(*key)  # type: ignore[arg-type]  # noqa: DTZ001 - only its range matters
    except ValueError:
        raise ValueError("there is no such time") from None


def local(seconds: float) -> Key:
    """Year to second of a time, as the screen shows it."""
    try:
        return time.localtime(seconds // 1)[:_LOCAL]
    except (OverflowError, OSError, ValueError):
        return time.localtime(0)[:_LOCAL]


def within(first: Moment, last: Moment | None) -> Within:
    """Whether a time is one, or lies between two, both included."""
    start = 0 if first.dated else _HOUR
    low, first_end = first.key, start + len(first.key)
    if last is None:
        return lambda seconds: local(seconds)[start:first_end] == low
    high, last_end = last.key, start + len(last.key)
    if low[: len(high)] > high:  # over midnight
        return lambda seconds: (
            (now := local(seconds))[start:first_end] >= low or now[start:last_end] <= high
        )
    return lambda seconds: (
        (now := local(seconds))[start:first_end] >= low and now[start:last_end] <= high
    )


def compared(moment: Moment, holds: Callable[[Key, Key], bool]) -> Within:
    """Whether a time, cut as the moment is, compares with it as ``holds`` says."""
    start = 0 if moment.dated else _HOUR
    key, end = moment.key, start + len(moment.key)
    return lambda seconds: holds(local(seconds)[start:end], key)
