"""What the other side shows: the same mail at two places, and what changed between them."""

from __future__ import annotations

from typing import Final

from dissect.compare import words
from dissect.compare.overview import Item
from dissect.compare.text import Source
from dissect.dossier import facing
from dissect.dossier.case import Both, Case, many
from dissect.dossier.document import (
    Block,
    Bullets,
    Code,
    Commands,
    Facing,
    Inline,
    Section,
    Table,
    said,
)
from dissect.dossier.spans import spans

FLOWS: Final = 50
"""Conversations that are listed."""

DOUBTS: Final = 20
"""Reasons why something was not compared that are listed."""

LEGEND: Final = (
    "What is not the same on both sides is marked; a bar is the boundary between two packets."
)


def section(case: Case) -> Section | None:
    """The verdict, one conversation from both sides, and all that differ."""
    both = case.both
    if both is None:
        return None
    one, two = (case.show(source.name) for source in both.overview.sources)
    lead = said(f"{one} was captured inside, {two} outside. {_between(both)}")
    counts = said(f"{both.overview.numbers} The clocks: {both.overview.clocks}.")
    blocks: tuple[Block, ...] = (
        lead, counts, *_ladder(case, both), *_flows(case, both), *_doubts(case, both),
        _again(case, both.overview.sources),
    )  # fmt: skip
    return Section("both", "What both sides show", blocks)


def _between(both: Both) -> str:
    """What is between the two, in a sentence or two."""
    told = both.overview
    if not told.differs:
        return told.message
    return f"Between them: {words.name(told.family)}. {told.message}"


def ends(item: Item, at: int) -> str:
    """Client and server as one capture has them."""
    tape = (item.one, item.two)[at]
    return f"{tape.client} > {tape.server}" if tape else ""


def _ladder(case: Case, both: Both) -> tuple[Block, ...]:
    """One conversation, row by row."""
    item = both.item
    if item is None:
        return ()
    block = Facing(
        f"The conversation from {ends(item, 0)}, inside and outside", ends(item, 0), ends(item, 1),
        facing.shown(both.steps, case.show),
    )  # fmt: skip
    facts = [*(("NAT: other addresses or ports",) if item.translated else ()),
             *(("other sequence numbers",) if item.renumbered else ()),
             *(("two TCP connections for one",) if item.relayed else ())]  # fmt: skip
    tcp = said(f"Between the two: {', '.join(facts)}.")
    return (said(LEGEND), block, *((tcp,) if facts else ()))


def _flows(case: Case, both: Both) -> tuple[Block, ...]:
    """A row for each conversation that differs, or that only one side has."""
    items = [each for each in both.overview.items if each.places or each.pair < 0]
    traits = Bullets(tuple((f"Of TCP/IP, {trait}.",) for trait in both.overview.traits))
    if not items:
        return (traits,) if traits.items else ()
    caption = f"{many(len(items), 'conversation')} not the same on both sides"
    if len(items) > FLOWS:
        caption += f"; the first {FLOWS}"
    head = ("inside", "outside", "what happened", "sent", "arrived")
    table = Table(caption, head, tuple(_flow(case, item) for item in items[:FLOWS]))
    return (table, traits) if traits.items else (table,)


def _flow(case: Case, item: Item) -> tuple[Inline, ...]:
    """One conversation."""
    one, two = ends(item, 0), ends(item, 1)
    if item.pair < 0:
        return (one or "-", two or "-", f"only {'inside' if one else 'outside'}", "", "")
    parts = [f"{many(octets, 'byte')} {kind}" for kind, octets in item.octets]
    parts += ["another TLS session"] if item.tls else []
    parts += ["a RST on one side only"] if item.resets else []
    return (one, "the same" if one == two else two, ", ".join(parts), *_bytes(case, item))


def _bytes(case: Case, item: Item) -> tuple[Inline, Inline]:
    """The first bytes that differ, as they were sent and as they arrived."""
    if item.first is None:
        return "", ""
    sent, came = (
        "".join(span.text for span in spans(view.text, view.seams, (), case.show))
        for view in item.first
    )
    return Code(sent) if sent else "nothing", Code(came) if came else "nothing"


def _doubts(case: Case, both: Both) -> tuple[Block, ...]:
    """What could not be compared."""
    found = [f"{case.show(warning)}." for warning in both.overview.warnings]
    found += [f"Not compared in {ends(item, 0)}: {'; '.join(item.unsure)}."
              for item in both.overview.items if item.unsure]  # fmt: skip
    return (Bullets(tuple((line,) for line in found[:DOUBTS])),) if found else ()


def _again(case: Case, sources: tuple[Source, Source]) -> Commands:
    """How to see all of it."""
    words = " ".join(case.quoted(source.name) for source in sources)
    return Commands((f"seamark compare {words}",), ("All of it, flow by flow:",))


def sentence(both: Both) -> str:
    """The comparison in one sentence, for those who read nothing else."""
    told = both.overview
    result = told.numbers if told.differs else told.message
    return (
        f"Captures from both sides were compared: {result} The section What both sides show has "
        "the details."
    )
