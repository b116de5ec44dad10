"""Which line belongs to which flow, while both still come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from live.test_evidence import summary

from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, LogFacts
from dissect.live import logged
from dissect.live.logged import LATELY, STRANGER, Logging
from dissect.maillog import Line
from dissect.maillog.entry import Client, Entry, Said, What
from dissect.report import Summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dissect.live.reports import Logged

START = summary().start


class Told:
    """A listener that remembers lines, and notices."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, int]] = []
        self.facts: LogFacts | None = None
        self.notices: list[str] = []

    def log(self, told: Sequence[Logged], facts: LogFacts) -> None:
        """Numbers of flows and of lines."""
        self.lines += [(each.flow.flow, each.tie.line.number) for each in told]
        self.facts = facts

    def notice(self, words: str) -> None:
        """Remember it."""
        self.notices.append(words)

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


class Log:
    """A log that says what it is told to."""

    name = "mainlog"

    def __init__(self) -> None:
        self.number = 0
        self._lines: list[Line] = []

    def say(self, *ports: int, address: str = "192.0.2.1", ahead: float = 0.0) -> None:
        """A line for each port, a second behind the start of flow 0."""
        for port in ports:
            self.number += 1
            said = Said(What.LOST, Client(address, port))
            entry = Entry(START + 1.25 + ahead, "exim", said, "text")
            self._lines.append(Line(self.name, self.number, entry))

    def read(self) -> list[Line]:
        """What was said since."""
        said, self._lines = self._lines, []
        return said

    def news(self) -> list[str]:
        """Nothing."""
        return []


class Bench:
    """A log and flows, and a clock that is put on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.told, self.log = Told(), Log()
        listener: Any = self.told
        tail: Any = self.log
        self.logging = Logging(listener, [tail], clock=lambda: self.now)

    def flow(self, number: int, *, over: bool = False, **words: Any) -> None:
        """A flow that lasts five seconds from the start of flow 0."""
        said = {"start": START, "end": START + 5, **words}
        detail = FlowDetail(summary=summary(number, **said), rows=(), findings=())
        (self.logging.flow if over else self.logging.open)(detail)

    def look(self, after: float = 2.0) -> list[tuple[int, int]]:
        """Let time pass, look, and what has been told so far."""
        self.now += 1.0
        self.logging.looked(Ledger())
        self.now += after
        self.logging.looked(Ledger())
        return self.told.lines


@pytest.fixture
def bench() -> Bench:
    """One without flows."""
    return Bench()


def test_a_line_that_is_earlier_than_its_flow(bench: Bench) -> None:
    """It waits: packets are decoded a little later than servers write."""
    bench.log.say(40001)
    assert bench.look() == []
    bench.flow(1)
    assert bench.look() == [(1, 1)]
    assert bench.look() == [(1, 1)]


def test_a_flow_that_is_over_is_still_written_about(bench: Bench) -> None:
    """For a while, and then no more, so that nothing grows."""
    bench.flow(0, over=True)
    bench.flow(1, over=True)
    bench.log.say(40000)
    assert bench.look() == [(0, 1)]
    bench.look(after=LATELY + 1)
    bench.log.say(40001)
    assert bench.look(after=STRANGER + 2) == [(0, 1)]
    assert not bench.logging._waiting
    assert not bench.logging._flows.of(["192.0.2.1"])


def test_a_line_without_a_port_waits_for_the_second_flow(bench: Bench) -> None:
    """One that fits two flows belongs to none; one that fits a single one belongs to it."""
    bench.flow(0)
    bench.log.say(0)
    bench.logging.looked(Ledger())
    bench.flow(1)
    assert bench.look() == []
    bench.flow(2, client=summary().client._replace(address="192.0.2.9"))
    bench.log.say(0, address="192.0.2.9")
    assert bench.look() == [(2, 2)]


def test_a_clock_that_is_off(bench: Bench) -> None:
    """Lines that agree upon an offset are tied, as those of a whole log."""
    for flow in range(4):
        bench.flow(flow)
    bench.log.say(40000, 40001, ahead=3600.0)
    assert bench.look() == []
    bench.log.say(40002, 40003, ahead=3600.0)
    assert sorted(bench.look()) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert bench.told.facts is not None
    assert bench.told.facts.offset == pytest.approx(3600.0)


def test_too_many_lines_are_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is bounded; the oldest go."""
    monkeypatch.setattr(logged, "WAITING", 3)
    bench.log.say(*range(1, 11))
    bench.look()
    assert [each.line.number for each in bench.logging._waiting] == [8, 9, 10]
    bench.flow(0)
    bench.log.say(40000)
    bench.look()
    assert bench.told.facts is not None
    assert bench.told.facts.left_out >= 7
    assert (bench.told.facts.lines, bench.told.facts.tied) == (11, 1)


def test_the_end_says_how_it_went(bench: Bench) -> None:
    """Lines that were written a moment ago are tied at once."""
    bench.flow(0, over=True)
    bench.log.say(40000, 40009)
    over = Summary(captures=1, packets=0, flows=1, findings={}, status="", warnings=())
    bench.logging.end([], (), (), over)
    assert bench.told.lines == [(0, 1)]
    (said,) = bench.told.notices
    assert said == "Mail log: 1 of 2 lines with a client belong to 1 flows; the clocks agree"
