"""The colours: a dark ground, one accent, and one colour for each severity."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

VARIABLES: Final = {
    "seam-low": "#9bb3d6",
    "seam-high": "#ef9a5a",
    "seam-dim": "#7d8894",
    "seam-client": "#7fb0d8",
    "seam-server": "#a7b98a",
    "seam-mark": "#ffe066",
}
"""Colours of ours, for the stylesheet; any other theme can be used with them."""

THEME: Final = Theme(
    name="seamark",
    primary="#6cb6c4",
    secondary="#8fa7c4",
    accent="#6cb6c4",
    warning="#e0b560",
    error="#ef6a6a",
    success="#8dbb78",
    foreground="#d4dae0",
    background="#12161b",
    surface="#181d24",
    panel="#212832",
    dark=True,
)
