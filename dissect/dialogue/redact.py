"""Credentials, masked where they are read (RFC 4954), so that nothing behind can leak them.

The mask keeps the length, so that seams stay at their byte; it is ``#``, which no middlebox uses.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = b"#"

AUTH: Final = re.compile(
    rb"(?:AUTH|X-EXPS|[Xx]{4}|\*{4})\s+[A-Za-z0-9_-]{3,20}\s+(\S.*)$", re.IGNORECASE | re.DOTALL
)
"""AUTH with an initial response, also where the verb was masked on the way."""

FIRST: Final = frozenset({b"A", b"a", b"X", b"x", b"*"})
"""First bytes of a line that can hold credentials."""

MECHANISM: Final = re.compile(
    rb"\s+(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|XOAUTH2|OAUTHBEARER|EXTERNAL|ANONYMOUS"
    rb"|SCRAM-[A-Z0-9-]+)\s",
    re.IGNORECASE,
)

SHORTEST: Final = 4
"""Bytes below which a secret is not looked for in replies: it would be found in every word."""


def command(line: bytes) -> tuple[bytes, bytes]:
    """A command line with its credentials masked, and the credentials (empty without any)."""
    match = AUTH.match(line)
    if match is None or not (line[:1] in b"Aa" or MECHANISM.search(line)):
        return line, b""
    secret = match.group(1)
    return line[: match.start(1)] + MASK * len(secret), secret


def answer(line: bytes) -> bytes:
    """A client's answer in an AUTH exchange, all of it masked."""
    return MASK * len(line)


def reply(line: bytes, secrets: list[bytes]) -> bytes:
    """A reply line in which a server has quoted a credential back."""
    for secret in secrets:
        if len(secret) >= SHORTEST and secret in line:
            line = line.replace(secret, MASK * len(secret))
    return line
