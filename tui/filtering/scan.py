r"""A filter's text cut into bits: for the parser, for completion, for colours and for messages.

Every character belongs to exactly one bit, and no text is refused here: what is nothing becomes a
``STRAY``.

    severity>=high and not rcpt:"bob smith" /XX\d/i
    FIELD   |  |   |   |   |   |QUOTED      REGEX
     OPERATOR  |   AND NOT FIELD
               VALUE          OPERATOR
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(Enum):
    """What a bit is; the value is the grammar's name of it."""

    SPACE = "SPACE"
    OPEN = "_OPEN"
    CLOSE = "_CLOSE"
    AND = "_AND"
    OR = "_OR"
    NOT = "_NOT"
    FIELD = "FIELD"
    OPERATOR = "OPERATOR"
    VALUE = "VALUE"
    """A word behind an operator."""
    WORD = "WORD"
    """A word that stands for itself."""
    QUOTED = "QUOTED"
    REGEX = "REGEX"
    OPEN_QUOTE = "OPEN_QUOTE"
    """Words in quotes that do not end."""
    OPEN_REGEX = "OPEN_REGEX"
    """A regular expression that does not end, or ends in the midst of a word."""
    STRAY = "STRAY"


class Bit(NamedTuple):
    """A part of the text."""

    kind: Kind
    start: int
    end: int
    text: str


_OVER: Final = r'(?=[\s()&|"]|$)'
"""What may come after a word."""
_RESERVED: Final = rf"(?i:and|or|not){_OVER}"
_PARTS: Final = {
    Kind.SPACE: r"\s+",
    Kind.QUOTED: r'"(?:\\[\s\S]|[^"\\])*"',
    Kind.OPEN_QUOTE: r'"[\s\S]*',
    Kind.REGEX: rf"/(?:\\[\s\S]|[^/\\])+/[A-Za-z]*{_OVER}",
    Kind.OPEN_REGEX: r"/\S*",
    Kind.OPEN: r"\(",
    Kind.CLOSE: r"\)",
    Kind.AND: rf"&&?|(?i:and)(?:{_OVER}|(?=[/!]))",
    Kind.OR: rf"\|\|?|(?i:or)(?:{_OVER}|(?=[/!]))",
    Kind.NOT: rf"!(?!=)|(?i:not)(?:{_OVER}|(?=[/!]))",
    Kind.FIELD: r"[A-Za-z][A-Za-z_-]*(?=\s*(?:[:<>=~]|![=~]))",
    Kind.WORD: r'<[^\s()"&|<>=]*>|[^\s()"&|/<>=:!~][^\s()"&|]*',
    Kind.VALUE: rf'(?!{_RESERVED})[^\s()"&|/][^\s()"&|]*',
    Kind.OPERATOR: r"==|!=|>=|<=|=>|=~|!~|<>|[:<>=~]",
    Kind.STRAY: r"[<>=:!~]+|[\s\S]",
}
_ADDRESS: Final = rf"(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]+(?:\.\d+){{0,3}}(?:/\d+)?{_OVER}"
"""An IPv6 address, which is no field for all its colons."""


def _table(*kinds: Kind) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{kind.name}>{_PARTS[kind]})" for kind in kinds))


_TERM: Final = _table(
    Kind.SPACE, Kind.QUOTED, Kind.OPEN_QUOTE, Kind.REGEX, Kind.OPEN_REGEX, Kind.OPEN, Kind.CLOSE,
    Kind.AND, Kind.OR, Kind.NOT, Kind.FIELD, Kind.WORD, Kind.STRAY,
)  # fmt: skip
_AFTER_FIELD: Final = _table(Kind.SPACE, Kind.OPERATOR)
_AFTER_OPERATOR: Final = _table(
    Kind.SPACE, Kind.QUOTED, Kind.OPEN_QUOTE, Kind.REGEX, Kind.OPEN_REGEX, Kind.VALUE
)
_NEXT: Final = {Kind.FIELD: _AFTER_FIELD, Kind.OPERATOR: _AFTER_OPERATOR}
_ALONE: Final = re.compile(_ADDRESS)


def scan(text: str) -> Iterator[Bit]:
    """The bits of a text, from its beginning to its end."""
    at, table = 0, _TERM
    while at < len(text):
        bit = _bit(text, at, table) or _bit(text, at, _TERM)
        assert bit is not None
        yield bit
        at = bit.end
        if bit.kind is not Kind.SPACE:
            table = _NEXT.get(bit.kind, _TERM)


def _bit(text: str, at: int, table: re.Pattern[str]) -> Bit | None:
    if table is _TERM and (address := _ALONE.match(text, at)):
        return Bit(Kind.WORD, at, address.end(), address[0])
    match = table.match(text, at)
    if match is None:
        return None
    return Bit(Kind[match.lastgroup or "STRAY"], at, match.end(), match[0])


def unquoted(text: str) -> str:
    """The words that a quoted text stands for."""
    return re.sub(r'\\(["\\])', r"\1", text[1:-1])


def quoted(words: str) -> str:
    """The words as a value: in quotes where they need them."""
    if re.fullmatch(_PARTS[Kind.VALUE], words) and not words.startswith(tuple(":<>=!~")):
        return words
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
