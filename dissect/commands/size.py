"""Bytes as options take them: a number, or one with a unit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SMALLEST: Final = 1 << 10

if TYPE_CHECKING:
    _Bytes = click.ParamType[int]
else:
    _Bytes = click.ParamType  # older ones take no parameter


class Size(_Bytes):
    """Bytes, or a number with a unit."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """``500M``, ``1G``, ``1.5G``, ``4096``."""
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(str(value))
        size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
        if size < _SMALLEST:
            self.fail(f"{value!r} is no size from 1K on; write 500M or 1G", param, ctx)
        return size
