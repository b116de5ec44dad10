"""The words of SMTP: what a line can be, and limits.

Verbs are those of RFC 5321 section 4.1, of its extensions, and of vendors.
"""

from __future__ import annotations

import re
from typing import Final

LINE_LIMIT: Final = 65_536
"""Bytes after which a line without an end is cut.  RFC 5321 section 4.5.3.1 allows 512 and 1000;
AUTH and real servers need more."""

KEPT: Final = 1_024
"""Bytes of a command line that are kept."""

REPLY_KEPT: Final = 4_096
LINES_KEPT: Final = 100
"""Bytes and lines of a reply that are kept."""

SEAMS_KEPT: Final = 64
"""Seams kept inside one command; retransmissions with other cuts could go on for ever."""

MOST: Final = 4_000
"""Exchanges kept of one transaction, and commands kept without a reply."""

REPLY: Final = re.compile(rb"(\d{3})(?:([ -])|(?=[^0-9A-Za-z])|$)")
"""A reply line (RFC 5321 section 4.2); what stands for the separator may be masked."""

VERB: Final = re.compile(rb"[^\s:]+")

CERTAIN: Final = re.compile(
    rb"(?:(?:EHLO|HELO|LHLO) [^\s]+|MAIL FROM:\s?<|RCPT TO:\s?<|DATA$|BDAT \d+(?: LAST)?$|RSET$"
    rb"|QUIT$|NOOP\b.{0,80}$|STARTTLS$|AUTH [A-Z0-9_-]+|VRFY |EXPN |HELP\b.{0,80}$|\.$"
    rb"|[Xx]{4,} (?:TO|FROM):)",
    re.IGNORECASE,
)
"""A line that is a command even where the state is not known."""

CHUNK: Final = re.compile(rb"BDAT (\d{1,12})( LAST)?\s*$", re.IGNORECASE)
"""RFC 3030 section 2."""

BLOB: Final = re.compile(rb"XEXCH50 (\d{1,10}) \d+\s*$", re.IGNORECASE)
"""Exchange's XEXCH50: after a 354 a binary blob of that many bytes."""

TLS_RECORD: Final = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
"""The start of a TLS record (RFC 8446 section 5.1)."""

WAITS: Final = frozenset({"DATA", "STARTTLS", "AUTH", "XEXCH50", "X-EXPS"})
"""Verbs whose reply decides what the client's next bytes are."""

PHASES: Final = {
    "EHLO": "hello", "HELO": "hello", "LHLO": "hello", "AUTH": "auth", "X-EXPS": "auth",
    "STARTTLS": "tls", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "BDAT": "bdat",
    "QUIT": "quit", "RSET": "hello",
}  # fmt: skip
"""Where a command takes the dialogue."""

ENDS_TRANSACTION: Final = frozenset({"RSET", "EHLO", "HELO", "LHLO", "QUIT", "STARTTLS"})

AFFINITY: Final = {
    354: ("DATA", "XEXCH50"), 220: ("STARTTLS",), 221: ("QUIT",), 334: ("AUTH", "", "X-EXPS"),
    235: ("AUTH", "", "X-EXPS"), 535: ("AUTH", "", "X-EXPS"),
}  # fmt: skip
"""Codes that can answer only these verbs: footholds after a hole."""
