"""What was chosen on the screen, kept for the next time.

``$XDG_STATE_HOME/seamark/state.json`` (or ``~/.local/state/seamark/state.json``) is ours to write,
so whatever cannot be read in it is as if it had not been chosen, and nothing is ever said of it.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tui.columns import BY_ID, COLUMNS, Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_BYTES: Final = 64 * 1024
_MOST_CELLS: Final = 500
"""Of a column."""
_NAME: Final = re.compile(r"[\w-]{1,64}", re.ASCII)


class Chosen(NamedTuple):
    """What may have been chosen; None for what was not."""

    columns: tuple[Choice, ...] | None = None
    sort: tuple[str, bool] | None = None
    """A column, and whether its order is turned round."""
    theme: str | None = None


class State:
    """What was chosen before, and is now.

    Args:
        path: the file; None remembers nothing beyond the session.
        chosen: what it holds.
    """

    def __init__(self, path: Path | None = None, chosen: Chosen | None = None) -> None:
        self._path = path
        self.chosen = chosen or Chosen()

    @classmethod
    def load(cls, path: Path | None = None) -> State:
        """What a file holds, ours unless told otherwise."""
        path = path or where()
        return cls(path, read(path) if path is not None else None)

    def keep(self, **chosen: Any) -> None:
        """Remember more of it, by the names in ``Chosen``."""
        self.chosen = self.chosen._replace(**chosen)
        self.save()

    def save(self) -> None:
        """Write the file, whole or not at all, for nobody else to read."""
        if self._path is not None:
            with suppress(OSError):
                write(self._path, self.chosen)


def where() -> Path | None:
    """The file; None for a user without a home."""
    with suppress(RuntimeError):
        folder = os.environ.get("XDG_STATE_HOME", "")
        home = Path(folder) if os.path.isabs(folder) else Path("~/.local/state").expanduser()  # noqa: PTH117 - an empty path is none
        return home / "seamark" / "state.json"
    return None


def read(path: Path) -> Chosen:
    """What a file holds, as far as it can be meant."""
    with suppress(OSError, ValueError, RecursionError):
        with path.open("rb") as file:
            said = json.loads(file.read(_MOST_BYTES))
        if isinstance(said, dict):
            return Chosen(**{name: parse(said.get(name)) for name, parse in _PARSERS.items()})
    return Chosen()


def write(path: Path, chosen: Chosen) -> None:
    """Replace a file.

    Raises:
        OSError: if it cannot be.
    """
    said = {name: value for name, value in chosen._asdict().items() if value is not None}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # 0600 from the start
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(said) + "\n")
        Path(name).replace(path)
    except OSError:
        Path(name).unlink()
        raise


def _columns(said: object) -> tuple[Choice, ...] | None:
    """Columns, each once; None unless some of them is to be shown."""
    if not isinstance(said, list):
        return None
    listed = (_choice(each) for each in said[: 2 * len(COLUMNS)])
    kept = {each.column: each for each in listed if each is not None}
    return tuple(kept.values()) if any(each.shown for each in kept.values()) else None


def _choice(said: object) -> Choice | None:
    match said:
        case [str(name), bool(shown), int(cells)] if name in BY_ID and 0 <= cells <= _MOST_CELLS:
            return Choice(name, shown, int(cells))
    return None


def _sort(said: object) -> tuple[str, bool] | None:
    match said:
        case [str(name), bool(reverse)] if name in BY_ID:
            return name, reverse
    return None


def _theme(said: object) -> str | None:
    return said if isinstance(said, str) and _NAME.fullmatch(said) else None


_PARSERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "columns": _columns,
    "sort": _sort,
    "theme": _theme,
}
