"""All flows of two captures compared, and what kind of device is between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from dissect.compare.match import match
from dissect.compare.pair import Horizon, Pair, lay
from dissect.compare.tape import Recorder, Tape
from dissect.evidence import Side

FAMILIES: Final[Mapping[str, str]] = {
    "terminating-proxy":
        "A proxy that ends one TCP connection and opens another: sequence numbers and handshake "
        "are not the same on its two sides.",
    "stream-editor":
        "Something that adds, drops or re-words whole lines inside one TCP connection, and "
        "corrects the sequence numbers behind them.",
    "in-place-rewriter":
        "Something that replaces octets in packets that pass, one for one, so that all lengths "
        "stay. Firewalls that inspect SMTP do that.",
    "packet-filter":
        "Something that drops packets, or sends some in another's name, and changes no octet "
        "that it lets through.",
    "none": "Nothing between these two points changed this mail.",
    "unknown": "No flow could be compared, so nothing is known of what is between.",
}  # fmt: skip
"""The families of device that two captures tell apart, and what each does."""


TURNED: Final = {"appeared": "vanished", "vanished": "appeared"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two captures say together."""

    pairs: tuple[Pair, ...]
    only_one: tuple[Tape, ...]
    only_two: tuple[Tape, ...]
    offset: float
    """Seconds that the clock of the second capture is ahead."""
    nearer: str
    """Which capture is nearer the clients: inside, outside or unknown.  Then the inside is taken
    to be, and what appeared may as well have vanished."""

    @property
    def counts(self) -> dict[str, int]:
        """The numbers that the verdict rests on."""
        changes = [change for pair in self.pairs for change in pair.changes]
        kinds = Counter(change.kind for change in changes if not change.reset)
        octets = Counter[str]()
        for change in changes:
            octets[change.kind] += change.octets
        return {
            "flows": len(self.pairs),
            "flows_changed": sum(bool(pair.changes) for pair in self.pairs),
            "flows_renumbered": sum(pair.renumbered for pair in self.pairs),
            "flows_relayed": sum(pair.relayed for pair in self.pairs),
            "compared_octets": sum(pair.compared for pair in self.pairs),
            "changed": kinds["changed"],
            "changed_in_place": sum(bool(change.runs) for change in changes),
            "changed_octets": octets["changed"],
            "appeared": kinds["appeared"],
            "appeared_octets": octets["appeared"],
            "vanished": kinds["vanished"],
            "vanished_octets": octets["vanished"],
            "tls": kinds["tls"],
            "resets": sum(change.reset for change in changes),
        }

    @property
    def family(self) -> str:
        """The family of device between the captures, one of ``FAMILIES``."""
        counts = self.counts
        if not self.pairs:
            return "unknown"
        if counts["flows_relayed"]:
            return "terminating-proxy"
        if counts["tls"] or any(c.moved for pair in self.pairs for c in pair.changes):
            return "stream-editor"
        if counts["changed"]:
            return "in-place-rewriter"
        return "packet-filter" if self.differs else "none"

    @property
    def differs(self) -> bool:
        """Whether anything of the mail is not the same."""
        return any(pair.changes for pair in self.pairs)

    @property
    def complete(self) -> bool:
        """Whether all that either capture holds was compared."""
        alone = self.only_one or self.only_two
        return bool(self.pairs) and not alone and not any(pair.unsure for pair in self.pairs)


def renamed(found: Comparison, address: Callable[[str], str]) -> Comparison:
    """The same with other addresses.

    Args:
        found: the comparison.
        address: what becomes of one.
    """

    def tape(each: Tape) -> Tape:
        client, server = (
            end._replace(address=address(end.address)) for end in (each.client, each.server)
        )
        return replace(each, client=client, server=server)

    return replace(
        found,
        pairs=tuple(replace(p, one=tape(p.one), two=tape(p.two)) for p in found.pairs),
        only_one=tuple(map(tape, found.only_one)),
        only_two=tuple(map(tape, found.only_two)),
    )


def compare(one: Recorder, two: Recorder) -> Comparison:
    """Compare two captures that were read to their ends."""
    ours, theirs = one.finish(), two.finish()
    found = match(ours, theirs)
    horizon = Horizon(one.last, two.last, found.offset)
    pairs = [lay(ours[a], theirs[b], horizon) for a, b in found.pairs]
    votes = sum(pair.nearer for pair in pairs)
    return Comparison(
        tuple(_travelled(pair, Side.CLIENT if votes > 0 else Side.SERVER) for pair in pairs),
        tuple(ours[at] for at in found.only_one),
        tuple(theirs[at] for at in found.only_two),
        found.offset,
        "inside" if votes < 0 else "outside" if votes > 0 else "unknown",
    )


def _travelled(pair: Pair, back: Side) -> Pair:
    """A pair whose changes are named as its bytes travel; ``back`` sends to the first capture."""
    changes = tuple(
        change._replace(kind=TURNED.get(change.kind, change.kind))
        if change.side is back
        else change
        for change in pair.changes
    )
    return replace(pair, changes=changes)
