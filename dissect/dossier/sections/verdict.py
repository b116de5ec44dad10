"""What is wrong, what it costs and what ends it, in three sentences."""

from __future__ import annotations

from typing import Final

from dissect import rulebook
from dissect.analysis.model import Verdict
from dissect.dossier.case import BLAMELESS, Case, clock, many
from dissect.dossier.decisive import OUTCOMES
from dissect.dossier.document import Bullets, Inline, Section, said
from dissect.dossier.sections import both, impact

SURE: Final = ((0.9, "as good as certain"), (0.7, "likely"))
"""How a confidence is said."""

UNSURE: Final = "more likely than not, and to be confirmed"

Sentences = tuple[str, str, str]
"""What it is, what it costs, and what now."""

REMEDY: Final = "It ends when {}; the section Remedy has the steps, and the proof follows here."

UNNAMED: Final = (
    "this capture does not tell whether a device on the way, the sender or the receiver does it."
)

SECOND: Final = (
    "What to do next is a second capture at the same time on the other side of whatever is "
    "suspected, because the comparison of the two shows who does it."
)

NOTHING: Final = "nothing shows that something on the way changed mail, or stopped it."

HARMLESS: Final = "nothing shows that it costs mail."

SETTLE: Final = (
    "What this capture cannot show is listed under Limits; a capture on the other side at the same "
    "time, and seamark compare, would settle it."
)

COMPARED: Final = "What a capture from the other side shows follows here."

SILENT: Final = "this report says nothing about mail, good or bad."

CHOOSE: Final = "To report on them, choose otherwise."

CAPTURE: Final = (
    "If mail uses another port than 25, 465, 587 or 2525, name it with --port; otherwise capture "
    "again while mail is on its way."
)

ENDS: Final = {
    "cisco-smtp-inspection": "turns its SMTP inspection off for this mail",
    "unknown-smtp-inspection": "turns its SMTP inspection off for this mail",
    "starttls-stripping": "exempts this mail from inspection, so that TLS comes through",
    "terminating-proxy": "exempts this mail from the proxy",
    "content-filter": "exempts the mail servers from the content filter",
    "reset-injection": "exempts these connections",
    "path-mtu-black-hole": "lets ICMP through, or clamps the MSS where the path narrows",
    "idle-state-timeout": "gives silent mail connections a longer idle timer",
    "inspection-limits": "raises the limits of the inspection, or turns it off for this mail",
}
"""What the owner of the device has to do, by the device."""


def section(case: Case) -> Section:
    """For somebody who reads nothing else."""
    parts: list[Inline] = []
    for sentence in sentences(case):
        parts += [sentence, " "]
    lead = said(*parts[:-1], lead=True)
    more = Bullets(tuple((line,) for line in _standing(case)))
    return Section("verdict", "In short", (lead, more) if more.items else (lead,))


def sentences(case: Case) -> Sentences:
    """What, at what cost, and what now."""
    if not case.gathered.flows:
        return _nothing(case)
    if case.verdict:
        return _named(case, case.verdict)
    if case.findings:
        return _unnamed(case)
    return _clean(case)


def _named(case: Case, verdict: Verdict) -> Sentences:
    """Something is found, and it has a name."""
    where = f"between {verdict.client} and {verdict.server}"
    sure = next((words for least, words in SURE if verdict.confidence >= least), UNSURE)
    sure = f"that is {sure} ({verdict.confidence:.0%})"
    if verdict.device in BLAMELESS:
        end = "sending" if verdict.device == "sender" else "receiving"
        what = f"Mail {where} has trouble whose cause is the {end} server itself; {sure}."
        return what, impact.sentence(case), REMEDY.format(f"the {end} server is mended")
    what = f"Mail {where} is disturbed on its way, by {_lower(verdict.title)}; {sure}."
    ends = f"whoever runs that device {ENDS.get(verdict.device, 'mends it')}"
    return what, impact.sentence(case), REMEDY.format(ends)


def _lower(title: str) -> str:
    """A title inside a sentence."""
    common = title.startswith(("Something", "A ", "An "))
    return title[0].lower() + title[1:] if common else title


def _unnamed(case: Case) -> Sentences:
    """Something is found, and nothing says who does it."""
    hurt = sum(party.damaged for party in case.gathered.parties.values())
    flows = case.gathered.flows
    which = f"{hurt:,} of {flows:,} conversations" if flows > 1 else "the one conversation"
    what = f"In {which} something is wrong with mail{_cause(case)} {UNNAMED}"
    return what, impact.sentence(case), COMPARED if case.both else SECOND


def _cause(case: Case) -> str:
    """What the decisive finding says of it, where that is more than that mail was lost."""
    found = case.decisive.finding if case.decisive else None
    page = rulebook.page(found.rule) if found and found.rule not in OUTCOMES else None
    if found is None or page is None:
        return ", and"
    words = page.info.summary
    words = words if words[1].isupper() else words[0].lower() + words[1:]
    return f": {words} ({found.confidence:.0%} sure);"


def _clean(case: Case) -> Sentences:
    """Nothing costs mail, as far as it was seen."""
    unseen = case.gathered.outcomes["encrypted"] + case.gathered.outcomes["open"]
    limited = bool(case.limits) or unseen or case.summary.status != "complete"
    part = "in what was captured and can be read, which is not all, " if limited else ""
    if case.found("masked-banner"):
        what = f"Something on the way writes over the server's greeting, and {part}{HARMLESS}"
    else:
        what = f"{part}{NOTHING}"
    settle = COMPARED if case.both else SETTLE
    return what[0].upper() + what[1:], impact.sentence(case), settle


def _nothing(case: Case) -> Sentences:
    """There is no mail to speak of."""
    left = case.gathered.left
    if left:
        out = f"The captures hold {many(left, 'conversation')}, and the options leave out all."
        return "This report says nothing about mail, good or bad.", out, CHOOSE
    read = f"{many(case.summary.packets, 'packet')} of other traffic were read."
    return f"There is no SMTP conversation here: {SILENT}", read, CAPTURE


def span(case: Case) -> str:
    """From when to when."""
    return f"{clock(case.gathered.first)} to {clock(case.gathered.last)} UTC"


def _standing(case: Case) -> list[str]:
    """What a reader has to know of the report itself."""
    found = [both.sentence(case.both)] if case.both else []
    if case.summary.status != "complete":
        found.append("Not everything could be read to its end; see Limits.")
    others = case.gathered.drawn[1:]
    found += [
        f"Also, between {other.client} and {other.server}: {other.title} "
        f"({other.confidence:.0%} sure)."
        for other in others[:5]
    ]
    if len(others) > 5:  # noqa: PLR2004 - as above
        found.append(f"And {len(others) - 5} more verdicts: seamark scan prints them.")
    return found
