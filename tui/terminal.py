"""What the terminal can do, read from the environment before Textual is imported.

Textual reads its switches at import, so ``prepare`` has to be called before anything of this
package that imports it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_DEFAULTS: Final = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
_PLAIN_TERMINALS: Final = frozenset({"linux", "vt100", "vt102", "vt220", "ansi", "dumb"})
_COERCED: Final = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
_C: Final = frozenset({"", "C", "POSIX"})
_LOCALE_ORDER: Final = ("LC_ALL", "LC_CTYPE", "LANG")

NONE: Final = "none"
STANDARD: Final = "standard"
MANY: Final = "256"
FULL: Final = "truecolor"
"""How many colours there are, as Textual calls it but for the first: 0, 16, 256, all."""

BARE: Final = "terminal"
"""The theme that needs no colours of ours, and tells roles apart without any."""

_SYSTEMS: Final = frozenset({"auto", STANDARD, MANY, FULL})

_COLOURLESS: Final = frozenset({"vt52", "vt100", "vt102", "vt220", "vt320", "xterm-mono"})
_CONSOLES: Final = frozenset({"linux", "ansi", "cygwin"})
"""Terminals with 16 colours, whatever ``COLORTERM`` says of the one that they were reached from."""
_MODERN: Final = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour")
_ENDINGS: Final = {"direct": FULL, "truecolor": FULL, "256color": MANY}
_LIGHT: Final = frozenset({7, *range(9, 16)})
"""Numbers of colours that are bright as a background."""


def prepare(
    environ: MutableMapping[str, str] = os.environ, *, slow: bool | None = None, colour: bool = True
) -> None:
    """Set Textual's switches, where the user has not set them.

    Args:
        environ: where they are set.
        slow: repaint seldom; None for what the connection suggests.
        colour: False to paint without any.
    """
    rate = "10" if low_rate(environ, slow=slow) else "60"
    for name, value in {**_DEFAULTS, "TEXTUAL_FPS": rate}.items():
        environ.setdefault(name, value)
    if environ.get("TEXTUAL_COLOR_SYSTEM") not in _SYSTEMS:  # Textual would end with an error
        depth = colours(environ)
        environ["TEXTUAL_COLOR_SYSTEM"] = STANDARD if depth == NONE else depth
    _set_colourless(environ, without=colourless(environ) or not colour)


def _set_colourless(environ: MutableMapping[str, str], *, without: bool) -> None:
    """Give ``NO_COLOR`` the meaning that it has elsewhere.

    Textual takes an empty one for a set one, and turns colours into greys, unless it begins with
    a theme of the terminal's own colours: only then there really are none.
    """
    if without:
        environ["NO_COLOR"] = "1"
        environ["TEXTUAL_THEME"] = "ansi-dark"
    else:
        environ.pop("NO_COLOR", None)


def low_rate(environ: Mapping[str, str] = os.environ, *, slow: bool | None = None) -> bool:
    """Whether to repaint seldom: as the user says, otherwise inside ssh.

    There every repaint costs bandwidth.
    """
    far = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    return far if slow is None else slow


def ascii_only(environ: Mapping[str, str] = os.environ) -> bool:
    """True where line drawing and arrows would not arrive: no UTF-8, or a plain console."""
    if environ.get("TERM", "") in _PLAIN_TERMINALS:
        return True
    said = {name: environ.get(name, "") for name in _LOCALE_ORDER}
    if said["LC_CTYPE"] in _COERCED and not said["LC_ALL"] and said["LANG"] in _C:
        return True  # Python has set it itself (PEP 538): the user's locale is C
    locale = next(filter(None, said.values()), "")
    return "utf8" not in locale.lower().replace("-", "")


def colours(environ: Mapping[str, str] = os.environ) -> str:
    """How many colours the terminal has: ``NONE``, ``STANDARD``, ``MANY`` or ``FULL``."""
    term = environ.get("TERM", "").lower()
    if term in _COLOURLESS:
        return NONE
    by_name = FULL if term.startswith(_MODERN) else _by_ending(term)
    full = environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}
    return FULL if full and not _hides_colours(term, environ) else by_name


def colourless(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to paint without colours: there are none, or the user wants none."""
    return bool(environ.get("NO_COLOR")) or colours(environ) == NONE


def _by_ending(term: str) -> str:
    return _ENDINGS.get(term.rpartition("-")[2], STANDARD)


def _hides_colours(term: str, environ: Mapping[str, str]) -> bool:
    """Whether ``COLORTERM`` is that of a terminal around this one, which passes less on."""
    in_screen = bool(environ.get("STY")) or (term.startswith("screen") and "TMUX" not in environ)
    return in_screen or term in _CONSOLES


def light(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal says that its background is light."""
    last = environ.get("COLORFGBG", "").rpartition(";")[2]
    return last.isdecimal() and int(last) in _LIGHT


def theme(environ: Mapping[str, str] = os.environ) -> str:
    """The theme that suits the terminal, by its name."""
    if colours(environ) in {NONE, STANDARD}:
        return BARE
    return "seamark-light" if light(environ) else "seamark"
