"""``seamark CAPTURE --redact`` on a terminal: nobody is named, and nothing is left behind."""

from __future__ import annotations

import shutil
import sys
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from cli.command import FOUNDING
from cli.test_export import fields
from redact.same import key_file
from terminal.pty_terminal import home, seamark

from dissect.commands.redacting import copies
from dissect.errors import UsageError
from dissect.pipeline import Settings
from dissect.redact import Redactor, open_key
from dissect.source import find_tshark
from tui.__main__ import seamark as command
from tui.watching import as_set

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.terminal,
    pytest.mark.skipif(sys.platform != "linux", reason="the terminal is driven through a pty"),
    pytest.mark.skipif(shutil.which("editcap") is None, reason="editcap is not installed"),
]


def test_a_redacted_capture_names_nobody(tmp_path: Path) -> None:
    """Neither list, dialogue, bytes nor a saved file; its frames have the numbers that they had."""
    (tmp_path / "tmp").mkdir()
    env = {**home(tmp_path), "TMPDIR": str(tmp_path / "tmp")}
    words = (FOUNDING, "--redact", "--redact-key", key_file(tmp_path))
    with seamark(*words, size=(160, 45), env=env, cwd=tmp_path) as screen:
        screen.until("9 flows", "founding-behind.pcap (redacted)", "complete")
        screen.press("enter")
        screen.until("──▶ EHLO")
        screen.press("n", "f")
        screen.until("Transmission Control Protocol")
        screen.press("q", "q", "S")
        screen.until("save")
        screen.press("enter")
        screen.until("17 packets")
        screen.press("q", "q")
        assert screen.wait() == 0
        shown = screen.written
    (saved,) = tmp_path.glob("*.pcapng")
    everything = shown + saved.read_bytes()
    for name in (b"example", b"recipient0", b"registrar", b"192.0.2.10 "):
        assert name not in everything
    assert ip_address("192.0.2.10").packed not in saved.read_bytes()
    times = fields(FOUNDING, "frame.time_epoch")
    assert fields(saved, "frame.time_epoch") == times[: len(fields(saved, "frame.time_epoch"))]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(("words", "said"), [
    (("-Y", "tcp"), "-Y names addresses as they are"),
    (("--log", "main.log"), "does not show mail logs with --redact"),
])  # fmt: skip
def test_what_would_not_go_together_is_refused(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """With what to do instead, and before the screen opens."""
    key = ("--redact", "--redact-key", tmp_path / "key")
    with seamark(FOUNDING, *key, *words, env=home(tmp_path)) as screen:
        assert screen.wait() == 2
        assert said in " ".join(screen.written.decode().split())


def test_a_copy_holds_nothing_of_what_is_inside_tls(tmp_path: Path) -> None:
    """So a key log is refused, and nothing is written."""
    settings = Settings(redactor=Redactor(open_key(tmp_path / "key")), keylog="keys")
    with pytest.raises(UsageError, match="inside TLS"):
        copies(find_tshark(), [str(FOUNDING)], settings, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_live_capture_that_is_begun_beside_it_is_redacted(tmp_path: Path) -> None:
    """The worker that captures is told so, with the same key."""
    redactor = Redactor(open_key(tmp_path / "key"))
    with command.make_context("seamark", [], resilient_parsing=True) as context:
        wanted = as_set(context, Settings(redactor=redactor))
    words = wanted.command()
    assert "--redact" in words
    assert f"--redact-key={tmp_path / 'key'}" in words
