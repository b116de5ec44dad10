"""What was found, as one document that convinces outside of Seamark: a report to send on.

In: what a scan told of the chosen conversations (``Gathered``), the ladder of the decisive one and
a few facts of its frames.  Out: a ``Document``, and that as HTML, Markdown or text.

**Invariant:** every string in a document is safe to show (``dissect.escape``), and nothing in a
document is markup: each writer escapes all of it.  What a capture does not show is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dissect.dossier import html, markdown, text
from dissect.dossier.case import Both, Case, Source
from dissect.dossier.decisive import Decisive, decisive
from dissect.dossier.document import Document
from dissect.dossier.gathered import Gathered
from dissect.dossier.sections import document

__all__ = [
    "FORMATS",
    "Both",
    "Case",
    "Decisive",
    "Document",
    "Gathered",
    "Source",
    "decisive",
    "document",
]

FORMATS: Final[dict[str, Callable[[Document], str]]] = {
    "html": html.written,
    "md": markdown.written,
    "txt": text.written,
}
"""What a report can be, by its name and by the ending of its file."""
