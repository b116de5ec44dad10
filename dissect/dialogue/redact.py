"""Credentials, masked where they are read (RFC 4954), so that nothing behind can leak them.

The mask keeps the length, so that seams stay at their byte; it is ``#``, which no middlebox uses.
"""

from __future__ import annotations

import re
from typing import Final

from dissect.dialogue.grammar import LINES_KEPT, REPLY_KEPT
from dissect.streams import Copies

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

OWN: Final = re.compile(rb"AUTH|X-EXPS", re.IGNORECASE)
"""Verbs that a middlebox has not masked: whatever follows the mechanism is a credential."""

RESPONSE: Final = re.compile(rb"(?![Xx]+$)[A-Za-z0-9+/]{4,}={0,2}")
"""A line that can be an answer in an AUTH exchange: base64, and no verb that was masked."""

HEAD: Final = 8
"""Bytes at the beginning of a credential by which it is recognised where it is cut short."""

SHORTEST: Final = 4
"""Bytes below which a secret is not looked for in replies: it would be found in every word."""


def command(line: bytes) -> tuple[bytes, bytes]:
    """A command line with its credentials masked, and the credentials (empty without any)."""
    match = AUTH.match(line)
    if match is None or not (OWN.match(line) or MECHANISM.search(line)):
        return line, b""
    secret = match.group(1)
    return line[: match.start(1)] + MASK * len(secret), secret


def answer(line: bytes) -> bytes:
    """A client's answer in an AUTH exchange, all of it masked."""
    return MASK * len(line)


def quoted(data: bytes, secrets: list[bytes]) -> list[tuple[int, int]]:
    """Where a server quotes credentials back, whole or cut short: ranges of ``data``."""
    found = []
    for secret in secrets:
        head = secret[:HEAD]
        at = data.find(head) if len(head) >= SHORTEST else -1
        while at >= 0:
            end = at + _alike(data[at : at + len(secret)], secret)
            found.append((at, end))
            at = data.find(head, end)
    return found


def _alike(one: bytes, two: bytes) -> int:
    """How many bytes two strings have in common at their beginning."""
    if one == two:
        return len(one)
    pairs = enumerate(zip(one, two, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(two)))


def copies(both: Copies, ranges: list[tuple[int, int]], secrets: list[bytes]) -> Copies:
    """Two copies of the same bytes with credentials masked.

    Args:
        both: the copies.
        ranges: stream offsets of credentials.
        secrets: credentials that may be quoted.
    """
    start = both.offset
    known = [(left - start, right - start) for left, right in ranges]
    one, two = (_blank(copy, known + quoted(copy, secrets)) for copy in both[1:])
    return Copies(start, one, two)


def authenticates(both: Copies) -> bool:
    """Whether one of two copies of a client's bytes may hold a credential that was not read."""
    return any(OWN.search(copy) or MECHANISM.search(copy) for copy in both[1:])


def _blank(data: bytes, ranges: list[tuple[int, int]]) -> bytes:
    """Bytes with some of them masked."""
    masked = bytearray(data)
    for left, right in ranges:
        for at in range(max(0, left), min(right, len(data))):
            masked[at] = MASK[0]
    return bytes(masked)


def reply(lines: tuple[bytes, ...], secrets: list[bytes]) -> tuple[bytes, ...]:
    """The lines of a reply that are kept, with credentials masked where they are quoted."""
    kept, room = [], REPLY_KEPT
    for line in lines[:LINES_KEPT]:
        masked = bytearray(line)
        for start, end in quoted(line, secrets):
            masked[start:end] = MASK * (end - start)
        kept.append(bytes(masked[:room]))
        room -= len(line)
        if room <= 0:
            break
    return tuple(kept)
