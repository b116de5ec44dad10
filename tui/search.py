"""A search over flows: in their summaries at once, in their dialogues as they are opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.analysis.model import FlowDetail, FlowSummary


class Search:
    """A case-blind search for words that stand somewhere in a flow.

    Args:
        words: what to look for; nothing matches everything.
    """

    def __init__(self, words: str) -> None:
        self.words = words.strip()
        self._low = self.words.lower()
        self._bytes = self._low.encode("utf-8", "surrogateescape")
        self._inside: set[int] = set()

    def matches(self, summary: FlowSummary) -> bool:
        """True where the summary, or a dialogue that was looked into, holds the words."""
        if not self._low or summary.flow in self._inside:
            return True
        return any(self._low in words.lower() for words in _words(summary))

    def look_into(self, detail: FlowDetail) -> bool:
        """Search the dialogue; True where it holds the words."""
        rows = (row.text.lower() for row in detail.rows)
        originals = (row.original.lower() for row in detail.rows if row.original)
        if any(self._bytes in text for text in rows) or self._low in originals:
            self._inside.add(detail.summary.flow)
            return True
        return False


def _words(summary: FlowSummary) -> Iterator[str]:
    yield str(summary.client)
    yield str(summary.server)
    yield summary.helo
    yield summary.reverse_path
    yield summary.banner
    yield summary.outcome.value
    yield from summary.rules
