"""Proxies and filters that say who they are.

Sources: nmap's service probes, Rapid7's Recog, and the vendors' manuals, as listed in
``MARKS``; AV-1 and VND-* of the catalogue.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple


class Mark(NamedTuple):
    """Words by which a product is known."""

    pattern: re.Pattern[bytes]
    product: str
    source: str
    injects: bool = False
    """Whether the words come in the server's name, while the server is still there."""


def _mark(pattern: bytes, product: str, source: str, *, injects: bool = False) -> Mark:
    return Mark(re.compile(pattern), product, source, injects)


GREETINGS: Final = (
    _mark(rb"220 CheckPoint FireWall-1 secure E?SMTP server", "Check Point FireWall-1", "VND-CP1"),
    _mark(rb"220 \S+ SMTP/smap Ready\.", "TIS FWTK / Gauntlet smap", "VND-TIS"),
    _mark(rb"220 \S+ Generic SMTP handler", "Raptor / Symantec Enterprise Firewall", "VND-RAPTOR"),
    _mark(rb"220 \S+ F-Secure/fsigk_smtp/", "F-Secure Internet Gatekeeper", "VND-FSEC"),
    _mark(rb"220 \S+ avast! SMTP proxy ready", "Avast Mail Shield", "AV-AVAST"),
    _mark(rb"220 AVG ESMTP Proxy Server", "AVG", "AV-AVG"),
    _mark(rb"220 \S+ ESMTP BitDefender Proxy", "BitDefender", "AV-BITDEF"),
    _mark(rb"220 \S+ AVKSMTP Server", "G Data AVK", "AV-BITDEF"),
    _mark(
        rb"220 \S+ (?:WebShielde1000|SCM\d+|EWSA\w+)/SMTP Ready",
        "McAfee WebShield / Secure Content Manager",
        "AV-BITDEF",
    ),
    _mark(rb"220-InterScan Version ", "Trend Micro InterScan", "AV-BITDEF"),
)
"""Greetings of proxies in the place of the server."""

REPLIES: Final = (
    _mark(
        rb"541[ -]5\.4\.1 Content blocked by Palo Alto Networks Firewall",
        "Palo Alto Networks firewall", "VND-PAN", injects=True,
    ),
    _mark(rb"541[ -]", "a content filter (no server says 541)", "INJ-1", injects=True),
    _mark(
        rb"554[ -]Transaction failed due to anti spam setting",
        "Juniper SRX anti-spam", "VND-JNPR", injects=True,
    ),
    _mark(rb"500[ -]RCPT command must begin with", "F-Secure Internet Gatekeeper", "VND-FSEC"),
    _mark(rb"501[ -]Syntax error \(MAIL FROM:\) \(", "F-Secure Internet Gatekeeper", "VND-FSEC"),
    _mark(
        rb"503[ -]5\.5\.0 Not accepting any command except QUIT", "Raptor firewall", "VND-RAPTOR"
    ),
    _mark(rb"421[ -]Cannot connect to SMTP server \S+ \(", "Avast Mail Shield", "AV-AVAST"),
    _mark(rb"421[ -]concurrent connection limit in avast! exceeded", "Avast", "AV-AVAST"),
    _mark(rb"452[ -]syntax error \(connecting\)", "an Internet provider's block of port 25", "ISP"),
)  # fmt: skip
"""Replies that the proxy or filter words itself."""


IN_DATA: Final = frozenset({552, 554})
"""Codes with which filters on the way break off message data (VND-SW, VND-JNPR)."""


@lru_cache(maxsize=512)
def greeting(lines: tuple[bytes, ...]) -> Mark | None:
    """The proxy whose greeting it is, or None."""
    text = b"\r\n".join(lines)
    return next((mark for mark in GREETINGS if mark.pattern.match(text)), None)


def reply(text: bytes) -> Mark | None:
    """The proxy or filter that words a reply so, or None."""
    return next((mark for mark in REPLIES if mark.pattern.match(text)), None)
