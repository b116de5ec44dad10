"""Whether a finding says rightly what a masked part was, and where a cut is."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from mutation.mutants import keyword

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.detect.finding import Finding
    from mutation.conversation import Conversation, Reply, Said
    from mutation.mutants import Mutant

SASL: Final = re.compile(rb" (?:PLAIN|LOGIN|CRAM-MD5|NTLM|GSSAPI)\b", re.IGNORECASE)

CLEAR: Final = (
    ("MAIL", re.compile(rb" FROM:", re.IGNORECASE)),
    ("RCPT", re.compile(rb" TO:", re.IGNORECASE)),
    ("BDAT", re.compile(rb" \d+")),
    ("AUTH", SASL),
    ("STARTTLS", re.compile(rb"$")),
)
"""Verbs that their argument, or their length without one, gives away."""

PRODUCTS: Final = {
    b"Postfix": (
        "PIPELINING SIZE VRFY ETRN STARTTLS AUTH XVERP XCLIENT XFORWARD ENHANCEDSTATUSCODES "
        "8BITMIME DSN SMTPUTF8 CHUNKING REQUIRETLS"
    ),
    b"Exim": (
        "SIZE LIMITS 8BITMIME DSN ATRN ETRN VRFY EXPN PIPELINING PIPECONNECT AUTH CHUNKING "
        "STARTTLS XCLIENT PRDR SMTPUTF8 WELLKNOWN HELP"
    ),
    b"Sendmail": (
        "ENHANCEDSTATUSCODES PIPELINING EXPN VERB 8BITMIME SIZE DSN ETRN AUTH STARTTLS DELIVERBY "
        "HELP"
    ),
    b"Microsoft ESMTP MAIL": (
        "SIZE PIPELINING DSN ENHANCEDSTATUSCODES STARTTLS X-ANONYMOUSTLS AUTH X-EXPS 8BITMIME "
        "BINARYMIME CHUNKING XEXCH50 SMTPUTF8 XRDST XSHADOW XPROXY XPROXYFROM XSYSPROBE "
        "XSESSIONPARAMS"
    ),
}
"""What each server lists, in its order."""


NAMED: Final = 4
"""Keywords that a finding names for one mask: the likeliest, and up to three others."""

IN_LINE_END: Final = "between its CR and LF"


def wrong(conversation: Conversation, mutant: Mutant, finding: Finding) -> Iterator[str]:
    """In which way a finding is wrong about a damage."""
    said = mutant.masked or mutant.echoed
    if finding.rule in ("masked-verb", "split-masked-verb", "echoed-mask") and said is not None:
        yield from _verb(conversation, said, finding, quoted=mutant.echoed is not None)
    elif finding.rule == "masked-ehlo-keyword" and mutant.hello is not None:
        yield from _keywords(conversation, mutant.hello, mutant.words, finding)
    elif finding.rule == "split-command":
        yield from _place(conversation, finding)


def _place(conversation: Conversation, finding: Finding) -> Iterator[str]:
    """A cut is in the verb, behind it, or between CR and LF; in front of the CR it is neither."""
    inside = finding.seam
    assert inside is not None
    start, at = inside.seam.offset - inside.offset, inside.offset
    for said in conversation.said:
        if said.start == start and said.kind in ("command", "answer"):
            last = said.stop - start - 1
            if (at < len(said.verb)) != (inside.within == "verb"):
                yield f"{inside.within} for a cut after byte {at}"
            if (at == last) != (IN_LINE_END in finding.message):
                yield f"{finding.message!r} of {last + 1} bytes"


def _verb(
    conversation: Conversation, said: Said, finding: Finding, *, quoted: bool
) -> Iterator[str]:
    """A verb: named where it is clear, and else named, among others, or not guessed at."""
    if finding.original == said.verb:
        return
    if quoted or _clear(conversation, said):
        yield f"{said.verb} is called {finding.original or 'unknown'}"
    elif finding.original and not re.search(rf"\b{said.verb}\b", finding.message):
        yield f"{said.verb} is called {finding.original}, and is no alternative"


def _clear(conversation: Conversation, said: Said) -> bool:
    """Whether the line leaves no doubt."""
    first = said == conversation.said[0] and said.verb == "EHLO"
    return first or any(said.verb == v and test.match(said.argument) for v, test in CLEAR)


def _keywords(
    conversation: Conversation, hello: Reply, words: tuple[int, ...], finding: Finding
) -> Iterator[str]:
    """EHLO keywords: as many as were masked, each named where length and order leave one."""
    names = finding.original.split(", ")
    if len(names) != len(words):
        yield f"{len(names)} keywords instead of {len(words)}"
        return
    for line, name in zip(words, names, strict=True):
        truth = keyword(hello.lines[line])
        left = candidates(conversation, hello, line, frozenset(words))
        if left == [truth] and name != truth:
            yield f"{truth} is called {name}"
        elif (
            len(left) <= NAMED and truth in left and not re.search(rf"\b{truth}\b", finding.message)
        ):
            yield f"{truth} is called {name}, and is no alternative"
    if "STARTTLS" in names and str(finding.severity) != "critical":
        yield f"STARTTLS is hidden, and that is called {finding.severity}"


def candidates(
    conversation: Conversation, hello: Reply, line: int, masked: frozenset[int]
) -> list[str]:
    """What a masked keyword can have been by its length, between those that are legible.

    Empty for a server that is not known, or that keeps to no known order.
    """
    greeting = b" ".join(conversation.replies[0].lines)
    orders = [words.split() for name, words in PRODUCTS.items() if name in greeting]
    if not orders:
        return []
    order = orders[0]
    legible = [
        (at, order.index(name))
        for at, name in enumerate(keyword(text).split("=")[0] for text in hello.lines)
        if at and at not in masked and name in order
    ]
    if any(b < a for (_, a), (_, b) in pairwise(legible)):
        return []
    low = max((place for at, place in legible if at < line), default=-1)
    high = min((place for at, place in legible if at > line), default=len(order))
    size = len(keyword(hello.lines[line]))
    return [word for word in order[low + 1 : high] if len(word) == size]
