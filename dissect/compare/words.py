"""A comparison in words: what both the text and the JSON Lines say of it."""

from __future__ import annotations

from collections import Counter
from typing import Final

from dissect.compare.comparison import FAMILIES, Comparison
from dissect.compare.pair import Change, Trait
from dissect.evidence import Side

APART: Final = 5.0
"""Seconds between the clocks from which on it is said."""

TRAIT_NAMES: Final = {
    "ttl": "TTL", "mss": "MSS option", "window": "window of the SYN",
    "options": "bytes of TCP options in the SYN",
}  # fmt: skip


def message(found: Comparison) -> str:
    """What is between the two captures, in a sentence or two."""
    if found.family == "none" and not found.complete:
        return "Nothing that both captures hold was changed; not everything is in both."
    return FAMILIES[found.family]


def name(family: str) -> str:
    """A family of device, as it is called in a text."""
    return " ".join(family.rsplit("-", 1))


def numbers(found: Comparison) -> str:
    """The counts that prove it."""
    counts = found.counts
    parts = [f"{counts['flows_changed']:,} of {counts['flows']:,} flows differ"]
    parts += [
        f"{counts[f'{kind}_octets']:,} bytes {kind} in {places(counts[kind])}"
        for kind in ("changed", "appeared", "vanished")
        if counts[kind]
    ]
    if counts["tls"]:
        parts.append(f"{places(counts['tls'])} under TLS differ")
    if counts["resets"]:
        parts.append(f"a RST is on one side only in {places(counts['resets'])}")
    if counts["flows_relayed"]:
        parts.append(f"{counts['flows_relayed']:,} flows are two TCP connections")
    parts.append(f"{counts['compared_octets']:,} bytes were compared")
    return "; ".join(parts) + "."


def places(number: int) -> str:
    """So many places."""
    return f"{number:,} place{'s' if number != 1 else ''}"


def title(change: Change) -> str:
    """One difference, in a few words."""
    who = f"{change.side.value}:"
    if change.reset:
        return f"{who} a RST {change.kind} on the way"
    if change.kind == "tls":
        return f"{who} another TLS session, so something between the two ends it"
    unit = "byte" if change.octets == 1 else "bytes"
    verb = "changed" if change.kind == "changed" else f"{change.kind} on the way"
    return f"{who} {change.octets:,} {unit} {verb}"


def doubts(found: Comparison) -> list[str]:
    """What should be made sure of before the comparison is believed."""
    if abs(found.offset) <= APART:
        return []
    apart = f"the clocks seem to be {abs(found.offset):,.0f} s apart: make sure that both"
    return [f"{apart} captures are of the same time, as the same mail sent again looks alike"]


def clocks(found: Comparison) -> str:
    """How the clocks and the places lie."""
    ahead = f"{abs(found.offset):.6f} s {'ahead' if found.offset >= 0 else 'behind'}"
    near = "which capture is nearer the clients is not known; taken for inside"
    if found.nearer != "unknown":
        near = f"{found.nearer} is nearer the clients"
    return f"outside is {ahead}; {near}"


def traits(found: Comparison) -> list[tuple[Trait, int]]:
    """What of TCP/IP differs, with the number of flows, the most frequent first."""
    counts = Counter(trait for pair in found.pairs for trait in pair.traits)
    return counts.most_common()


def trait(each: Trait) -> str:
    """One fact of TCP/IP that is not the same."""
    return f"{each.side.value}'s {TRAIT_NAMES[each.name]}: {each.one} inside, {each.two} outside"


def first_seen(found: Comparison, side: Side) -> bool:
    """Whether what a side sends passes the first capture first."""
    return (side is Side.CLIENT) == (found.nearer != "outside")
