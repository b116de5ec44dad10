"""The filter language: what each term finds, three-valued logic, messages, completion, history."""

from __future__ import annotations

import os
import re
import stat
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tui_fakes import START, case, founding, hostile, odd, plain, verdict

from dissect.analysis.model import FlowDetail, LogLine, Outcome, RowKind
from dissect.detect.finding import Severity
from dissect.evidence import Endpoint
from dissect.maillog import What
from tui.filtering import (
    BARE,
    FIELDS,
    Filter,
    FilterError,
    History,
    Known,
    complete,
    help_lines,
    parse,
)
from tui.filtering.history import MOST, place
from tui.filtering.parse import LONGEST
from tui.filtering.regex import PatternError, compiled
from tui.filtering.scan import quoted, scan, unquoted
from tui.filtering.typed import EDITS, Typed, clean
from tui.words import clock, date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dissect.analysis.model import Verdict
    from tui.filtering import Facts


class Known3:
    """Flow 3 is marked, flow 1 has a note, and there is the founding case's verdict."""

    def __init__(self) -> None:
        self.all: tuple[Verdict, ...] = (verdict(),)

    def marked(self, flow: int, /) -> bool:
        """Flow 3."""
        return flow == 3

    def note(self, flow: int, /) -> str:
        """Flow 1."""
        return "Reported to the firewall's owner" if flow == 1 else ""

    def verdicts(self) -> tuple[Verdict, ...]:
        """One."""
        return self.all

    def log(self, flow: int, /) -> tuple[LogLine, ...]:
        """Of flow 2, one line."""
        line = b'SMTP syntax error in "XXXX" \xff'.decode("utf-8", "surrogateescape")
        what = What.UNRECOGNISED
        return (LogLine("mainlog", 7, "exim", what, 1.0, 1.0, line, "XXXX"),) if flow == 2 else ()


FACTS = Known3()
CASE = case()
POOL = [*CASE, hostile(12, size=50), replace(odd(13), rows=())]


def found(text: str, flows: Iterable[FlowDetail] = CASE, facts: Facts = FACTS) -> list[int]:
    """The flows that a filter wants; its two sides must not contradict each other."""
    wanted = parse(text)
    numbers = []
    for detail in flows:
        told, decided = wanted.summary(detail.summary, facts), wanted.detail(detail, facts)
        assert told is None or told is decided
        assert told is not None or wanted.needs_dialogue
        if decided:
            numbers.append(detail.summary.flow)
    return numbers


def wrong(text: str) -> FilterError:
    """What is wrong with a text."""
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert 0 <= caught.value.at <= caught.value.at + caught.value.size <= len(text)
    return caught.value


ALL = list(range(12))
DAMAGED = [0, 2, 5]
GOOD = [1, 3, *range(6, 12)]


@pytest.mark.parametrize(
    ("text", "flows"),
    [
        ("", ALL),
        ("  ", ALL),
        ("rule:split-masked-verb", DAMAGED),
        ("rule:MASKED", DAMAGED),
        ("rule=split-command", [4]),
        ("findings:/^split-[cm]/", [0, 2, 4, 5]),
        ("severity>=high", DAMAGED),
        ("severity >= HIGH", DAMAGED),
        ("sev:crit", DAMAGED),
        ("severity:info", [4]),
        ("severity:none", GOOD),
        ("severity>none", [0, 2, 4, 5]),
        ("severity<medium", [1, 3, 4, *range(6, 12)]),
        ("severity!=none", [0, 2, 4, 5]),
        ("client:192.0.2.10", DAMAGED),
        ("client:192.0.2.0/24", [*DAMAGED, *GOOD]),
        ("client:192.0.2.10/24", [*DAMAGED, *GOOD]),
        ("client:192.0.2.7", []),
        ("client:192.0.2.", [*DAMAGED, *GOOD]),
        ("client:.78", [3]),
        ("client:192.0.2.10:33738", [0]),
        ("client:2001:db8::/32", [4]),
        ("client:2001:DB8:1:0::42", [4]),
        ("client:[2001:db8:1::42]:51515", [4]),
        ("client:[2001:db8:1::42]", [4]),
        ("client:2001:db8", [4]),
        ("client:/^192.*:3373[89]$/", [0]),
        ("server!=198.51.100.25", [4]),
        ("server:198.51.100.25:25", [*DAMAGED, *GOOD]),
        ("helo:EXCHANGE", DAMAGED),
        ('helo=""', [4]),
        ("helo!=mail.example.com", [0, 2, 3, 4, 5]),
        ("helo:/^news\\./", [3]),
        ("rcpt:recipient0030", [5]),
        ("rcpt:<recipient0030@cam.example.net>", [5]),
        ("to=alice@example.net", GOOD),
        ("rcpt=alice@example", []),
        ("rcpt:half@example.net", [4]),
        ("rcpt:/^whole@/", [4]),
        ("from:@example.org", [0, 2, 4, 5]),
        ("from:<bob@example.com>", GOOD),
        ("from:<>", []),
        ("outcome:lost", DAMAGED),
        ("outcome:partly", []),
        ("outcome:enc", [4]),
        ("outcome!=delivered", [0, 2, 4, 5]),
        ("phase:quit", GOOD),
        ("phase:tls", [4]),
        ("banner:**********", DAMAGED),
        ('product=""', ALL),
        ("capture:behind", ALL),
        ("recipients>10", DAMAGED),
        ("recipients:60", [5]),
        ("recipients:2-12", [0, 2, 4]),
        ("accepted<=1", GOOD),
        ("accepted==2", [4]),
        ("messages=0", [0, 2, 4, 5]),
        ("bytes>12k", ALL),
        ("bytes>1M", []),
        ("duration<1s", ALL),
        ("duration>60ms", [0, 2, 5]),
        ("frames>100", [5]),
        ("flow:3", [3]),
        ("flow:3-7", [3, 4, 5, 6, 7]),
        ("flow:3..5", [3, 4, 5]),
        ("flow>9", [10, 11]),
        ("flow!=3", [0, 1, 2, *range(4, 12)]),
        ("stream:11", [11]),
        ("port:587", [4]),
        ("port>50000", [4]),
        ("port:25-587", ALL),
        ("verdict:cisco", [0, 1, 2]),
        ("device:/^cisco-smtp/", [0, 1, 2]),
        ("verdict:proxy", []),
        ("is:damaged", DAMAGED),
        ("is:marked", [3]),
        ("is:open", []),
        ("is:noted", [1]),
        ("note:firewall", [1]),
        ("note!=x and note:/owner$/", [1]),
        ("text:unrecognized", DAMAGED),
        ('text:"500 UNRECOGNIZED command"', DAMAGED),
        ("text:/^5\\d\\d /", DAMAGED),
        ("text:/XX+ TO/", DAMAGED),
        ("text:/xx+ to/", []),
        ("text:/xx+ to/i", DAMAGED),
        ("text:bytes", []),
        ("rfc", []),
        ("TLS", [0, 2, 4, 5]),
        ("sent again", DAMAGED),
        ("2001:db8", [4]),
        ("192.0.2.0/24", [*DAMAGED, *GOOD]),
        ("2001:db8::/32", [4]),
        ("recipient0030", [5]),
        ('"unrecognized command"', DAMAGED),
        ("/recipient003\\d/", [5]),
        ("news.EXAMPLE.com", [3]),
        ("news alice", [3]),
        ("news and alice or flow:4", [3, 4]),
        ("flow:4 or news & alice", [3, 4]),
        ("(flow:4 | flow:3) and not news", [4]),
        ("!(flow:1-11)", [0]),
        ("not flow:0-3 !flow:4-10", [11]),
        ("flow:1||flow:2&&flow:2", [1, 2]),
        ("NOT flow:1-11 AND flow:0 OR flow:11", [0, 11]),
        ('"and"', [0, 2, 4, 5]),
    ],
)
def test_terms(text: str, flows: list[int]) -> None:
    """Each term finds its flows, in either spelling, and negated the others."""
    assert found(text) == sorted(flows)
    if text.strip():
        assert found(f"not ({text})") == [number for number in ALL if number not in flows]


def test_times_are_those_on_the_screen() -> None:
    """A time is a prefix: an hour, a minute, a second, a day; a range has both its ends in it."""
    first = [CASE[number].summary.start for number in (0, 11)]
    day, minute, second = date(first[0]), clock(first[0])[:5], clock(first[0])
    assert found(f"time:{second}") == [0]
    assert found(f"time:{minute}") == [0]
    assert found(f"time:{minute}-{clock(first[1])[:5]}") == ALL
    assert found(f"time:{day}") == ALL
    assert found(f"time:{day}T{minute}") == [0]
    assert found(f'time:"{day} {minute}"') == [0]
    assert found(f"time:{day}T{minute}..{clock(first[1])[:5]}") == ALL
    assert found(f"time:{day}-{day}") == ALL
    assert found(f"time>{minute}") == ALL[1:]
    assert found(f"time<={day}T{minute}") == [0]
    assert found(f"time>={day}T{clock(first[1])}") == [11]
    assert found("time:2001-02-03") == []
    assert found("time>=2001-02-03T10") == ALL


def test_a_range_of_times_of_day_may_pass_midnight() -> None:
    """From late to early means the night between."""
    midnight = START - START % 86_400
    late, early, noon = (
        replace(plain(n), summary=replace(plain(n).summary, start=midnight + seconds))
        for n, seconds in enumerate((86_000.0, 600.0, 43_200.0))
    )
    assert found("time:23:50-00:15", [late, early, noon]) == [0, 1]
    assert found("time:12-13", [late, early, noon]) == [2]


def test_a_time_that_no_calendar_has_is_shown_and_found_as_the_epoch() -> None:
    """A damaged capture can hold such a time."""
    odd_one = replace(plain(0), summary=replace(plain(0).summary, start=1e30))
    assert found(f"time:{date(1e30)}", [odd_one]) == [0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("duration:30s", 30.4), ("duration:1m30s", 90.9), ("duration:1.5s", 1.55),
     ("duration:1m", 119.0), ("duration:500ms", 0.5), ("duration:2h", 7300.0),
     ("duration>1", 1.1), ("duration:1s..2m", 120.0)],
)  # fmt: skip
def test_a_length_of_time_is_as_exact_as_it_is_written(text: str, seconds: float) -> None:
    """``30s`` is all that the screen would show as such."""
    summary = replace(plain(0).summary, start=0.0, end=seconds)
    assert found(text, [replace(plain(0), summary=summary)]) == [0]


@pytest.mark.parametrize(
    ("text", "size"),
    [("bytes:1k", 1024), ("bytes:1.5kB", 1600), ("bytes=1000", 1000), ("bytes>1M", 1 << 21),
     ("bytes:2MiB", 1 << 21), ("bytes>=1g", 1 << 30), ("bytes<1b", 0)],
)  # fmt: skip
def test_bytes_have_units(text: str, size: int) -> None:
    """As on the screen: k, M and G are powers of 1024."""
    summary = replace(plain(0).summary, bytes_client=size, bytes_server=0)
    assert found(text, [replace(plain(0), summary=summary)]) == [0]


def test_a_frame_is_found_in_the_rows_and_in_the_midst_of_message_data() -> None:
    """Quickly where it must be, exactly where rows are known, by its range where they are not."""
    rows = founding(0).rows
    body = next(row for row in rows if row.kind is RowKind.MESSAGE)
    long = [
        row._replace(frames=(50, 70)) if row is body else row for row in rows[: body.number + 1]
    ]
    model = replace(founding(0).summary, first_frame=1, last_frame=70, frames=40)
    flow = FlowDetail(summary=model, rows=tuple(long), findings=())
    split = next(row for row in rows if row.seams)
    for frame in (1, 2, 50, 60, 70, split.seams[0].after):
        assert found(f"frame:{frame}", [flow]) == [0]
    assert found("frame:49", [flow]) == []
    assert found("frame:45-55", [flow]) == [0]
    assert parse("frame:60").summary(model, BARE) is None
    assert parse("frame:71").summary(model, BARE) is False
    assert parse("frame:70").summary(model, BARE) is True
    assert parse("frame:60").summary(replace(model, frames=70), BARE) is True
    assert found("frame:49", [replace(flow, rows=())]) == [0], "without rows its range is all"
    assert found("frame:49", [replace(flow, left_out=3)]) == []


def test_a_sender_of_a_later_message_is_found_in_the_dialogue() -> None:
    """The summary knows the first; bounces have an empty path."""
    rows = plain(0).rows
    later = [
        row._replace(text=b"MAIL FROM:<> SIZE=9") if b"MAIL" in row.text else row for row in rows
    ]
    flow = replace(plain(0), rows=(*rows, *later))
    assert found("from:<>", [flow]) == [0]
    assert found("from:bob@example.com", [flow]) == [0]
    assert found("from:SIZE", [flow]) == []


def test_a_masked_command_without_a_verb_is_known_by_its_argument() -> None:
    """``XXXX TO:`` is searched even where nothing was inferred."""
    row = plain(0).rows[6]
    assert row.text.startswith(b"RCPT")
    masked = row._replace(text=b"XXXX TO:<carol@example.net>", verb="XXXX")
    silent = row._replace(text=b"XXXX XX:<carol@example.net>", verb="XXXX", original="RCPT")
    for each in (masked, silent):
        assert found("rcpt:carol@example.net", [replace(plain(0), rows=(each,))]) == [0]
    assert found("from:carol", [replace(plain(0), rows=(masked,))]) == []


def test_a_verdict_with_very_many_flows_is_known_by_its_ends() -> None:
    """A verdict names no more than its first thousand flows."""
    facts = Known3()
    facts.all = (replace(verdict(), flows=tuple(range(100, 1100))),)
    assert found("verdict:cisco", CASE, facts) == [0, 1, 2, 3, 5, *range(6, 12)]
    facts.all = ()
    assert found("verdict:cisco", CASE, facts) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [("text:x", None), ("not text:x", None), ("flow:0 or text:x", True),
     ("flow:1 and text:x", False), ("text:x and flow:1", False), ("text:x or flow:0", True),
     ("not (flow:1 and text:x)", True), ("not (flow:0 or text:x)", False),
     ("flow:0 and text:x", None), ("flow:1 or not text:x", None),
     ("(text:x or flow:1) and flow:0", None), ("(text:x or flow:0) and flow:0", True),
     ("exchange.example", True), ("not exchange.example", False), ("nowhere", None)],
)  # fmt: skip
def test_the_summary_decides_what_it_can(text: str, told: bool | None) -> None:  # noqa: FBT001
    """No ends an and, yes ends an or, whatever the dialogue holds."""
    assert parse(text).summary(founding(0).summary, BARE) is told


@pytest.mark.parametrize(
    ("text", "at", "size", "what", "hint"),
    [
        ("sevrity>=high", 0, 7, 'no field "sevrity"', "did you mean severity?"),
        ("flow:1 foo:bar", 7, 3, 'no field "foo"', "quotes"),
        ("severity>=hgih", 10, 4, '"hgih" is no severity', "did you mean high?"),
        ("severity:q", 9, 1, "no severity", "critical, high, medium, low, info, none"),
        ("outcome:e", 8, 1, "encrypted or empty", ""),
        ("is:x", 3, 1, "no state", "damaged, marked, open, noted"),
        ("rule:split-maskd-verb", 5, 16, "no rule", "did you mean split-masked-verb?"),
        ("severity=>high", 8, 2, "no operator =>", "did you mean >=?"),
        ("helo~x", 4, 1, "no operator ~", "did you mean :?"),
        ("rcpt>10", 4, 1, "cannot be compared", "did you mean recipients?"),
        ("helo>3", 4, 1, "cannot be compared", "helo takes : = !="),
        (">=5", 0, 2, "needs a field", ""),
        ("flow:1 (a", 7, 1, "not closed", ") is missing"),
        ("a)", 1, 1, "never opened", ""),
        ("()", 1, 1, "nothing stands before )", ""),
        ("a and", 2, 3, "nothing follows and", ""),
        ("a or or b", 2, 2, "nothing follows or", ""),
        ("or a", 0, 2, "nothing stands before or", ""),
        ("a and not", 6, 3, "nothing follows not", ""),
        ("(a or", 3, 2, "nothing follows or", ""),
        ("text:", 4, 1, "a value is missing", "as in text:"),
        ("text: and b", 4, 1, "a value is missing", ""),
        ('a "bc', 2, 3, "quotes are not closed", ""),
        ("a /bc", 2, 3, "not closed", "ends with /"),
        ("capture:/tmp/x", 13, 1, 'no flag "x"', "quotes"),
        ("capture:/tmp/x.pcap", 8, 11, "not closed", "quotes"),
        ("text:/a(b/", 7, 1, "bad regular expression: missing )", ""),
        ("text:/a(?=b)/", 8, 1, "more than one pass", ""),
        ("text:/é(a)\\1/", 10, 1, "more than one pass", ""),
        ("severity:/x/", 9, 3, "takes no regular expression", "did you mean" * 0),
        ("client:192.0.2.0/33", 7, 12, "no network", "192.0.2.0/24"),
        ("client:192.0.2.300", 7, 11, "no address", ""),
        ("client:mail.example", 7, 12, "no address", ""),
        ("bytes>5q", 6, 2, "no unit q", "1.5M"),
        ("duration>30x", 9, 3, "no unit x", "1m30s"),
        ("duration>1s30m", 9, 5, "no length of time", ""),
        ("recipients>1k", 11, 2, "no unit k", "without a unit"),
        ("recipients>1.5", 11, 3, "no whole number", ""),
        ("recipients>1,000", 11, 5, "without separators", ""),
        ("recipients:7-3", 11, 3, "ends before it begins", ""),
        ("recipients>3-7", 11, 3, "not a range", ""),
        ("time:25:00", 5, 5, "no such time", "10:15"),
        ("time:2026-13-01", 5, 10, "no such time", ""),
        ("time:10:15Z", 5, 6, "no time", "local time"),
        ("time:2026-11-25-2026-11-24", 5, 21, "ends before it begins", ""),
        ("time:10-2026-11-24", 5, 13, "both ends need a date", ""),
        ("time>10:15-10:20", 5, 11, "not a range", ""),
        ('helo:""', 5, 2, "nothing is looked for", ""),
        ('""', 0, 2, "nothing is looked for", ""),
        ("!" * 40 + "a", 0, 0, "at most 30 levels", ""),
        ("a" * 9000, 8 * LONGEST, 1000, "at most 8,000 characters", ""),
    ],
)
def test_messages(text: str, at: int, size: int, what: str, hint: str) -> None:
    """What is wrong is said at its place, with what would be right."""
    error = wrong(text)
    assert (error.at, error.size) == (at, size)
    assert what in error.what
    assert hint in error.hint
    assert str(error).isprintable()


def test_every_example_of_the_help_is_a_filter() -> None:
    """The table's own examples work, and each field has one."""
    for text, means in help_lines():
        assert not parse(text).matches_all
        assert means
    for field in FIELDS:
        assert field.examples, field.name
        for name in (field.name, *field.aliases):
            assert parse(field.examples[0].text.replace(field.name, name, 1)) == parse(
                field.examples[0].text
            )


def test_two_filters_that_mean_the_same_are_equal() -> None:
    """Spaces, capitals of names, and parentheses that change nothing."""
    assert parse("  sev >= high   helo:x ") == parse("(severity>=high) AND (helo:x)")
    assert parse("a b") != parse("a or b")
    assert str(parse("a (b|c) !d&&e")) == "a and (b or c) and not d and e"
    assert parse(" ").matches_all
    assert not parse("a").matches_all


# Anything at all.

_ATOMS = st.sampled_from(
    [
        "flow:0", "flow:1-4", "severity>=high", "is:marked", "is:noted", "verdict:cisco",
        "outcome:lost", "text:unrecognized", "text:/^250/", "rcpt:alice", "from:<>", "frame:9",
        "frame:30-40", "192.0.2.77", '"sent again"', "/x{4}/i", "note:owner", "time>10:15",
        "client:2001:db8::/32", "helo!=mail.example.com", "rule:masked", "bytes>12k",
    ]
)  # fmt: skip
_EXPRESSIONS = st.recursive(
    st.tuples(_ATOMS),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or", ""]), inner, inner),
    ),
    max_leaves=8,
)


def _written(tree: tuple[object, ...]) -> str:
    match tree:
        case (str() as atom,):
            return atom
        case ("not", tuple() as inner):
            return f"not ({_written(inner)})"
        case (str() as word, tuple() as left, tuple() as right):
            return f"({_written(left)}) {word} ({_written(right)})"
    raise AssertionError(tree)


def _wanted(tree: tuple[object, ...], flow: FlowDetail) -> bool:
    match tree:
        case (str() as atom,):
            return parse(atom).detail(flow, FACTS)
        case ("not", tuple() as inner):
            return not _wanted(inner, flow)
        case (str() as word, tuple() as left, tuple() as right):
            pair = _wanted(left, flow), _wanted(right, flow)
            return any(pair) if word == "or" else all(pair)
    raise AssertionError(tree)


@settings(max_examples=150, deadline=None)
@given(_EXPRESSIONS)
def test_joined_terms_mean_what_logic_says(tree: tuple[object, ...]) -> None:
    """Any expression agrees with its terms asked one by one; printing it changes nothing."""
    text = _written(tree)
    again = parse(str(parse(text)))
    expected = [flow.summary.flow for flow in POOL if _wanted(tree, flow)]
    assert found(text, POOL) == expected
    assert found(str(again), POOL) == expected
    assert again == parse(text)


_SNIPPETS = st.sampled_from(
    [
        *(field.name for field in FIELDS), *':=<>!~/"\\()&|-. \n\t', ">=", "!=", "and", "or",
        "not", "10:15", "2026-11-24", "192.0.2.0/24", "2001:db8::1", "high", "1.5M", "30s", "lost",
        "a", "é", "漢", "\x1b[2J", "\udc80", "\ud800", "\x00", "(a+)+", "[", "i", "9" * 30, "{2,}",
    ]
)  # fmt: skip
_TEXTS = st.one_of(st.lists(_SNIPPETS, max_size=12).map("".join), st.text(max_size=40))


@settings(max_examples=600, deadline=None)
@given(_TEXTS)
@example("(" * 999)
@example("!" * 999)
@example("(a|" * 333)
@example("a " * 499)
@example("helo= =x")
@example("from:<> helo!= >")
@example('text:"\ud800"')
def test_any_text_is_a_filter_or_says_where_it_is_not(text: str) -> None:
    """No other exception; and what is a filter has one answer, also when it is printed."""
    read = _read(text)
    if isinstance(read, FilterError):
        assert 0 <= read.at <= read.at + read.size <= len(text)
        assert str(read).isprintable()
    else:
        assert found(text, POOL) == found(str(read), POOL)


def _read(text: str) -> Filter | FilterError:
    try:
        return parse(text)
    except FilterError as error:
        return error


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_the_bits_are_the_text(text: str) -> None:
    """Cutting a text loses nothing of it."""
    assert "".join(bit.text for bit in scan(text)) == text


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=20))
def test_any_words_can_be_a_value(words: str) -> None:
    """What completion puts in quotes is read as it was."""
    value = quoted(words)
    assert words in {value, unquoted(value)}
    summary = replace(plain(0).summary, helo=words)
    assert found(f"helo={value}", [replace(plain(0), summary=summary)]) == [0]


# Regular expressions.

_PLACES = frozenset({"^", "$", r"\b", r"\B", r"\A", r"\Z"})
_PIECES = st.builds(
    lambda atom, times: atom if atom in _PLACES else atom + times,
    st.sampled_from(["a", "b", "ab", ".", "[ab]", "[^a]", r"\w", r"\s", "(a|b)", "(?:)", r"\x61",
                     r"\n", "(?:é)", "^", "$", r"\b", r"\B", r"\A", r"\Z", "{", "-", r"\."]),
    st.sampled_from(["", "", "*", "+", "?", "*?", "{2}", "{0,2}", "{1,}", "{,2}"]),
)  # fmt: skip
_PATTERNS = st.recursive(
    st.lists(_PIECES, max_size=4).map("".join),
    lambda inner: st.one_of(
        st.builds("({}){}".format, inner, st.sampled_from(["", "*", "+", "?", "{2,3}"])),
        st.builds("{}|{}".format, inner, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=4,
)
_LINES = st.lists(
    st.sampled_from([b"a", b"b", b"A", b"\n", b"\r\n", b" ", b"\xc3\xa9", b"_", b"{", b"-", b"."]),
    min_size=1, max_size=8,
).map(b"".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(_PATTERNS, st.lists(_LINES, min_size=1, max_size=3), st.booleans())
def test_patterns_match_where_python_says(pattern: str, lines: list[bytes], blind: bool) -> None:  # noqa: FBT001
    """The automaton agrees with Python's engine, nested repetition and all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            python = re.compile(pattern.encode(), re.MULTILINE | (re.IGNORECASE if blind else 0))
        except re.error:
            return
    ours = compiled(pattern, case_blind=blind)
    for data in lines:
        assert ours.search(data) is bool(python.search(data))


@pytest.mark.parametrize("pattern", ["(a+)+b", "a.*a.*a.*b", "(a|a)*b", "(a|aa)+$", "(.*)*b"])
def test_no_line_makes_a_pattern_slow(pattern: str) -> None:
    """Patterns over which a backtracking engine would sit for ever are done in one pass."""
    ours = compiled(pattern)
    states = len(ours._states)
    for size in (100, 2_000, 200_000):
        assert not ours.search(b"a" * size + b"c")
    assert len(ours._states) - states < 20


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)b", r"(a)\1", "a*+", "(?i)a", "[é]", "(?P<x>a)(?P=x)", "a{3000}", "((a{50}){50})",
     "a{1,99999999999999999999}", "(){1100}", "(?#x)a", "a" * 201, "(?>a)", "(?<!a)b", "["],
)  # fmt: skip
def test_patterns_that_are_refused(pattern: str) -> None:
    """What needs several passes or too much room is refused, with its place."""
    with pytest.raises(PatternError) as caught:
        compiled(pattern)
    assert 0 <= caught.value.at <= len(pattern)


def test_what_a_pattern_remembers_is_bounded() -> None:
    """However many sets of places a text leads through."""
    ours = compiled("a.{30}b")
    data = bytes(97 + (number * number // 7) % 2 for number in range(60_000))
    assert ours.search(data.replace(b"b", b"c") + b"b") is bool(
        re.search(rb"a.{30}b", data.replace(b"b", b"c") + b"b")
    )
    assert len(ours._states) <= 1_000


# Completion.


def _offered(text: str, known: Known = Known()) -> list[str]:  # noqa: B008 - immutable
    """What is offered where the text has a bar; each must be a text that leads on."""
    cursor = text.index("|>")
    text = text.replace("|>", "")
    start, end, candidates = complete(text, cursor, known)
    assert 0 <= start <= cursor <= end <= len(text)
    return [text[:start] + candidate.text + text[end:] for candidate in candidates]


def test_completion_offers_fields_operators_and_values() -> None:
    """By the place: names, then operators, then the values that there are."""
    assert _offered("s|>")[:2] == ["severity:", "server:"]
    assert "recipients>" in _offered("rec|>")
    assert _offered("severity|>")[:2] == ["severity:", "severity>="]
    assert _offered("severity>=|>")[:2] == ["severity>=critical", "severity>=high"]
    assert _offered("severity>=h|>") == ["severity>=high"]
    assert _offered("severity>=high|>") == []
    assert _offered("severity>=|>hi or b")[0] == "severity>=critical or b"
    assert _offered("(rule:mask|>")[0].startswith("(rule:masked-")
    assert _offered("outcome:p|>")[0] == "outcome:partly-delivered"
    assert _offered("ser|>:x") == ["server:x"]
    assert "rule:echoed-mask" in _offered("echo|>")
    assert _offered("a |>")[:4] == ["a and ", "a or ", "a not ", "a rule:"]
    assert _offered("a an|>")[0] == "a and "
    assert _offered("a and|>")[0] == "a and "
    assert _offered("a and |>")[0] == "a and rule:"
    assert _offered("bytes> |>") == ["bytes> 1M"]
    assert _offered("|>")[0] == "rule:"
    for text in ('"a |>', "text:/a|>/", 'helo:"a|>"', "foo:|>", ")x(|>y"):
        assert all("foo" not in each or "foo:" in each for each in _offered(text))


def test_completion_offers_what_the_capture_holds() -> None:
    """Known values, in quotes where they need them; never one that steers a terminal."""
    known = Known(("192.0.2.10", "192.0.2.77"), ("2001:db8::25",), ("a b", "x\x1b[2J", "e\u0301"))
    assert _offered("client:77|>", known) == ["client:192.0.2.77"]
    assert _offered("server:|>", known)[0] == "server:2001:db8::25"
    assert _offered("helo:|>", known)[0] == 'helo:"a b"'
    assert all("\x1b" not in each and "\u0301" not in each for each in _offered("helo:|>", known))
    many = Known(tuple(f"10.0.{number // 256}.{number % 256}" for number in range(5000)))
    assert len(_offered("client:|>", many)) <= 60


@settings(max_examples=300, deadline=None)
@given(_TEXTS, st.integers(0, 60))
def test_completion_takes_any_text(text: str, cursor: int) -> None:
    """Whatever is typed, candidates have a place and can be shown."""
    cursor = min(cursor, len(text))
    start, end, candidates = complete(text, cursor, Known(("192.0.2.1",), (), ("x",)))
    assert 0 <= start <= cursor <= end <= len(text)
    for candidate in candidates:
        assert candidate.text.isprintable()
        assert candidate.about.isprintable()


# Typing.


def test_a_line_is_edited_as_in_a_shell() -> None:
    """Words, ends, and what is cut away."""
    now = Typed().insert("rule:x and helo:y")
    assert now == ("rule:x and helo:y", 17)
    now = EDITS["erase_word"](now)
    assert now == ("rule:x and ", 11)
    now = EDITS["word_left"](now)
    assert now.cursor == 7
    assert EDITS["erase_left"](now) == ("and ", 0)
    assert EDITS["erase_right"](now) == ("rule:x ", 7)
    assert EDITS["word_right"](now).cursor == 10
    assert EDITS["backspace"](EDITS["home"](now)) == ("rule:x and ", 0)
    assert EDITS["delete"](EDITS["home"](now)) == ("ule:x and ", 0)
    assert EDITS["left"](Typed()).cursor == EDITS["right"](Typed()).cursor == 0


def test_what_is_typed_is_one_line_that_can_be_shown() -> None:
    """Escape sequences, line ends and marks that hide do not get into the line."""
    assert clean("a\r\nb\tc") == "a b c"
    assert clean("\x1b[2J\u202e\u0301\x00\ud800é\\d") == "[2Jé\\d"
    assert len(Typed().insert("x" * 5000).text) == LONGEST


@settings(max_examples=200)
@given(_TEXTS, st.lists(st.sampled_from(sorted(EDITS)), max_size=12), st.integers(0, 60))
def test_the_cursor_stays_in_the_line(text: str, edits: list[str], cursor: int) -> None:
    """Any keys on any text."""
    now = Typed().insert(text).go(cursor)
    for edit in edits:
        now = EDITS[edit](now)
        assert 0 <= now.cursor <= len(now.text)
        assert now.text.isprintable()


# History.


def test_filters_are_kept_for_the_next_time(tmp_path: Path) -> None:
    """The newest last, none twice, readable by the user alone."""
    path = tmp_path / "state" / "seamark" / "filters"
    history = History(path)
    for text in ("a", "b", " a ", "", "é"):
        history.add(text)
    assert history.entries == ("b", "a", "é")
    assert path.read_text("utf-8") == "b\na\né\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    other = History(path)
    other.add("c")
    history.add("d")
    assert History(path).entries == ("b", "a", "é", "c", "d")
    assert [each.name for each in path.parent.iterdir()] == ["filters"]


def test_a_history_is_bounded(tmp_path: Path) -> None:
    """Two hundred filters, none longer than a filter can be."""
    history = History(tmp_path / "filters")
    for number in range(MOST + 50):
        history.add(f"flow:{number}")
    history.add("x" * (LONGEST + 1))
    assert len(history.entries) == MOST
    assert history.entries[-1] == f"flow:{MOST + 49}"


def test_control_characters_never_come_from_the_history(tmp_path: Path) -> None:
    """Neither what is added nor what stands in the file."""
    path = tmp_path / "filters"
    path.write_bytes(
        b"good\n\x1b]0;owned\x07\nx\xff\n\xe2\x80\xaebidi\n\n" + b"z" * 5000 + b"\nb\r\n"
    )
    history = History(path)
    history.add("bad\x1b[2J")
    history.add("two\nlines")
    assert history.entries == ("good", "x\ufffd", "b")


def test_a_history_that_cannot_be_kept_stays_in_memory(tmp_path: Path) -> None:
    """No home, a folder in its place, a pipe, a file where the folder should be."""
    folder, pipe, block = tmp_path / "folder", tmp_path / "pipe", tmp_path / "block"
    folder.mkdir()
    (folder / "inside").touch()
    os.mkfifo(pipe)
    block.touch()
    silent = [History(folder), History(block / "filters"), History(kept=False)]
    for history in silent:
        history.add("a")
        assert history.entries == ("a",)
    assert History(pipe).entries == ()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["block", "folder", "pipe"]


def test_the_history_lies_in_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where XDG says; a relative path does not count; without a home nowhere."""
    assert place({"XDG_STATE_HOME": "/state"}) == Path("/state/seamark/filters")
    monkeypatch.setenv("HOME", "/home/me")
    for environ in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "x"}):
        assert place(environ) == Path("/home/me/.local/state/seamark/filters")
    monkeypatch.setattr(Path, "home", _homeless)
    assert place({}) is None


def test_a_history_without_a_path_is_the_users_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the app makes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    History().add("a")
    assert (tmp_path / "seamark" / "filters").read_text() == "a\n"


def _homeless() -> Path:
    raise RuntimeError


def test_outcomes_and_severities_are_all_known() -> None:
    """The table has the model's own values."""
    for outcome in Outcome:
        summary = replace(plain(0).summary, outcome=outcome)
        assert parse(f"outcome:{outcome.value}").summary(summary, BARE) is True
    for severity in Severity:
        summary = replace(plain(0).summary, severity=severity)
        assert parse(f"severity:{severity}").summary(summary, BARE) is True
    end = Endpoint("not an address", 25)
    assert parse("client:0.0.0.0/0").summary(replace(plain(0).summary, client=end), BARE) is False
