"""A line pasted from a mail log, in the place of a filter: it wants the flow that it is about.

That is the flow of the client's address and port, or without a port, of its address at that time;
or one whose dialogue or log holds the server's name for the message.  What a stamp does not say,
its zone or its year, is taken as whatever brings it nearest.
"""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.maillog import Client, Entry, Reader, What
from dissect.maillog.stamps import Clock
from tui.filtering import addresses
from tui.filtering.match import Facts, Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dissect.analysis.model import FlowDetail, FlowSummary, LogLine

_STAMPED: Final = re.compile(
    r"(?:<[0-9]{1,3}>)?(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]|[A-Z][a-z]{2} [ 0-3]?[0-9] )"
    r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
)
_FOUND_BY: Final = re.compile(rf"\S{{1,300}}?:(?={_STAMPED.pattern})")
"""What grep and its like write before a line: the file, and which line it is."""
_TAGGED: Final = re.compile(
    r"(?:\S{1,255} )?(?=(?:postfix\S{0,60}/\w+|sendmail|sm-\w+|exim\S{0,60})\[[0-9]+\]: )"
)
_ZONED: Final = re.compile(r"\S* ?[0-9:.]{8,18}(?:Z| ?[+-][0-9]{2}:?[0-9]{2})(?![0-9])")
_IDENTITY: Final = re.compile(r"(?=[^\d]*\d)[0-9A-Za-z]{6,24}(?:-[0-9A-Za-z]{2,11}){0,2}")
_QUEUE: Final = re.compile(r"(?P<id>[0-9A-Z]{6,16}|[0-9A-Za-z]{10,20}): ")
_QUOTED: Final = re.compile(
    r'(?:\bqueued as |C="250[^"]{0,200}? id=)(?P<id>[0-9A-Za-z][0-9A-Za-z-]{5,30})'
)
"""What the next server calls the message, in its words that are quoted."""

_FARTHEST: Final = 15 * 3600.0
"""Seconds that clocks may differ, a wrong time zone included."""
_SLACK: Final = 30.0
"""Seconds that they may differ otherwise, where a line has no port."""
_COARSE: Final = 1.0
"""Seconds that a stamp without a fraction leaves open."""
_QUARTER: Final = 900.0
"""Seconds by which time zones differ, or a multiple of it."""
_DAYS: Final = 86_400.0


class Pasted(NamedTuple):
    """What a pasted line asks for."""

    about: str
    """Whom or what it is about, in a few words."""
    probe: Probe
    loose: Probe | None
    """The same with a time zone that may be any; None where that changes nothing."""


class _Line(NamedTuple):
    """The line, understood."""

    entry: Entry
    raw: bytes
    stamped: bool
    zoned: bool
    names: tuple[str, ...]
    """Of messages."""


def pasted(text: str) -> Pasted | None:
    """What a text asks for that is a line of a log; None for what is none, or names nothing."""
    line = _read(text)
    if line is None or not (line.entry.said.client or line.names):
        return None
    client = line.entry.said.client
    loose = _probe(line, any_zone=True) if _by_time(line) and not line.zoned else None
    return Pasted(_about(client, line.names), _probe(line, any_zone=False), loose)


def is_line(text: str) -> bool:
    """Whether a text is a line of a mail server's log, whatever it names."""
    return _read(text) is not None


def _about(client: Client | None, names: tuple[str, ...]) -> str:
    parts = [f"message {name}" for name in names]
    if client is not None:
        host = f"[{client.address}]" if ":" in client.address else client.address
        parts.insert(0, f"{host}:{client.port}" if client.port else host)
    return f"log line of {', '.join(parts)}"


@lru_cache(8)
def _read(text: str) -> _Line | None:
    text = text.strip()
    found = _FOUND_BY.match(text)
    text = text[found.end() :] if found else text
    stamped = _STAMPED.match(text) is not None
    tagged = None if stamped else _TAGGED.match(text)
    if not stamped:
        said = f"x {text[tagged.end() :]}" if tagged else text
        text = f"2000-01-01{'T' if tagged else ' '}00:00:00 {said}"
    raw = text.encode("utf-8", "backslashreplace")
    entry = _entry(raw, 4e9, None)
    if entry is None or (not stamped and not tagged and not _speaks(entry)):
        return None
    zoned = stamped and _ZONED.match(text) is not None
    return _Line(entry, raw, stamped, zoned, tuple(dict.fromkeys(_names(entry))))


def _speaks(entry: Entry) -> bool:
    """Whether words without a stamp are Exim's beyond doubt."""
    return entry.said.what is not What.OTHER and entry.said.client is not None


def _entry(raw: bytes, written: float, zone: tzinfo | None) -> Entry | None:
    return Reader(Clock(written, zone)).entry(raw)


def _names(entry: Entry) -> Iterator[str]:
    """What servers call the message; words that are no such name are left out."""
    said = [entry.said.identity]
    if entry.make != "exim" and (queue := _QUEUE.match(entry.text)):
        said.append(queue["id"])
    said += [found["id"] for found in _QUOTED.finditer(entry.text)]
    return (name for name in said if _IDENTITY.fullmatch(name))


# Whether it is about a flow.


def _by_time(line: _Line) -> bool:
    """Whether the time has to tell which of a client's flows it is."""
    client = line.entry.said.client
    return client is not None and not client.port and line.stamped


def _probe(line: _Line, *, any_zone: bool) -> Probe:
    alone = [rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])" for name in line.names]
    words = [re.compile(each) for each in alone]
    data = [re.compile(each.encode()) for each in alone]
    is_client = _client(line, any_zone=any_zone)

    def quick(flow: FlowSummary, facts: Facts) -> bool | None:
        lines = facts.log(flow.flow)
        if any(_same(line, each) for each in lines) or is_client(flow):
            return True
        if any(word.search(each.text) for word in words for each in lines):
            return True
        return None if words else False

    def deep(detail: FlowDetail, facts: Facts) -> bool:
        if quick(detail.summary, facts):
            return True
        return any(word.search(row.text) for word in data for row in detail.rows)

    return Probe(quick, deep, sure=not words)


def _same(line: _Line, other: LogLine) -> bool:
    """Whether it is that line of a log that was read; pasting may have cut it short."""
    if not line.entry.text or not other.text.startswith(line.entry.text.rstrip()):
        return False
    apart = (other.stamp - line.entry.time + _COARSE / 2) % _QUARTER
    return not line.stamped or apart < _COARSE


def _client(line: _Line, *, any_zone: bool) -> Callable[[FlowSummary], bool]:
    """Whether a flow is that of the client, by port or by time, whichever the line has."""
    client = line.entry.said.client
    if client is None:
        return lambda _flow: False
    address = addresses.number(client.address)
    near = _near(line, any_zone=any_zone)

    def is_client(flow: FlowSummary) -> bool:
        if client.port and client.port != flow.client.port:
            return False
        return addresses.number(flow.client.address) == address and near(flow)

    return is_client


def _near(line: _Line, *, any_zone: bool) -> Callable[[FlowSummary], bool]:
    """Whether a flow was there at the time of the line."""
    if not line.stamped:
        return lambda _flow: True
    zones = (None,) if line.zoned else (None, UTC)
    slack = _SLACK if _by_time(line) else _FARTHEST

    @lru_cache(1_000)
    def times(day: float) -> tuple[float, ...]:
        """The times that it can mean, of which those without a year are near a day."""
        entries = (_entry(line.raw, day * _DAYS, zone) for zone in zones)
        return tuple(entry.time for entry in entries if entry is not None)

    def near(flow: FlowSummary) -> bool:
        for time in times(flow.end // _DAYS + 1):
            least, most = time - flow.end - slack, time + _COARSE - flow.start + slack
            shift = -(-least // _QUARTER) * _QUARTER if any_zone else 0.0
            if least <= shift <= most and abs(shift) <= _FARTHEST:
                return True
        return False

    return near
