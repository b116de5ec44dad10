"""What was chosen on the screen is there the next time, and can never do harm."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tui import state
from tui.columns import COLUMNS, Choice
from tui.state import Chosen, State

CHOSEN = Chosen(
    columns=(Choice("time"), Choice("helo", shown=False), Choice("client", cells=20)),
    sort=("time", True),
    theme="nord",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that is not there yet."""
    return tmp_path / "deep" / "seamark" / "state.json"


def test_what_was_chosen_comes_back(path: Path) -> None:
    """All of it, as it was."""
    State(path).keep(**CHOSEN._asdict())
    assert State.load(path).chosen == CHOSEN


def test_one_thing_is_kept_beside_the_others(path: Path) -> None:
    """Choosing a theme forgets no columns."""
    State(path, CHOSEN).keep(theme="terminal")
    assert State.load(path).chosen == CHOSEN._replace(theme="terminal")


def test_only_the_user_can_read_it(path: Path) -> None:
    """The file, and the folders that were made for it; nothing else is left there."""
    old = os.umask(0)
    try:
        State(path).keep(theme="nord")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """What was chosen holds for the session then, and no half of a file is left."""
    (tmp_path / "file").write_text("")
    kept = State(tmp_path / "file" / "state.json")
    kept.keep(theme="nord")
    assert kept.chosen.theme == "nord"
    taken = tmp_path / "state.json"
    taken.mkdir()
    State(taken).keep(theme="nord")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "state.json"]


def test_nothing_to_remember_in() -> None:
    """A session alone remembers what it was told."""
    kept = State()
    kept.keep(theme="nord")
    assert kept.chosen.theme == "nord"


@pytest.mark.parametrize("text", [
    "", "{", "[]", "5", "null", '"x"', "\x00", "{}", '{"theme": 5}', '{"theme": "\\u001b[2J"}',
    '{"theme": "' + "x" * 65 + '"}', '{"sort": ["time"]}', '{"sort": ["nothing", true]}',
    '{"sort": ["time", 1]}', '{"columns": 5}', '{"columns": [5, ["x", true, 0]]}',
    '{"columns": [["time", false, 0]]}', '{"columns": [["time", true, -1]]}',
    '{"columns": [["time", true, 501]]}', '{"columns": [["time", true, 1e3]]}',
    '{"unknown": true}', "[" * 100_000,
])  # fmt: skip
def test_what_cannot_be_meant_was_not_chosen(path: Path, text: str) -> None:
    """And nothing is said of it."""
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert State.load(path).chosen == Chosen()


def test_what_can_be_meant_is_kept_beside_what_cannot(path: Path) -> None:
    """Each of the three for itself; what nobody knows is gone with the next choice."""
    path.parent.mkdir(parents=True)
    path.write_text('{"theme": "nord", "sort": 5, "columns": [["time", true, 9], 7], "more": 1}')
    kept = State.load(path)
    assert kept.chosen == Chosen((Choice("time", cells=9),), None, "nord")
    kept.keep(sort=("helo", False))
    assert set(json.loads(path.read_text())) == {"theme", "sort", "columns"}


def test_a_huge_file_is_not_read_whole(path: Path) -> None:
    """What it holds is bounded, by bytes and by columns."""
    path.parent.mkdir(parents=True)
    path.write_text('{"theme": "nord"' + " " * 10_000_000 + "}")
    assert State.load(path).chosen == Chosen()
    names = [[column.id, True, 0] for column in COLUMNS] * 50
    path.write_text(json.dumps({"columns": names}))
    columns = State.load(path).chosen.columns
    assert columns is not None
    assert len(columns) == len(COLUMNS)


def test_no_file_is_nothing_chosen(path: Path) -> None:
    """And reading makes none."""
    assert State.load(path).chosen == Chosen()
    assert not path.parent.exists()


@pytest.mark.parametrize(("folder", "where"), [
    ("/a/b", "/a/b/seamark/state.json"),
    ("", "/home/me/.local/state/seamark/state.json"),
    ("relative", "/home/me/.local/state/seamark/state.json"),
])  # fmt: skip
def test_where_it_is(monkeypatch: pytest.MonkeyPatch, folder: str, where: str) -> None:
    """As the XDG specification has it, which lets a relative path count for nothing."""
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_STATE_HOME", folder)
    assert state.where() == Path(where)
