"""The forms in which a credential may be shown: as it was sent, decoded, and as hex digits."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Iterator
from typing import Final

SHORTEST: Final = 4
"""Characters below which a form is not looked for: it would be found in every line."""

PARTS: Final = re.compile(rb"[\x00\x01]+")
"""What stands between the parts of a decoded credential: PLAIN's NUL, XOAUTH2's ``^A``."""

SIGNS: Final = re.compile(r"[^0-9a-z]")
"""What is left out where hex digits are compared: colons, blanks, and the like."""


class Forms:
    """All forms of some credentials.

    Args:
        values: the credentials, as they were on the wire.
    """

    def __init__(self, values: Iterable[bytes]) -> None:
        sent = {value for value in values if len(value) >= SHORTEST}
        told = sent | {part for value in sent for part in _decoded(value)}
        self._sent = _texts(sent)
        self._told = _texts(told)
        self._hex = {value.hex() for value in told}

    def sent_in(self, text: str) -> bool:
        """Whether a text shows a credential as it was sent."""
        return any(form in text for form in self._sent)

    def told_in(self, text: str) -> bool:
        """Whether a text shows a credential in any form."""
        if any(form in text for form in self._told):
            return True
        plain = SIGNS.sub("", text.lower())
        return any(form in plain for form in self._hex)


def _decoded(value: bytes) -> Iterator[bytes]:
    """What base64 says, and its parts that are long enough to be told from other words."""
    try:
        plain = b64decode(value + b"=" * (-len(value) % 4))
    except (Error, ValueError):
        return
    yield from (part for part in (plain, *PARTS.split(plain)) if len(part) >= SHORTEST)


def _texts(values: Iterable[bytes]) -> set[str]:
    """Bytes as a text may show them."""
    return {value.decode("utf-8", "replace") for value in values}
