"""The filter language of the flow list.

    severity>=high client:192.0.2.0/24 and not text:/XX+ TO/i

``parse`` makes a ``Filter`` from a text, or says where the text is wrong; the filter tells from a
flow's summary whether the flow is wanted, or that only its dialogue can tell.  All that is said of
the language on the screen comes from one table, ``FIELDS``.
"""

from __future__ import annotations

from tui.filtering.complete import Candidate, Completion, Known, complete
from tui.filtering.error import FilterError
from tui.filtering.fields import FIELDS, Field, help_lines
from tui.filtering.history import History
from tui.filtering.match import BARE, Facts
from tui.filtering.parse import Filter, parse

__all__ = [
    "BARE",
    "FIELDS",
    "Candidate",
    "Completion",
    "Facts",
    "Field",
    "Filter",
    "FilterError",
    "History",
    "Known",
    "complete",
    "help_lines",
    "parse",
]
