"""What a line from the wire or a log becomes: names and addresses mapped, known words kept.

Everything keeps its length in bytes, and what is no letter and no digit stays, so that every seam
and every line end is where it was.  Addresses in text are mapped to reserved ones as long: such
as 0.1.2.3, 10.1.2.3 and 240.1.2.3, by the length of the first number.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple

from dissect.redact.addresses import Addresses
from dissect.redact.names import Names, is_mask
from dissect.redact.permute import permuted
from dissect.redact.words import stays

CHAR: Final = r"A-Za-z0-9_\u0080-\U0010ffff"
"""Of a word; undecodable bytes are among them, as surrogates."""

LOCAL: Final = rf"{CHAR}!#$%&'*+/=?^`{{|}}~.-"
"""Of a local part (RFC 5322 section 3.2.3), with what is seen beside."""

PARAMETERS: Final = (
    "AUTH|ORCPT|ENVID|SIZE|BODY|RET|NOTIFY|NAME|ADDR|HELO|LOGIN|PROTO|SOURCE|PORT|BY|LIMITS"
    "|id|from|to|helo|host|user|client|relay|reject|dsn|status|size|proto|orig_to|nrcpts?|msgid"
    "|ctladdr|mailer|stat|arg1|delays?|xdelay|pri|sasl_username|sasl_method|server|ip|envelope-from"
    "|mailfrom|H|U|P|S|T|R|F|A|I|X|DT|QT|C|CV|M|MAILMAX|RCPTMAX|RCPTDOMAINMAX"
)

NUMBERED: Final = re.compile(r"\b(?:SIZE|size|S|MAILMAX|RCPTMAX|RCPTDOMAINMAX)$")
"""Words in front of a number that says how much."""

TOKEN: Final = re.compile(
    rf"(?m:(?P<code>^\d{{3}}-))|(?P<key>(?<![{LOCAL}])(?:{PARAMETERS})=)"
    rf'|(?:(?P<quoted>"(?:[^"\\\r\n]|\\.){{0,128}}+")|(?P<user>[{LOCAL}]{{1,256}}+))'
    rf"@(?P<at>[{CHAR}.-]{{1,256}}+|(?=\[))"
    r"|(?P<mac>(?<![\w:])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:]))"
    r"|(?P<v6>(?=[0-9A-Fa-f:]{0,40}::|(?:[0-9A-Fa-f]{1,4}:){6})[0-9A-Fa-f]{0,4}"
    r"(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3})"
    rf"|(?P<dotted>[{CHAR}][{CHAR}-]{{0,252}}+(?:\.[{CHAR}-]{{1,252}}+)++)"
    rf"|(?P<word>[{CHAR}]+(?:-[{CHAR}]+)*)"
)

JOINT: Final = re.compile("([-_]+)")
PIECE: Final = re.compile(rf"[{CHAR}]+")

FOUR: Final = re.compile(r"(?<![0-9])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])")
"""What may be an IPv4 address that is written with zeros in front, or stands in a longer word."""

SHORT: Final = 4
"""Digits of a number that stays: codes, years, counts."""

PARTS: Final = 4
"""Numbers in a row that make an address: 192-0-2-1."""


class Kept(NamedTuple):
    """What stays."""

    words: frozenset[str]
    digits: int = SHORT
    """Digits of the longest number that stays."""
    as_long: bool = True
    """Whether addresses have to keep their length."""
    all_words: bool = False
    """Whether every word stays that is no part of a host's name or of an address."""


NOTHING: Final = Kept(frozenset(), 0)


class Scanner:
    """Maps what is found in text."""

    def __init__(self, secret: bytes, addresses: Addresses) -> None:
        self._secret = secret
        self.names = Names(secret)
        self.addresses = addresses

    def scan(self, text: str, kept: Kept) -> str:
        """Text, with all that is not known mapped; its length in UTF-8 stays."""

        def mapped(match: re.Match[str]) -> str:
            found = match[0]
            if match.lastgroup in {"key", "code"}:
                return found
            if match.lastgroup == "at":
                return self._mail(match)
            if match.lastgroup == "word":
                return self._word(match, kept)
            return self._numeric(found, match.lastgroup or "", kept)

        return TOKEN.sub(mapped, text)

    def _mail(self, match: re.Match[str]) -> str:
        """A mail address."""
        domain, local = match["at"], match["quoted"] or match["user"]
        kind = f"user at {domain.lower()}"
        new = PIECE.sub(lambda piece: self.name(piece[0], kind), local)
        return f"{new}@{self._domain(domain)}"

    def _domain(self, domain: str) -> str:
        return self.names.host(domain) if "." in domain else self.name(domain)

    def name(self, word: str, kind: str = "word") -> str:
        """A word that is a name; a mask stays one."""
        return word if is_mask(word) else self.names.word(word, kind)

    def _numeric(self, found: str, kind: str, kept: Kept) -> str:
        """An address, a host name, or a version."""
        if kind == "mac":
            return re.sub("[0-9A-Fa-f]+", lambda d: self.names.hexadecimal(d[0], found), found)
        if kind == "v6":
            return self._six(found, kept)
        new = self._four(found, kept)
        if new:
            return new
        last = found.rstrip(".").rpartition(".")[2]
        if (len(last) > 1 and last.isalpha()) or last.lower().startswith("xn--"):
            return self.names.host(found)
        return self._pieces(found, NOTHING if FOUR.search(found) else kept)

    def _pieces(self, text: str, kept: Kept) -> str:
        """Each word of a text for itself."""
        return PIECE.sub(lambda piece: self._piece(piece[0], kept), text)

    def _word(self, match: re.Match[str], kept: Kept) -> str:
        """A word, or several with hyphens between them."""
        word = match[0]
        if kept.all_words or stays(word, kept.words):
            return word
        parts = JOINT.split(word)
        address = sum(part.isdigit() for part in parts) >= PARTS
        if address or not kept.words:
            return self.name(word)
        if word.isdigit() and _counts(match):
            return word
        return "".join(part if at % 2 else self._piece(part, kept) for at, part in enumerate(parts))

    def _piece(self, word: str, kept: Kept) -> str:
        """A word without hyphens."""
        if not word or stays(word, kept.words) or (word.isdigit() and len(word) <= kept.digits):
            return word
        return self.name(word)

    def _four(self, text: str, kept: Kept) -> str:
        """An IPv4 address for another; empty for what is none."""
        try:
            address = IPv4Address(text)
        except AddressValueError:
            return ""
        if address.is_loopback or address.is_unspecified:
            return text
        wanted = self.addresses.address(text)
        fits = not kept.as_long or len(wanted) == len(text)
        return wanted if fits else self._as_long(text)

    def _as_long(self, text: str) -> str:
        """A reserved IPv4 address in which every number has as many digits as in another."""
        parts = text.split(".")
        first = {1: "0", 2: "10", 3: "240"}[len(parts[0])]
        found = [first]
        for at in range(1, 4):
            low, high = {1: (0, 10), 2: (10, 100), 3: (100, 256)}[len(parts[at])]
            tweak = ".".join(parts[:at]).encode()
            moved = permuted(self._secret, b"text " + tweak, int(parts[at]) - low, high - low)
            found.append(str(low + moved))
        return ".".join(found)

    def _six(self, text: str, kept: Kept) -> str:
        """An IPv6 address as long, in the documentation network where its length allows that."""
        try:
            address = IPv6Address(text)
        except AddressValueError:
            return self._pieces(text, kept)
        if address.is_loopback or address.is_unspecified:
            return text
        if not kept.as_long:
            return self.addresses.address(text)
        head, dot, tail = text.rpartition(":") if "." in text else (text, "", "")
        groups = head.split(":")
        new = [
            self.names.hexadecimal(group, ":".join(groups[:at])) if group else ""
            for at, group in enumerate(groups)
        ]
        if len(groups[0]) == 4 and len(groups[1]) in (3, 4):  # noqa: PLR2004 - as 2001:db8 has
            new[:2] = ["2001", "db8".zfill(len(groups[1]))]
        elif len(groups[0]) == 4:  # noqa: PLR2004
            new[0] = groups[0] if address.is_link_local else "fd" + new[0][2:]
        return ":".join(new) + dot + (self._four(tail, kept) if tail else "")


def _counts(match: re.Match[str]) -> bool:
    """Whether a number stands behind a word that says what it counts."""
    before = match.string[max(0, match.start() - 32) : match.start()]
    return NUMBERED.search(before.rstrip("= ")) is not None
