"""How things are drawn here: glyphs with an ASCII twin, and the way packet text is shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from dissect import escape
from tui.line import Role
from tui.privacy import Privacy

if TYPE_CHECKING:
    from dissect.detect.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One set of glyphs.  Everything that is drawn asks it; nothing else knows of ASCII mode."""

    ascii_only: bool
    severities: tuple[str, ...]
    """By severity, from info to critical."""
    seam: str
    inferred: str
    to_server: str
    to_client: str
    again_to_server: str
    again_to_client: str
    about: str
    original: str
    group: tuple[str, str, str]
    """First, middle and last command of a pipelining group."""
    cut: str
    rule: str
    between: str
    arrow: str
    up: str
    down: str
    closed: str
    opened: str
    dot: str
    bar: str
    mark: str
    noted: str
    unlike: tuple[str, str]
    """Around bytes that are not the same on the two sides of something."""
    privacy: Privacy = field(default_factory=Privacy)
    """Hides names and addresses while it is on."""

    def words(self, data: bytes | str) -> str:
        """Packet text in its visible form."""
        return escape.visible(self._hidden(data), ascii_only=self.ascii_only)

    def cells(self, data: bytes | str) -> list[escape.Cell]:
        """Packet text unit by unit, for marks at exact bytes."""
        return escape.cells(self._hidden(data), ascii_only=self.ascii_only)

    def name(self, text: str) -> str:
        """A text that is somebody's name as a whole."""
        shown = self.privacy.name(text) if self.privacy.on else text
        return escape.visible(shown, ascii_only=self.ascii_only)

    def hidden(self, data: bytes) -> list[tuple[int, int]]:
        """Ranges of bytes that are not to be shown now."""
        return self.privacy.ranges(data) if self.privacy.on else []

    def _hidden(self, data: bytes | str) -> bytes | str:
        if not self.privacy.on:
            return data
        hide = self.privacy
        return hide.hide(data) if isinstance(data, str) else hide.hide_bytes(data)

    def glyph(self, severity: Severity) -> str:
        """The sign of a severity."""
        return self.severities[severity]


UNICODE: Final = Look(
    ascii_only=False,
    severities=("·", "○", "●", "▲", "◆"),
    seam="┊",
    inferred="¦",
    to_server="──▶",
    to_client="◀──",
    again_to_server="─▶▶",
    again_to_client="◀◀─",
    about="───",
    original="⟵",
    group=("┌", "│", "└"),
    cut="…",
    rule="─",
    between="⇄",
    arrow="→",
    up="↑",
    down="↓",
    closed="▸",
    opened="▾",
    dot="·",
    bar="│",
    mark="✓",
    noted="✎",
    unlike=("«", "»"),
)

ASCII: Final = Look(
    ascii_only=True,
    severities=(".", "o", "*", "!", "#"),
    seam="|",
    inferred=":",
    to_server="-->",
    to_client="<--",
    again_to_server="->>",
    again_to_client="<<-",
    about="---",
    original="<=",
    group=("/", "|", "\\"),
    cut="~",
    rule="-",
    between="<>",
    arrow="->",
    up="^",
    down="v",
    closed="+",
    opened="-",
    dot="-",
    bar="|",
    mark="*",
    noted="n",
    unlike=("[", "]"),
)

SEVERITY_ROLES: Final = (Role.INFO, Role.LOW, Role.MEDIUM, Role.HIGH, Role.CRITICAL)
SEVERITY_WORDS: Final = ("info", "low", "med", "high", "crit")


def look(*, ascii_only: bool) -> Look:
    """The glyphs for a terminal, with a privacy of its own."""
    return replace(ASCII if ascii_only else UNICODE, privacy=Privacy())
