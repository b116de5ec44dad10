"""Names, and those that stand for them: of the same length, each letter a letter of its case.

A host name is mapped label by label, each under the key and what stands behind it, so that names
of one domain stay together.  Its last label begins with q, and is no domain of the Internet.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from itertools import count
from typing import Final

from dissect.redact.permute import permuted

REMEMBERED: Final = 50_000
LONGEST: Final = 64
"""Letters that are permuted at once; a longer word in parts, each under what stands before it."""

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
DIGITS: Final = "0123456789"
HEX: Final = "0123456789abcdef"
AFTER_Q: Final = "mnoprstvwyz"
"""Second letters of a last label of two: qm to qz are no country's (ISO 3166-1, user-assigned)."""

FIRSTS: Final = "bcdfgjkmnqstvwyz"
"""Second letters of a longer one; no top-level domain begins with q and one of them."""

FOREIGN: Final = {2: (0x00C0, 64), 3: (0x4E00, 20_000), 4: (0x20000, 40_000)}
"""Letters that stand for others, by their length in UTF-8: the first, and how many."""

BROKEN: Final = "\udcff"
"""Stands for a byte that is no UTF-8."""


class Names:
    """Maps names, under a secret.  Text has undecodable bytes as surrogates (PEP 383)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.word = lru_cache(REMEMBERED)(self._word)
        """A word; also with a name for what words are kept apart by."""
        self.host = lru_cache(REMEMBERED)(self._host)
        """A host name or domain."""

    def _word(self, text: str, kind: str = "word") -> str:
        """The word that stands for another: letters and digits are mapped, the rest stays."""
        moved = iter(self._moved(text, kind.encode("utf-8", "surrogateescape")))
        return "".join(
            _like(char, next(moved)) if _plain(char) else char for char in self._far(text)
        )

    def _moved(self, text: str, kind: bytes) -> str:
        """The ASCII letters and digits of a word, permuted among words of the same shape."""
        chars = "".join(char.lower() for char in text if _plain(char))
        found = ""
        for at in range(0, len(chars), LONGEST):
            found += self._part(chars[at : at + LONGEST], kind + chars[:at].encode())
        return found

    def _part(self, chars: str, kind: bytes) -> str:
        """The same for a part of a word."""
        shape = "".join("9" if char.isdigit() else "a" for char in chars)
        bases = [10 if mark == "9" else 26 for mark in shape]
        size, value = 1, 0
        for char, base in zip(chars, bases, strict=True):
            size *= base
            value = value * base + (int(char) if base == 10 else LETTERS.index(char))  # noqa: PLR2004
        value = permuted(self._secret, kind + b"/" + shape.encode(), value, size)
        found = []
        for base in reversed(bases):
            value, digit = divmod(value, base)
            found.append((DIGITS if base == 10 else LETTERS)[digit])  # noqa: PLR2004
        return "".join(reversed(found))

    def _far(self, text: str) -> str:
        """A word with its characters beyond ASCII replaced by others as long."""
        if text.isascii():
            return text
        seed = text.encode("utf-8", "surrogateescape")
        numbers = (
            hmac.digest(self._secret, bytes((at & 0xFF,)) + seed, "sha256") for at in count()
        )
        return "".join(char if char.isascii() else _foreign(char, next(numbers)) for char in text)

    def _host(self, text: str) -> str:
        """The host name that stands for another."""
        labels = text.lower().split(".")
        cased, found = text.split("."), []
        for at, label in enumerate(cased):
            behind = ".".join(labels[at + 1 :]).rstrip(".")
            if behind or not label or is_mask(label):
                found.append(label if is_mask(label) else self.word(label, f"under {behind}"))
            else:
                found.append(self._last(label))
        return ".".join(found)

    def _last(self, label: str) -> str:
        """The last label of a domain."""
        drawn = hmac.digest(
            self._secret, b"last" + label.lower().encode("utf-8", "replace"), "sha256"
        )
        seconds = AFTER_Q if len(label) == 2 else FIRSTS  # noqa: PLR2004 - a country's code
        rest = "".join(LETTERS[number % 23] for number in drawn)
        made = "q" + seconds[drawn[-1] % len(seconds)] + rest * (len(label) // len(rest) + 1)
        pairs = zip(self._far(label), made, strict=False)
        return "".join(_like(char, new) if _plain(char) else char for char, new in pairs)

    def hexadecimal(self, text: str, kind: str) -> str:
        """Hexadecimal digits for others; case stays."""
        value = int(text, 16)
        size = 16 ** len(text)
        moved = permuted(self._secret, kind.encode(), value, size)
        new = f"{moved:0{len(text)}x}"
        return new.upper() if text != text.lower() else new


def is_mask(word: str) -> bool:
    """Whether a word is nothing but the letters that middleboxes overwrite with."""
    return len(word) > 2 and set(word) in ({"X"}, {"x"})  # noqa: PLR2004


def _plain(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _like(old: str, new: str) -> str:
    """A letter in the case of another, where that is one."""
    return new.upper() if old.isupper() else new


def _foreign(char: str, drawn: bytes) -> str:
    """Another character of the same length in UTF-8."""
    if "\ud800" <= char <= "\udfff":
        return BROKEN
    first, many = FOREIGN[len(char.encode())]
    return chr(first + int.from_bytes(drawn[:4]) % many)
