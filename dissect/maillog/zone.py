"""The time zone of a log's stamps, by its name."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from dissect.errors import UsageError


def zone(name: str) -> ZoneInfo | None:
    """A zone of the IANA database; None, that of this machine, for the empty name.

    Raises:
        UsageError: for a name that no zone has.
    """
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"{name!a} is no time zone.", "Write it as Europe/London or UTC."
        ) from error
