"""A command line and its parts."""

from __future__ import annotations

from typing import Final

from dissect.dialogue.grammar import KEPT, VERB

VERBS: Final = {
    spelling.encode(): word
    for word in ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT", "NOOP", "AUTH")
    for spelling in (word, word.lower(), word.title())
}
"""The common verbs, as clients write them."""

BEHIND: Final = frozenset({b"", b" ", b":"})


def verb_of(text: bytes) -> str:
    """The verb of a command line in capitals; a blank for a line without one."""
    word = text[:4]
    known = VERBS.get(word)
    if known is not None and text[4:5] in BEHIND:
        return known
    match = VERB.match(text)
    return match.group().upper().decode("latin-1")[:KEPT] if match else " "


def split(line: bytes) -> tuple[bytes, bytes]:
    """A line and its end: CRLF, a bare LF, or nothing."""
    for ending in (b"\r\n", b"\n"):
        if line.endswith(ending):
            return line[: -len(ending)], ending
    return line, b""
