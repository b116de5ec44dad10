"""How well a colour can be read on another (WCAG 2.2, 1.4.3), and a colour that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.color import Color

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST: Final = 4.5
"""The ratio that text of any size needs."""
_STEPS: Final = 20
_KNEE: Final = 0.04045


def ratio(one: Color, other: Color) -> float:
    """From 1, the same, to 21, black on white."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: Color) -> float:
    """How bright it seems, from 0 to 1."""
    red, green, blue = map(_linear, colour.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(byte: int) -> float:
    share = byte / 255
    return share / 12.92 if share <= _KNEE else float(((share + 0.055) / 1.055) ** 2.4)


def readable(colour: Color, grounds: Sequence[Color], towards: Color) -> Color:
    """``colour``, moved towards another as little as makes it readable on all ``grounds``."""
    for step in range(_STEPS):
        tried = colour.blend(towards, step / _STEPS, alpha=1)
        if all(ratio(tried, ground) >= LEAST for ground in grounds):
            return tried
    return towards
