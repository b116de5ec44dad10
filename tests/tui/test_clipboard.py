"""OSC 52: what is sent to which terminal, and what is said of it."""

from __future__ import annotations

import base64

import pytest

from dissect.errors import UsageError
from tui.clipboard import LIMIT, Clipboard, Route, clean, route


class Sent:
    """Takes what is copied."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def copy_to_clipboard(self, text: str) -> None:
        """Keep it."""
        self.texts.append(text)


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"TERM": "xterm-256color"}, Route.DIRECT),
        ({"TERM": "screen-256color"}, Route.DIRECT),
        ({"TERM": "tmux-256color", "TMUX": "/run/x,1,0"}, Route.TMUX),
        ({"TERM": "screen", "STY": "1.pts-0.host"}, Route.SCREEN),
        ({"TERM": "screen.xterm-256color"}, Route.SCREEN),
        ({"TERM": "linux"}, Route.NOWHERE),
        ({"TERM": "vt100"}, Route.NOWHERE),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, Route.NOWHERE),
        ({}, Route.DIRECT),
    ],
)
def test_the_way_to_the_clipboard_is_read_from_the_environment(
    environ: dict[str, str], way: Route
) -> None:
    """Multiplexers want a word or a wrapping; a console has no clipboard."""
    assert route(environ) is way


def test_what_was_copied_is_told_with_care() -> None:
    """Nobody knows whether the terminal has obeyed; the words fit 80 columns."""
    sent = Sent()
    told = Clipboard({"TERM": "xterm"}).copy(sent, "x" * 1234)
    assert told == "copied 1,234 characters (if your terminal allows OSC 52; Y writes a file)"
    assert sent.texts == ["x" * 1234]


def test_tmux_is_explained_once() -> None:
    """The setting that it needs is said with the first copy."""
    board = Clipboard({"TMUX": "x"})
    first, second = board.copy(Sent(), "a"), board.copy(Sent(), "b")
    assert "set -s set-clipboard on" in first
    assert "OSC 52" in second
    assert max(len(first), len(second)) < 78


def test_too_long_a_text_goes_to_a_file() -> None:
    """Terminals forget long ones without a word, so that is said here; bytes count."""
    sent = Sent()
    board = Clipboard({"TERM": "xterm"})
    board.copy(sent, "x" * LIMIT)
    with pytest.raises(UsageError, match="too long") as caught:
        board.copy(sent, "é" * (LIMIT // 2 + 1))
    assert "Y writes a file" in caught.value.remedy
    assert len(sent.texts) == 1


def test_a_console_has_no_clipboard() -> None:
    """It would print the sequence, or swallow it."""
    sent = Sent()
    board = Clipboard({"TERM": "linux"})
    assert not board.there
    with pytest.raises(UsageError, match="no clipboard"):
        board.copy(sent, "x")
    assert sent.texts == []


def test_the_sequence_holds_nothing_but_base64() -> None:
    """Whatever the text says, it cannot end the sequence early."""
    text = "\x07\x1b\\ é \ud800"
    sequence = Clipboard({"TERM": "xterm"}).sequence(text)
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\a")
    body = sequence[len("\x1b]52;c;") : -1]
    assert base64.b64decode(body, validate=True).decode() == "\x07\x1b\\ é ?"


def test_gnu_screen_gets_it_in_strings_that_it_passes_on() -> None:
    """Each is at most 256 bytes, and what arrives is the sequence itself."""
    text = "words " * 500
    wrapped = Clipboard({"STY": "x"}).sequence(text)
    parts = wrapped.removeprefix("\x1bP").removesuffix("\x1b\\").split("\x1b\\\x1bP")
    assert max(len(part) + 4 for part in parts) <= 256
    assert "".join(parts) == Clipboard({"TERM": "xterm"}).sequence(text)


def test_the_last_guard_lets_only_lines_of_text_through() -> None:
    """Line ends of ours stay; a line with anything that steers is shown as words."""
    assert clean("a\\b\n\x1b[31mred\\\u202e") == "a\\b\n␛[31mred\\\\\\u202e"
