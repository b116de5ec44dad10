r"""Regular expressions that no text can make slow.

In: a pattern in Python's syntax for bytes.  Out: whether it matches somewhere in some bytes.
**Invariant:** the time is proportional to the length of the bytes, whatever they are.

The text of a dialogue is chosen by strangers, and Python's own engine backtracks: ``/(a+)+b/``
takes for ever on a line of the letter a, and plain ``/a.*b/`` takes the square of its length on
each line of a ladder that has thousands of them.  So the pattern becomes an automaton: a set of
places in the pattern, moved on by each byte.  Sets that have been met are remembered, with where
each byte leads (a deterministic automaton, made as it is needed), so that a byte costs a look into
a list.  Nested repetitions are harmless here; what cannot be matched in one pass is refused:
look-around, back-references, possessive repetition.

Python's engine still says what is valid, and which bytes a single class or escape stands for.
"""

from __future__ import annotations

import re
import warnings
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple, cast

from lark import Lark, LarkError, Token, Tree, UnexpectedInput

LONGEST: Final = 200
"""Characters of a pattern."""
LARGEST: Final = 1_000
"""Steps in making an automaton, which counted repetition multiplies; it has fewer places."""
STATES: Final = 1_000
"""Sets of places that are remembered; then it begins anew."""
_NEWLINE: Final = 10
_ENDLESS: Final = -1
_ACCEPT: Final = 0
"""The place at which the pattern has matched."""


class PatternError(Exception):
    """A pattern that cannot be used.

    Args:
        at: where in the pattern.
        what: why, in a sentence without a full stop.
    """

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at
        self.what = what


class _Place(NamedTuple):
    """A place in the pattern: a byte is wanted, a position is asked for, or ways part."""

    wanted: frozenset[int] | None
    position: str
    to: tuple[int, ...]


class _Around(NamedTuple):
    """What stands on the two sides of a position; None for no byte at all."""

    before: int | None
    after: int | None


_WORD: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_AT_WORD_END: Final = "\\b"
_POSITIONS: Final = {
    "^": lambda around: around.before in {None, _NEWLINE},
    "$": lambda around: around.after in {None, _NEWLINE},
    "\\A": lambda around: around.before is None,
    "\\Z": lambda around: around.after is None,
    _AT_WORD_END: lambda around: (around.before in _WORD) is not (around.after in _WORD),
    "\\B": lambda around: (around.before in _WORD) is (around.after in _WORD),
}


class Pattern:
    """A compiled pattern; ``compiled`` makes it."""

    def __init__(self, places: list[_Place], start: int, needle: bytes = b"") -> None:
        self._places = places
        self._start = start
        self._needle = needle
        """In small letters: what every match holds, so that most texts need no second look."""
        sets = {place.wanted for place in places if place.wanted is not None}
        self._classes, self._examples = _classes([*sets, _WORD, frozenset((_NEWLINE,))])
        self._states: dict[tuple[frozenset[int], int | None], _State] = {}
        self._first = self._state(frozenset((start,)), None)

    def search(self, data: bytes) -> bool:
        """Whether the pattern matches somewhere in ``data``."""
        if self._needle not in data.lower():
            return False
        state = self._first
        for symbol in data.translate(self._classes):
            state = state.then[symbol] or self._grow(state, symbol)
            if state is _MATCH:
                return True
        end = len(self._examples)
        return (state.then[end] or self._grow(state, end)) is _MATCH

    def _state(self, places: frozenset[int], before: int | None) -> _State:
        """The state for some places; ``before`` is the byte that led there, or its like."""
        key = (places, before)
        if key not in self._states:
            if len(self._states) >= STATES:
                self._states.clear()
                self._first = _State(frozenset((self._start,)), None, len(self._examples) + 1)
            self._states[key] = _State(places, before, len(self._examples) + 1)
        return self._states[key]

    def _grow(self, state: _State, symbol: int) -> _State:
        """Where a class of bytes (or the end) leads from a state; the state learns it."""
        byte = self._examples[symbol] if symbol < len(self._examples) else None
        reached = self._reach(state.places, _Around(state.before, byte))
        if _ACCEPT in reached:
            found = _MATCH
        else:
            stepped = {self._start}
            for at in reached:
                place = self._places[at]
                if place.wanted is not None and byte in place.wanted:
                    stepped.update(place.to)
            found = self._state(frozenset(stepped), _like(byte))
        state.then[symbol] = found
        return found

    def _reach(self, places: frozenset[int], around: _Around) -> set[int]:
        """All places that are reached without another byte."""
        reached: set[int] = set()
        todo = list(places)
        while todo:
            at = todo.pop()
            if at in reached:
                continue
            reached.add(at)
            place = self._places[at]
            if place.wanted is None and (not place.position or _holds(place.position, around)):
                todo += place.to
        return reached


class _State:
    """A set of places between two bytes, and where each class of bytes leads, once known."""

    __slots__ = ("before", "places", "then")

    def __init__(self, places: frozenset[int], before: int | None, symbols: int) -> None:
        self.places = places
        self.before = before
        self.then: list[_State | None] = [None] * symbols


_MATCH: Final = _State(frozenset(), None, 0)


def _holds(position: str, around: _Around) -> bool:
    return _POSITIONS[position](around)


def _like(byte: int | None) -> int | None:
    """One byte for all that positions cannot tell apart."""
    if byte is None or byte == _NEWLINE:
        return byte
    return ord("a") if byte in _WORD else 0


def _classes(sets: list[frozenset[int]]) -> tuple[bytes, list[int]]:
    """The class of each byte, and an example of each class: bytes that no set tells apart."""
    numbers: dict[tuple[bool, ...], int] = {}
    examples: list[int] = []
    table = bytearray(256)
    for byte in range(256):
        told = tuple(byte in each for each in sets)
        if told not in numbers:
            numbers[told] = len(examples)
            examples.append(byte)
        table[byte] = numbers[told]
    return bytes(table), examples


@lru_cache(8)
def compiled(source: str, *, case_blind: bool = False) -> Pattern:
    """A pattern, ready to be searched for.

    Args:
        source: the pattern.
        case_blind: take capital and small letters as the same.

    Raises:
        PatternError: if it is no pattern, is too large, or needs more than one pass.
    """
    if len(source) > LONGEST:
        raise PatternError(LONGEST, f"a pattern has at most {LONGEST} characters")
    data = source.encode("utf-8", "backslashreplace")
    _check(data)
    tree = _tree(data)
    return _Builder(re.IGNORECASE if case_blind else re.NOFLAG).pattern(tree)


def _check(data: bytes) -> None:
    """Let Python say whether it is a pattern at all."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(data)
    except re.error as error:
        raise PatternError(_at(data, error.pos or 0), error.msg) from None
    except (OverflowError, RecursionError):
        raise PatternError(0, "the repetition is too large") from None


def _at(data: bytes, position: int) -> int:
    """The character in the source at a byte of it."""
    return len(data[:position].decode("utf-8", "ignore"))


def _tree(data: bytes) -> Tree[Token]:
    try:
        return _parser().parse(data.decode("latin-1"))
    except UnexpectedInput as error:
        where = cast("int | None", error.pos_in_stream) or 0
        raise PatternError(_at(data, max(where, 0)), _REFUSED) from None
    except LarkError:
        raise PatternError(0, _REFUSED) from None


_REFUSED: Final = (
    "this needs more than one pass (look-around, back-references and the like), and is not "
    "possible here"
)


@cache
def _parser() -> Lark:
    """The parser of patterns."""
    grammar = files("tui.filtering").joinpath("regex.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr")


class _Builder:
    """Makes places from a pattern's tree, from its end to its beginning."""

    def __init__(self, flags: re.RegexFlag) -> None:
        self._flags = flags
        self._places = [_Place(None, "", ())]
        self._work = 0

    def pattern(self, tree: Tree[Token]) -> Pattern:
        """The automaton of a whole pattern."""
        whole = tree.children[0]
        start = self._build(whole, _ACCEPT)
        return Pattern(self._places, start, self._needle(whole))

    def _needle(self, whole: Tree[Token] | Token) -> bytes:
        """The longest run of letters that are there in every match, in small letters."""
        assert isinstance(whole, Tree)
        runs = [b""]
        for part in whole.children if whole.data == "sequence" else ():
            assert isinstance(part, Tree)
            if part.data == "one":
                letter = _letter(str(part.children[0]), self._flags)
                runs[-1:] = [runs[-1] + letter] if letter else [runs[-1], b""]
            elif part.data != "position":
                runs.append(b"")
        return max(runs, key=len)

    def _add(self, place: _Place) -> int:
        self._count()
        self._places.append(place)
        return len(self._places) - 1

    def _count(self) -> None:
        self._work += 1
        if self._work > LARGEST:
            raise PatternError(0, "the pattern is too large: its repetitions multiply")

    def _build(self, part: Tree[Token] | Token, then: int) -> int:
        """The place at which a part begins, when ``then`` comes after it."""
        self._count()
        assert isinstance(part, Tree)
        children = part.children
        if part.data == "one":
            return self._one(str(children[0]), then)
        if part.data == "position":
            return self._add(_Place(None, str(children[0]), (then,)))
        if part.data == "repeated":
            return self._repeated(children[0], *_times(str(children[1])), then)
        if part.data == "either":
            return self._add(_Place(None, "", tuple(self._build(way, then) for way in children)))
        for child in reversed(children):
            then = self._build(child, then)
        return then

    def _one(self, token: str, then: int) -> int:
        """A character: a byte of a set, or the bytes of a character beyond ASCII."""
        if len(token) > 1 and ord(token[0]) > 0x7F:  # noqa: PLR2004 - ASCII ends here
            for char in reversed(token):
                then = self._add(_Place(frozenset((ord(char),)), "", (then,)))
            return then
        if not token.isascii() and token[0] == "[":
            raise PatternError(0, "a class [...] can only hold ASCII characters")
        return self._add(_Place(_bytes(token, self._flags), "", (then,)))

    def _repeated(self, part: Tree[Token] | Token, least: int, most: int, then: int) -> int:
        """A part so many times; what is not needed can be passed by."""
        end = then
        if most == _ENDLESS:
            then = self._add(_Place(None, "", ()))
            self._places[then] = _Place(None, "", (self._build(part, then), end))
        for _ in range(max(most - least, 0)):
            then = self._add(_Place(None, "", (self._build(part, then), end)))
        for _ in range(least):
            then = self._build(part, then)
        return then


def _letter(token: str, flags: re.RegexFlag) -> bytes:
    """The one byte that a token stands for, in small letters; nothing where there are several."""
    if len(token) > 1 and not token.isascii():
        return token.encode("latin-1").lower() if token[0] != "[" else b""
    small = {bytes((byte,)).lower() for byte in _bytes(token, flags)}
    return small.pop() if len(small) == 1 else b""


_FEW: Final = {"*": (0, _ENDLESS), "+": (1, _ENDLESS), "?": (0, 1)}


def _times(token: str) -> tuple[int, int]:
    """How often a repetition wants its part: at least, at most; being lazy changes nothing."""
    if token[0] in _FEW:
        return _FEW[token[0]]
    low, comma, high = token.removesuffix("?").strip("{}").partition(",")
    least = int(low or 0)
    most = int(high) if high else (_ENDLESS if comma else least)
    if max(least, most) > LARGEST:
        raise PatternError(0, "the repetition is too large")
    return least, most


@lru_cache(1024)
def _bytes(token: str, flags: re.RegexFlag) -> frozenset[int]:
    """The bytes that one class, escape or character stands for: Python says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = re.compile(token.encode("latin-1"), flags)
    return frozenset(byte for byte in range(256) if one.fullmatch(bytes((byte,))))
