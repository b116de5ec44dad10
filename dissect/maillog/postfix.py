"""Postfix's words (``smtpd.c``, ``smtpd_chat.c`` and ``postscreen``).

Postfix does not log the command that it does not know.  It counts: ``unknown=0/1`` at the end of
a connection means that one was sent, and none accepted.
"""

from __future__ import annotations

import re
from typing import Final

from dissect.maillog.entry import Said, What, client

DAEMONS: Final = frozenset({"smtpd", "postscreen"})
"""Those that speak with clients."""

_FROM: Final = r" from [^\s\[\]]*\[(?P<ip>[^\]\s]+)\](?::(?P<port>[0-9]{1,5}))?"
_NAMED: Final = r"(?:(?P<identity>[0-9A-Za-z]+): )?"

_WORDS: Final = tuple(
    (re.compile(_NAMED + pattern), what)
    for pattern, what in (
        (r"(?:warning: )?improper command pipelining after (?P<after>\S+)" + _FROM,
         What.SYNC_ERROR),
        (r"COMMAND PIPELINING" + _FROM + r" after (?P<after>\S+):", What.SYNC_ERROR),
        (r"PREGREET \d+ after \S+" + _FROM, What.SYNC_ERROR),
        (r"(?:warning: )?non-SMTP command" + _FROM + r": (?P<command>.*)", What.UNRECOGNISED),
        (r"NON-SMTP COMMAND" + _FROM + r" after \S+: (?P<command>.*)", What.UNRECOGNISED),
        (r"lost connection after (?P<after>\S+)(?: \([^)]*\))?" + _FROM, What.LOST),
        (r"timeout after (?P<after>\S+)(?: \([^)]*\))?" + _FROM, What.TIMEOUT),
        (r"too many errors after (?P<after>\S+)(?: \([^)]*\))?" + _FROM, What.TOO_MANY_ERRORS),
        (r"reject: [^\[]*?" + _FROM, What.REJECTED),
        (r"client=[^\s\[\]]*\[(?P<ip>[^\]\s]+)\](?::(?P<port>[0-9]{1,5}))?", What.ACCEPTED),
        (r"connect" + _FROM, What.CONNECTED),
        (r"disconnect" + _FROM, What.CLOSED),
    )
)  # fmt: skip

_UNKNOWN: Final = re.compile(r" unknown=(\d{1,6})(?:/(\d{1,6}))?(?= |$)")
_RECIPIENTS: Final = re.compile(r" rcpt=\d")


def understood(text: str) -> Said:
    """What Postfix says in a line, without its stamp and tag."""
    for pattern, what in _WORDS:
        found = pattern.match(text)
        if found:
            parts = found.groupdict()
            said = Said(
                what, client(found["ip"], found["port"]), parts.get("identity") or "",
                parts.get("command") or "", (parts.get("after") or "").upper(),
            )  # fmt: skip
            return _summed(said, text[found.end() :]) if what is What.CLOSED else said
    return Said(What.OTHER)


def _summed(said: Said, summary: str) -> Said:
    """The end of a connection: commands that were not known in a mail transaction.

    A connection without a RCPT is a scanner's or a web browser's.
    """
    found = _UNKNOWN.search(summary)
    if found is None or not _RECIPIENTS.search(summary):
        return said
    refused = int(found[2]) - int(found[1]) if found[2] else 0
    if refused <= 0:
        return said
    return said._replace(what=What.UNRECOGNISED, after="RCPT", times=refused)
