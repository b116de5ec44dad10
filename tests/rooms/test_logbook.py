"""Lines of logs and the connections that they are about: by address, port and time."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties.light import light

from dissect.maillog import Client, Entry, Logbook, Span, Ties, What
from dissect.maillog.entry import Said

DAY: Final = 86_400.0
BEGIN: Final = 1_795_889_000.25

Spans = list[Span]


def line(time: float, address: str = "192.0.2.10", port: int = 0) -> Entry:
    """A line about a client; its stamp has whole seconds."""
    said = Said(What.CONNECTED, Client(address, port))
    return Entry(float(time // 1), "exim", said, "text")


def flows(*begins: float, address: str = "192.0.2.10") -> Spans:
    """Connections of three seconds, each of a port of its own."""
    return [
        Span(number, address, 40_000 + number, BEGIN + begin, BEGIN + begin + 3)
        for number, begin in enumerate(begins)
    ]


def ties(entries: list[Entry], spans: Spans) -> Ties:
    """What is tied, with the lines numbered from 1."""
    book = Logbook()
    for span in spans:
        book.flow(span)
    for number, entry in enumerate(entries, 1):
        book.take(entry, "log", number)
    return book.ties()


def pairs(found: Ties) -> list[tuple[int, int]]:
    """Flows and numbers of lines."""
    return [(tie.flow, tie.line.number) for tie in found.tied]


def logged(spans: Spans, *, ahead: float = 0.0, port: bool = True) -> list[Entry]:
    """A line at the beginning of each connection and one at its end."""
    return [
        line(time + ahead, span.address, span.port if port else 0)
        for span in spans
        for time in (span.start, span.end)
    ]


@light(200)
@given(st.floats(-50_000, 50_000))
@example(0.0)
@example(3600.0)
@example(-1.0)
def test_clocks_may_differ(ahead: float) -> None:
    """Whatever the difference, the same lines belong to the same flows, and it is found."""
    spans = flows(0, 40, 95, 230)
    found = ties(logged(spans, ahead=ahead), spans)
    assert pairs(found) == [(flow, 2 * flow + n) for flow in range(4) for n in (1, 2)]
    assert found.offset is not None
    assert abs(found.offset - ahead) <= 2


@light(100)
@given(st.floats(-50_000, 50_000))
def test_lines_without_a_port(ahead: float) -> None:
    """Where connections are apart, the address and the time are enough."""
    spans = flows(0, 40, 95, 230)
    found = ties(logged(spans, ahead=ahead, port=False), spans)
    assert pairs(found) == [(flow, 2 * flow + n) for flow in range(4) for n in (1, 2)]


def test_lines_of_other_clients_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of a day has many; those of the capture's clients are kept wherever they stand."""
    monkeypatch.setattr("dissect.maillog.logbook.MOST", 8)
    spans = flows(0, 40, 95)
    others = [line(BEGIN, "192.0.2.99", 1)] * 50
    found = ties([*others, *logged(spans)], spans)
    assert (len(found.tied), found.lines, found.left_out) == (6, 56, 0)
    found = ties([*logged(spans), *logged(spans)], spans)
    assert (len(found.tied), found.lines, found.left_out) == (8, 12, 4)


def test_long_lines_are_bounded_by_their_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few they are; what is beyond is counted."""
    monkeypatch.setattr("dissect.maillog.logbook.MOST_TEXT", 3 * len("text"))
    spans = flows(0, 40, 95)
    found = ties(logged(spans), spans)
    assert (len(found.tied), found.left_out) == (3, 3)


def test_time_zone_is_the_likeliest() -> None:
    """A whole hour within what is possible is taken."""
    spans = flows(0, 40, 95)
    assert ties(logged(spans, ahead=-3600), spans).offset == -3600


def test_port_tells_connections_apart_that_are_open_at_once() -> None:
    """With ports each line has its flow; without them it is told that they do not."""
    spans = flows(0, 0.1, 0.2)
    assert len(ties(logged(spans), spans).tied) == 6
    found = ties(logged(spans, port=False), spans)
    assert (found.tied, found.ambiguous) == ((), 6)


def test_port_that_was_used_again() -> None:
    """The time tells which connection it is."""
    spans = [span._replace(port=40_000) for span in flows(0, 400, 1300)]
    assert pairs(ties(logged(spans), spans)) == [
        (flow, 2 * flow + n) for flow in range(3) for n in (1, 2)
    ]


def test_near_misses_stay_apart() -> None:
    """Another address, another port, another day, and a single line far off."""
    (span,) = flows(0)
    assert ties([line(span.start, "192.0.2.11", span.port)] * 3, [span]).tied == ()
    assert ties([line(span.start, port=span.port + 1)] * 3, [span]).tied == ()
    assert ties([line(span.start - 2 * DAY, port=span.port)] * 3, [span]).tied == ()
    found = ties([line(span.start + 500, port=span.port)], [span])
    assert (found.tied, found.offset) == ((), None)


def test_line_in_another_connection_of_the_port_does_not_move_the_clock() -> None:
    """One stray line is outvoted, and stays out."""
    spans = flows(0, 40, 95)
    stray = line(BEGIN + 700, port=40_000)
    found = ties([*logged(spans), stray], spans)
    assert (found.offset, len(found.tied), found.lines) == (0, 6, 7)


@light(100)
@given(
    st.lists(st.tuples(st.floats(-1e9, 4e9), st.integers(0, 3), st.integers(1, 2)), max_size=30),
    st.lists(st.tuples(st.floats(0, 4e9), st.floats(0, 1e5), st.integers(1, 3)), max_size=30),
)
def test_nothing_raises(
    lines: list[tuple[float, int, int]], spans: list[tuple[float, float, int]]
) -> None:
    """Any times; a line is tied at most once, and only to its own client."""
    entries = [line(time, f"192.0.2.{host}", port) for time, port, host in lines]
    all_ = [
        Span(number, f"192.0.2.{number % 2 + 1}", port, start, start + long)
        for number, (start, long, port) in enumerate(spans)
    ]
    found = ties(entries, all_)
    assert len({tie.line.number for tie in found.tied}) == len(found.tied)
    for tie in found.tied:
        client = tie.line.entry.said.client
        assert client is not None
        assert client.address == all_[tie.flow].address
        assert client.port in {0, all_[tie.flow].port}
