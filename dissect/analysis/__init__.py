"""The read model, and what builds it.

In: flows, dialogue events and findings.  Out: ``FlowSummary``, ``FlowDetail``, ``Verdict``.

**Invariant:** values are immutable and can cross a process; a flow's memory is bounded.
"""

from __future__ import annotations

import pickle
import zlib

from dissect.analysis.model import FlowDetail, Packed

LEVEL = 1
"""Of zlib: ladders repeat themselves, and the fastest level finds most of it."""


def pack(detail: FlowDetail) -> Packed:
    """A flow's ladder, compressed."""
    return Packed(detail.summary.flow, zlib.compress(pickle.dumps(detail, 5), LEVEL))


def unpack(packed: Packed) -> FlowDetail:
    """The ladder again; only for what ``pack`` made in a process of ours."""
    detail = pickle.loads(zlib.decompress(packed.blob))  # noqa: S301 - our own child's bytes
    assert isinstance(detail, FlowDetail)
    return detail
