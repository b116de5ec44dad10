"""How late packets are when they are told of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dissect.live.lag import RECENT, Lag, Now
from dissect.source.clock import SAME, By, Offset


def at(seconds: float) -> Now:
    """A moment; the clock shows another number than what runs steadily."""
    return Now(seconds, 1.8e9 + seconds)


def test_a_packet_is_late_from_its_capture() -> None:
    """Where the clock is ours; the last batch speaks for a while, then nothing lags."""
    lag = Lag()
    lag.arrived(3, at(1.0))
    lag.decoded(3, 1.8e9 + 0.5, SAME, at(1.2))
    lag.look(3, at(1.3))
    assert (round(lag.seconds, 6), lag.since) == (0.7, "capture")
    lag.look(3, at(1.2 + RECENT + 0.1))
    assert lag.seconds == 0.0
    assert round(lag.most, 6) == 0.7


def test_a_clock_that_is_ahead_is_taken_off() -> None:
    """And one that is not known counts for nothing: then it is the arrival that counts."""
    lag = Lag()
    lag.arrived(1, at(1.0))
    lag.decoded(1, 1.8e9 + 100.5, Offset(100.0, 0.1, By.SSH), at(1.5))
    lag.look(1, at(1.5))
    assert (round(lag.seconds, 3), lag.since) == (1.0, "capture")
    lag.arrived(2, at(2.0))
    lag.decoded(2, 5.0, None, at(2.25))
    lag.look(2, at(2.25))
    assert (lag.seconds, lag.since) == (0.25, "arrival")


def test_what_waits_lags_more_and_more() -> None:
    """A decoder that does nothing: it is behind, once, until it has caught up."""
    lag = Lag()
    lag.arrived(10, at(0.0))
    seen = []
    for second in (1, 4, 6, 9):
        lag.look(4, at(second))
        seen.append((lag.seconds, lag.behind))
    assert seen == [(1.0, False), (4.0, False), (6.0, True), (9.0, True)]
    lag.decoded(10, 1.8e9 + 9.5, SAME, at(10.0))
    lag.look(10, at(10.0))
    assert (lag.seconds, lag.behind, lag.most) == (0.5, False, 9.0)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=50))
def test_it_forgets_what_is_decoded(steps: list[tuple[int, int]]) -> None:
    """Only what waits is remembered, and nothing waits once all is decoded."""
    lag, came, done, now = Lag(), 0, 0, 0.0
    for many, decoded in steps:
        now += 1.0
        came += many
        lag.arrived(came, at(now))
        done = min(came, done + decoded)
        lag.decoded(done, 0.0, None, at(now))
        assert len(lag._arrived) <= came - done
    lag.look(came, at(now))
    assert len(lag._arrived) == 0
