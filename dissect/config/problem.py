"""One thing that is wrong with the settings."""

from __future__ import annotations

from typing import Any, NamedTuple

from dissect import escape
from dissect.errors import UsageError


class Problem(NamedTuple):
    """What is wrong, where, and what to write."""

    table: str
    """In the words of the file: ``tui``, ``rules.split-command``; empty for the whole file."""
    option: str
    """Its name in the table; empty for the whole table."""
    what: str
    """A sentence that says both."""
    hint: str = ""
    """Values that can be meant, or what else to do."""
    harmless: bool = False
    """Whether everything works with it: a doubt, no error."""
    place: str = ""
    """Where it was said, when not in the file."""

    def refusal(self, file: str) -> UsageError:
        """The error with which a command refuses it."""
        return UsageError(self._sentence(file), _visible(self.hint))

    def written(self, file: str) -> str:
        """For people."""
        doubt = "(only a doubt) " if self.harmless else ""
        hint = f"\n  {_visible(self.hint)}" if self.hint else ""
        return f"{self._sentence(file, doubt)}{hint}"

    def _sentence(self, file: str, doubt: str = "") -> str:
        """The place, and what is wrong; names in it are as odd as whoever wrote them liked."""
        return _visible(f"{self.place or file}: {doubt}{self.what}")

    def fields(self, file: str) -> dict[str, Any]:
        """For programs."""
        return {
            "type": "problem",
            "place": self.place or file,
            "table": self.table,
            "option": self.option,
            "error": not self.harmless,
            "what": self.what,
            "hint": self.hint,
        }


def _visible(words: str) -> str:
    """Words of which some may be quoted already, with nothing that a terminal would obey."""
    return "".join(each if each.isprintable() else escape.visible(each) for each in words)
