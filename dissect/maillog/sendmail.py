"""Sendmail's words (``srvrsmtp.c``, ``collect.c``).

From LogLevel 13 on Sendmail logs its replies, which quote the command that it does not know.  Such
lines name a session and no client: who that is stood in an earlier line of the same process.
"""

from __future__ import annotations

import re
from typing import Final

from dissect.maillog.entry import Said, What, client

_FROM: Final = r"(?:[^\s\[\]]{1,300} )?\[(?P<ip>[^\]\s]{1,60})\]"
_IDENTITY: Final = re.compile(r"(?P<identity>NOQUEUE|[0-9A-Za-z]{8,20}): ")

_WORDS: Final = tuple(
    (re.compile(pattern), what)
    for pattern, what in (
        (r"rejecting commands from " + _FROM + r" due to pre-greeting traffic", What.SYNC_ERROR),
        (r'--- 500 5\.5\.1 Command unrecognized: "(?P<command>.*)"', What.UNRECOGNISED),
        (r"lost input channel from " + _FROM + r" to \S+ after (?P<after>\w+)", What.LOST),
        (r"collect: (?:premature EOM|unexpected close)(?:[^\[]*? from " + _FROM + ")?", What.LOST),
        (r"timeout waiting for input from " + _FROM, What.TIMEOUT),
        (r"collect: read timeout on connection from " + _FROM, What.TIMEOUT),
        (r"ruleset=check_\w+, .*\brelay=" + _FROM + r".*, reject=", What.REJECTED),
        (r"from=<[^>]*>, size=.*\brelay=" + _FROM, What.ACCEPTED),
        (r"(?:SMTP )?connect from " + _FROM, What.CONNECTED),
    )
)


def understood(text: str) -> Said:
    """What Sendmail says in a line, without its stamp and tag."""
    named = _IDENTITY.match(text)
    if named is None:
        return Said(What.OTHER)
    identity, rest = named["identity"], text[named.end() :]
    for pattern, what in _WORDS:
        found = pattern.match(rest)
        if found:
            parts = found.groupdict()
            who = client(parts["ip"]) if parts.get("ip") else None
            after = "DATA" if rest.startswith("collect:") else (parts.get("after") or "").upper()
            return Said(what, who, identity, parts.get("command") or "", after)
    return Said(What.OTHER, None, identity)
