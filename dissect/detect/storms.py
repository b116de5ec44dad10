"""Runs of lines that the server refused because they are no commands.

They are what is left of a message whose beginning or end the two sides do not agree on: the
server reads text as commands.  What came before the run says whose fault it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from dissect.detect import masks
from dissect.detect.traits import FAILURE, LEAVING
from dissect.dialogue import Command, Exchange, Reply

LINES: Final = 50
"""Exchanges of a run that are kept; more are counted."""

RUN: Final = 2
"""Lines from which on it is a run: one may be a command that the server does not know.  A server
such as Exim may close at the first, and leave the others without an answer."""

MOST: Final = 20
"""Runs kept of one flow."""

HEADER: Final = re.compile(rb"[!-9;-~]+[ \t]*:")
"""A header field (RFC 5322 section 2.2)."""


@dataclass(slots=True)
class Storm:
    """One run."""

    cause: Exchange
    """What came before it: message data, a BDAT, a masked verb, or a DATA that was refused."""
    exchanges: list[Exchange] = field(default_factory=list)
    """The first ``LINES`` of them; without a command where the client's bytes are message data
    to us."""
    count: int = 0
    """Replies that refused a line."""
    lines: int = 0
    """Lines of the client that are no commands."""

    def add(self, exchange: Exchange) -> None:
        """One more line, or one more refusal."""
        self.count += exchange.reply is not None
        self.lines += exchange.command is not None
        if len(self.exchanges) < LINES:
            self.exchanges.append(exchange)

    @property
    def text(self) -> bool:
        """Whether it is text that was sent in one go, and not a command or two gone wrong."""
        lines = [command for command, _, _ in (self.cause, *self.exchanges) if command is not None]
        typed = self.lines and all(a.group != b.group for a, b in pairwise(lines))
        enough = max(self.count, self.lines) >= RUN and bool(self.count)
        return not typed and (enough or any(map(_farewell, self.exchanges)))

    @property
    def unread(self) -> bool:
        """Whether it is text that the server got and we did not read: a chunk, message data."""
        command, reply, _ = self.cause
        refused = reply is None or not reply.positive
        chunk = command is None or command.verb == "BDAT"
        return self.text and not self.lines and refused and chunk

    @property
    def first(self) -> Command | Reply | None:
        """The first line, or where there is none, the first refusal."""
        command, reply, _ = self.exchanges[0]
        return command or reply


class Storms:
    """The runs of one flow."""

    def __init__(self) -> None:
        self.all: list[Storm] = []
        self._open: Storm | None = None
        self._latest: Exchange | None = None
        self.source: Exchange | None = None
        """What a run would follow, or follows; None where none can."""

    def cause(self, exchange: Exchange) -> None:
        """Something that a run may follow."""
        self.source, self._open = exchange, None

    def over(self) -> None:
        """The two sides agree again: a command was understood."""
        self.source = self._open = None

    def refused(self, exchange: Exchange) -> None:
        """A refusal, or a command without an answer: part of a run if it is about no command."""
        if self.source is None or not _stray(exchange):
            return
        if self._open is None:
            self._open = Storm(self.source)
            if len(self.all) < MOST:
                self.all.append(self._open)
        self._open.add(exchange)
        self._latest = exchange

    def latest(self, exchange: Exchange) -> Storm | None:
        """The run that an exchange is the latest of, if it is part of one."""
        return self._open if exchange is self._latest else None


def _farewell(exchange: Exchange) -> bool:
    """Whether Postfix has had enough at a header line: that alone shows that text is read."""
    command, reply, _ = exchange
    said = reply is not None and reply.code == LEAVING
    return said and (command is None or HEADER.match(command.line) is not None)


def _stray(exchange: Exchange) -> bool:
    """Whether a refusal is of text that is no command, or of nothing that we take for one."""
    command, reply, _ = exchange
    refused = reply is None or reply.code >= FAILURE or reply.code == LEAVING
    if not refused:
        return False
    if command is None:
        return reply is not None
    mask = masks.verb(command)
    no_command = command.verb not in masks.REAL_VERBS and (mask is None or not mask.certain)
    return no_command and command.verb != ""
