"""Who got no mail, and the command that was damaged: ``lost_recipients.py CAPTURE...``."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from dissect.escape import visible
from dissect.library import analyse

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail, Row


def cut(row: Row) -> str:
    """What was said, with a bar where one packet ended and the next began."""
    seams = [seam.offset - row.offset for seam in row.seams]
    return "|".join(visible(row.text[start:end]) for start, end in pairwise([0, *seams, row.size]))


def tell(detail: FlowDetail) -> None:
    """Print what is known of the recipients that a conversation has lost."""
    rows = {row.number: row for row in detail.rows}
    for finding in detail.findings:
        if finding.rule != "lost-recipient":
            continue
        names = ", ".join(visible(name) for name in finding.recipients)
        print(f"flow {finding.flow}: no mail for {names}")
        for row in filter(None, map(rows.get, finding.rows)):
            was = f"  (was {row.original})" if row.original else ""
            print(f"  row {row.number}, frames {row.frames}: {cut(row)}{was}")


def main() -> None:
    """Read the captures that are named, and keep no flow in memory that is over."""
    found = analyse(*sys.argv[1:], each=tell)
    print(f"{found.summary.flows} flows, {found.summary.status}")
    for verdict in found.verdicts:
        print(f"{verdict.title}, {verdict.confidence:.2f}")
    sys.exit("\n".join(found.errors) or None)


if __name__ == "__main__":
    main()
