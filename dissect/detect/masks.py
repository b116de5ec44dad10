"""Recognising what a middlebox overwrote, and telling what it was.

A Cisco PIX in "fixup protocol smtp" replaces each letter of a verb that it does not know with X
and leaves the argument alone (PIX-05); it parses packet by packet, so that a known verb cut by a
segment boundary is overwritten on both sides of the cut (PIX-06).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from dissect.detect.finding import SeamInside
from dissect.dialogue import Command
from dissect.evidence import Seam

MASKED: Final = re.compile(rb"(?P<mask>X{3,}|x{3,}|\*{3,})(?P<rest>(?:[ :\t].*)?)$", re.DOTALL)
"""A verb of nothing but mask letters.  Real X-verbs (XCLIENT, XEXCH50, X-EXPS) have others."""

BANNERS: Final = (
    (re.compile(rb"220[ -](?=[^\n]*\*)[*20 ]+$"), "asterisks"),
    (re.compile(rb"220\*+[*20 ]*$"), "asterisks"),
    (re.compile(rb"220[ -]SMTP/cmap[ _]*(?:ready|read)?_*$"), "SMTP/cmap"),
)
"""PIX-01, ASA-01, and PIX-02 (PIX 4.x)."""

CONTINUED: Final = re.compile(rb"(?:220[ -]?)?[*20 ]*$")
"""A further line of a masked greeting, whose code may be masked with it."""

OPENED: Final = re.compile(rb"220-(?=[^\n]*\*)[*20 ]+$")
CODELESS: Final = re.compile(rb"(?!220[ -])(?=[^\n]*\*)[*20 ]+$")
"""PIX-03: the first line of a greeting of several lines, and a further one without its code."""

REAL_VERBS: Final = frozenset(
    {
        "HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "VRFY", "EXPN", "HELP", "NOOP", "QUIT",
        "SEND", "SOML", "SAML", "TURN", "BDAT", "ETRN", "ATRN", "STARTTLS", "AUTH", "BURL",
        "LHLO", "XCLIENT", "XFORWARD", "X-EXPS", "XEXCH50", "X-LINK2STATE", "XRDST", "XSHADOW",
        "XPROXY", "XPROXYFROM", "XSYSPROBE", "XSESSIONPARAMS",
    }
)  # fmt: skip
"""RFC 5321 section 4.1.1 and its extensions; vendors' verbs."""

ECHO: Final = re.compile(
    rb"""[5]\d\d.*["'`<](X{4,}|x{4,}|\*{4,})(?:[ :\t][^"'`>]*)?["'`>]""", re.DOTALL
)
"""A server quotes the command that it did not know (ECHO-1)."""

UNKNOWN: Final = frozenset({b"500", b"502"})
"""Codes of a server that does not know a command; others quote what they know well."""

ARGUMENTS: Final[tuple[tuple[re.Pattern[bytes], int, str, float], ...]] = (
    (re.compile(rb"\s+TO:", re.IGNORECASE), 4, "RCPT", 0.99),
    (re.compile(rb"\s+FROM:", re.IGNORECASE), 4, "MAIL", 0.97),
    (re.compile(rb"\s+\d+(?: LAST)?\s*$", re.IGNORECASE), 4, "BDAT", 0.97),
    (re.compile(rb"\s+\d+ \d+\s*$"), 7, "XEXCH50", 0.9),
    (re.compile(rb"\s+(?:NAME|ADDR|PROTO|HELO|LOGIN)=", re.IGNORECASE), 7, "XCLIENT", 0.95),
    (re.compile(rb"\s+(?:NAME|ADDR|PROTO|HELO|SOURCE)=", re.IGNORECASE), 8, "XFORWARD", 0.95),
    (
        re.compile(
            rb"\s+(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|XOAUTH2|SCRAM-\S+)\b",
            re.IGNORECASE,
        ),
        4, "AUTH", 0.95,
    ),
)  # fmt: skip
"""What follows the mask, its length, the verb, and how sure that is."""

BARE: Final[dict[tuple[int, str], tuple[str, float]]] = {
    (8, "hello"): ("STARTTLS", 0.9),
    (8, "greeting"): ("STARTTLS", 0.6),
    (4, "rcpt"): ("DATA", 0.7),
    (4, "data"): ("QUIT", 0.6),
    (4, "bdat"): ("QUIT", 0.6),
    (4, "quit"): ("QUIT", 0.6),
}
"""Length of a mask without an argument and the phase, to the verb that belongs there."""

ALTERNATIVES: Final = {
    4: ("DATA", "QUIT", "RSET", "NOOP", "HELP"),
    8: ("STARTTLS",),
    6: ("X-EXPS",),
    7: ("XCLIENT", "XEXCH50"),
}
"""Verbs of a length that need no argument."""

WITH_ARGUMENT: Final = {
    4: ("HELO", "EHLO", "VRFY", "EXPN", "ETRN", "HELP", "NOOP"),
    6: ("X-EXPS",),
    7: ("XCLIENT", "XEXCH50"),
    8: ("XFORWARD",),
}
"""Verbs of a length that may have one."""


CERTAIN: Final = 0.9


class Mask(NamedTuple):
    """A masked verb."""

    length: int
    rest: bytes
    """What stands behind the mask, as on the wire."""
    original: str
    """The verb that it was; empty where that cannot be told."""
    confidence: float
    """How sure the original is."""
    alternatives: tuple[str, ...] = ()
    """What else it can have been."""

    @property
    def certain(self) -> bool:
        """Whether its argument proves what it was, and so that it is a mask."""
        return self.confidence > CERTAIN

    @property
    def likely(self) -> bool:
        """Whether it is one, with nothing else masked: a word of X can have been typed."""
        return self.confidence >= CERTAIN


def verb(command: Command) -> Mask | None:
    """The mask over a command's verb, or None where there is none."""
    first = command.line[:1]
    if first not in b"Xx*" or not first:
        return None
    match = MASKED.match(command.line)
    if match is None:
        return None
    length, rest = len(match["mask"]), match["rest"]
    original, confidence = _original(length, rest, command.phase)
    words = WITH_ARGUMENT if rest.strip() else ALTERNATIVES
    others = tuple(word for word in words.get(length, ()) if word != original)
    return Mask(length, rest, original, confidence, () if confidence > CERTAIN else others)


def said(mask: Mask) -> str:
    """What a mask was, with what else it can have been."""
    others = ", ".join(mask.alternatives)
    if mask.original:
        return f"{mask.original} (or {others})" if others else mask.original
    return f"a verb of {mask.length} letters" + (f" ({others}?)" if others else "")


def _original(length: int, rest: bytes, phase: str) -> tuple[str, float]:
    """What a mask of a length was, from its argument and the state of the dialogue."""
    for pattern, size, word, confidence in ARGUMENTS:
        if size == length and pattern.match(rest):
            return word, confidence
    if length == 4 and phase == "greeting" and re.fullmatch(rb"\s+\S+\s*", rest):  # noqa: PLR2004
        return "EHLO", 0.9
    if rest.strip():
        return "", 0.0
    return BARE.get((length, phase), ("", 0.0))


def banner(lines: tuple[bytes, ...]) -> str | None:
    """How a greeting is masked: ``asterisks`` or ``SMTP/cmap``; None where a line is legible."""
    for pattern, name in BANNERS:
        if pattern.match(lines[0]) and all(CONTINUED.match(line) for line in lines[1:]):
            return name
    return None


def hung(lines: tuple[bytes, ...]) -> bool:
    """Whether a greeting is masked so that it never ends: the code of its last line is masked too.

    What the server says when it gives up stands in the same reply, as a client reads it.
    """
    said = lines[:-1] if lines[-1][:1] in b"45" else lines
    return (
        len(said) > 1
        and OPENED.match(said[0]) is not None
        and CODELESS.match(said[-1]) is not None
        and all(CONTINUED.match(line) or OPENED.match(line) for line in said[1:])
    )


def echo(lines: tuple[bytes, ...]) -> bytes | None:
    """The mask that a reply quotes, or None."""
    for line in lines:
        if line[:3] in UNKNOWN and (match := ECHO.match(line)):
            return match.group(1)
    return None


def seam_in_verb(command: Command) -> SeamInside | None:
    """The first seam strictly inside the verb, or None.

    A boundary of TLS records is none: a device that masks packet by packet sees neither it nor the
    verb, so that it says nothing about such a device, for it or against it.
    """
    if not command.seams or typed(command):
        return None
    found = inside(command)
    if found is None or found.seam.record:
        return None
    return found if found.within == "verb" else None


def typed(command: Command) -> bool:
    """Whether a verb came in three pieces or more: no segment is that short but a typed one."""
    width = len(command.verb)
    return sum(0 < seam.offset - command.offset < width for seam in command.seams) > 1


def inside(command: Command) -> SeamInside | None:
    """The first seam inside a command line, and in which part of it."""
    return _place(command, command.seams[0]) if command.seams else None


def _place(command: Command, seam: Seam) -> SeamInside:
    """In which part of a line a seam lies."""
    at = seam.offset - command.offset
    width = len(command.verb)
    tests: tuple[tuple[Callable[[int], bool], str], ...] = (
        (lambda x: 0 < x < width, "verb"),
        (lambda x: x > command.size - len(command.ending), "crlf"),
    )
    within = next((name for test, name in tests if test(at)), "argument")
    return SeamInside(seam=seam, within=within, offset=at)


def recipient(command: Command) -> str:
    """The forward-path of a RCPT, masked or not, without its angle brackets."""
    return path(command.line)


def path(line: bytes) -> str:
    """The path in a MAIL or RCPT line (RFC 5321 section 4.1.1.2), as text."""
    match = re.search(rb":\s*<([^>]*)>|:\s*(\S+)", line)
    if match is None:
        return ""
    return (match.group(1) if match.group(1) is not None else match.group(2)).decode(
        "utf-8", "backslashreplace"
    )
