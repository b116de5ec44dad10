"""The colours: a palette names what is coloured, and a theme is made from a palette.

The stylesheet knows the names of ``COLOURS`` alone, so any theme of Textual's can be used: what
it does not say itself is made from what it says, and can be read on its background.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.color import BLACK, WHITE, Color
from textual.theme import BUILTIN_THEMES, Theme

from tui.contrast import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui.settings import Screen

Palette = dict[str, str]
"""A colour for each name of ``COLOURS``."""


class Named(NamedTuple):
    """Something that has a colour."""

    what: str
    """What it is, for the documentation."""
    variable: str
    """Its name in the stylesheet."""


COLOURS: Final[dict[str, Named]] = {
    "background": Named("what lists are drawn on", "background"),
    "surface": Named("what the pane is drawn on", "surface"),
    "panel": Named("the bands above and below", "panel"),
    "focus": Named("what the pane is drawn on while it has the keys", "seam-focus"),
    "cursor": Named("the line with the cursor", "seam-cursor"),
    "partner": Named("the answer to the row with the cursor", "seam-partner"),
    "same": Named("other lines of the row with the cursor", "seam-same"),
    "foreground": Named("words", "foreground"),
    "dim": Named("what matters less, and findings that are information", "seam-dim"),
    "accent": Named("titles of columns, what is chosen, keys in the footer", "seam-accent"),
    "client": Named("what the client says", "seam-client"),
    "server": Named("what the server says", "seam-server"),
    "seam": Named("where one packet ends and the next begins", "seam-mark"),
    "mask": Named("letters that were overwritten", "seam-mask"),
    "original": Named("what they were", "seam-original"),
    "escaped": Named("bytes that are no letters", "seam-escaped"),
    "critical": Named("findings: mail is lost or can be read by others", "seam-critical"),
    "high": Named("findings: mail is delayed or refused", "seam-high"),
    "medium": Named("findings: it works, and is fragile; notices", "seam-medium"),
    "low": Named("findings: odd, harmless alone", "seam-low"),
    "good": Named("mail that was delivered", "seam-good"),
    "bad": Named("mail that was lost; errors", "seam-bad"),
}
"""What a theme of the user's can colour."""

GROUNDS: Final = ("background", "surface", "panel", "focus", "cursor", "partner", "same")
"""Those that something else is drawn on."""

# With 256 colours the nearest are taken: the grounds are grey enough for those to be greys, and all
# words can still be read on them.

SEAMARK: Final[Palette] = {
    "background": "#14171a", "surface": "#1a1d21", "panel": "#24282d", "focus": "#22262b",
    "cursor": "#2f363f", "partner": "#242a28", "same": "#22262b",
    "foreground": "#d4dae0", "dim": "#97a2ad", "accent": "#6cb6c4",
    "client": "#7fb0d8", "server": "#a7b98a",
    "seam": "#ffe066", "mask": "#f27c7c", "original": "#8dbb78", "escaped": "#9bb3d6",
    "critical": "#f27c7c", "high": "#ef9a5a", "medium": "#e0b560", "low": "#9bb3d6",
    "good": "#8dbb78", "bad": "#f27c7c",
}  # fmt: skip

SEAMARK_LIGHT: Final[Palette] = {
    "background": "#f7f8fa", "surface": "#eff1f3", "panel": "#e2e5e9", "focus": "#e6e9ec",
    "cursor": "#d3deea", "partner": "#e8ece9", "same": "#eaecef",
    "foreground": "#1d242b", "dim": "#505a65", "accent": "#0b5c6a",
    "client": "#1d5485", "server": "#47591f",
    "seam": "#6b4a00", "mask": "#ad0f22", "original": "#2a641a", "escaped": "#2c2f86",
    "critical": "#ad0f22", "high": "#8a2f00", "medium": "#6b4a00", "low": "#2c2f86",
    "good": "#2a641a", "bad": "#ad0f22",
}  # fmt: skip

HIGH_CONTRAST: Final[Palette] = {
    "background": "#000000", "surface": "#000000", "panel": "#1c1c1c", "focus": "#141414",
    "cursor": "#2a2a2a", "partner": "#1a2a1a", "same": "#202020",
    "foreground": "#ffffff", "dim": "#d0d0d0", "accent": "#5fe6ff",
    "client": "#a6d4ff", "server": "#d2f59a",
    "seam": "#ffff00", "mask": "#ffa3a3", "original": "#7dff7d", "escaped": "#c4ccff",
    "critical": "#ffa3a3", "high": "#ffb066", "medium": "#ffd75f", "low": "#c4ccff",
    "good": "#7dff7d", "bad": "#ffa3a3",
}  # fmt: skip

TERMINAL: Final[Palette] = {
    **dict.fromkeys(GROUNDS, "ansi_default"),
    "foreground": "ansi_default", "dim": "ansi_default", "accent": "ansi_cyan",
    "client": "ansi_default", "server": "ansi_default",
    "seam": "ansi_yellow", "mask": "ansi_red", "original": "ansi_green", "escaped": "ansi_cyan",
    "critical": "ansi_red", "high": "ansi_magenta", "medium": "ansi_yellow", "low": "ansi_cyan",
    "good": "ansi_green", "bad": "ansi_red",
}  # fmt: skip
"""The terminal's own colours, without the bright ones, which a light terminal hardly shows."""


def made(name: str, palette: Mapping[str, str], *, dark: bool, ansi: bool = False) -> Theme:
    """A theme from a palette, with something for what Textual itself draws."""
    return Theme(
        name=name,
        primary=palette["accent"], secondary=palette["low"], accent=palette["accent"],
        warning=palette["medium"], error=palette["critical"], success=palette["good"],
        foreground=palette["foreground"], background=palette["background"],
        surface=palette["surface"], panel=palette["panel"],
        dark=dark, ansi=ansi, variables=_variables(palette) | (_for_ansi(palette) if ansi else {}),
    )  # fmt: skip


def _variables(palette: Mapping[str, str]) -> dict[str, str]:
    """The stylesheet's own names, those of Textual's left out."""
    own = {COLOURS[name].variable: colour for name, colour in palette.items()}
    kept = {name: colour for name, colour in own.items() if name.startswith("seam-")}
    return kept | {"seam-bar": palette["panel"]}


def _for_ansi(palette: Mapping[str, str]) -> dict[str, str]:
    """What Textual leaves out of such a theme, and a scroll bar that any background shows."""
    grounds = {name: palette[name] for name in ("surface", "panel")}
    bar = {"seam-bar": "ansi_cyan", "block-cursor-background": "ansi_cyan"}
    return BUILTIN_THEMES["ansi-dark"].variables | grounds | bar


DEFAULT: Final = "seamark"
OWN: Final = {
    theme.name: theme
    for theme in (
        made(DEFAULT, SEAMARK, dark=True),
        made("seamark-light", SEAMARK_LIGHT, dark=False),
        made("high-contrast", HIGH_CONTRAST, dark=True),
        made("terminal", TERMINAL, dark=True, ansi=True),
    )
}
THEME: Final = OWN[DEFAULT]
VARIABLES: Final = THEME.variables
"""Colours of ours, for the stylesheet, until a theme says others."""

NAMES: Final = (*OWN, *BUILTIN_THEMES)
"""The themes that are there without anything being set."""


def themes(screen: Screen) -> Iterable[Theme]:
    """All themes, each with all that the stylesheet asks for; the user's own come last."""
    yield from map(known, NAMES)
    yield from (theme_of(name, said) for name, said in screen.themes.items())


@cache
def known(name: str) -> Theme:
    """One of ours or of Textual's."""
    return OWN[name] if name in OWN else _completed(BUILTIN_THEMES[name])


def theme_of(name: str, said: Mapping[str, str]) -> Theme:
    """A theme of the user's: another one with some other colours."""
    base = known(said.get("base", DEFAULT))
    palette = palette_of(base) | {word: said[word] for word in COLOURS if word in said}
    return made(name, palette, dark=base.dark, ansi=base.ansi)


def palette_of(theme: Theme) -> Palette:
    """The colours of a theme, by our names."""
    said = theme.to_color_system().generate() | theme.variables
    return {name: said[COLOURS[name].variable] for name in COLOURS}


def _completed(theme: Theme) -> Theme:
    """A theme of Textual's with colours for what only we draw."""
    palette = TERMINAL if theme.ansi else _derived(theme)
    return replace(theme, variables=_variables(palette) | theme.variables)


def _derived(theme: Theme) -> Palette:
    """Colours that go with those of a theme, and can be read on its grounds."""
    said = {
        name: Color.parse(colour)
        for name, colour in theme.to_color_system().generate().items()
        if name in _BASES
    }
    grounds = _grounds(said)
    words = {name: colour.blend(said[by], share) for name, (colour, by, share) in _mix(said)}
    end = WHITE if theme.dark else BLACK
    shown = {name: readable(each, [*grounds.values()], end) for name, each in words.items()}
    every = grounds | shown | {"foreground": said["foreground"]}
    return {name: colour.hex6 for name, colour in every.items()}


_BASES: Final = frozenset({
    "background", "foreground", "surface", "panel", "primary", "secondary", "accent", "warning",
    "error", "success",
})  # fmt: skip


def _grounds(said: Mapping[str, Color]) -> dict[str, Color]:
    ground, words = said["background"], said["foreground"]
    surface = ground + said["surface"]
    return {
        "background": ground,
        "surface": surface,
        "panel": ground + said["panel"],
        "focus": surface.blend(words, 0.04),
        "cursor": ground.blend(words, 0.14),
        "partner": ground.blend(said["success"], 0.12),
        "same": ground.blend(words, 0.06),
    }


def _mix(said: Mapping[str, Color]) -> Iterable[tuple[str, tuple[Color, str, float]]]:
    """For each name the colour that it begins with, and how much of another goes into it."""
    for name, (start, by, share) in _RECIPES.items():
        yield name, (said[start], by, share)


_RECIPES: Final = {
    "dim": ("foreground", "background", 0.35),
    "accent": ("accent", "accent", 0.0),
    "client": ("primary", "foreground", 0.25),
    "server": ("success", "foreground", 0.45),
    "seam": ("warning", "foreground", 0.1),
    "mask": ("error", "error", 0.0),
    "original": ("success", "success", 0.0),
    "escaped": ("secondary", "foreground", 0.3),
    "critical": ("error", "error", 0.0),
    "high": ("error", "warning", 0.5),
    "medium": ("warning", "warning", 0.0),
    "low": ("secondary", "foreground", 0.3),
    "good": ("success", "success", 0.0),
    "bad": ("error", "error", 0.0),
}
