"""Exim's words (``smtp_in.c``, ``receive.c`` and ``host.c``; spec, chapter 52 "Log files").

Exim quotes what a client sent without escaping quotation marks, so that a hostile command can
hold whatever a line of the log may hold.  A line that names two clients therefore names none.
Names are bounded, so that no line takes long.
"""

from __future__ import annotations

import re
from typing import Final

from dissect.maillog.entry import Client, Said, What, client

_IDENTITY: Final = re.compile(r"(?P<identity>\w{6}-\w{6,11}-\w{2,4}) ")
_PID: Final = re.compile(r"\[[0-9]+\] ")
_CLIENT: Final = re.compile(
    r"(?:H=|\bfrom )(?:[^\s\[\]()]{1,300} )?(?:\([^\s]{0,300}\) )?"
    r"\[(?P<ip>[0-9A-Fa-f:.]+)\](?::(?P<port>[0-9]{1,5}))?"
)

_SYNC: Final = r"SMTP protocol (?:violation: )?synchronization error"
_DROPPED: Final = r"SMTP call from .* dropped: too many "

_WORDS: Final = tuple(
    (re.compile(pattern), what, after)
    for pattern, what, after in (
        (_SYNC + r' \([^)]*\): rejected "(?P<command>.*?)" H=', What.SYNC_ERROR, ""),
        (_SYNC, What.SYNC_ERROR, ""),
        (r'(?=.* unrecognized command)SMTP syntax error in "(?P<command>.*)" H=',
         What.UNRECOGNISED, ""),
        (_DROPPED + r'unrecognized commands(?: \(last was "(?P<command>.*)"\))?',
         What.UNRECOGNISED, ""),
        (_DROPPED, What.TOO_MANY_ERRORS, ""),
        (r"SMTP connection from .* lost while reading message data", What.LOST, "DATA"),
        (r"SMTP connection lost after final dot", What.LOST, "DATA"),
        (r"H=.*? incomplete transaction \(connection lost\) from <[^>]*> for ", What.LOST, "RCPT"),
        (r"H=.*? incomplete transaction \(", What.INCOMPLETE, ""),
        (r"unexpected disconnection while reading SMTP command from ", What.LOST, ""),
        (r"SMTP connection from .* lost", What.LOST, ""),
        (r"SMTP data timeout \(message abandoned\)", What.TIMEOUT, "DATA"),
        (r"SMTP command timeout on (?:TLS )?connection from ", What.TIMEOUT, ""),
        (r"SMTP connection from .* closed by QUIT", What.CLOSED, ""),
        (r"SMTP connection from \[", What.CONNECTED, ""),
        (r"<= ", What.ACCEPTED, ""),
        (r"H=.*? rejected ", What.REJECTED, ""),
    )
)  # fmt: skip
"""What begins a line, the first that fits; the more telling ones first."""


def understood(text: str) -> Said:
    """What Exim says in a line, without its stamp."""
    rest = _PID.sub("", text, count=1) if text.startswith("[") else text
    named = _IDENTITY.match(rest)
    rest = rest[named.end() :] if named else rest
    identity = named["identity"] if named else ""
    for pattern, what, after in _WORDS:
        found = pattern.match(rest)
        if found:
            command = found.groupdict().get("command") or ""
            return Said(what, _client(rest), identity, command, after)
    return Said(What.OTHER, _client(rest), identity)


def _client(text: str) -> Client | None:
    """The one client that a line names."""
    named = {client(found["ip"], found["port"]) for found in _CLIENT.finditer(text)}
    return named.pop() if len(named) == 1 else None
