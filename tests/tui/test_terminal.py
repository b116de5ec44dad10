"""What is read from the environment before Textual is imported."""

from __future__ import annotations

import pytest

from tui import terminal


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({"LANG": "en_GB.UTF-8", "TERM": "xterm-256color"}, False),
        ({"LANG": "en_GB.utf8"}, False),
        ({"LANG": "C"}, True),
        ({}, True),
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_ALL": "", "LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "en_GB.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "en_GB.UTF-8", "TERM": "vt100"}, True),
    ],
)
def test_ascii_is_chosen_from_locale_and_terminal(environ: dict[str, str], plain: bool) -> None:  # noqa: FBT001
    """Without UTF-8, or on a console without the glyphs, everything is drawn with ASCII."""
    assert terminal.ascii_only(environ) is plain


def test_rates_are_lower_inside_ssh_and_the_user_decides() -> None:
    """Inside ssh Textual paints at most ten times a second; what the user set stays."""
    here: dict[str, str] = {}
    terminal.prepare(here)
    assert here["TEXTUAL_FPS"] == "60"
    assert here["TEXTUAL_ANIMATIONS"] == "none"
    far = {"SSH_CONNECTION": "a b c d", "TEXTUAL_ANIMATIONS": "full"}
    terminal.prepare(far)
    assert far["TEXTUAL_FPS"] == "10"
    assert far["TEXTUAL_ANIMATIONS"] == "full"
    assert terminal.low_rate(far)
