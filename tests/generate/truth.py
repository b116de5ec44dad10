"""What a reader of a generated capture has to find in it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    from generate.plan import FlowPlan

RULES: Final = (
    "split-command",
    "split-masked-verb",
    "masked-verb",
    "masked-banner",
    "masked-ehlo-keyword",
    "lost-recipient",
    "lost-transaction",
)
"""The rules whose findings are counted, by their names in the design."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a flow went."""

    outcome: str
    """``delivered``, ``partly-delivered``, ``rejected`` or ``lost``."""
    offered: int
    accepted: int
    """Recipients that were answered with 250, whatever became of the message."""
    findings: Counter[str]
    """How many findings of each of ``RULES``; those of no finding are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowTruth:
    """A flow, and what there is to find in it."""

    plan: FlowPlan
    outcome: Outcome
    packets: int

    def as_json(self) -> dict[str, Any]:
        """The flow as an object of the truth file; names are those of Seamark's own JSON."""
        return {
            "flow": self.plan.number,
            "client": str(self.plan.client),
            "server": str(self.plan.server),
            "kind": self.plan.kind.value,
            "packets": self.packets,
            "outcome": self.outcome.outcome,
            "recipients": {"offered": self.outcome.offered, "accepted": self.outcome.accepted},
            "findings": {rule: n for rule in RULES if (n := self.outcome.findings[rule])},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The truth about a capture."""

    seed: int
    packets: int
    size: int
    """Bytes of the capture file, 0 before it is written."""
    flows: tuple[FlowTruth, ...]

    @property
    def totals(self) -> dict[str, int]:
        """Findings of the whole capture by rule."""
        total: Counter[str] = Counter()
        for flow in self.flows:
            total += flow.outcome.findings
        return {rule: total[rule] for rule in RULES}

    def as_json(self) -> dict[str, Any]:
        """The truth file: totals first, then every flow."""
        return {
            "seed": self.seed,
            "packets": self.packets,
            "bytes": self.size,
            "rules": list(RULES),
            "totals": self.totals,
            "flows": [flow.as_json() for flow in self.flows],
        }

    def write(self, path: Path) -> None:
        """Write the truth file, one flow a line."""
        head = self.as_json()
        flows = ",\n".join(json.dumps(flow) for flow in head.pop("flows"))
        path.write_text(f'{json.dumps(head)[:-1]}, "flows": [\n{flows}\n]}}\n', encoding="utf-8")
