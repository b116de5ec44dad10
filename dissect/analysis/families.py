"""What can stand between a client and a server, and what speaks for it and against it.

A family is a row of this table.  ``dissect.analysis.verdicts`` does the arithmetic.
"""

from __future__ import annotations

from typing import Final

from dissect.analysis.family import Against, Evidence, Family, Said, fixed, just, of, share, steps
from dissect.analysis.inspection import INSPECTION, UNKNOWN_MAKE, inspected
from dissect.detect import remedies
from dissect.detect.tally import Tally


def _without(tally: Tally) -> int:
    """Sessions without an offer of STARTTLS, where others with the server had one."""
    if tally.offers:
        return tally.offers_without
    others = tally.offers_elsewhere + tally.offers_stripped
    return tally.offers_without if others and tally.offers_without > 1 else 0


STRIPPING: Final = Family(
    device="starttls-stripping",
    title=fixed("Something that hides STARTTLS from the client"),
    evidence=(
        Evidence(
            "sessions without STARTTLS, of all with the server, where others were offered it",
            0.80,
            _without,
            lambda t: t.offers + t.offers_without,
        ),
        share("refusals of STARTTLS sooner than the server can answer", 0.90, "starttls_near"),
    ),
    said=(
        Said(
            _without,
            lambda t: (
                f"{t.offers_without} of {t.offers + t.offers_without} sessions were not "
                f"offered STARTTLS, and {t.offers + t.offers_elsewhere} with the same server were"
            ),
        ),
        just(
            "starttls_near",
            "refusal of STARTTLS came sooner than the server could answer",
            "refusals of STARTTLS came sooner than the server could answer",
        ),
    ),
    remedy=steps(*remedies.LET_TLS_THROUGH),
    confirm=(
        "A capture at the server: whether it sent the keyword that is missing here",
        "The same EHLO from another network: servers may offer TLS by their own policy",
    ),
    counts=("offers", "offers_without", "offers_elsewhere", "offers_stripped", "starttls_near"),
    marks=("offers_without", "starttls_near"),
)

PROXY: Final = Family(
    device="terminating-proxy",
    title=fixed("A proxy that speaks SMTP in the server's place"),
    evidence=(
        share("greetings or replies in the words of a known proxy", 0.85, "proxies"),
        share("refusals of STARTTLS sooner than the server can answer", 0.50, "starttls_near"),
    ),
    said=(
        just(
            "proxies",
            "greeting or reply is in the words of a known proxy",
            "greetings or replies are in the words of a known proxy",
        ),
        just(
            "starttls_near",
            "reply came sooner than the server could answer",
            "replies came sooner than the server could answer",
        ),
    ),
    remedy=steps("Exempt the mail server, or port 25, from the proxy"),
    confirm=("A capture at the server: whether it sent these words",),
    counts=("proxies", "starttls_near", "greetings"),
    marks=("proxies",),
)

FILTER: Final = Family(
    device="content-filter",
    title=fixed("A filter that answers in the server's name"),
    evidence=(
        share("replies that something put into the server's stream", 0.85, "replies_injected"),
    ),
    said=(
        just(
            "replies_injected",
            "reply was put into the server's stream",
            "replies were put into the server's stream",
        ),
    ),
    remedy=steps(
        "Ask the firewall's owner for the log of its virus or content filter at that time",
        "Exempt the mail server from the filter; let the mail server itself scan",
    ),
    confirm=("A capture at the server: it never sent these replies, and waits in vain",),
    counts=("replies_injected", "resets_forged", "greetings"),
    marks=("replies_injected",),
)

RESETS: Final = Family(
    device="reset-injection",
    title=fixed("Something that resets connections in the name of their ends"),
    evidence=(
        share(
            "resets that are not of the host in whose name they came, of all resets in a dialogue",
            0.80,
            "resets_forged",
            "resets",
        ),
    ),
    said=(of("resets_forged", "resets", "resets are not of the host in whose name they came"),),
    remedy=steps(
        "Ask the owner of each firewall or intrusion prevention system on the path for its log",
        "Compare the TTL of the resets with traceroute: it tells how far away they were made",
    ),
    confirm=("A capture at the host in whose name they came: it did not send them",),
    counts=("resets", "resets_forged"),
    marks=("resets_forged",),
)

BLACK_HOLE: Final = Family(
    device="path-mtu-black-hole",
    title=fixed("A path that loses packets of full size (path MTU black hole)"),
    evidence=(
        Evidence(
            "connections that died at their first segments of full size, of those that had any",
            0.85,
            lambda t: t.full_size_lost,
            lambda t: t.full_size_lost + t.full_size_passed,
        ),
    ),
    said=(
        just(
            "full_size_lost",
            "connection died at its first segment of full size",
            "connections died at their first segments of full size",
        ),
        just(
            "full_size_passed",
            "connection sent segments of full size without trouble",
            "connections sent segments of full size without trouble",
        ),
    ),
    remedy=steps(*remedies.MTU),
    confirm=(
        "ping with the don't-fragment bit and growing sizes, from the sender to the server",
        "A capture on both sides of the suspect, with segmentation offload off",
    ),
    counts=("full_size_lost", "full_size_passed"),
    marks=("full_size_lost",),
)

IDLE: Final = Family(
    device="idle-state-timeout",
    title=fixed("Something that forgets silent connections (NAT, firewall or load balancer)"),
    evidence=(
        Evidence(
            "long silences behind which the connection was dead, of all as long",
            0.80,
            lambda t: t.silences_fatal,
            lambda t: t.silences_fatal + t.silences,
        ),
    ),
    said=(
        just(
            "silences_fatal",
            "connection was dead after a long silence",
            "connections were dead after a long silence",
        ),
        just(
            "silences",
            "went on after a silence as long",
            "went on after a silence as long",
        ),
    ),
    remedy=steps(*remedies.IDLE),
    confirm=("A capture on both sides of the suspect during such a silence",),
    counts=("silences_fatal", "silences"),
    marks=("silences_fatal",),
)

LIMITS: Final = Family(
    device="inspection-limits",
    title=fixed("An inspection that drops what is beyond its limits"),
    evidence=(
        share("connections that died at the first octet beyond a default limit", 0.80, "limits"),
    ),
    said=(
        just(
            "limits",
            "connection died at the first octet beyond a default limit",
            "connections died at the first octet beyond a default limit",
        ),
    ),
    remedy=steps(*remedies.LIMITS),
    confirm=(
        "The firewall's log: ASA writes 'ESMTP Classification: Dropped connection'",
        "The same message just below the limit: it must pass",
    ),
    counts=("limits",),
    marks=("limits",),
)


def _harm(tally: Tally) -> int:
    """Evidence of damage on the path, of any kind."""
    return (
        inspected(tally) + tally.replies_injected + tally.resets_forged + tally.full_size_lost
        + tally.starttls_near
    )  # fmt: skip


SENDER: Final = Family(
    device="sender",
    title=fixed("Not a middlebox: the sender"),
    evidence=(share("faults in what the sender itself sent", 0.85, "sender_faults"),),
    against=(
        Against(
            "damage on the path in the same flows", 0.9, _harm, lambda t: _harm(t) + t.sender_faults
        ),
    ),
    said=(
        just(
            "sender_faults",
            "fault is in what the sender itself sent",
            "faults are in what the sender itself sent",
        ),
    ),
    remedy=steps("Mend or update the sending mail system; the findings say where it is wrong"),
    confirm=("A capture at the sender: it shows the same bytes",),
    counts=("sender_faults",),
    marks=("sender_faults",),
)

SERVER: Final = Family(
    device="server",
    title=fixed("Not a middlebox: the server"),
    evidence=(share("connections that the server ended in its own words", 0.80, "server_faults"),),
    against=(
        Against(
            "damage on the path in the same flows", 0.9, _harm, lambda t: _harm(t) + t.server_faults
        ),
    ),
    said=(
        just(
            "server_faults",
            "connection was ended by the server in its own words",
            "connections were ended by the server in its own words",
        ),
    ),
    remedy=steps("Look into the server's log at that time: it says why it closed"),
    confirm=("A capture at the server: it shows the same replies", "The server's log"),
    counts=("server_faults",),
    marks=("server_faults",),
)

FAMILIES: Final = (
    INSPECTION, UNKNOWN_MAKE, STRIPPING, PROXY, FILTER, RESETS, BLACK_HOLE, IDLE, LIMITS, SENDER,
    SERVER,
)  # fmt: skip
