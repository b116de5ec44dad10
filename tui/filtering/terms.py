"""From a term of a filter to the question that it asks: a function for each kind of field."""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dissect.analysis.model import RowKind
from dissect.detect.finding import Severity
from tui.filtering import addresses, amounts, fields, moments
from tui.filtering.error import FilterError, meant, shown
from tui.filtering.fields import Kind
from tui.filtering.match import Facts, Probe, negated, open_, sure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dissect.analysis.model import FlowDetail, FlowSummary, Row, Verdict
    from tui.filtering.fields import Field
    from tui.filtering.regex import Pattern

_DAMAGED: Final = Severity.MEDIUM
_MOST_FLOWS: Final = 1_000
"""A verdict names no more flows than these; beyond, its ends tell."""

SAID: Final = frozenset(
    {RowKind.GREETING, RowKind.COMMAND, RowKind.REPLY, RowKind.AUTH, RowKind.UNKNOWN}
)
"""Rows whose text was on the wire; that of the others is ours."""

_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class Value(NamedTuple):
    """What is looked for."""

    words: str
    """Without quotes or slashes."""
    at: int
    size: int
    pattern: Pattern | None = None
    """For a regular expression."""

    def wrong(self, what: str, hint: str = "") -> FilterError:
        """What is to be raised where the value will not do."""
        return FilterError(self.at, self.size, what, hint)


class Term(NamedTuple):
    """A field, how it is compared, and with what."""

    field: Field
    sign: str
    value: Value

    @property
    def exact(self) -> bool:
        """Whether the whole is compared, not looked into."""
        return self.sign == "="


class Finder(NamedTuple):
    """Looks for something in text and in bytes."""

    in_text: Callable[[str], bool]
    in_data: Callable[[bytes], bool]


def finder(value: Value, *, exact: bool = False) -> Finder:
    """Looks for the value, case-blind unless it is a regular expression."""
    if value.pattern is not None:
        search = value.pattern.search
        return Finder(lambda text: search(text.encode("utf-8", "backslashreplace")), search)
    low = value.words.lower()
    data = low.encode("utf-8", "backslashreplace")
    if exact:
        return Finder(lambda text: text.lower() == low, lambda found: found.lower() == data)
    if not low:
        raise value.wrong("nothing is looked for", 'field="" finds what is empty')
    return Finder(lambda text: low in text.lower(), lambda found: data in found.lower())


def probe(term: Term) -> Probe:
    """The question that a term asks.

    Raises:
        FilterError: if the value will not do for the field.
    """
    if term.value.pattern is not None and term.field.kind not in fields.TEXTUAL:
        raise term.value.wrong(f"{term.field.name} takes no regular expression", _possible(term))
    if term.sign == "!=":
        return negated(_MAKERS[term.field.kind](term._replace(sign="=")))
    return _MAKERS[term.field.kind](term)


def anywhere(value: Value) -> Probe:
    """The question that a word alone asks: whether it stands anywhere in the flow, or its log."""
    find = finder(value)
    found, found_in = find.in_text, find.in_data
    within = addresses.network(value.words) if value.pattern is None else None

    def quick(flow: FlowSummary, facts: Facts) -> bool | None:
        if found(_all_words(flow)) or any(found(line.text) for line in facts.log(flow.flow)):
            return True
        if within is not None and (within(flow.client) or within(flow.server)):
            return True
        return None

    def look(detail: FlowDetail) -> bool:
        return any(
            found_in(row.text) or (row.original and found(row.original)) for row in detail.rows
        )

    return open_(quick, look)


def _all_words(flow: FlowSummary) -> str:
    """All words of a summary, a line each: looking once is quicker than looking at each."""
    return (
        f"{flow.helo}\n{flow.reverse_path}\n{flow.banner}\n{flow.product}\n{flow.client}\n"
        f"{flow.server}\n{flow.outcome.value}\n" + "\n".join(flow.rules)
    )


# Text.


def _words(term: Term) -> Probe:
    found, get = finder(term.value, exact=term.exact).in_text, term.field.get
    return sure(lambda flow, _facts: found(get(flow)))


def _rule(term: Term) -> Probe:
    found = finder(term.value, exact=term.exact).in_text
    if term.value.pattern is None and not any(found(name) for name in term.field.choices):
        near = meant(term.value.words, term.field.choices) or "Tab lists the rules"
        raise term.value.wrong(f"no rule is called {shown(term.value.words)}", near)
    return sure(lambda flow, _facts: any(found(rule) for rule in flow.rules))


def _address(term: Term) -> Probe:
    get, is_it = term.field.get, _endpoint(term.value)
    return sure(lambda flow, _facts: is_it(get(flow)))


def _endpoint(value: Value) -> addresses.Is:
    if value.pattern is not None:
        search = value.pattern.search
        return lambda end: search(str(end).encode())
    try:
        return addresses.endpoint(value.words)
    except ValueError as error:
        raise value.wrong(str(error), addresses.HOW) from None


def _said(term: Term) -> Probe:
    found = finder(term.value, exact=term.exact).in_data
    return open_(
        lambda _flow, _facts: None,
        lambda detail: any(found(row.text) for row in detail.rows if row.kind in SAID),
    )


def _note(term: Term) -> Probe:
    found = finder(term.value, exact=term.exact).in_text
    return sure(lambda flow, facts: found(facts.note(flow.flow)))


def _log(term: Term) -> Probe:
    """Words of any line; exactly nothing is said of a flow that no line is about."""
    found = finder(term.value, exact=term.exact).in_text

    def quick(flow: FlowSummary, facts: Facts) -> bool:
        lines = facts.log(flow.flow)
        return any(found(line.text) for line in lines) if lines else term.exact and found("")

    return sure(quick)


# Mail addresses.


class _Envelope(NamedTuple):
    """Where the paths of a field stand."""

    verb: str
    word: bytes
    """What comes before the colon, also where the verb is masked."""
    known: Callable[[FlowSummary], str] | None
    """The first such path, where the summary has it."""


_ENVELOPES: Final = {
    "rcpt": _Envelope("RCPT", b"TO", None),
    "from": _Envelope("MAIL", b"FROM", lambda flow: flow.reverse_path),
}


def _path(term: Term) -> Probe:
    """A path in any such command; the first sender of a flow is in its summary."""
    words = term.value.words
    bare = term.value._replace(words=words.strip("<>")) if term.value.pattern is None else None
    exact = term.exact or words == "<>"
    find = finder(bare or term.value, exact=exact)
    envelope = _ENVELOPES[term.field.name]

    def quick(flow: FlowSummary, _facts: Facts) -> bool | None:
        first = envelope.known(flow) if envelope.known else ""
        return True if first and find.in_text(first) else None

    def look(detail: FlowDetail) -> bool:
        paths = (_path_of(row, envelope) for row in detail.rows)
        return any(path is not None and find.in_data(path) for path in paths)

    return open_(quick, look)


def _path_of(row: Row, envelope: _Envelope) -> bytes | None:
    """The path in a command of that kind, also where its verb is masked or cut off."""
    if row.kind not in {RowKind.COMMAND, RowKind.UNKNOWN}:
        return None
    head, colon, rest = row.text.partition(b":")
    ours = envelope.verb in {row.verb, row.original} or head.upper().split()[-1:] == [envelope.word]
    if not colon or not ours:
        return None
    rest = rest.strip()
    if rest.startswith(b"<"):
        return rest[1:].partition(b">")[0]
    return rest.split(b" ")[0]


# Numbers.

_UNITS: Final = {
    Kind.COUNT: amounts.COUNTS,
    Kind.NUMBER: amounts.COUNTS,
    Kind.PORT: amounts.COUNTS,
    Kind.FRAME: amounts.COUNTS,
    Kind.SIZE: amounts.SIZES,
    Kind.SPAN: amounts.SPANS,
}


def _amount(term: Term) -> Probe:
    """A number compared."""
    get = term.field.get
    low, high = _bounds(term)
    if term.sign in _ORDERS:
        holds, value = _ORDERS[term.sign], low.low
        return sure(lambda flow, _facts: holds(get(flow), value))
    first, last, beyond = low.low, high.low, high.beyond
    if low is high:
        return sure(lambda flow, _facts: first <= get(flow) < beyond)
    return sure(lambda flow, _facts: first <= get(flow) <= last)


def _bounds(term: Term) -> tuple[amounts.Amount, amounts.Amount]:
    """The ends of a range, the same twice for a single number."""
    units, words = _UNITS[term.field.kind], term.value.words
    try:
        found = amounts.bounds(words, units)
        if found is not None and term.sign in _ORDERS:
            raise term.value.wrong(f"{term.sign} takes one value, not a range")
        single = amounts.amount(words, units) if found is None else None
    except ValueError as error:
        raise term.value.wrong(str(error), amounts.HOW[tuple(units)]) from None
    if found is not None:
        return found
    assert single is not None
    return single, single


def _port(term: Term) -> Probe:
    """Either side's port."""
    low, high = (end.low for end in _bounds(term))
    if term.sign in _ORDERS:
        holds = _ORDERS[term.sign]
        return sure(
            lambda flow, _facts: holds(flow.client.port, low) or holds(flow.server.port, low)
        )
    return sure(
        lambda flow, _facts: low <= flow.client.port <= high or low <= flow.server.port <= high
    )


def _frame(term: Term) -> Probe:
    """The flow that holds a frame, or one of a range."""
    low, high = (int(end.low) for end in _bounds(term))

    def quick(flow: FlowSummary, _facts: Facts) -> bool | None:
        first, last = flow.first_frame, flow.last_frame
        if last < low or first > high:
            return False
        ends_in = low <= first <= high or low <= last <= high
        return True if ends_in or flow.frames == last - first + 1 else None

    return open_(quick, partial(_holds_frame, low=low, high=high))


def _holds_frame(detail: FlowDetail, *, low: int, high: int) -> bool:
    """Whether a row came in such a frame; long message data names its first and last only."""
    if not detail.rows:
        return True
    last = max((frame for row in detail.rows for frame in row.frames), default=0)
    if detail.left_out and high > last:
        return True
    return any(low <= frame <= high for row in detail.rows for frame in _frames(row, low))


def _frames(row: Row, wanted: int) -> Iterable[int]:
    """The frames of a row; of message data with that frame in its midst, that frame as well."""
    yield from row.frames
    for seam in row.seams:
        yield from (seam.before, seam.after)
    yield from (piece.frame for piece in row.pieces)
    if row.kind is RowKind.MESSAGE and row.frames and row.frames[0] <= wanted <= row.frames[-1]:
        yield wanted


# Few words.


def _chosen(term: Term) -> str:
    """The choice that the value is, or begins."""
    word, choices = term.value.words.lower(), term.field.choices
    found = [word] if word in choices else [name for name in choices if name.startswith(word)]
    if len(found) == 1:
        return found[0]
    if found and word:
        raise term.value.wrong(f"{shown(word)} could be {' or '.join(found)}")
    noun = "state" if term.field.kind is Kind.STATE else term.field.name
    raise term.value.wrong(f"{shown(term.value.words)} is no {noun}", _possible(term))


def _possible(term: Term) -> str:
    """What would do instead."""
    choices = term.field.choices
    if not choices:
        return f"as in {term.field.examples[0].text}"
    near = meant(term.value.words, choices)
    return near or f"possible: {', '.join(choices)}"


def _rank(term: Term) -> Probe:
    """A severity; no finding ranks below the least."""
    word = _chosen(term)
    wanted = -1 if word == "none" else int(Severity.parse(word))
    holds: Callable[[int, int], bool] = _ORDERS.get(term.sign, operator.eq)
    return sure(
        lambda flow, _facts: holds(-1 if flow.severity is None else int(flow.severity), wanted)
    )


def _choice(term: Term) -> Probe:
    wanted, get = _chosen(term), term.field.get
    return sure(lambda flow, _facts: get(flow) == wanted)


_STATES: Final[Mapping[str, Callable[[FlowSummary, Facts], bool]]] = {
    "damaged": lambda flow, _facts: flow.severity is not None and flow.severity >= _DAMAGED,
    "marked": lambda flow, facts: facts.marked(flow.flow),
    "open": lambda flow, _facts: not flow.closed,
    "noted": lambda flow, facts: bool(facts.note(flow.flow)),
    "logged": lambda flow, facts: bool(facts.log(flow.flow)),
}


def _state(term: Term) -> Probe:
    return sure(_STATES[_chosen(term)])


def _time(term: Term) -> Probe:
    try:
        first, last = moments.moments(term.value.words)
    except ValueError as error:
        raise term.value.wrong(str(error), moments.HOW) from None
    if term.sign not in _ORDERS:
        holds = moments.within(first, last)
    elif last is None:
        holds = moments.compared(first, _ORDERS[term.sign])
    else:
        raise term.value.wrong(f"{term.sign} takes one time, not a range")
    return sure(lambda flow, _facts: holds(flow.start))


# Verdicts.


class _Drawn:
    """The flows that some verdicts are drawn from, found once for each set of verdicts."""

    def __init__(self, found: Callable[[str], bool]) -> None:
        self._found = found
        self._of: tuple[Verdict, ...] | None = None
        self._flows: set[int] = set()
        self._wide: list[tuple[addresses.Is, str]] = []

    def __call__(self, flow: FlowSummary, facts: Facts) -> bool:
        """Whether such a verdict is drawn from the flow."""
        verdicts = facts.verdicts()
        if verdicts is not self._of:
            self._learn(verdicts)
        return flow.flow in self._flows or any(
            server == flow.server.address and within(flow.client) for within, server in self._wide
        )

    def _learn(self, verdicts: tuple[Verdict, ...]) -> None:
        wanted = [each for each in verdicts if self._found(each.device) or self._found(each.title)]
        self._of = verdicts
        self._flows = {flow for verdict in wanted for flow in verdict.flows}
        self._wide = [
            (within, verdict.server)
            for verdict in wanted
            if len(verdict.flows) >= _MOST_FLOWS
            and (within := addresses.network(verdict.client)) is not None
        ]


def _verdict(term: Term) -> Probe:
    return sure(_Drawn(finder(term.value, exact=term.exact).in_text))


_MAKERS: Final[Mapping[Kind, Callable[[Term], Probe]]] = {
    Kind.WORDS: _words,
    Kind.RULE: _rule,
    Kind.ADDRESS: _address,
    Kind.RANK: _rank,
    Kind.CHOICE: _choice,
    Kind.STATE: _state,
    Kind.COUNT: _amount,
    Kind.SIZE: _amount,
    Kind.SPAN: _amount,
    Kind.NUMBER: _amount,
    Kind.PORT: _port,
    Kind.FRAME: _frame,
    Kind.TIME: _time,
    Kind.PATH: _path,
    Kind.SAID: _said,
    Kind.VERDICT: _verdict,
    Kind.NOTE: _note,
    Kind.LOG: _log,
}
