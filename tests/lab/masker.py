"""What the middlebox does to SMTP: one packet at a time, every octet replaced by one octet.

The behaviour follows what is known of Cisco's `fixup protocol smtp` (PIX) and `inspect esmtp`
(ASA): see <https://dotat.at/@/2009-09-01-more-firewall-hate.html> for the verb cut by a packet
boundary, Cisco document 118550 for the masked keywords, and Microsoft KB 295725 for the swallowed
end of data. What a real device does to an argument that is cut, or to the octets behind a masked
BDAT, is not known; here they survive. Nothing here touches a network, so that the tests can feed
it packets by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PIX_VERBS = frozenset({b"HELO", b"MAIL", b"RCPT", b"DATA", b"RSET", b"NOOP", b"QUIT"})
"""What `fixup protocol smtp` lets through (Cisco document 4733)."""

ASA_VERBS = PIX_VERBS | {b"AUTH", b"EHLO", b"ETRN", b"HELP", b"SAML", b"SEND", b"SOML", b"VRFY"}
"""What `inspect esmtp` lets through (Cisco document 117801)."""

ASA_KEYWORDS = frozenset(
    {b"8BITMIME", b"AUTH", b"BINARYMIME", b"CHECKPOINT", b"DSN", b"ENHANCEDSTATUSCODES"}
    | {b"ETRN", b"PIPELINING", b"SIZE", b"VRFY"}
)
"""EHLO keywords that `inspect esmtp` leaves legible."""

END = b"\r\n.\r\n"
"""What ends message data (RFC 5321, 4.1.1.4)."""

_TAILS = tuple(END[start:] for start in range(1, len(END)))
_TOKEN = re.compile(rb"[^\s:]*")
_KEYWORD = re.compile(rb"^250[ -]([^\s=]+)", re.MULTILINE)
_CHUNK = re.compile(rb"[Bb][Dd][Aa][Tt] +(\d+)")
_BANNER_KEPT = re.compile(rb"0 |[20\r\n]")
_LINE_END = re.compile(rb"[\r\n]")
_NOOP = b"NOOP"


class Place(Enum):
    """Where in a command line the packets so far have ended."""

    START = "start"
    VERB = "verb"
    ARGUMENT = "argument"


@dataclass(frozen=True)
class Profile:
    """What one make of middlebox does; the default forwards everything as it is."""

    verbs: frozenset[bytes] | None = None
    """Verbs that pass; None lets all pass."""
    fill: bytes = b"X"
    """What the letters of an unknown verb become: `x` on IOS (Cisco document 69309)."""
    noop: bool = False
    """Turn an unknown verb into NOOP, as PIX 5.1 and later do (Cisco document 4733)."""
    banner: str = ""
    """Of `_BANNERS`: how the greeting is masked; empty: not at all."""
    keywords: bool = False
    """Mask EHLO keywords outside of `ASA_KEYWORDS`."""
    terminator: bool = False
    """Swallow the end of message data where it comes in a packet of its own (CSCds90792)."""
    act: str = ""
    """Of `lab.acts.ACTS`: what is done to packets themselves; empty: nothing."""


PROFILES = {
    "none": Profile(),
    "pix": Profile(PIX_VERBS, banner="2 and 0"),
    "pix4": Profile(PIX_VERBS, banner="cmap"),
    "pix5": Profile(PIX_VERBS, noop=True, banner="2 and 0"),
    "pix-greeting": Profile(PIX_VERBS, banner="all"),
    "ios": Profile(PIX_VERBS, fill=b"x"),
    "stars": Profile(ASA_VERBS, fill=b"*"),
    "asa": Profile(ASA_VERBS, banner="2 and 0", keywords=True),
    "asa-late": Profile(ASA_VERBS, banner="all", keywords=True),
    "asa-dot": Profile(ASA_VERBS, banner="2 and 0", keywords=True, terminator=True),
    "asa-verbs": Profile(ASA_VERBS),
    "stripper": Profile(act="strip"),
    "refuser": Profile(act="refuse"),
    "black-hole": Profile(act="swallow"),
    "resetter": Profile(act="reset"),
    "near-resetter": Profile(act="reset-beside"),
    "filter": Profile(act="inject"),
}
"""By the name that the middlebox process is started with."""


@dataclass(frozen=True)
class Change:
    """One replaced stretch of a packet."""

    kind: str
    """`verb`, `noop`, `banner`, `keyword` or `terminator`; or the word of an act of `lab.acts`."""
    part: str
    """Of a verb: `whole`, or `head` and `tail` where a packet boundary lies inside of it."""
    offset: int
    """Of the first replaced byte, in the payload."""
    before: bytes
    after: bytes
    rest: bytes = b""
    """Of a verb: what follows it on its line in the same packet."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of one packet."""

    payload: bytes
    changes: tuple[Change, ...] = ()
    dropped: bool = False


@dataclass
class Conversation:
    """One SMTP connection as the middlebox remembers it: a few flags, and no stream."""

    profile: Profile
    place: Place = Place.START
    in_data: bool = False
    _tail: bytes = b"\r\n"
    _data_asked: bool = False
    _hello_asked: bool = False
    _greeted: bool = False
    _masked_keywords: int = 0
    _chunk: int = 0
    _changes: list[Change] = field(default_factory=list)

    def client(self, payload: bytes) -> Outcome:
        """Look at a packet from the client."""
        if self.in_data and self._swallows(payload):
            return Outcome(payload, (Change("terminator", "whole", 0, payload, b""),), dropped=True)
        self._changes = []
        start = self._skip_message(payload) if self.in_data else 0
        while start < len(payload):
            start = self._command(payload, start)
        return self._outcome(payload)

    def server(self, payload: bytes) -> Outcome:
        """Look at a packet from the server."""
        self._changes = []
        if not self._greeted:
            self._greeting(payload)
        elif self._hello_asked:
            self._hello(payload)
        if self._data_asked and re.search(rb"^354", payload, re.MULTILINE):
            self._data_asked, self.in_data, self._tail = False, True, b"\r\n"
        return self._outcome(payload)

    def _outcome(self, payload: bytes) -> Outcome:
        changed = bytearray(payload)
        for change in self._changes:
            changed[change.offset : change.offset + len(change.before)] = change.after
        return Outcome(bytes(changed), tuple(self._changes))

    def _swallows(self, payload: bytes) -> bool:
        ends = (self._tail + payload).endswith(END)
        return self.profile.terminator and payload in _TAILS and ends

    def _skip_message(self, payload: bytes) -> int:
        """Pass over message data; gives where commands begin again."""
        stream = self._tail + payload
        end = stream.find(END)
        if end < 0:
            self._tail = stream[-len(END) + 1 :]
            return len(payload)
        self.in_data, self.place = False, Place.START
        return end + len(END) - len(self._tail)

    def _command(self, payload: bytes, start: int) -> int:
        """Look at one line, or what of it is in this packet; gives where the next one begins."""
        if self._chunk:
            passed = min(self._chunk, len(payload) - start)
            self._chunk -= passed
            return start + passed
        newline = payload.find(b"\n", start)
        end = len(payload) if newline < 0 else newline + 1
        if self.place is Place.ARGUMENT:
            cut_in_verb = False
        else:
            cut_in_verb = self._verb(payload[start:end], start)
            chunk = _CHUNK.match(payload[start:end])
            self._chunk = int(chunk[1]) if chunk else 0
        unfinished = Place.VERB if cut_in_verb else Place.ARGUMENT
        self.place = unfinished if newline < 0 else Place.START
        return end

    def _verb(self, line: bytes, offset: int) -> bool:
        """Mask an unknown verb, and say whether the packet ended inside of it."""
        match = _TOKEN.match(line)
        token = match.group() if match else b""
        known = self._known(token)
        if not known and token:
            rest = line[len(token) :].rstrip(b"\r\n")
            part = self._part(line, token)
            self._changes.append(self._mask(part, offset, token, rest))
        self._data_asked = self._data_asked or token.upper() == b"DATA"
        self._hello_asked = self._hello_asked or token.upper() == b"EHLO"
        return not known and token == line

    def _mask(self, part: str, offset: int, token: bytes, rest: bytes) -> Change:
        if self.profile.noop and part == "whole" and len(token) >= len(_NOOP):
            return Change("noop", part, offset, token, _NOOP.ljust(len(token)), rest)
        return Change("verb", part, offset, token, self.profile.fill * len(token), rest)

    def _part(self, line: bytes, token: bytes) -> str:
        if self.place is Place.VERB:
            return "tail"
        return "head" if token == line else "whole"

    def _known(self, token: bytes) -> bool:
        return self.profile.verbs is None or token.upper() in self.profile.verbs

    def _greeting(self, payload: bytes) -> None:
        self._greeted = True
        if self.profile.banner:
            text = payload[4:]
            masked = _BANNERS[self.profile.banner](text)
            self._changes.append(Change("banner", "whole", 4, text, masked))

    def _hello(self, payload: bytes) -> None:
        self._hello_asked = False
        matches = list(_KEYWORD.finditer(payload))[1:]
        for match in matches if self.profile.keywords else ():
            self._keyword(match.group(1), match.start(1))

    def _keyword(self, keyword: bytes, offset: int) -> None:
        if keyword.upper() in ASA_KEYWORDS:
            return
        letter = bytes([ord("A") + self._masked_keywords])
        self._masked_keywords += 1
        mask = b"X" * (len(keyword) - 1) + letter
        self._changes.append(Change("keyword", "whole", offset, keyword, mask))


def _asterisks(text: bytes, kept: re.Pattern[bytes] = _BANNER_KEPT) -> bytes:
    """The text with `*` for everything but what a pattern finds."""
    legible = {
        index for match in kept.finditer(text) for index in range(match.start(), match.end())
    }
    return bytes(octet if index in legible else ord("*") for index, octet in enumerate(text))


def _all_asterisks(text: bytes) -> bytes:
    return _asterisks(text, _LINE_END)


def _cmap(text: bytes) -> bytes:
    """What a PIX 4 says in place of any greeting, drawn out to the same length."""
    start, end = b"SMTP/cmap", b"read\r\n"
    return start + b"_" * (len(text) - len(start) - len(end)) + end


_BANNERS: dict[str, Callable[[bytes], bytes]] = {
    "2 and 0": _asterisks,
    "all": _all_asterisks,
    "cmap": _cmap,
}
"""PIX 5.1 and later keep `2`, `0`, and a space after `0`; PIX 4.4, and later ASAs, keep nothing."""
