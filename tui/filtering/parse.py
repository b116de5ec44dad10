"""From a text to a filter, or to what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tui.filtering import logline
from tui.filtering.error import FilterError
from tui.filtering.fields import BY_NAME
from tui.filtering.match import EVERYTHING, Facts, Probe
from tui.filtering.scan import Bit, Kind, scan

if TYPE_CHECKING:
    from lark import UnexpectedToken

    from dissect.analysis.model import FlowDetail, FlowSummary

LONGEST: Final = 1_000
"""Characters of a filter that is typed or kept."""
_LONGEST: Final = 8 * LONGEST
"""Characters that are read: a filter may be longer when it is printed."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter; ``parse`` makes it.  Two that are written alike are equal."""

    text: str = field(compare=False)
    """As it was typed."""
    meaning: str
    """As the parser understood it; parsed again, it gives the same answers."""
    _probe: Probe = field(compare=False, repr=False)
    about: str = field(compare=False, default="")
    """For a line of a mail log: whose flow it wants."""
    loose: Filter | None = field(compare=False, repr=False, default=None)
    """What to want where no flow is wanted; None for nothing else."""

    def __str__(self) -> str:
        return self.meaning

    @property
    def title(self) -> str:
        """What it is called where there is little room."""
        return self.about or self.text

    @property
    def matches_all(self) -> bool:
        """Whether it is empty, and every flow is wanted."""
        return not self.meaning

    @property
    def needs_dialogue(self) -> bool:
        """Whether there can be flows that the summary alone does not decide."""
        return not self._probe.sure

    def summary(self, flow: FlowSummary, facts: Facts) -> bool | None:
        """Whether a flow is wanted; None where only its dialogue can tell."""
        return self._probe.quick(flow, facts)

    def detail(self, detail: FlowDetail, facts: Facts) -> bool:
        """Whether a flow is wanted, its dialogue being known."""
        return self._probe.deep(detail, facts)


_ALL: Final = Filter("", "", EVERYTHING)


def parse(text: str) -> Filter:
    """The filter that a text stands for; an empty text wants every flow.

    A line of a mail log wants the flow that it is about.

    Raises:
        FilterError: if the text is no filter.
    """
    if not text.strip():
        return _ALL
    if len(text) > _LONGEST:
        what = f"a filter has at most {_LONGEST:,} characters"
        raise FilterError(_LONGEST, len(text) - _LONGEST, what)
    line = logline.pasted(text)
    if line is not None:
        said = text, text.strip()
        loose = None if line.loose is None else Filter(*said, line.loose, line.about)
        return Filter(*said, line.probe, line.about, loose)
    if logline.is_line(text):
        raise FilterError(0, len(text), *_NAMELESS)
    return _parsed(text)


def _parsed(text: str) -> Filter:
    """The filter that the language makes of a text."""
    # Lark is imported with the first filter: most runs need none, and start sooner without.
    from lark import UnexpectedToken  # noqa: PLC0415

    from tui.filtering.reader import read  # noqa: PLC0415

    try:
        node = read(text)
    except UnexpectedToken as error:
        raise _misfit(text, error) from None
    return Filter(text, node.text, node.probe)


def _misfit(text: str, error: UnexpectedToken) -> FilterError:
    """What is wrong where a bit does not fit behind the one before it."""
    bits = [bit for bit in scan(text) if bit.kind is not Kind.SPACE]
    ended = error.token.type == "$END"
    at = len(text) if ended else error.token.start_pos or 0
    before = [bit for bit in bits if bit.end <= at]
    last = before[-1] if before else None
    if not ended and Kind(error.token.type) in _BROKEN:
        what, hint = _BROKEN[Kind(error.token.type)]
        return FilterError(at, len(error.token), what, hint)
    if last is not None and last.kind is Kind.OPERATOR:
        what = f"a value is missing after {last.text}"
        return FilterError(last.start, len(last.text), what, _example(before))
    opened = _unclosed(before)
    if ended and opened is not None and last is not None and last.kind not in _JOINING:
        return FilterError(opened.start, 1, "this parenthesis is not closed", ") is missing")
    if last is not None and last.kind in _JOINING:
        return FilterError(last.start, len(last.text), f"nothing follows {last.text}")
    what = _NEVER if error.token.type == Kind.CLOSE.value and opened is None else _LEADING
    return FilterError(at, len(error.token), what.format(error.token))


_NAMELESS: Final = (
    "this line of a log names no message, and no client or more than one",
    "another line of the same connection may; quotes make it words",
)
_NEVER: Final = "this parenthesis was never opened"
_LEADING: Final = "nothing stands before {}"
_JOINING: Final = frozenset({Kind.AND, Kind.OR, Kind.NOT})
_BROKEN: Final = {
    Kind.STRAY: (
        "an operator needs a field before it, as in severity>=high", "quotes make it words"
    ),
    Kind.OPEN_QUOTE: ("the quotes are not closed", '" is missing'),
    Kind.OPEN_REGEX: (
        "the regular expression is not closed",
        "it ends with / or /i; words that begin with / go in quotes",
    ),
}  # fmt: skip


def _example(bits: list[Bit]) -> str:
    """How the last field is used."""
    name = next((bit.text.lower() for bit in reversed(bits) if bit.kind is Kind.FIELD), "")
    return f"as in {BY_NAME[name].examples[0].text}" if name in BY_NAME else ""


def _unclosed(bits: list[Bit]) -> Bit | None:
    """The last parenthesis that is open."""
    stack: list[Bit] = []
    for bit in bits:
        if bit.kind is Kind.OPEN:
            stack.append(bit)
        elif bit.kind is Kind.CLOSE and stack:
            stack.pop()
    return stack[-1] if stack else None
