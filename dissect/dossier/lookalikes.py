"""What looks alike and is something else, by what the verdict names, and whether it is ruled out.

Sources: the texts of the rules, and what they name; for the devices' habits Cisco documents 4733,
113423 and 117801.  Where a capture cannot tell, that is said, with what could.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from dissect.dossier.case import Case, many
from dissect.dossier.fisher import one_sided

SURE: Final = 0.9
"""Confidence of a finding from which on what it speaks against is ruled out."""

CHANCE: Final = 0.001
"""Probability below which chance alone is no explanation."""

OTHER_SIDE: Final = "A capture on the other side of the suspect can tell."


class Judged(NamedTuple):
    """What the captures say to another explanation."""

    out: bool
    """Whether it is ruled out."""
    why: str


class Lookalike(NamedTuple):
    """Another explanation of the same bytes."""

    name: str
    signs: str
    """What it would look like."""
    judge: Callable[[Case], Judged | None]
    """None where the question does not arise."""


def _no(why: str) -> Judged:
    return Judged(out=True, why=why)


def _open(why: str) -> Judged:
    return Judged(out=False, why=why)


def absent(case: Case, rule: str, otherwise: str) -> Judged:
    """Ruled out where a rule found nothing, although it was asked."""
    if case.found(rule):
        return _open(f"{many(len(case.found(rule)), 'case')} of {rule} here.")
    if not case.looked_for(rule):
        return _open(f"The rule {rule} was switched off for this report.")
    return _no(otherwise)


# ---- masks --------------------------------------------------------------------------------------


def _touched(case: Case) -> int:
    """Verbs with a seam inside that were masked, here or further on."""
    both = case.count("verbs_with_seam_masked") + case.count("verbs_with_seam_refused")
    return min(both, case.count("verbs_with_seam"))


def table(case: Case) -> tuple[int, int, int, int]:
    """Verbs: cut and masked, cut and let through, whole and masked, whole and let through."""
    cut, whole = case.count("verbs_with_seam"), case.count("whole_verbs")
    hit, masked = _touched(case), case.count("whole_verbs_masked")
    return hit, cut - hit, masked, max(0, whole - masked)


def _sender(case: Case) -> Judged | None:
    hit, missed, masked, clean = table(case)
    if not hit and not masked:
        return None
    if hit and one_sided(hit, missed, masked, clean) < CHANCE:
        return _no(
            f"{hit} of {hit + missed} verbs with a seam inside were hit, and {masked} of "
            f"{masked + clean} whole ones. A mail program does not know where TCP cuts its bytes."
        )
    if case.count("hellos_masked") or case.count("greetings_masked"):
        return _no("The server's words are masked too, and those the sender did not write.")
    return _open(f"Nothing here tells. {OTHER_SIDE}")


def _real_verbs(case: Case) -> Judged | None:
    masked = case.count("verbs_with_seam_masked") + case.count("whole_verbs_masked")
    return _no("The masks consist of one letter repeated, and nothing else.") if masked else None


def _typed(case: Case) -> Judged | None:
    if not _touched(case) and not case.count("whole_verbs_masked"):
        return None
    return absent(case, "typed-by-hand", "The commands came in segments of many bytes.")


def _own_banner(case: Case) -> Judged | None:
    if not case.count("greetings_masked"):
        return None
    if case.count("hellos_masked") or _touched(case) or case.count("whole_verbs_masked"):
        return _no("Keywords or verbs are masked as well, which no server does to itself.")
    return _open(f"Only the greeting is masked here. {OTHER_SIDE}")


def _attack(case: Case) -> Judged | None:
    words = {w.strip() for found in case.found("masked-ehlo-keyword")
             for w in found.original.split(",")} - {"", "?"}  # fmt: skip
    if "STARTTLS" not in words:
        return None
    others = ", ".join(sorted(words - {"STARTTLS"}))
    if others:
        return _no(f"Harmless keywords are masked as well ({others}): whatever is not known is.")
    return _open(f"STARTTLS alone is masked. {OTHER_SIDE}")


def _overlap(case: Case) -> Judged | None:
    return absent(
        case, "conflicting-overlap", "No byte came twice with different content."
    )  # fmt: skip


def _offload(case: Case) -> Judged | None:
    seam = case.decisive.finding.seam if case.decisive else None
    if seam is None:
        return None
    if seam.seam.inferred:
        return _open(
            "The place of the cut is computed from the MSS, because segmentation offload hides it. "
            "A capture with offload off can tell: ethtool -K IFACE tso off gso off gro off lro off"
        )
    return _no("The decisive cut lies between two packets that were captured as such.")


def _bad_server(case: Case) -> Judged | None:
    refused = case.count("verbs_with_seam_refused")
    if not refused or case.count("verbs_with_seam_masked"):
        return None
    if case.count("echoes"):
        return _no(f"{many(case.count('echoes'), 'reply', 'replies')} of the server quote a mask.")
    return _open(f"On this side the verbs are whole. {OTHER_SIDE}")


MASKS: Final = (
    Lookalike("The sender wrote X itself", "X wherever its program put it", _sender),
    Lookalike(
        "A real verb with X (XCLIENT, XFORWARD, XEXCH50)", "other letters beside X", _real_verbs
    ),
    Lookalike("Somebody typed it (telnet)", "one byte a packet", _typed),
    Lookalike(
        "A server that hides its own greeting", "asterisks there, all else legible", _own_banner
    ),
    Lookalike("An attack on STARTTLS", "that one keyword is gone or masked", _attack),
    Lookalike(
        "Somebody else's packets in the stream", "the same bytes twice, and different", _overlap
    ),
    Lookalike("An artefact of the capture", "packets larger than the MSS", _offload),
    Lookalike(
        "A server that cannot read a cut command", "refusals of whole commands", _bad_server
    ),
)  # fmt: skip


# ---- other things on the path -------------------------------------------------------------------


AT_SERVER: Final = "A capture at the server can tell: whether it sent this."
AT_HOST: Final = "A capture at that host can tell: whether it sent this."


def _own(rule: str, where: str) -> Callable[[Case], Judged]:
    """Whether what a rule found can be the server's own doing."""

    def judge(case: Case) -> Judged:
        found = max(case.found(rule), key=lambda each: each.confidence, default=None)
        if found is None:
            return _open(where)
        if found.confidence >= SURE:
            return _no(f"{found.message}.")
        return _open(f"{found.message}: that speaks against it. {where}")

    return judge


def _too_soon(case: Case) -> Judged:
    soon = case.count("starttls_near")
    if not soon:
        return _open(AT_SERVER)
    refusals = many(soon, "refusal of STARTTLS came", "refusals of STARTTLS came")
    return _no(f"{refusals} sooner than the server can answer.")


def _lacks(case: Case) -> Judged:
    offers = case.count("offers") + case.count("offers_elsewhere")
    if offers:
        return _no(f"{many(offers, 'reply', 'replies')} of the same server to EHLO offer it.")
    return _too_soon(case)


def _chooses(case: Case) -> Judged | None:
    if not case.count("offers_without"):
        return None
    if case.count("offers"):
        return _no(f"The same clients were offered it {many(case.count('offers'), 'time')}.")
    return _open("Only others were offered it. The same EHLO from another network can tell.")


def _forgets(case: Case) -> Judged:
    return absent(case, "idle-timeout-reset", "No connection died behind a long silence.")


def _sizes(case: Case) -> Judged:
    return absent(
        case, "offloaded-capture", "No segment is larger than the MSS: the sizes are the wire's."
    )  # fmt: skip


def _gap(case: Case) -> Judged:
    return absent(case, "capture-gap", "Nothing that was acknowledged is missing from it.")


def _stopped(case: Case) -> Judged:
    del case
    return _open("The log of the server can tell: whether it was up, and what it last saw.")


def _limit(case: Case) -> Judged:
    return absent(case, "limit-drop", "No connection ended at the first byte beyond a known limit.")


def _mtu(case: Case) -> Judged:
    return absent(case, "path-mtu-black-hole", "No connection died at its segments of full size.")


def _dot(case: Case) -> Judged:
    return absent(
        case, "terminator-swallowed", "No end of data was lost while full segments arrived."
    )  # fmt: skip


def _reset(case: Case) -> Judged:
    return absent(case, "forged-reset", "Every reset is of the host in whose name it came.")


def _no_end(case: Case) -> Judged:
    return absent(case, "missing-terminator", "The sender wrote CRLF.CRLF in all messages.")


def _masked(case: Case) -> Judged:
    rules = ("masked-verb", "split-masked-verb", "masked-ehlo-keyword")
    said = [absent(case, rule, "No verb and no keyword is masked.") for rule in rules]
    return next((each for each in said if not each.out), said[0])


LIMIT: Final = Lookalike(
    "A limit of an inspection engine", "the end at an exact size, such as 512 octets", _limit
)
MTU: Final = Lookalike("A path MTU black hole", "only segments of full size are lost", _mtu)
DOT: Final = Lookalike("A swallowed end of data", "only the small last segment is lost", _dot)
_ITSELF: Final = "the same bytes in a capture at the server"


def _server(judge: Callable[[Case], Judged]) -> Lookalike:
    return Lookalike("The server itself", _ITSELF, judge)


NO_TLS: Final = Lookalike("A server that has no TLS", "nobody is offered it", _lacks)
CHOOSY: Final = Lookalike(
    "A server that chooses whom it offers TLS", "other client networks are offered it", _chooses
)
RESETTER: Final = Lookalike(
    "The host in whose name it came",
    "a RST from as far away as its data, and silence behind it",
    _own("forged-reset", AT_HOST),
)
TIMER: Final = Lookalike("A forgotten connection", "a long silence before the reset", _forgets)
SIZES: Final = Lookalike("An artefact of the capture", "packets larger than the MSS", _sizes)
MISSED: Final = Lookalike("Packets that the capture missed", "acknowledged, yet not seen", _gap)
STOPPED: Final = Lookalike(
    "A server that stopped at that moment", "nothing more is heard of it", _stopped
)
RESET: Final = Lookalike(
    "A forged reset", "a RST from elsewhere, behind which the host goes on", _reset
)
NO_END: Final = Lookalike("A sender that never wrote it", "no last dot anywhere", _no_end)
INSPECTION: Final = Lookalike("An inspecting firewall", "masks of X or asterisks", _masked)

LOOKALIKES: Final[dict[str, tuple[Lookalike, ...]]] = {
    "cisco-smtp-inspection": MASKS,
    "unknown-smtp-inspection": MASKS,
    "starttls-stripping": (NO_TLS, CHOOSY, INSPECTION),
    "terminating-proxy": (_server(_too_soon), INSPECTION),
    "content-filter": (_server(_own("injected-reply", AT_SERVER)), INSPECTION, MISSED),
    "reset-injection": (RESETTER, TIMER, LIMIT, MTU),
    "path-mtu-black-hole": (LIMIT, DOT, SIZES, STOPPED),
    "idle-state-timeout": (RESET, STOPPED, MTU),
    "inspection-limits": (MTU, DOT, SIZES, STOPPED),
    "swallowed-end-of-data": (NO_END, MTU, MISSED, STOPPED),
    "sender": (INSPECTION, MTU, MISSED),
    "server": (INSPECTION, MTU, LIMIT),
}
"""By the device that a verdict names, or by that which a rule points to."""

POINTS_TO: Final[dict[str, str]] = {
    "starttls-stripped": "starttls-stripping",
    "proxy-banner": "terminating-proxy",
    "injected-reply": "content-filter",
    "forged-reset": "reset-injection",
    "path-mtu-black-hole": "path-mtu-black-hole",
    "idle-timeout-reset": "idle-state-timeout",
    "limit-drop": "inspection-limits",
    "terminator-swallowed": "swallowed-end-of-data",
    "missing-terminator": "sender",
}
"""Where there is no verdict: what the decisive rule would be evidence of."""


def of(case: Case) -> tuple[Lookalike, ...]:
    """What could be taken for what these captures show."""
    if case.verdict:
        return LOOKALIKES.get(case.verdict.device, ())
    rule = case.decisive.finding.rule if case.decisive else ""
    return LOOKALIKES.get(POINTS_TO.get(rule, ""), ())
