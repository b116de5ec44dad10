"""The key: a file of the user's own, that keeps the mapping over runs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dissect.errors import UsageError
from dissect.redact import Redactor, open_key


def test_the_key_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """In a folder that is made too; both are nobody else's."""
    path = tmp_path / "state" / "seamark" / "redact.key"
    open_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["redact.key"]


def test_without_a_name_it_is_in_the_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the XDG Base Directory Specification."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    open_key()
    assert (tmp_path / "seamark" / "redact.key").is_file()


def test_the_mapping_is_the_same_in_the_next_run(tmp_path: Path) -> None:
    """Of networks, whatever order they come in then, and of names."""
    path = tmp_path / "key"
    before = Redactor(open_key(path))
    first = [before.address(each) for each in ("10.1.1.1", "10.2.2.2", "2a00:1450::5")]
    after = Redactor(open_key(path))
    assert [after.address(each) for each in ("2a00:1450::5", "10.2.2.2", "10.1.1.1")] == first[::-1]
    line = b"RCPT TO:<anne@cam.ac.uk>"
    assert before.command(line) == after.command(line) != line


def test_two_runs_at_once_agree(tmp_path: Path) -> None:
    """Each writes what it meets, and reads what the other has written."""
    path = tmp_path / "key"
    one, two = Redactor(open_key(path)), Redactor(open_key(path))
    found = [one.address("10.1.1.1"), two.address("10.2.2.2"), one.address("10.2.2.2"),
             two.address("10.1.1.1")]  # fmt: skip
    assert (found[0], found[1]) == (found[3], found[2])
    assert found[0].rpartition(".")[0] != found[1].rpartition(".")[0]


def test_another_key_makes_other_names(tmp_path: Path) -> None:
    """Two users' redactions cannot be laid over each other."""
    one, two = (Redactor(open_key(tmp_path / name)) for name in "ab")
    line = b"EHLO mail.cam.ac.uk"
    assert one.command(line) != two.command(line)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it."""
    path = tmp_path / "key"
    open_key(path)
    path.chmod(0o640)
    with pytest.raises(UsageError, match="others than you may read it") as told:
        open_key(path)
    assert told.value.remedy == f"chmod 600 {path}"


@pytest.mark.parametrize("words", ["", "secret 00ff\n", "secret zz\n", "hello\n", "\x80"])
def test_what_is_no_key_is_refused(tmp_path: Path, words: str) -> None:
    """Whatever it is; nothing is written into it."""
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text(words, encoding="latin-1")
    with pytest.raises(UsageError):
        open_key(path)
    assert path.read_text(encoding="latin-1") == words


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder in its place, a folder that is a file, and a network for a file that went away."""
    with pytest.raises(UsageError, match="cannot be used"):
        open_key(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be used"):
        open_key(tmp_path / "file" / "key")
    redactor = Redactor(open_key(tmp_path / "key"))
    (tmp_path / "key").unlink()
    with pytest.raises(UsageError, match="cannot be used"):
        redactor.address("10.1.1.1")


def test_a_pipe_is_no_key(tmp_path: Path) -> None:
    """And is not waited for."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(UsageError):
        open_key(tmp_path / "pipe")
