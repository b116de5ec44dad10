"""EHLO keywords (RFC 5321 section 4.1.1.1) that an inspection engine has overwritten.

ASA replaces a keyword that it does not allow with X, all but the last letter, which is an ordinal:
the first masked keyword ends in A, the second in B (ASA-02).  The length stays.  What it was
follows from the length and from the order in which each server product lists its keywords.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

ORDINAL: Final = re.compile(rb"250[ -](X{2,})([A-Z])(?: .*)?$")
PLAIN: Final = re.compile(rb"250[ -](\*{3,}|X{4,})(?: .*)?$")
"""A mask without an ordinal: another kind of device (ASA-02b)."""

ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "Postfix": (
        "PIPELINING", "SIZE", "VRFY", "ETRN", "STARTTLS", "AUTH", "XVERP", "XCLIENT", "XFORWARD",
        "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING", "REQUIRETLS",
    ),
    "Exim": (
        "SIZE", "LIMITS", "8BITMIME", "DSN", "ATRN", "ETRN", "VRFY", "EXPN", "PIPELINING",
        "PIPECONNECT", "AUTH", "CHUNKING", "STARTTLS", "XCLIENT", "PRDR", "SMTPUTF8", "WELLKNOWN",
        "HELP",
    ),
    "Sendmail": (
        "ENHANCEDSTATUSCODES", "PIPELINING", "EXPN", "VERB", "8BITMIME", "SIZE", "DSN", "ETRN",
        "AUTH", "STARTTLS", "DELIVERBY", "HELP",
    ),
    "Exchange": (
        "SIZE", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "X-ANONYMOUSTLS", "AUTH",
        "X-EXPS", "8BITMIME", "BINARYMIME", "CHUNKING", "XEXCH50", "SMTPUTF8", "XRDST", "XSHADOW",
        "XPROXY", "XPROXYFROM", "XSYSPROBE", "XSESSIONPARAMS",
    ),
    "IronPort": ("8BITMIME", "SIZE", "AUTH", "STARTTLS"),
}  # fmt: skip
"""The order in which each server lists its keywords."""

BANNER: Final = (
    (re.compile(rb"\bPostfix\b"), "Postfix"),
    (re.compile(rb"\bExim\b"), "Exim"),
    (re.compile(rb"\bSendmail\b"), "Sendmail"),
    (re.compile(rb"Microsoft ESMTP MAIL"), "Exchange"),
)
"""Products that name themselves in their greeting."""

LIKELY: Final = ("STARTTLS", "HELP", "CHUNKING", "SMTPUTF8", "DELIVERBY", "BINARYMIME", "PRDR")
"""Which keyword to name first where nothing decides."""

COMMON, RARE = 8.0, 0.2
"""Weights of the keywords in ``LIKELY``, which most servers offer, and of those in ``ALLOWED``."""

ALLOWED: Final = frozenset(
    {
        "8BITMIME", "AUTH", "BINARYMIME", "CHECKPOINT", "DSN", "ENHANCEDSTATUSCODES", "ETRN",
        "PIPELINING", "SIZE", "VRFY",
    }
)  # fmt: skip
"""Keywords that ASA does not mask; all transcripts agree."""

BY_LENGTH: Final = {
    length: tuple(sorted({w for order in ORDERS.values() for w in order if len(w) == length}))
    for length in range(3, 21)
}


ORD_A: Final = ord("A")

REMEMBERED: Final = 512
"""Replies whose reading is remembered: a server says the same to all its clients."""

MOST: Final = 64
"""Keywords looked at: more than any server lists."""


class Keyword(NamedTuple):
    """A masked keyword."""

    mask: str
    line: int
    """Which line of the reply, from 0."""
    ordinal: bool
    original: str
    """The keyword that it most likely was; empty where no known one has its length."""
    confidence: float
    candidates: tuple[str, ...]
    """All keywords that it can have been, the likeliest first."""


@lru_cache(maxsize=REMEMBERED)
def offered(lines: tuple[bytes, ...]) -> frozenset[str]:
    """The keywords of an EHLO reply in capitals; its first line is the greeting, not a keyword."""
    words = (line[4:].split(maxsplit=1) for line in lines[1:])
    return frozenset(word[0].decode("latin-1").upper() for word in words if word)


@lru_cache(maxsize=REMEMBERED)
def order(lines: tuple[bytes, ...]) -> tuple[str, ...]:
    """The keywords of an EHLO reply in capitals, in their order, each once."""
    words = (line[4:].split(maxsplit=1) for line in lines[1:MOST])
    names = (word[0].decode("latin-1").upper().partition("=")[0] for word in words if word)
    return tuple(dict.fromkeys(names))


def _masks(lines: tuple[bytes, ...]) -> list[tuple[int, bytes, bool]]:
    """Line number, mask, and whether it ends in an ordinal, for every masked keyword."""
    found: list[tuple[int, bytes, bool]] = []
    for index, line in enumerate(lines):
        ordinal, plain = ORDINAL.match(line), PLAIN.match(line)
        expected = ORD_A + sum(known for _, _, known in found)
        if index and ordinal and ordinal.group(2)[0] == expected:
            found.append((index, ordinal.group(1) + ordinal.group(2), True))
        elif index and plain:
            found.append((index, plain.group(1), False))
        elif index and ordinal and ordinal.group(2) != b"X":
            return []  # ordinals that do not rise from A are nobody's mask
    return found


@lru_cache(maxsize=REMEMBERED)
def masked(lines: tuple[bytes, ...], greeting: bytes = b"") -> tuple[Keyword, ...]:
    """The masked keywords of an EHLO reply, decoded as far as that can be done.

    Args:
        lines: of the reply, each with its code.
        greeting: the server's first line, which may name the product.
    """
    found = _masks(lines)
    if not found:
        return ()
    readings = _readings(lines, found, greeting)
    return tuple(
        _decoded(mask, index, ordinal, [r[place] for r in readings if place < len(r)])
        for place, (index, mask, ordinal) in enumerate(found)
    )


def _decoded(mask: bytes, index: int, ordinal: bool, said: list[str]) -> Keyword:  # noqa: FBT001
    """One keyword, from what each possible reading of the whole reply says it was."""
    ranked = sorted(set(said), key=lambda word: (-said.count(word), _rank(word), word))
    if not ranked:
        ranked = sorted(BY_LENGTH.get(len(mask), ()), key=_rank)
        confidence = 0.6 if len(ranked) == 1 else 0.4
    else:
        weights = {word: said.count(word) * _weight(word) for word in ranked}
        ranked.sort(key=lambda word: -weights[word])
        confidence = min(
            0.95 if len(ranked) == 1 else 0.9, weights[ranked[0]] / sum(weights.values())
        )
    best = ranked[0] if ranked else ""
    return Keyword(
        mask.decode("latin-1"), index, ordinal, best, confidence if best else 0.0, tuple(ranked)
    )


def _weight(word: str) -> float:
    """How much likelier a keyword is than an ordinary one."""
    return RARE if word in ALLOWED else COMMON if word in LIKELY else 1.0


def _rank(word: str) -> int:
    """What is likelier comes first; last what an inspection engine leaves legible."""
    if word in ALLOWED:
        return len(LIKELY) + 1
    return LIKELY.index(word) if word in LIKELY else len(LIKELY)


def _readings(
    lines: tuple[bytes, ...], found: list[tuple[int, bytes, bool]], greeting: bytes
) -> list[list[str]]:
    """Every way to read the masks that fits a product's order, of the products that fit."""
    named = [name for pattern, name in BANNER if pattern.search(greeting)]
    masks = {index: len(mask) for index, mask, _ in found}
    keys: list[str | int] = []
    for index, line in enumerate(lines[1:], start=1):
        word = line[4:].split(maxsplit=1)
        name = word[0].decode("latin-1").upper().split("=")[0] if word else ""
        if index in masks:
            keys.append(masks[index])
        elif not keys or keys[-1] != name:
            keys.append(name)
    readings = []
    for name in named or ORDERS:
        readings += _align(keys[:MOST], ORDERS[name], 0)[:64]
    return readings


def _align(keys: list[str | int], order: tuple[str, ...], start: int) -> list[list[str]]:
    """The words for the masks among ``keys`` (lengths), so that all stand in a product's order."""
    if not keys:
        return [[]]
    key, rest = keys[0], keys[1:]
    if isinstance(key, str):
        if key not in order:
            return _align(rest, order, start)  # an extension of its own
        at = order.index(key)
        return _align(rest, order, at + 1) if at >= start else []
    found = []
    for at in range(start, len(order)):
        if len(order[at]) == key:
            found += [[order[at], *tail] for tail in _align(rest, order, at + 1)]
    return found
