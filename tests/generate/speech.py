"""What clients, servers and middleboxes say."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Final

HELLO: Final = b"EHLO mail.example.org\r\n"
BANNER: Final = b"220 mx.example.net ESMTP Postfix 2026\r\n"
KEYWORDS: Final = (b"PIPELINING", b"SIZE 52428800", b"ETRN", b"8BITMIME", b"DSN")
STARTTLS: Final = b"STARTTLS"

OK: Final = b"250 2.1.0 Ok\r\n"
RCPT_OK: Final = b"250 2.1.5 Ok\r\n"
NO_USER: Final = b"550 5.1.1 User unknown\r\n"
GREYLISTED: Final = b"450 4.2.0 Greylisted, try again later\r\n"
GO_AHEAD: Final = b"354 End data with <CR><LF>.<CR><LF>\r\n"
NO_RECIPIENTS: Final = b"554 5.5.1 Error: no valid recipients\r\n"
UNKNOWN: Final = b"500 5.5.2 Error: command not recognized\r\n"
SYNC_ERROR: Final = b"554 SMTP synchronization error\r\n"
BYE: Final = b"221 2.0.0 Bye\r\n"
DATA: Final = b"DATA\r\n"
QUIT: Final = b"QUIT\r\n"

END: Final = b".\r\n"
SMALLEST_TAIL: Final = 200
"""Payload bytes of the last segment of a message, at least: its end is not cut."""

SHARE_DOTTED: Final = 0.01
"""Of the lines of a message."""

_WORDS: Final = (
    b"the", b"message", b"was", b"queued", b"again", b"because", b"one", b"of", b"its", b"many",
    b"recipients", b"could", b"not", b"be", b"reached", b"through", b"a", b"firewall", b"that",
    b"knows", b"better", b"than", b"both", b"ends", b"what", b"mail", b"should", b"look", b"like",
)  # fmt: skip


def pix_banner(banner: bytes) -> bytes:
    """A banner behind PIX 5.1 or later: only 2, 0 and the blank behind the code stay."""
    text = bytes(byte if byte in b"20" else ord("*") for byte in banner[4:-2])
    return banner[:4] + text + b"\r\n"


def asa_banner(banner: bytes) -> bytes:
    """A banner behind an ASA: nothing but asterisks behind the code."""
    return banner[:4] + b"*" * len(banner[4:-2]) + b"\r\n"


def masked(keyword: bytes) -> bytes:
    """An EHLO keyword as an ASA masks the first one that it does not know."""
    return b"X" * (len(keyword) - 1) + b"A"


def hello_reply(*extra: bytes) -> bytes:
    """The answer to EHLO: the usual keywords, then more, DSN last."""
    lines = (b"mx.example.net", *KEYWORDS[:-1], *extra, KEYWORDS[-1])
    ahead = b"".join(b"250-" + line + b"\r\n" for line in lines[:-1])
    return ahead + b"250 " + lines[-1] + b"\r\n"


@cache
def _pool() -> bytes:
    """Lines of prose, the same for every seed; a message is a stretch of them.

    Now and then a line begins with a dot, doubled as RFC 5321 section 4.5.2 wants it.
    """
    random = Random("prose")
    words = (random.choices(_WORDS, k=random.randint(4, 13)) for _ in range(4000))
    dots = (b".." if random.random() < SHARE_DOTTED else b"" for _ in range(4000))
    return b"".join(dot + b" ".join(line) + b"\r\n" for dot, line in zip(dots, words, strict=True))


def queued(random: Random) -> bytes:
    """The reply that accepts a message."""
    return b"250 2.0.0 Ok: queued as %010X\r\n" % random.getrandbits(40)


def message(size: int, random: Random) -> bytes:
    """A message of exactly ``size`` bytes, at least ``SMALLEST_TAIL``, with its end."""
    head = b"Message-ID: <%012x@example.org>\r\nSubject: notes\r\n\r\n" % random.getrandbits(48)
    wanted = size - len(head) - len(END) - len(b"\r\n")
    pool = _pool()
    start = pool.index(b"\n", random.randrange(len(pool) // 2)) + 1
    body = (pool[start:] + pool * (wanted // len(pool) + 1))[:wanted]
    if body.endswith(b"\r"):
        body = body[:-1] + b" "
    return head + body + b"\r\n" + END
