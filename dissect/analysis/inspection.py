"""Cisco's SMTP inspection, and boxes that do the same: what proves it, and which make it is."""

from __future__ import annotations

from typing import Final

from dissect.analysis.family import (
    Count,
    Evidence,
    Family,
    Said,
    fixed,
    just,
    of,
    share,
    steps,
)
from dissect.detect import remedies
from dissect.detect.tally import Tally


def touched(tally: Tally) -> int:
    """Verbs with a seam inside that were masked here or further on.

    One that two captures show, one on each side of the box, is both.
    """
    both = tally.verbs_with_seam_masked + tally.verbs_with_seam_refused
    return min(both, tally.verbs_with_seam)


def _hidden(tally: Tally) -> int:
    """Greetings that are masked, but for those of servers that mask their own."""
    return max(0, tally.greetings_masked - tally.greetings_own)


def inspected(tally: Tally) -> int:
    """Everything that only an inspection engine does."""
    return (
        tally.asterisks
        + touched(tally)
        + tally.whole_verbs_masked
        + tally.hellos_masked
        + tally.echoes
        + tally.hellos_nooped
        + tally.greetings_hung
    )


MAKES: Final[tuple[tuple[Count, str, tuple[str, ...]], ...]] = (
    (lambda t: t.lower_case, "IOS, ip inspect", remedies.IOS),
    (lambda t: t.hellos_ordinal, "ASA or FTD, inspect esmtp", remedies.ASA),
    (
        lambda t: t.hellos_nooped + t.greetings_hung + t.greetings_cmap,
        "PIX, fixup protocol smtp",
        remedies.PIX,
    ),
)
"""What tells the makes apart: lower-case masks, ordinal letters, and EHLO turned into NOOP."""

ANY_MAKE: Final = ("PIX fixup or ASA inspect esmtp", remedies.FIREWALL)


def _make(tally: Tally) -> tuple[str, tuple[str, ...]]:
    """The make, and what to type there."""
    return next(((name, steps) for count, name, steps in MAKES if count(tally)), ANY_MAKE)


def _inspection_title(tally: Tally) -> str:
    return f"Cisco-style SMTP inspection ({_make(tally)[0]})"


def _inspection_remedy(tally: Tally) -> tuple[str, ...]:
    steps = _make(tally)[1]
    if tally.hellos_masked:
        steps = (*steps, *remedies.KEEP_TLS)
    if touched(tally):
        steps = (*steps, *remedies.SENDER_PIPELINING, *remedies.receiver(""))
    return steps


INSPECTION: Final = Family(
    device="cisco-smtp-inspection",
    title=_inspection_title,
    evidence=(
        share(
            "verbs with a seam inside that are masked with X, of all verbs with a seam inside",
            0.95,
            "verbs_with_seam_masked",
            "verbs_with_seam",
        ),
        share(
            "verbs with a seam inside that the server refused as unknown, of the same",
            0.85,
            "verbs_with_seam_refused",
            "verbs_with_seam",
        ),
        share("whole verbs that are masked with X", 0.80, "whole_verbs_masked"),
        Evidence(
            "greetings that are masked, of all greetings; alone at most 0.45",
            0.60,
            _hidden,
            lambda t: t.greetings,
            proves=False,
        ),
        share(
            "EHLO replies with keywords masked as `XXXA`, `XXXB`, of all EHLO replies",
            0.90,
            "hellos_ordinal",
            "hellos",
        ),
        Evidence(
            "EHLO replies with keywords masked otherwise, of all EHLO replies",
            0.60,
            lambda t: t.hellos_masked - t.hellos_ordinal,
            lambda t: t.hellos,
        ),
        share("replies that quote a mask for a command that was whole here", 0.90, "echoes"),
        share(
            "ends of data in a packet of their own that were swallowed",
            0.30,
            "terminators_swallowed",
        ),
        share("connections that died while a signed header was on its way", 0.30, "header_stalls"),
        share("greetings of PIX 4.x, `SMTP/cmap`", 0.95, "greetings_cmap"),
        share("EHLOs that were answered as if they were NOOP", 0.80, "hellos_nooped"),
        share("masked greetings whose end the client waited for in vain", 0.90, "greetings_hung"),
    ),
    said=(
        Said(
            lambda t: t.verbs_with_seam,
            lambda t: (
                f"{touched(t)} of {t.verbs_with_seam} verbs with a seam inside were masked"
                + (" or refused as unknown" if t.verbs_with_seam_refused else "")
            ),
        ),
        of("whole_verbs_masked", "whole_verbs", "whole verbs were masked"),
        Said(
            lambda t: t.greetings_masked,
            lambda t: f"{t.greetings_masked} of {t.greetings} greetings were masked",
        ),
        Said(
            lambda t: t.hellos_masked,
            lambda t: f"{t.hellos_masked} of {t.hellos} EHLO replies have masked keywords",
        ),
        just(
            "greetings_own",
            "masked greeting is the server's own: its keywords are legible",
            "masked greetings are the server's own: its keywords are legible",
        ),
        just(
            "echoes",
            "reply quotes a mask",
            "replies quote a mask",
        ),
        just(
            "hellos_nooped",
            "EHLO was answered as NOOP",
            "EHLOs were answered as NOOP",
        ),
        just(
            "greetings_hung",
            "client waited in vain for the end of a masked greeting",
            "clients waited in vain for the end of a masked greeting",
        ),
        just(
            "terminators_swallowed",
            "end of data in two packets was swallowed",
            "ends of data in two packets were swallowed",
        ),
        just(
            "header_stalls",
            "connection died while a signed header was on its way",
            "connections died while a signed header was on its way",
        ),
    ),
    remedy=_inspection_remedy,
    confirm=(
        "A capture on the other side of the firewall: the same bytes, masked here and whole there",
        "Segmentation offload off where seams are inferred: ethtool -K IFACE tso off gso off",
    ),
    counts=(
        "verbs_with_seam",
        "verbs_with_seam_masked",
        "whole_verbs",
        "whole_verbs_masked",
        "greetings",
        "greetings_masked",
        "greetings_cmap",
        "greetings_own",
        "greetings_hung",
        "hellos",
        "hellos_masked",
        "hellos_ordinal",
        "hellos_nooped",
        "verbs_with_seam_refused",
        "echoes",
        "terminators_swallowed",
        "header_stalls",
    ),
    marks=(
        "verbs_with_seam_masked",
        "verbs_with_seam_refused",
        "whole_verbs_masked",
        "greetings_masked",
        "hellos_masked",
        "hellos_nooped",
        "greetings_hung",
        "echoes",
        "terminators_swallowed",
        "header_stalls",
    ),
    always=("verbs_with_seam", "verbs_with_seam_masked", "whole_verbs", "whole_verbs_masked"),
)


UNKNOWN_MAKE: Final = Family(
    device="unknown-smtp-inspection",
    title=fixed("SMTP inspection of an unknown make (masks of asterisks)"),
    evidence=(
        share(
            "verbs, or EHLO replies with keywords, that are masked with asterisks",
            0.80,
            "asterisks",
        ),
    ),
    said=(
        just(
            "asterisks",
            "verb or EHLO reply was masked with asterisks",
            "verbs or EHLO replies were masked with asterisks",
        ),
    ),
    remedy=steps(
        "Turn the SMTP inspection of the firewall off between these two hosts",
        *remedies.SENDER_PIPELINING,
    ),
    confirm=INSPECTION.confirm,
    counts=("asterisks", "verbs_with_seam", "whole_verbs", "greetings", "greetings_masked"),
    marks=("asterisks",),
)
