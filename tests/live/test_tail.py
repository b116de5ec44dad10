"""A log that grows: each line once and whole, over every way in which logs are rotated."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.errors import LogError, UsageError
from dissect.live.tail import STRANGE, Tail
from dissect.maillog.files import LONGEST

if TYPE_CHECKING:
    from pathlib import Path


def line(number: int) -> str:
    """A line of Exim's, about a client with this port."""
    return f"2026-11-28 18:09:44 SMTP connection from [192.0.2.10]:{number} lost"


def write(path: Path, *numbers: int, end: str = "\n") -> None:
    """Append lines."""
    with path.open("a", encoding="ascii") as file:
        file.write("\n".join(map(line, numbers)) + end)


def read(tail: Tail, looks: int = 1) -> list[tuple[int, int]]:
    """Numbers of lines, and what they are about, of some looks."""
    found = []
    for _ in range(looks):
        for each in tail.read():
            assert each.entry.said.client is not None
            found.append((each.number, each.entry.said.client.port))
    return found


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """One that has two lines."""
    path = tmp_path / "mainlog"
    write(path, 1, 2)
    return path


def test_only_what_is_written_from_now_on(log: Path) -> None:
    """With the numbers that the lines have in the file."""
    tail = Tail(str(log), UTC)
    assert read(tail) == []
    write(log, 3, 4)
    assert read(tail) == [(3, 3), (4, 4)]
    assert read(tail) == []
    tail.close()


def test_half_a_line_waits_for_its_end(log: Path) -> None:
    """Also one whose beginning was there before."""
    write(log, 3, end="")
    tail = Tail(str(log), UTC)
    with log.open("a") as file:
        file.write(" of it\n" + line(4)[:30])
        file.flush()
        assert read(tail) == []
        file.write(line(4)[30:] + "\n")
    assert read(tail) == [(4, 4)]
    tail.close()


def test_a_log_that_is_renamed(log: Path) -> None:
    """The server writes to the old one until it is told; then the new one begins."""
    tail = Tail(str(log), UTC)
    old = log.rename(log.with_suffix(".1"))
    write(old, 3)
    assert read(tail) == [(3, 3)]
    log.touch()
    write(old, 4)
    assert read(tail, 3) == [(4, 4)]
    write(log, 5, 6)
    write(old, 7)
    assert read(tail, 3) == [(5, 7), (1, 5), (2, 6)]
    tail.close()


def test_a_log_that_is_cut_off(log: Path) -> None:
    """As logrotate's copytruncate does."""
    tail = Tail(str(log), UTC)
    write(log, 3)
    assert read(tail) == [(3, 3)]
    os.truncate(log, 0)
    assert read(tail) == []
    write(log, 4)
    assert read(tail, 2) == [(1, 4)]
    tail.close()


def test_a_log_that_has_gone_is_waited_for(log: Path) -> None:
    """That is told once."""
    tail = Tail(str(log), UTC)
    log.unlink()
    assert read(tail, 3) == []
    assert tail.news() == [f"{log} has gone; it is waited for"]
    assert tail.news() == []
    write(log, 8)
    assert read(tail, 3) == [(1, 8)]
    tail.close()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_pieces_of_any_size_are_the_same_lines(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    """However a log is written, each of its lines comes once."""
    path = tmp_path_factory.mktemp("log") / "mainlog"
    path.touch()
    tail = Tail(str(path), UTC)
    data = "".join(f"{line(number)}\n" for number in range(1, 41)).encode()
    found = []
    with path.open("ab") as file:
        for size in (*sizes, len(data)):
            piece, data = data[:size], data[size:]
            file.write(piece)
            file.flush()
            found += read(tail)
    assert found == [(number, number) for number in range(1, 41)]
    tail.close()


def test_a_line_without_end_takes_no_memory(log: Path) -> None:
    """It is cut where lines of logs are cut."""
    tail = Tail(str(log), UTC)
    with log.open("a") as file:
        file.write(line(3) + " " + "x" * 3_000_000)
        file.flush()
        read(tail, 2)
        assert len(tail._rest) <= LONGEST
        file.write("\n" + line(4) + "\n")
    assert read(tail)[-1] == (4, 4)
    tail.close()


def test_what_is_no_mail_log_is_told(log: Path) -> None:
    """Once, and only where nothing in it was ever understood."""
    tail = Tail(str(log), UTC)
    with log.open("a") as file:
        file.write("kernel: hello\n" * (STRANGE + 5))
    read(tail, 2)
    assert tail.news() == [f"{log}: no line of Exim, Postfix or Sendmail yet"]
    tail.close()


def test_a_year_that_ends_while_it_is_read(log: Path) -> None:
    """A stamp without a year is of the year in which it was written, not of that of the start."""
    now = [datetime(2026, 12, 31, 12, tzinfo=UTC).timestamp()]
    tail = Tail(str(log), UTC, lambda: now[0])
    now[0] = datetime(2027, 6, 1, 12, tzinfo=UTC).timestamp()
    with log.open("a") as file:
        file.write("Jun  1 11:00:00 mx postfix/smtpd[1]: connect from mail[192.0.2.10]:5\n")
    (found,) = tail.read()
    assert datetime.fromtimestamp(found.entry.time, UTC).year == 2027
    tail.close()


@pytest.mark.parametrize(
    ("name", "kind"), [("-", UsageError), ("no-such", LogError), (".", LogError), ("z", UsageError)]
)
def test_what_cannot_grow_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: type[Exception]
) -> None:
    """Before anything is captured."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "z").write_bytes(gzip.compress(b"x"))
    with pytest.raises(kind):
        Tail(name)
