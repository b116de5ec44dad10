"""From a line to an entry: its stamp, whose it is, and what it says."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Final

from dissect.maillog import exim, postfix, sendmail
from dissect.maillog.entry import Client, Entry, Said, What
from dissect.maillog.stamps import BSD, ISO, Clock

_PRIORITY: Final = re.compile(r"<[0-9]{1,3}>")
_TAG: Final = re.compile(
    r" (?P<host>[^\s:]\S*) (?P<tag>[^\s:\[]{1,64})(?:\[(?P<pid>[0-9]{1,10})\])?: "
)
_POSTFIX: Final = re.compile(r"postfix[^/]*/(?:[^/]+/)?(?P<daemon>\w+)")
_SENDMAIL: Final = re.compile(r"sendmail|sm-(?:mta|msp)\S*")
_EXIM: Final = re.compile(r"exim\S*")

_SESSIONS: Final = 10_000
"""Processes whose clients are remembered; a busy server has some hundred at a time."""


class Reader:
    """Reads the lines of one log, in their order.

    Args:
        clock: for the stamps.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._clients: OrderedDict[tuple[str, str], Client] = OrderedDict()

    def entry(self, line: bytes) -> Entry | None:
        """What a line says; None where it is no line of a mail server's log."""
        text = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        bare = _PRIORITY.match(text)
        text = text[bare.end() :] if bare else text
        iso = ISO.match(text)
        found = iso or BSD.match(text)
        if found is None:
            return None
        time = self._clock.time(found)
        rest = text[found.end() :]
        if time is None:
            return None
        if iso and iso["between"] == " " and rest.startswith(" "):
            return Entry(time, "exim", exim.understood(rest[1:]), rest[1:])
        return self._tagged(time, rest)

    def _tagged(self, time: float, rest: str) -> Entry | None:
        """A line that syslog has put a host and a tag before."""
        found = _TAG.match(rest)
        if found is None:
            return None
        tag, text = found["tag"], rest[found.end() :]
        if daemon := _POSTFIX.fullmatch(tag):
            known = daemon["daemon"] in postfix.DAEMONS
            said = postfix.understood(text) if known else Said(What.OTHER)
            return Entry(time, "postfix", said, text)
        if _SENDMAIL.fullmatch(tag):
            session = (found["host"], found["pid"] or "")
            return Entry(time, "sendmail", self._known(session, sendmail.understood(text)), text)
        if _EXIM.fullmatch(tag):
            stamp = ISO.match(text)  # Exim's own, unless syslog_timestamp is off
            text = text[stamp.end() + 1 :] if stamp else text
            return Entry(time, "exim", exim.understood(text), text)
        return None

    def _known(self, session: tuple[str, str], said: Said) -> Said:
        """The same, with the client of the process that says it."""
        if not session[1]:
            return said
        if said.client:
            self._clients[session] = said.client
            self._clients.move_to_end(session)
            if len(self._clients) > _SESSIONS:
                self._clients.popitem(last=False)
        return said if said.client else said._replace(client=self._clients.get(session))
