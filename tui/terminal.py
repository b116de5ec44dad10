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
_LOCALE_ORDER: Final = ("LC_ALL", "LC_CTYPE", "LANG")


def prepare(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set Textual's switches, where the user has not set them."""
    rate = "10" if low_rate(environ) else "60"
    for name, value in {**_DEFAULTS, "TEXTUAL_FPS": rate}.items():
        environ.setdefault(name, value)


def low_rate(environ: Mapping[str, str] = os.environ) -> bool:
    """True inside ssh, where every repaint costs bandwidth."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def ascii_only(environ: Mapping[str, str] = os.environ) -> bool:
    """True where line drawing and arrows would not arrive: no UTF-8, or a plain console."""
    if environ.get("TERM", "") in _PLAIN_TERMINALS:
        return True
    locale = next((environ[name] for name in _LOCALE_ORDER if environ.get(name)), "")
    return "utf8" not in locale.lower().replace("-", "")
