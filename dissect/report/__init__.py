"""From the read model to text: one module per output format, each behind ``Reporter``.

In: ``FlowDetail``, ``Verdict``, ``Summary``.  Out: text, through the writer that was given.

**Invariant:** nothing from a packet leaves unescaped, and nothing here knows where it is written.
"""

from __future__ import annotations

from typing import Final

from dissect.report.csv import CsvReporter
from dissect.report.jsonl import JsonlReporter
from dissect.report.port import Reporter, Summary, Write
from dissect.report.text import TextReporter

__all__ = ["FORMATS", "Reporter", "Summary", "Write"]

FORMATS: Final[dict[str, type[Reporter]]] = {
    "text": TextReporter,
    "jsonl": JsonlReporter,
    "csv": CsvReporter,
}
"""What ``--format`` can be."""
