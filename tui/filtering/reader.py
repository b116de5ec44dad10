"""The parser: from bits by the grammar to questions."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lark import Lark, Token, Transformer, v_args
from lark.lexer import Lexer

from tui.filtering.error import FilterError, meant, shown
from tui.filtering.fields import BY_NAME, Field
from tui.filtering.match import EVERYTHING, Probe, every, negated, some
from tui.filtering.regex import PatternError, compiled
from tui.filtering.scan import Kind, scan, unquoted
from tui.filtering.terms import Term, Value, anywhere, probe

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST: Final = 30
"""Levels of parentheses and ``not``."""
_OR, _AND, _ONE = range(3)
_SIGNS: Final = {"==": "="}
_UNKNOWN: Final = {"=>": ">=", "<>": "!=", "~": ":", "=~": ":", "!~": "!="}


class Node(NamedTuple):
    """A part of a filter: how it is written, and what it asks."""

    text: str
    binds: int
    """How tightly: an ``or``, an ``and``, or one thing."""
    depth: int
    probe: Probe


def read(text: str) -> Node:
    """A filter's meaning.

    Raises:
        FilterError: for a term that will not do.
        lark.UnexpectedToken: where the bits do not fit together.
    """
    tree = _grammar().parse(text)
    assert isinstance(tree, Node)
    return tree


class _Scanner(Lexer):
    """Gives the parser our own bits."""

    def __init__(self, _conf: object) -> None:
        pass

    def lex(self, data: str) -> Iterator[Token]:  # type: ignore[override]
        """The bits that mean something."""
        for bit in scan(data):
            if bit.kind is not Kind.SPACE:
                yield Token(bit.kind.value, bit.text, start_pos=bit.start, end_pos=bit.end)


@v_args(inline=True)
class _Reader(Transformer[Token, Node]):
    """Makes a node from each rule, as the parser goes."""

    def start(self, node: Node | None = None) -> Node:
        """The whole filter; an empty one wants everything."""
        return node or Node("", _ONE, 0, EVERYTHING)

    def either(self, *nodes: Node) -> Node:
        """One of them is enough."""
        return _joined(nodes, " or ", _OR, some([node.probe for node in nodes]))

    def both(self, *nodes: Node) -> Node:
        """All are wanted."""
        return _joined(nodes, " and ", _AND, every([node.probe for node in nodes]))

    def opposite(self, node: Node) -> Node:
        """What is not so."""
        return _joined((node,), "not ", _ONE, negated(node.probe), before="not ")

    def compare(self, field: Token, operator: Token, value: Token) -> Node:
        """A field compared with a value."""
        found = _field(field)
        sign = _sign(found, operator)
        term = Term(found, sign, _value(value))
        apart = " " if sign != ":" and value.startswith(tuple(":<>=!~")) else ""
        return Node(f"{found.name}{sign}{apart}{value}", _ONE, 0, probe(term))

    def bare(self, value: Token) -> Node:
        """A word alone."""
        return Node(str(value), _ONE, 0, anywhere(_value(value)))


def _joined(
    nodes: tuple[Node, ...], word: str, binds: int, asks: Probe, *, before: str = ""
) -> Node:
    """Nodes in one, with parentheses where they are needed."""
    depth = 1 + max(node.depth for node in nodes)
    if depth > DEEPEST:
        raise FilterError(0, 0, f"at most {DEEPEST} levels of parentheses and not")
    parts = [f"({node.text})" if node.binds < binds else node.text for node in nodes]
    return Node(before + word.join(parts), binds, depth, asks)


def _field(token: Token) -> Field:
    name = token.lower()
    if name not in BY_NAME:
        near = meant(name, BY_NAME) or "quotes make it words to look for"
        raise FilterError(_at(token), len(token), f"there is no field {shown(token)}", near)
    return BY_NAME[name]


def _sign(field: Field, token: Token) -> str:
    sign = _SIGNS.get(token, str(token))
    if sign in _UNKNOWN:
        hint = f"did you mean {_UNKNOWN[sign]}?"
        raise FilterError(_at(token), len(token), f"there is no operator {sign}", hint)
    if sign not in field.operators:
        hint = "did you mean recipients?" if field.name == "rcpt" else (
            f"{field.name} takes {' '.join(field.operators)}"
        )  # fmt: skip
        what = f"{field.name} cannot be compared with {sign}"
        raise FilterError(_at(token), len(token), what, hint)
    return sign


def _value(token: Token) -> Value:
    at, size = _at(token), len(token)
    if token.type == Kind.REGEX.value:
        return _regex(token)
    words = unquoted(token) if token.type == Kind.QUOTED.value else str(token)
    return Value(words, at, size)


def _regex(token: Token) -> Value:
    """A regular expression with its flags."""
    body, _, flags = token[1:].rpartition("/")
    at, end = _at(token), _at(token) + len(token)
    if flags not in {"", "i", "I"}:
        what = f"there is no flag {shown(flags)}"
        hint = "i is for case-blind; words that begin with / go in quotes"
        raise FilterError(end - len(flags), len(flags), what, hint)
    try:
        pattern = compiled(body, case_blind=bool(flags))
    except PatternError as error:
        where = min(at + 1 + error.at, end)
        what = f"bad regular expression: {error.what}"
        raise FilterError(where, min(1, end - where), what) from None
    return Value(body, at, len(token), pattern)


def _at(token: Token) -> int:
    return token.start_pos or 0


@cache
def _grammar() -> Any:
    grammar = files("tui.filtering").joinpath("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer=_Scanner, transformer=_Reader())
