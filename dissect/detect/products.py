"""Which server product speaks, from its greeting, its keywords and its words.

The same damage does different things to different servers, and each lists its keywords in an
order of its own: both need the product's name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from dissect.detect.keywords import BANNER, ORDERS

REMEMBERED: Final = 512

ONLY: Final = (
    (frozenset({"X-ANONYMOUSTLS"}), "Exchange"),
    (frozenset({"X-EXPS"}), "Exchange"),
    (frozenset({"XEXCH50"}), "Exchange"),
    (frozenset({"X-LINK2STATE"}), "Exchange"),
    (frozenset({"PIPECONNECT"}), "Exim"),
    (frozenset({"X_PIPE_CONNECT"}), "Exim"),
    (frozenset({"PRDR"}), "Exim"),
    (frozenset({"VRFY", "ETRN", "ENHANCEDSTATUSCODES"}), "Postfix"),
    (frozenset({"DELIVERBY"}), "Sendmail"),
)
"""Keywords that only one of the products offers, or only it together."""

WORDS: Final = (
    (re.compile(rb"\d{3} (?:5\.5\.2 )?Error: "), "Postfix"),
    (re.compile(rb"5\d\d 5\.\d\.\d Error: "), "Postfix"),
    (re.compile(rb"554 SMTP synchronization error"), "Exim"),
    (re.compile(rb"500 unrecognized command"), "Exim"),
    (re.compile(rb"500 Too many unrecognized commands"), "Exim"),
    (re.compile(rb'500 5\.5\.1 Command unrecognized: "'), "Sendmail"),
    (re.compile(rb"500 5\.3\.3 Unrecognized command"), "Exchange"),
    (re.compile(rb"250 OK id="), "Exim"),
    (re.compile(rb"250 2\.0\.0 Ok: queued as "), "Postfix"),
    (re.compile(rb"354 End data with <CR><LF>\.<CR><LF>"), "Postfix"),
    (re.compile(rb"354 Enter message, ending with"), "Exim"),
    (re.compile(rb"500 #5\.5\.1 command not recognized"), "IronPort"),
)
"""Replies that one product words so (its source, or the transcripts of section 4.4 of the
catalogue)."""


def greeting(line: bytes) -> str:
    """The product that a greeting names; empty where it names none."""
    return next((name for pattern, name in BANNER if pattern.search(line)), "")


@lru_cache(maxsize=REMEMBERED)
def hello(extensions: frozenset[str], order: tuple[str, ...]) -> str:
    """The product that offers these keywords in this order; empty where more than one may.

    Args:
        extensions: the keywords, in capitals.
        order: the same in the order of the reply.
    """
    only = {name for words, name in ONLY if words <= extensions}
    if len(only) == 1:
        return only.pop()
    fits = [name for name, known in ORDERS.items() if _in_order(order, known)]
    return fits[0] if len(fits) == 1 and len(order) > 3 else ""  # noqa: PLR2004 - fewer fit by chance


def _in_order(order: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Whether all keywords are known of a product, and stand as it lists them."""
    places = [known.index(word) for word in order if word in known]
    return len(places) == len(order) and places == sorted(places)


def reply(text: bytes) -> str:
    """The product that words a reply so; empty where none is known to."""
    return next((name for pattern, name in WORDS if pattern.match(text)), "")
