"""Line ends inside message data that are none, and ends of data that only some servers see.

RFC 5321 section 2.3.8 allows no carriage return and no line feed but in the pair; section 4.1.1.4
ends message data with CRLF.CRLF and nothing else.  Servers that end it elsewhere, and senders
that let it through, are what SMTP smuggling is made of (CVE-2023-51764, -51765, -51766).
"""

from __future__ import annotations

import re
from typing import Final

from dissect.dialogue.events import FalseEnd, Oddity

BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
FALSE: Final = re.compile(rb"(?:\r\n|\r|\n)\0?\.(?:\r\n|\r|\n)")
TRUE: Final = b"\r\n.\r\n"

OVERLAP: Final = 6
"""Bytes of the past that an end can begin in."""

ENDS: Final = 16
FOLLOWS: Final = 48
"""Ends remembered of one message, and bytes behind each."""


OTHERS: Final = bytes(octet for octet in range(256) if octet not in b"\r\n\0")
RETURN, FEED = ord("\r"), ord("\n")


def clean(past: bytes, data: bytes) -> bool:
    """Whether nothing in a segment's bytes can be odd: what nearly all message data is.

    The line ends are counted twice, as pairs and octet by octet; this is the fastest way to tell
    that the standard library has.

    Args:
        past: the bytes before them.
        data: one byte or more.
    """
    octets = len(data.translate(None, OTHERS)) - 2 * data.count(b"\r\n")
    if past[-1:] == b"\r":
        return data[0] == FEED and octets == 1 + (data[-1] == RETURN)
    return octets == 0 or (octets == 1 and data[-1] == RETURN)


class Oddities:
    """What has been seen of one message."""

    def __init__(self) -> None:
        self.bare = 0
        self.frame = 0
        self.ends: list[FalseEnd] = []

    def look(self, past: bytes, data: bytes, offset: int, frame: int) -> None:
        """Look at the next bytes of a message.

        Args:
            past: the last bytes before them.
            data: the new bytes.
            offset: stream offset of the first of them.
            frame: that brought them.
        """
        self._follow(data)
        past = past[-OVERLAP:]
        window, start = past + data, offset - len(past)
        for match in BARE.finditer(window):
            if self._new(match.end(), len(past), window):
                self.bare += 1
                self.frame = self.frame or frame
        for match in FALSE.finditer(window):
            if match[0] != TRUE and self._new(match.end(), len(past), window):
                self._end(match, start, window, frame)

    @staticmethod
    def _new(end: int, old: int, window: bytes) -> bool:
        """Whether something was not told before, and its last byte can be judged.

        A carriage return at the end of the window may get its line feed with the next bytes.
        """
        undecided = window[end - 1 : end] == b"\r"
        if end == len(window) and undecided:
            return False
        return end > old or (end == old and undecided)

    def _end(self, match: re.Match[bytes], start: int, window: bytes, frame: int) -> None:
        """Remember one end, within the bound."""
        if len(self.ends) < ENDS:
            follows = window[match.end() : match.end() + FOLLOWS]
            self.ends.append(FalseEnd(start + match.start(), match[0], frame, follows))

    def _follow(self, data: bytes) -> None:
        """What follows the last end may go on."""
        if self.ends and len(self.ends[-1].follows) < FOLLOWS:
            last = self.ends[-1]
            self.ends[-1] = last._replace(follows=(last.follows + data)[:FOLLOWS])

    def told(self) -> Oddity | None:
        """All of it; None where there is nothing."""
        if not self.bare and not self.ends:
            return None
        return Oddity(self.bare, self.frame, tuple(self.ends))
