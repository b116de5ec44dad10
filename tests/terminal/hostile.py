r"""Captures in which everything that a peer can choose wants to steer the terminal.

The texts are in the language of ``support.script``: ``\x1b`` is a byte, and so is ``\xff``.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from support.script import play
from support.wire import START, Setting, interleave, to_pcap

from dissect.evidence import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dissect.segments.segment import Segment

ATTACKS: Final = {
    "title": r"\x1b]0;owned\x07\x1b]2;owned\x1b\\",
    "clipboard": r"\x1b]52;c;cm0gLXJmIC8=\x07\x1b]52;p;ZXZpbA==\x1b\\",
    "link": r"\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\",
    "colours": r"\x1b]4;1;#000000\x07\x1b]10;#000000\x07\x1b]104\x07",
    "iterm": r"\x1b]1337;File=name=eA==:AAAA\x07\x1b]9;1;note\x07",
    "looks": r"\x1b[31m\x1b[7m\x1b[8mhidden\x1b[0m",
    "erase": r"\x1b[2J\x1b[H\x1b[3J\x1b[K\x1b[9999;9999H",
    "modes": r"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?2026h\x1b[4h\x1b[20h\x1bc\x1b[!p",
    "answers": r"\x1b[6n\x1b[c\x1b[>c\x1b[21t\x1b[18t\x1bZ\x05",
    "keys": r"\x1b[>1u\x1b[<u\x1b[>4;2m",
    "DCS": r"\x1bP+q544e\x1b\\\x1bP$qm\x1b\\\x1bP1;1|17/ab\x1b\\",
    "sixel": r"\x1bPq#0;2;0;0;0~~\x1b\\",
    "APC": r"\x1b_Gf=24,a=T;AAAA\x1b\\\x1b^private\x1b\\\x1bXstart\x1b\\",
    "unfinished": r"\x1b[\x1b]\x1bP\x1b",
    "C1 as UTF-8": r"\xc2\x9b31m\xc2\x9d0;owned\xc2\x9c\xc2\x90q\xc2\x9c\xc2\x9f",
    "C1 raw": r"\x9b31m\x9d0;owned\x9c\x90q\x9c\x9f\x84\x85",
    "controls": r"\x00\x01\x05\x07\x08\x0b\x0c\x0e\x0f\x11\x13\x18\x1a\x7f\t",
    "markup": r"[/foo][red]x[/red][@click=app.quit]go[/][link=http://e]l[/] $x {0} %s :smile:",
    "bidi": r"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xab\xe2\x80\x8f\xd8\x9c\xd7\x90",
    "zero width": r"\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf\xe2\x81\xa0\xc2\xad\xf3\xa0\x81\x81",
    "joining": r"e\xcc\x81\xcd\x8f\xf0\x9f\x87\xa6\xf0\x9f\x87\xb9\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd",
    "wide": r"\xe6\xbc\xa2\xef\xbc\xa1\xe3\x85\xa4\xe2\xa0\x80",
    "lines": r"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85",
    "broken": r"\xff\xfe\xc3\xed\xa0\x80\xf0\x80\x80\x80\xc0\xaf\xf4\x90\x80\x80",
    "forged": r"\\x1b \xe2\x90\x9b \xe2\x94\x8a",
}
"""By what each wants; in all, one of everything that a terminal or a toolkit obeys."""

ALL: Final = "".join(ATTACKS.values())
NAME: Final = b"=\x1b]0;name\x07\xff\xe2\x80\xae[31m[@click=app.quit].pcap"
"""Of the file: what a sender of captures can choose."""
LONG: Final = 1 << 20
"""Characters of a line that nobody expects."""

PLACE: Final = "@@"
"""Where a text is attacked."""

TALK: Final = """
    S: 220 @@ ESMTP
    C: EHLO @@
    S: 250-mx@@
    S: 250-XXXXXXXA
    S: 250-PIPELINING
    S: 250-SIZE @@
    S: 250 XXXB@@
    C: MAIL FROM:<a@@@example.org> SIZE=@@
    C: XX¦XX TO:<b@@@example.net>
    C: RCPT TO:<c@@@example.net> NOTIFY=@@
    C: DATA
    S: 250 OK@@
    S: 500 unrecognized "XXXX @@"
    S: 250-Accepted@@
    S: 250 Accepted@@
    S: 354 go ahead @@
    C: Subject: @@
    C: From: "@@" <@@@example.org>
    C: X-@@: @@
    C: Content-Type: text/plain; name="@@"
    C:
    C: @@
    C: .@@
    C: .
    S: 250 OK id=@@
    C: @@
    S: 500 @@
    C: V¦RFY @@
    S: 554 SMTP synchronization error @@
    S! FIN
    C! FIN
"""
PLAIN: Final = """
    S: 220 mx.example.net ESMTP
    C: EHLO mail.example.com
    S: 250 mx.example.net
    C: QUIT
    S: 221 bye
    C! FIN
    S! FIN
"""
QUIET: Final = "ab"
"""What stands where another place in a conversation is attacked."""


def _flow(talk: str, port: int) -> list[Segment]:
    return play(talk, Setting(client=Endpoint("192.0.2.10", port)))


def _written(flows: Sequence[list[Segment]], folder: Path) -> Path:
    """A capture of some flows, with a name as bad as its content."""
    made = to_pcap(interleave(flows), folder / "made.pcap")
    return made.rename(folder / NAME.decode("utf-8", "surrogateescape"))


def _attack(text: str) -> str:
    return TALK.replace(PLACE, text)


def _long_lines() -> Iterator[str]:
    """The conversation again and again, each time with a long line in another place."""
    parts = TALK.split(PLACE)
    for place in range(1, len(parts), 4):
        yield f"{QUIET.join(parts[:place])}\\{{{LONG}}}A{ALL}{QUIET.join(parts[place:])}"


def hostile_capture(folder: Path) -> Path:
    """A flow with everything at once, one for each attack alone, and one that is plain."""
    talks = (_attack(ALL), *map(_attack, ATTACKS.values()), PLAIN)
    return _written([_flow(talk, 33738 + port) for port, talk in enumerate(talks)], folder)


def endless_capture(folder: Path) -> Path:
    """Lines of a million characters, in turn in every place."""
    talks = (*_long_lines(), PLAIN)
    return _written([_flow(talk, 33738 + port) for port, talk in enumerate(talks)], folder)


def hostile_log(folder: Path) -> Path:
    """A log of Exim's that quotes the attacks beside the same flows, under as bad a name."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S +0000", time.gmtime(START)).encode()
    texts = [ALL, *ATTACKS.values()]
    lines = [
        b'%s SMTP protocol synchronization error (x): rejected "XXXX %s" H=(x) [192.0.2.10]:%d'
        % (stamp, said, 33738 + flow)
        for flow, said in enumerate(unescaped(text).replace(b"\n", b"") for text in texts)
    ]
    log = folder / NAME.decode("utf-8", "surrogateescape").replace(".pcap", ".log")
    log.write_bytes(b"\n".join(lines) + b"\n")
    return log


def unescaped(text: str) -> bytes:
    """The bytes that a text of ``ATTACKS`` stands for."""
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")
