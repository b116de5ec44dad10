"""A capture read twice: as it is, and redacted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dissect.pipeline import Pipeline, Settings
from dissect.redact import Key, Redactor
from dissect.source import find_tshark, open_capture, read

if TYPE_CHECKING:
    from pathlib import Path

    from dissect.analysis.model import FlowDetail, Peer, Verdict
    from dissect.segments.decode import Row

KEY = b"k" * 32


def key_file(folder: Path) -> Path:
    """The same key as a file: with a new one an address may become what a test looks for."""
    path = folder / "key"
    path.write_text(f"secret {KEY.hex()}\n")
    path.chmod(0o600)
    return path


@dataclass(frozen=True)
class Reading:
    """What a pipeline says of a capture."""

    details: list[FlowDetail]
    verdicts: tuple[Verdict, ...]
    peers: tuple[Peer, ...]
    bugs: list[str]

    @property
    def findings(self) -> list[tuple[Any, ...]]:
        """All that a finding says but names, and how long what it quotes is."""
        return sorted(
            (f.flow, f.rule, f.severity, f.confidence, f.frames, f.rows, len(f.observed),
             repr(f.seam), "" if f.rule == "conflicting-overlap" else f.original)
            for detail in self.details
            for f in detail.findings
        )  # fmt: skip

    @property
    def proofs(self) -> list[tuple[Any, ...]]:
        """All that a verdict says but the names."""
        return [(v.device, v.confidence, v.counts, v.message, v.flows) for v in self.verdicts]

    @property
    def people(self) -> list[tuple[Any, ...]]:
        """All that is counted of a client."""
        return sorted(
            (p.flows, p.damaged, p.messages_tried, p.messages_accepted, p.recipients_asked,
             p.recipients_delivered, [(r.recipients, r.tries) for r in p.retries])
            for p in self.peers
        )  # fmt: skip

    @property
    def ladders(self) -> list[tuple[Any, ...]]:
        """Where everything in a flow stands."""
        return [
            (s.flow, s.outcome, s.phase, s.product, s.recipients, s.rules, len(s.helo),
             len(s.banner), [(r.kind, r.offset, r.size, len(r.text), r.masked, r.original, r.seams,
                              r.code, r.partner, r.group) for r in detail.rows])
            for detail in self.details
            for s in [detail.summary]
        ]  # fmt: skip


def rows(path: Path) -> list[list[Row]]:
    """What tshark says of a capture, in one batch: flows that are silent end between batches."""
    found: list[Row] = []
    asyncio.run(read(find_tshark(), open_capture(str(path)), found.extend))
    return [found]


def reading(name: str, batches: list[list[Row]], redactor: Redactor | None) -> Reading:
    """What is found in it."""
    pipeline = Pipeline(name, Settings(redactor=redactor))
    for batch in batches:
        pipeline.rows(batch)
    pipeline.finish()
    return Reading(pipeline.take(), pipeline.verdicts(), pipeline.peers(), pipeline.bugs)


def both(path: Path) -> tuple[Reading, Reading]:
    """The reading of a capture, and the one with names replaced."""
    batches = rows(path)
    return reading(path.name, batches, None), reading(path.name, batches, Redactor(Key(KEY)))
