"""Files that the user asks for: new, private, whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dissect.errors import CaptureError, UsageError
from tui import files


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_for_the_user_alone(tmp_path: Path) -> None:
    """It is mode 0600 whatever the umask says, and holds what was written."""
    before = os.umask(0)
    try:
        files.create(tmp_path / "a.txt", "words\n")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "words\n"
    assert _mode(tmp_path / "a.txt") == 0o600


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Neither a file, nor what a symbolic link points to, whether that is there or not."""
    (tmp_path / "a").write_text("kept", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "dangling").symlink_to(tmp_path / "not-there")
    for name in ("a", "link", "dangling"):
        with pytest.raises(UsageError, match="already"):
            files.create(tmp_path / name, "new")
        assert "already" in files.wrong(str(tmp_path / name))
    assert (tmp_path / "a").read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "not-there").exists()


def test_a_file_that_fails_is_removed(tmp_path: Path) -> None:
    """Half a file would be taken for a whole one."""

    def half() -> None:
        with files.creating(tmp_path / "a") as file:
            file.write("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(CaptureError, match="No space"):
        half()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("nowhere/a.txt", "no folder nowhere"),
        (".", "is a folder"),
        ("a\x1bb", "cannot be shown"),
        ("a\u202eb", "cannot be shown"),
        ("x" * 300, "too long"),
        ("~nobody-of-that-name/x", "no such home"),
    ],
)
def test_what_cannot_be_a_file_is_refused(words: str, why: str) -> None:
    """The prompt says why, before anything is done."""
    assert why in files.wrong(words)


def test_the_home_folder_is_meant_by_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.path(" ~/a.txt ") == tmp_path / "a.txt"
    assert files.wrong("~/a.txt") == ""


def test_a_free_name_is_proposed(tmp_path: Path) -> None:
    """The next number, before the ending."""
    for name in ("a.txt", "a-2.txt"):
        (tmp_path / name).touch()
    assert files.free("a.txt", str(tmp_path)) == str(tmp_path / "a-3.txt")
    assert files.free("b.txt", str(tmp_path)) == str(tmp_path / "b.txt")


@pytest.mark.parametrize(
    ("capture", "stem"),
    [
        ("/srv/founding-behind.pcapng", "founding-behind"),
        ("a.pcap.gz", "a"),
        ("-", "capture"),
        ("..", "capture"),
        ("-rf *.pcap", "rf_"),
        ("\x1b]0;x\x07.pcap", "0_x_"),
        ("x" * 200, "x" * 60),
    ],
)
def test_names_begin_with_a_harmless_form_of_the_captures(capture: str, stem: str) -> None:
    """No folder, no option, no control character."""
    assert files.stem(capture) == stem


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    """A link is replaced, not followed, and nothing else is left in the folder."""
    (tmp_path / "a").write_text("kept", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    files.replace(tmp_path / "link", b"new")
    assert (tmp_path / "link").read_bytes() == b"new"
    assert _mode(tmp_path / "link") == 0o600
    assert (tmp_path / "a").read_text(encoding="utf-8") == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "link"]


def test_a_passing_file_is_gone_afterwards() -> None:
    """With its folder, and what a program has left in it."""
    with files.passing("words", "note.txt") as path:
        assert path.read_text(encoding="utf-8") == "words"
        assert _mode(path) == 0o600
        assert _mode(path.parent) == 0o700
        (path.parent / ".note.txt.swp").touch()
    assert not path.parent.exists()
