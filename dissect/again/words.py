"""TCP options in words, and Wireshark's words without credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dissect.segments.options import END, MSS, NOTHING, SACK

SCALE, PERMITTED, STAMPS, FAST = 3, 4, 8, 34
"""Window scale and timestamps (RFC 7323), SACK permitted (RFC 2018), Fast Open (RFC 7413)."""

SIZES: Final = {MSS: 2, SCALE: 1, PERMITTED: 0, STAMPS: 8}
"""Bytes of data that these options have."""

NAMED: Final = {19: "MD5 signature", 29: "TCP-AO", 30: "MPTCP", FAST: "Fast Open"}
"""Options that are told by name and size."""

SECRETS: Final = re.compile(
    r"((?:User|Pass|Username|Password|Username/Password)(?::| ) ?)(\S(?:[^|]*[^| ])?)",
    re.IGNORECASE,
)
"""What Wireshark's SMTP dissector says of an AUTH exchange, and the credentials behind it."""

AUTH: Final = re.compile(
    r"((?:AUTH|X-EXPS)\s+[A-Za-z0-9_-]{3,20}\s+)(\S(?:[^|]*[^| ])?)", re.IGNORECASE
)

MECHANISM: Final = re.compile(
    r"(\b(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|XOAUTH2|OAUTHBEARER|EXTERNAL"
    r"|SCRAM-[A-Z0-9-]+)\s+)([A-Za-z0-9+/=]{4,})",
    re.IGNORECASE,
)
"""A mechanism and an initial response, behind a verb that a middlebox has masked."""

LINE: Final = re.compile(
    r"((?:^|\] )C: |(?<=\| ))(?!(?:[Xx]+|\*+|DATA|QUIT|RSET|NOOP|HELP|STARTTLS)(?: \||$))"
    r"([A-Za-z0-9+/]{4,}={0,2})(?= \||$)"
)
"""A client's line that is one word of base64, as an answer in an AUTH exchange is."""

QUOTED: Final = re.compile(
    r"((?:S: |\| )[45]\d\d[ -].*?)"
    r"(\b[A-Za-z0-9+/]{6,}={1,2}|(?=[^ ]*[a-z])(?=[^ ]*[A-Z])(?=[^ ]*\d)\b[A-Za-z0-9+/]{8,})"
)
"""A refusal that quotes what looks like a credential."""


def masked(text: str) -> str:
    """Wireshark's words without the credentials that it shows of an AUTH exchange."""
    for pattern in (SECRETS, AUTH, MECHANISM, QUOTED):
        text = pattern.sub(_blank, text)
    return LINE.sub(_blank, text) if "C: " in text else text


def _blank(match: re.Match[str]) -> str:
    return match[1] + "#" * len(match[2])


def options(raw: bytes) -> tuple[str, ...]:
    """TCP options in their order, each in words; what is damaged is told as bytes."""
    return tuple(_options(raw))


def _options(raw: bytes) -> Iterator[str]:
    at = 0
    while at < len(raw):
        kind = raw[at]
        if kind in (END, NOTHING):
            yield "NOP" if kind == NOTHING else "end of options"
            at += 1
            if kind == END:
                return
            continue
        size = raw[at + 1] if at + 1 < len(raw) else 0
        if size < 2 or at + size > len(raw):  # noqa: PLR2004 - kind and length themselves
            yield f"damaged: {raw[at:].hex(' ')}"
            return
        yield _told(kind, raw[at + 2 : at + size])
        at += size


def _told(kind: int, data: bytes) -> str:
    """One option."""
    if kind == SACK and data and len(data) % 8 == 0:
        edges = [int.from_bytes(data[at : at + 4]) for at in range(0, len(data), 4)]
        blocks = zip(edges[::2], edges[1::2], strict=True)
        return "SACK " + ", ".join(f"{left}-{right}" for left, right in blocks)
    if SIZES.get(kind) == len(data):
        number = int.from_bytes(data)
        return {
            MSS: f"MSS {number}",
            SCALE: f"window scale {number}",
            PERMITTED: "SACK permitted",
            STAMPS: f"timestamps {number >> 32}, {number & 0xFFFFFFFF}",
        }[kind]
    name = NAMED.get(kind, f"option {kind}")
    return f"{name}: {data.hex(' ')}" if data else name
