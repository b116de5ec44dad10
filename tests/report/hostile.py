"""A capture in which everything that a peer can choose is chosen to do harm."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

from support.script import play
from support.wire import to_pcap

ESCAPE: Final = r"\x1b[31m\x1b]0;title\x07"
CLIPBOARD: Final = r"\x1b]52;c;cm0gLXJmIC8=\x1b\\"
EIGHT_BIT: Final = r"\xc2\x9b31m\xc2\x9d0;t\xc2\x9c"
BIDI: Final = r"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf"
BROKEN: Final = r"\xff\xfe\x9b1m\xc3"
ALL: Final = ESCAPE + CLIPBOARD + EIGHT_BIT + BIDI + BROKEN + r"\x00\x08\x7f"

NAME: Final = b"=\x1b]0;name\x07\xff\xe2\x80\xae[31m.pcap"
"""Of the file: what a sender of captures can choose."""

FORMULAS: Final = ("=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", r"\t=1")

TALK: Final = f"""
    S: 220 {ALL} ESMTP
    C: EHLO =cmd{ALL}
    S: 250-mx{ALL}
    S: 250-XXXXXXXA
    S: 250-PIPELINING
    S: 250 XXXB{ALL}
    C: MAIL FROM:<=a{ALL}@example.org>
    C: XX¦XX TO:<b{ALL}@example.net>
    C: RCPT TO:<c{ALL}@example.net>
    C: DATA
    S: 250 OK{ALL}
    S: 500 unrecognized "XXXX {ALL}"
    S: 250 Accepted{ALL}
    S: 354 go ahead
    C: Subject: {ALL}
    C:
    C: hello
    C: .
    S: 250 OK
    C: V¦RFY {ALL}
    S: 554 SMTP synchronization error {ALL}
    S! FIN
    C! FIN
"""


def hostile_capture(folder: Path) -> Path:
    """A capture of ``TALK``, with a name as bad as its content."""
    made = to_pcap(play(TALK), folder / "made.pcap")
    return made.rename(folder / NAME.decode("utf-8", "surrogateescape"))


def formula_capture(folder: Path, formula: str) -> Path:
    """A capture whose client and sender are called like a formula."""
    talk = f"""
        S: 220 mx.example.net ESMTP
        C: EHLO {formula}
        S: 250 mx.example.net
        C: MAIL FROM:<{formula}>
        S: 250 OK
        C: QUIT
        S: 221 bye
    """
    return to_pcap(play(talk), folder / "=formula.pcap")


def harmful(text: str, allowed: str = "\n") -> list[str]:
    """The characters of ``text`` that steer a terminal, reorder, hide or join."""
    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return sorted({c for c in text if c not in allowed and unicodedata.category(c) in bad})
