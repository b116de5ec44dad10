"""Two flows laid side by side, and what tells them apart.

What differs between any two connections (times, queue ids, the client's name, another envelope's
addresses) is no difference here; it is only shown dim.  Codes, keywords, verbs, masks, seams and
endings are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.analysis.model import RowKind
from dissect.evidence import Side
from tui import matching, parts, status
from tui.matching import HELLOS, PATH, Unit
from tui.parts import ADDRESS, ARGUMENT, CODE, ENHANCED, KEYWORD, PARAMETERS, VERB, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dissect.analysis.model import FlowDetail
    from tui.ladder import Rung

_CHANGING: Final = re.compile(rb"\d+|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|[JFMASOND][a-z]{2})\b")
"""Numbers and dates, which no two banners have in common."""
_OF_ANY_MESSAGE: Final = (b"BODY=", b"RET=", b"NOTIFY=")
"""Parameters of MAIL and RCPT whose values say nothing of one message."""
_COMMON: Final = 0.5
"""Share of recipients in common from which on two envelopes are called the same."""
_QUIT: Final = "quit"
_UNENDED: Final = b"without its end"
_REFUSED: Final = 400
"""Replies from this code on refuse something."""
_EVENTS: Final = frozenset({RowKind.RESET, RowKind.GAP})

_END: Final = "the end of the data"
_WHO: Final = "who closes first"
_SEAM: Final = "a seam"
_VERB_MASKED: Final = "the verb is masked"
_KEYWORD_MASKED: Final = "the keyword is masked"
_GREETING_MASKED: Final = "the greeting is masked"
_SHOWN_BY: Final = {
    VERB: frozenset({VERB, _VERB_MASKED}),
    KEYWORD: frozenset({KEYWORD, _KEYWORD_MASKED}),
    WORDS: frozenset({WORDS, _GREETING_MASKED, _END}),
}
"""By part of a line: the differences that it shows, where those are more than itself."""


class Kind(Enum):
    """How two lines compare."""

    SAME = "same"
    CHANGED = "changed"
    LEFT = "only left"
    RIGHT = "only right"


class Pair(NamedTuple):
    """A line of each flow, or of one of them."""

    left: Rung | None
    right: Rung | None
    kind: Kind
    why: tuple[str, ...] = ()
    """What differs, or what is odd about a line that is alone, in words of ours."""


class Tones(NamedTuple):
    """Ranges of a line that differ: in what matters, and in what always differs."""

    strong: tuple[parts.Range, ...] = ()
    weak: tuple[parts.Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Two flows, compared.

    Args:
        left: one of them.
        right: the other one.
        pairs: their lines, in the order of both.
        same_mail: whether they carry the same envelope.
    """

    left: FlowDetail
    right: FlowDetail
    pairs: tuple[Pair, ...]
    same_mail: bool

    def stops(self) -> list[int]:
        """Positions of the differences; plain lines that one side lacks are one while they last."""
        found: list[int] = []
        before = Kind.SAME
        for at, pair in enumerate(self.pairs):
            if pair.kind is not Kind.SAME and (pair.why or pair.kind is not before):
                found.append(at)
            before = pair.kind
        return found

    def tones(self, at: int) -> tuple[Tones, Tones]:
        """What differs inside the lines of a pair."""
        pair = self.pairs[at]
        if pair.left is None or pair.right is None:
            return Tones(), Tones()
        mine = parts.parts(self.left.rows[pair.left.row], pair.left)
        theirs = parts.parts(self.right.rows[pair.right.row], pair.right)
        tones = [Tones(), Tones()]
        for name in {**mine, **theirs}:
            strong = bool(_SHOWN_BY.get(name, frozenset({name})).intersection(pair.why))
            for side, spans in enumerate(parts.differing(mine.get(name), theirs.get(name))):
                tones[side] = _toned(tones[side], tuple(spans), strong=strong)
        return tones[0], tones[1]


def compare(left: FlowDetail, right: FlowDetail) -> Difference:
    """Match the lines of two flows, and tell which of them differ."""
    mine, theirs = matching.units(left), matching.units(right)
    judge = Judge(
        same_server=left.summary.server == right.summary.server,
        same_mail=_is_same_mail(mine, theirs),
        both_quit=left.summary.phase == right.summary.phase == _QUIT,
    )
    pairs = _once([_pair(judge, *both) for both in matching.aligned(mine, theirs)])
    return Difference(left, right, tuple(pairs), judge.same_mail)


def _once(pairs: list[Pair]) -> list[Pair]:
    """Who closes second follows from who closes first."""
    closing = [at for at, pair in enumerate(pairs) if _WHO in pair.why]
    for at in closing[1:]:
        pairs[at] = pairs[at]._replace(kind=Kind.SAME, why=())
    return pairs


def _toned(tones: Tones, spans: tuple[parts.Range, ...], *, strong: bool) -> Tones:
    if strong:
        return Tones((*tones.strong, *spans), tones.weak)
    return Tones(tones.strong, (*tones.weak, *spans))


def _is_same_mail(left: Iterable[Unit], right: Iterable[Unit]) -> bool:
    """Whether sender and most recipients of the smaller envelope are in the other one too."""
    mine, theirs = _envelope(left), _envelope(right)
    fewer = min(len(mine["RCPT"]), len(theirs["RCPT"]))
    both = len(mine["RCPT"] & theirs["RCPT"])
    return bool(fewer and mine["MAIL"] & theirs["MAIL"]) and both >= _COMMON * fewer


def _envelope(units: Iterable[Unit]) -> dict[str, set[matching.Key]]:
    keys = {unit.strict for unit in units if unit.strict[0] == matching.COMMAND}
    return {name: {key for key in keys if key[1] == name} for name in ("MAIL", "RCPT")}


def _pair(judge: Judge, left: Unit | None, right: Unit | None) -> Pair:
    if left is not None and right is not None:
        why = tuple(dict.fromkeys(judge.differences(left, right)))
        return Pair(left.rung, right.rung, Kind.CHANGED if why else Kind.SAME, why)
    if left is not None:
        return Pair(left.rung, None, Kind.LEFT, _oddities(left))
    assert right is not None
    return Pair(None, right.rung, Kind.RIGHT, _oddities(right))


def _oddities(unit: Unit) -> tuple[str, ...]:
    """What is worth a stop in a line that only one side has."""
    row = unit.row
    tests = (
        (unit.masked, "masked"),
        (bool(row.seams) and bool(unit.seams), _SEAM),
        (row.kind is RowKind.REPLY and row.code >= _REFUSED, "refused"),
        (row.kind in _EVENTS, row.kind.value),
    )
    return tuple(said for test, said in tests if test)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Tells what of two lines differs and matters.

    Args:
        same_server: whether both flows went to the same server.
        same_mail: whether they carry the same envelope.
        both_quit: whether both sessions were ended as they should be.
    """

    same_server: bool
    same_mail: bool
    both_quit: bool

    def differences(self, left: Unit, right: Unit) -> list[str]:
        """What differs, in words; nothing where the lines count as the same."""
        found = [_SEAM] if _has_seams(left, right) and left.seams != right.seams else []
        mask = left.masked != right.masked
        if not mask and left.text == right.text and left.row.side is right.row.side:
            return found
        test = _TESTS.get(left.row.kind)
        told = [_mask(left)] if mask else []
        return [*told, *(test(self, left, right) if test else ()), *found]

    def command(self, left: Unit, right: Unit) -> list[str]:
        """The verb, and of the argument what is not somebody's name."""
        masked = left.masked or right.masked
        found = [] if masked or left.word == right.word else [VERB]
        mine, theirs = PATH.match(left.text), PATH.match(right.text)
        if mine is None or theirs is None:
            name = matching.verb_meant(left.row)
            return found if _argument(left, name) == _argument(right, name) else [*found, ARGUMENT]
        whole = mine[2].endswith(b">") is theirs[2].endswith(b">")
        if not whole or (self.same_mail and mine[2] != theirs[2]):
            found.append(ADDRESS)
        if _parameters(mine[3]) != _parameters(theirs[3]):
            found.append(PARAMETERS)
        return found

    def reply(self, left: Unit, right: Unit) -> list[str]:
        """The codes; of the lines of an EHLO reply, the keywords."""
        if left.strict[0] == right.strict[0] == matching.KEYWORD:
            return _keyword(left, right)
        codes = zip(status.codes(left.text), status.codes(right.text), strict=True)
        return [
            name
            for name, (mine, theirs) in zip((CODE, ENHANCED), codes, strict=True)
            if mine != theirs
        ]

    def greeting(self, left: Unit, right: Unit) -> list[str]:
        """The code, and the words of one and the same server but for numbers and dates."""
        found = self.reply(left, right)
        comparable = self.same_server and not (left.masked or right.masked)
        if comparable and _CHANGING.sub(b"", left.text) != _CHANGING.sub(b"", right.text):
            found.append(WORDS)
        return found

    def message(self, left: Unit, right: Unit) -> list[str]:
        """Whether the data ended; how long it is depends on the message."""
        return [] if (_UNENDED in left.text) is (_UNENDED in right.text) else [_END]

    def close(self, left: Unit, right: Unit) -> list[str]:
        """Who closed, unless both sessions had come to their end."""
        return [] if left.row.side is right.row.side or self.both_quit else [_WHO]


_TESTS: Final[dict[RowKind, Callable[[Judge, Unit, Unit], list[str]]]] = {
    RowKind.COMMAND: Judge.command,
    RowKind.REPLY: Judge.reply,
    RowKind.GREETING: Judge.greeting,
    RowKind.MESSAGE: Judge.message,
    RowKind.CLOSE: Judge.close,
}


def _has_seams(left: Unit, right: Unit) -> bool:
    return bool(left.row.seams or right.row.seams)


def _mask(unit: Unit) -> str:
    if unit.row.side is Side.CLIENT:
        return _VERB_MASKED
    return _GREETING_MASKED if unit.row.kind is RowKind.GREETING else _KEYWORD_MASKED


def _keyword(left: Unit, right: Unit) -> list[str]:
    """A keyword, and its parameters unless they are a number, such as a size."""
    if left.word != right.word:
        return [] if left.masked or right.masked else [KEYWORD]
    mine, theirs = (sorted(unit.text[4:].upper().split()[1:]) for unit in (left, right))
    numbers = all(word.isdigit() for word in (*mine, *theirs))
    return [] if numbers or mine == theirs else [PARAMETERS]


def _argument(unit: Unit, verb: str) -> bytes:
    """What of an argument tells flows apart: not the client's name, nor a secret or a size."""
    argument = unit.text.partition(b" ")[2].strip().lower()
    if verb in HELLOS:
        return b""
    if verb == "AUTH":
        return argument.split(b" ")[0]
    return argument.partition(b" ")[2] if verb == "BDAT" else argument


def _parameters(words: bytes) -> set[bytes]:
    """Names of the parameters behind a path, with the values that are not of one message."""
    return {
        word if word.startswith(_OF_ANY_MESSAGE) else word.partition(b"=")[0]
        for word in words.upper().split()
    }
