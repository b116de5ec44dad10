"""What can be typed at a place of a filter: fields, operators, values, and words that join."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect import escape
from tui.filtering import fields
from tui.filtering.fields import BY_NAME, FIELDS, SAYS, Field
from tui.filtering.scan import Bit, Kind, quoted, scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST: Final = 60
"""Candidates at one place."""
_RULES_FROM: Final = 3
"""Letters of a plain word from which on rules are offered for it."""
_SEEN: Final = "seen in this capture"


class Known(NamedTuple):
    """Values that the capture holds, the most useful first."""

    clients: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    helos: tuple[str, ...] = ()


NOTHING: Final = Known()


class Candidate(NamedTuple):
    """Something that can be typed."""

    text: str
    about: str
    """What it means, in a few words."""


class Completion(NamedTuple):
    """What can replace the text from ``start`` to ``end``."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]


def complete(text: str, cursor: int, known: Known = NOTHING) -> Completion:
    """What can be typed at the cursor.

    Args:
        text: the filter, which may be wrong or unfinished.
        cursor: a place in it, from 0 to its length.
        known: values that the capture holds.
    """
    bits = list(scan(text))
    at = next((number for number, bit in enumerate(bits) if bit.start < cursor <= bit.end), -1)
    bit = bits[at] if at >= 0 else Bit(Kind.SPACE, cursor, cursor, "")
    before = [each for each in bits[: max(at, 0)] if each.kind is not Kind.SPACE]
    behind = bits[at + 1] if at + 1 < len(bits) else None
    start, end, found = _at(bit, before, behind, cursor, known)
    now = text[start:end]
    offered = tuple(islice((each for each in found if each.text != now), MOST))
    return Completion(start, end, offered)


_Found = tuple[int, int, "Iterator[Candidate]"]


def _at(bit: Bit, before: list[Bit], behind: Bit | None, cursor: int, known: Known) -> _Found:
    """The part that is replaced, and what can stand there."""
    typed = bit.text[: cursor - bit.start]
    field = _field(bit, before)
    if bit.kind is Kind.VALUE:
        return bit.start, bit.end, _values(field, typed, known)
    if bit.kind is Kind.OPERATOR or (
        bit.kind is Kind.SPACE and before and before[-1].kind is Kind.OPERATOR
    ):
        end = behind.end if behind is not None and behind.kind is Kind.VALUE else cursor
        return cursor, end, _values(field, "", known)
    if bit.kind is Kind.FIELD:
        return bit.start, bit.end, _names(typed, signs=False)
    follows = bool(before) and before[-1].kind in _ENDING
    if bit.kind is Kind.WORD or bit.text.isalpha():
        return bit.start, bit.end, _words(typed, follows=follows)
    if bit.kind in _BEFORE_TERM:
        return cursor, cursor, _new(follows=follows and bit.kind is Kind.SPACE)
    return cursor, cursor, iter(())


_BEFORE_TERM: Final = frozenset({Kind.SPACE, Kind.OPEN, Kind.AND, Kind.OR, Kind.NOT})
_ENDING: Final = frozenset({Kind.VALUE, Kind.WORD, Kind.QUOTED, Kind.REGEX, Kind.CLOSE})
_JOINING: Final = (
    Candidate("and ", "both sides; can be left out"),
    Candidate("or ", "either side, or both"),
    Candidate("not ", "the opposite of what follows"),
)


def _field(bit: Bit, before: list[Bit]) -> Field | None:
    """The field whose value stands at a bit."""
    named = [each for each in [*before, bit] if each.kind is Kind.FIELD]
    return BY_NAME.get(named[-1].text.lower()) if named else None


def _new(*, follows: bool) -> Iterator[Candidate]:
    """At the beginning of a term: behind another one, words that join come first."""
    if follows:
        yield from _JOINING
    yield from _names("", signs=True)


def _words(typed: str, *, follows: bool) -> Iterator[Candidate]:
    """For a word that may become a field: its operators, fields, and rules that hold it."""
    field = BY_NAME.get(typed.lower())
    if field is not None:
        for sign in field.operators:
            yield Candidate(f"{typed}{sign}", f"{SAYS[sign]}: {field.means}")
    if follows:
        yield from (word for word in _JOINING if word.text.startswith(typed.lower()))
    yield from _names(typed, signs=True, but=field)
    if len(typed) >= _RULES_FROM:
        for name, means in _matching(BY_NAME["rule"].choices, typed):
            yield Candidate(f"rule:{name}", means)


def _names(typed: str, *, signs: bool, but: Field | None = None) -> Iterator[Candidate]:
    """Fields whose name begins so, then those of which another name does."""
    low = typed.lower()
    named = [field for field in FIELDS if field.name.startswith(low)]
    named += [
        field
        for field in FIELDS
        if field not in named and any(alias.startswith(low) for alias in field.aliases)
    ]
    for field in named:
        if field is not but:
            sign = (">" if field.kind in fields.COMPARED else ":") if signs else ""
            yield Candidate(f"{field.name}{sign}", field.means)


def _values(field: Field | None, typed: str, known: Known) -> Iterator[Candidate]:
    """Values of a field that hold what is typed, those that begin with it first."""
    if field is None:
        return
    choices = dict(field.choices) or {
        quoted(value): _SEEN for value in _known(field, known) if _is_plain(value)
    }
    for name, means in _matching(choices, typed):
        yield Candidate(name, means)
    if not choices and not typed:
        for example in field.examples:
            if example.text.startswith(f"{field.name}"):
                yield Candidate(_value_of(example.text), f"for example: {example.means}")


def _known(field: Field, known: Known) -> tuple[str, ...]:
    return {"client": known.clients, "server": known.servers, "helo": known.helos}.get(
        field.name, ()
    )


def _is_plain(value: str) -> bool:
    """Whether a value from the capture can be typed as it is: nothing in it steers or hides."""
    return bool(value) and escape.visible(value) == value


def _value_of(example: str) -> str:
    """The value in an example."""
    return next(
        bit.text for bit in scan(example) if bit.kind in {Kind.VALUE, Kind.QUOTED, Kind.REGEX}
    )


def _matching(choices: Mapping[str, str], typed: str) -> list[tuple[str, str]]:
    """The choices that hold what is typed, those that begin with it first."""
    low = typed.lower()
    held = [(name, means) for name, means in choices.items() if low in name.lower()]
    return sorted(held, key=lambda each: not each[0].lower().startswith(low))
