"""A machine that is asked what time it is: how far its clock is from ours, and how sure that is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dissect.source.clock import LATEST, By, Clock

SECONDS = st.floats(0.0, 2.0)


def answer(number: bytes, time: float, *, whole: bool = False) -> bytes:
    """What the other machine says."""
    return b"seamark: clock %s %s\n" % (
        number,
        (f"{time:.0f}" if whole else f"{time:.6f}").encode(),
    )


@given(st.floats(-1e6, 1e6), st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=20))
def test_the_offset_lies_within_its_error(ahead: float, ways: list[tuple[float, float]]) -> None:
    """However long question and answer are on their way, the true offset is within."""
    clock, now = Clock(), 1.8e9
    for there, back in ways:
        number = clock.question(now)
        said = answer(number, now + there + ahead)
        now += there + back + 1e-5
        assert clock.hear(said, now) == b""
        assert clock.offset is not None
        assert abs(clock.offset.seconds - ahead) <= clock.offset.error + 1e-5
        now += 5.0
    assert clock.offset is not None
    assert clock.offset.by is By.SSH
    quickest = min(sum(way) for way in ways[-LATEST:])
    assert clock.offset.error <= quickest / 2 + 1e-4


def test_a_date_without_fractions_is_less_sure() -> None:
    """It may be up to a second later than it says."""
    clock = Clock()
    said = b"seamark: clock %s 1800000100.N\n" % clock.question(1.8e9)
    assert clock.hear(said, 1.8e9 + 0.1) == b""
    assert clock.offset is not None
    assert clock.offset.seconds - clock.offset.error <= 100.0
    assert clock.offset.seconds + clock.offset.error >= 100.9
    assert 0.5 < clock.offset.error < 0.6


def test_what_else_is_said_stays() -> None:
    """Half an answer, too, until the rest has come."""
    clock = Clock()
    number = clock.question(1.8e9)
    said = b"3 packets dropped by kernel\n" + answer(number, 1.8e9) + b"seamark: clock 1 18"
    assert clock.hear(said, 1.8e9 + 1) == b"3 packets dropped by kernel\nseamark: clock 1 18"


def test_answers_to_no_question_say_nothing() -> None:
    """Nor does one that came before it was asked, because our clock was set meanwhile."""
    clock = Clock()
    clock.hear(answer(b"7", 1.8e9), 1.8e9)
    assert clock.offset is None
    clock.hear(answer(clock.question(1.8e9), 1.8e9), 1.8e9 - 3600)
    assert clock.offset is None
