"""Limits at which Cisco's SMTP inspection drops a connection by default (ASA-04).

Cisco's configuration guides print the default policy map: it drops and logs at a command line of
more than 512 octets, at more than 100 recipients of a message, at a header line of more than 998,
at a sender address of more than 320 and at a MIME file name of more than 255.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from dissect.detect.context import Context
from dissect.dialogue import Command, Ended
from dissect.dialogue.events import END_OF_DATA

LINE, RECIPIENTS, HEADER, SENDER, FILENAME = 512, 100, 998, 320, 255

PATH: Final = re.compile(rb"MAIL FROM:\s*<?([^>\s]*)", re.IGNORECASE)
FIELD: Final = re.compile(rb"[!-9;-~]+:|[ \t]")
NAME: Final = re.compile(rb'\bfilename="?([^";\r\n]*)', re.IGNORECASE)
"""RFC 5321 section 4.1.1.2; RFC 5322 section 2.2 (folded lines: 2.2.3); RFC 2183 section 2.3."""


class Crossing(NamedTuple):
    """Where a client went beyond a limit."""

    start: int
    """Stream offset of the first octet beyond it."""
    stop: int
    """Stream offset behind what is beyond it."""
    words: str
    """What stands there."""
    match: str
    """The line of the policy map."""
    command: Command | None
    """The command that goes beyond it; None for a header line."""


def crossing(context: Context, ended: Ended, start: int, stop: int) -> Crossing | None:
    """The first crossing of a limit within some bytes of the client; None without one.

    Args:
        context: of the flow.
        ended: its end.
        start: stream offset of the first byte.
        stop: stream offset behind the last.
    """
    there = (each for each in _all(context, ended) if start < each.stop and each.start < stop)
    return min(there, key=lambda each: each.start, default=None)


def _all(context: Context, ended: Ended) -> Iterator[Crossing]:
    """All crossings in what was not answered."""
    for command in ended.pending:
        if command.verb not in ("", END_OF_DATA):
            yield from _long(command)
    yield from _many(context)
    if ended.header:
        yield from _header(ended.header, ended.header_start)


def _long(command: Command) -> Iterator[Crossing]:
    """A command line or a sender address that is too long."""
    start, stop = command.offset, command.offset + command.size
    if command.size > LINE:
        words = f"the 513th octet of a {command.verb} line of {command.size:,}"
        match = f"match cmd line length gt {LINE}"
        yield Crossing(start + LINE, stop, words, match, command)
    path = PATH.match(command.line)
    if path is not None and len(path[1]) > SENDER:
        words = f"the 321st octet of a sender address of {len(path[1])}"
        match = f"match sender-address length gt {SENDER}"
        yield Crossing(start + path.start(1) + SENDER, start + path.end(1), words, match, command)


def _many(context: Context) -> Iterator[Crossing]:
    """The first recipient too many."""
    if context.lost is None or context.lost.left_out:
        return
    commands = [e.command for e in context.lost.exchanges]
    offered = [c for c in commands if c is not None and c.verb == "RCPT"]
    if len(offered) > RECIPIENTS:
        one = offered[RECIPIENTS]
        words, match = "the 101st RCPT of a message", f"match cmd RCPT count gt {RECIPIENTS}"
        yield Crossing(one.offset, one.offset + one.size, words, match, one)


def _header(header: bytes, start: int) -> Iterator[Crossing]:
    """A header line or a file name that is too long."""
    at = start
    for line in header.split(b"\r\n"):
        if len(line) > HEADER and FIELD.match(line):
            words = f"the 999th octet of a header line of {len(line):,}"
            match = f"match header line length gt {HEADER}"
            yield Crossing(at + HEADER, at + len(line), words, match, None)
        at += len(line) + 2
    yield from _names(NAME.finditer(header), start)


def _names(found: Iterable[re.Match[bytes]], start: int) -> Iterator[Crossing]:
    """File names that are too long."""
    for name in found:
        if len(name[1]) > FILENAME:
            words = f"the 256th octet of a MIME file name of {len(name[1])}"
            match = f"match MIME filename length gt {FILENAME}"
            stop = start + name.end(1)
            yield Crossing(start + name.start(1) + FILENAME, stop, words, match, None)
