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
        ({"LC_CTYPE": "de_DE.ISO-8859-1", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, True),
        ({"LC_CTYPE": "en_GB.UTF-8", "LANG": "C"}, False),
        ({"LC_ALL": "POSIX", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8", "TERM": "putty"}, False),
        ({"LANG": "en_GB.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "en_GB.UTF-8", "TERM": "vt100"}, True),
    ],
)
def test_ascii_is_chosen_from_locale_and_terminal(environ: dict[str, str], plain: bool) -> None:  # noqa: FBT001
    """Without UTF-8, or on a console without the glyphs, everything is drawn with ASCII."""
    assert terminal.ascii_only(environ) is plain


@pytest.mark.parametrize(("environ", "colours", "theme"), [
    ({"TERM": "xterm-256color"}, "256", "seamark"),
    ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor", "seamark"),
    ({"TERM": "xterm"}, "standard", "terminal"),
    ({"TERM": "xterm", "COLORTERM": "24bit"}, "truecolor", "seamark"),
    ({"TERM": "xterm-direct"}, "truecolor", "seamark"),
    ({"TERM": "xterm-kitty"}, "truecolor", "seamark"),
    ({"TERM": "foot"}, "truecolor", "seamark"),
    ({"TERM": "putty"}, "standard", "terminal"),
    ({"TERM": "putty-256color"}, "256", "seamark"),
    ({"TERM": "screen"}, "standard", "terminal"),
    ({"TERM": "screen-256color"}, "256", "seamark"),
    ({"TERM": "screen-256color", "COLORTERM": "truecolor"}, "256", "seamark"),
    ({"TERM": "screen-256color", "COLORTERM": "truecolor", "TMUX": "/x"}, "truecolor", "seamark"),
    ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "STY": "1.x"}, "256", "seamark"),
    ({"TERM": "tmux-256color"}, "256", "seamark"),
    ({"TERM": "tmux-256color", "COLORTERM": "truecolor", "TMUX": "/x"}, "truecolor", "seamark"),
    ({"TERM": "linux"}, "standard", "terminal"),
    ({"TERM": "linux", "COLORTERM": "truecolor"}, "standard", "terminal"),
    ({"TERM": "vt100"}, "none", "terminal"),
    ({"TERM": "vt220", "COLORTERM": "truecolor"}, "none", "terminal"),
    ({}, "standard", "terminal"),
    ({"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "256", "seamark-light"),
    ({"TERM": "xterm-256color", "COLORFGBG": "0;default;15"}, "256", "seamark-light"),
    ({"TERM": "xterm-256color", "COLORFGBG": "15;0"}, "256", "seamark"),
    ({"TERM": "xterm-256color", "COLORFGBG": "15;8"}, "256", "seamark"),
    ({"TERM": "xterm-256color", "COLORFGBG": "0;default"}, "256", "seamark"),
    ({"TERM": "xterm-256color", "COLORFGBG": ""}, "256", "seamark"),
    ({"TERM": "rxvt", "COLORFGBG": "0;15"}, "standard", "terminal"),
])  # fmt: skip
def test_colours_are_known_by_the_terminals_name(
    environ: dict[str, str], colours: str, theme: str
) -> None:
    """How many there are, and the theme for that; COLORTERM counts where it can be passed on."""
    assert terminal.colours(environ) == colours
    assert terminal.theme(environ) == theme
    prepared = dict(environ)
    terminal.prepare(prepared)
    system = "standard" if colours == "none" else colours
    assert prepared["TEXTUAL_COLOR_SYSTEM"] == system


def test_what_the_user_said_to_textual_stays() -> None:
    """Each of its switches."""
    said = {
        "TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "truecolor", "TEXTUAL_FPS": "5",
        "TEXTUAL_ANIMATIONS": "full", "TEXTUAL_SMOOTH_SCROLL": "1",
    }  # fmt: skip
    prepared = dict(said)
    terminal.prepare(prepared)
    assert prepared == said


@pytest.mark.parametrize("word", ["", "lots", "TRUECOLOR"])
def test_what_textual_would_not_understand_goes(word: str) -> None:
    """It would end with an error in place of a screen."""
    prepared = {"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": word}
    terminal.prepare(prepared)
    assert prepared["TEXTUAL_COLOR_SYSTEM"] == "256"


@pytest.mark.parametrize(("environ", "colour", "without"), [
    ({"TERM": "xterm"}, True, False),
    ({"TERM": "xterm"}, False, True),
    ({"TERM": "xterm", "NO_COLOR": "1"}, True, True),
    ({"TERM": "xterm", "NO_COLOR": ""}, True, False),
    ({"TERM": "vt100"}, True, True),
])  # fmt: skip
def test_no_color_means_what_it_means_elsewhere(
    environ: dict[str, str],
    colour: bool,  # noqa: FBT001
    without: bool,  # noqa: FBT001
) -> None:
    """Any value but an empty one; Textual begins with a theme that turns it into no colours."""
    terminal.prepare(environ, colour=colour)
    assert ("NO_COLOR" in environ) is without
    assert ("TEXTUAL_THEME" in environ) is without
    if colour:
        assert terminal.colourless(environ) is without


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


@pytest.mark.parametrize("environ", [{}, {"SSH_TTY": "/dev/pts/1"}])
@pytest.mark.parametrize(("slow", "rate"), [(True, "10"), (False, "60")])
def test_a_rate_that_was_said_wins_over_ssh(
    environ: dict[str, str],
    slow: bool,  # noqa: FBT001
    rate: str,
) -> None:
    """In both directions."""
    prepared = dict(environ)
    terminal.prepare(prepared, slow=slow)
    assert prepared["TEXTUAL_FPS"] == rate
    assert terminal.low_rate(environ, slow=slow) is slow
