"""The time at the beginning of a line.

Three forms: ``Nov 28 18:03:35`` (RFC 3164, section 4.1.2: no year and no zone),
``2026-11-28T18:03:35.123+00:00`` (RFC 3339), and Exim's ``2026-11-28 18:03:35``, with a zone
where ``log_timezone`` is set.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
BSD: Final = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) (?P<day>[ 0-3]?[0-9])"
    r" (?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})(?P<part>\.[0-9]{1,9})?"
)
ISO: Final = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<between>[T ])(?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?P<part>\.[0-9]{1,9})?(?P<zone>Z| ?[+-][0-9]{2}:?[0-9]{2}(?![0-9]))?"
)

SLACK: Final = timedelta(days=1)
"""How far a clock, or the zone that is assumed, may be ahead of the file."""

LEAP: Final = 8
"""Years between two 29ths of February at most."""


class Clock:
    """Turns stamps into seconds since the epoch.

    Args:
        written: when the file was written last, seconds since the epoch: a line without a year is
            of the last year that is not after it, so that a year may end within a file.
        zone: of stamps that have none; None means that of this machine.
    """

    def __init__(self, written: float, zone: tzinfo | None = None) -> None:
        self._latest = datetime.fromtimestamp(written, UTC) + SLACK
        self._zone = zone
        self._known: tuple[str, float | None] = ("", None)

    def advance(self, written: float) -> None:
        """The file was written again, at so many seconds since the epoch."""
        self._latest = datetime.fromtimestamp(written, UTC) + SLACK

    def time(self, found: re.Match[str]) -> float | None:
        """The time of a match of ``ISO`` or ``BSD``; None for one that there is not."""
        if found[0] != self._known[0]:  # most lines have the second of the one before
            self._known = (found[0], self._iso(found) if found.re is ISO else self._bsd(found))
        return self._known[1]

    def _bsd(self, found: re.Match[str]) -> float | None:
        """The time of a match of ``BSD``."""
        month = MONTHS.get(found["month"])
        if month is None:
            return None
        for year in range(self._latest.year, self._latest.year - LEAP - 1, -1):
            date = f"{year:04}-{month:02}-{int(found['day']):02}"
            time = self._at(date, found["clock"], found["part"], None)
            if time is not None and time <= self._latest.timestamp():
                return time
        return None

    def _iso(self, found: re.Match[str]) -> float | None:
        """The time of a match of ``ISO``."""
        return self._at(found["date"], found["clock"], found["part"], found["zone"])

    def _at(self, date: str, clock: str, part: str | None, zone: str | None) -> float | None:
        """None for a date that there is not."""
        fraction = (part or ".0")[:7].ljust(7, "0")
        try:
            moment = datetime.fromisoformat(f"{date}T{clock}{fraction}{(zone or '').strip()}")
            if moment.tzinfo is None and self._zone is not None:
                moment = moment.replace(tzinfo=self._zone)
            return moment.timestamp()
        except (ValueError, OverflowError, OSError):
            return None
