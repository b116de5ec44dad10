"""Privacy: addresses and names are hidden on the screen, and can still be told apart.

Each gets a letter and a number (``h`` host address, ``n`` domain or host name, ``u`` local part),
filled up to its own length, so that every seam stays at its byte and every column keeps its width.
What is recognised: IPv4, IPv6 and link-layer addresses, mail addresses, names with a dot, what
follows EHLO.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Final

FILL: Final = "-"
_REMEMBERED: Final = 200_000
"""Names that keep their number."""
_OURS: Final = frozenset({"tcp", "ip", "ipv6", "frame", "smtp", "eth", "tls", "imf", "crlf"})
"""First labels of Wireshark's field names, which are no hosts."""
_FILES: Final = frozenset({"pcap", "pcapng", "cap", "gz", "zst", "lz4", "txt", "jsonl", "toml"})
"""Last labels of file names."""
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_NAMES: Final = re.compile(
    r"(?P<user>[A-Za-z0-9._%+=&'*/{}|~!#$^?`-]{1,64})@(?P<at>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)"
    r"|(?P<v4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d))"
    r"|(?P<mac>(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-]))"
    r"|(?P<v6>(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:]))"
    rf"|(?P<host>(?:(?<![\w.-])|(?<=\d{{3}}-))(?!\d{{3}}-){_LABEL}(?:\.{_LABEL})*\.[A-Za-z]{{2,24}}(?![\w-]))"
    r"|(?i:\b(?:EHLO|HELO|LHLO)) +(?P<helo>[^\s\[\]]+)"
)
_LETTERS: Final = {
    "user": "u",
    "at": "n",
    "v4": "h",
    "mac": "h",
    "v6": "h",
    "host": "n",
    "helo": "n",
}


class Privacy:
    """Whether names are hidden, and the number that each has got."""

    def __init__(self, *, on: bool = False) -> None:
        self.on = on
        self._numbers: OrderedDict[str, str] = OrderedDict()
        self._given = dict.fromkeys("hnu", 0)

    def hide(self, text: str) -> str:
        """``text`` with each name replaced by a label of the same length."""
        found: list[str] = []
        end = 0
        for start, stop, letter in self._spans(text):
            found += [text[end:start], self._label(text[start:stop], letter)]
            end = stop
        return "".join([*found, text[end:]]) if found else text

    def hide_bytes(self, data: bytes) -> bytes:
        """The same for bytes from the wire; the length stays."""
        return self.hide(data.decode("latin-1")).encode("latin-1", "replace")

    def name(self, text: str) -> str:
        """A text that is a name as a whole: what a client said of itself."""
        return self._label(text, "n") if text else text

    def ranges(self, data: bytes) -> list[tuple[int, int]]:
        """Where names are in some bytes; a name that is cut at an edge counts too."""
        spans = [(start, stop) for start, stop, _ in self._spans(data.decode("latin-1"))]
        return [*spans, *_edges(data)]

    def _spans(self, text: str) -> list[tuple[int, int, str]]:
        return [
            (match.start(name), match.end(name), letter)
            for match in _NAMES.finditer(text)
            for name, letter in _LETTERS.items()
            if match.start(name) >= 0 and _is_name(name, match[name])
        ]

    def _label(self, word: str, letter: str) -> str:
        key = letter + word.lower()
        label = self._numbers.get(key)
        if label is None:
            self._given[letter] += 1
            label = self._numbers[key] = f"{letter}{self._given[letter]}"
            if len(self._numbers) > _REMEMBERED:
                self._numbers.popitem(last=False)
        return label.ljust(len(word), FILL)[: len(word)]


def _is_name(kind: str, word: str) -> bool:
    """Whether what looks like a name is one."""
    if kind == "v6":
        with suppress(ValueError):
            return bool(IPv6Address(word))
        return False
    if kind != "host":
        return True
    first, _, last = word.lower().partition(".")[0], "", word.lower().rpartition(".")[2]
    return first not in _OURS and last not in _FILES


_EDGE: Final = re.compile(rb"^[\w.@-]+|[\w.@-]+$")


def _edges(data: bytes) -> list[tuple[int, int]]:
    """Words that touch an end of the bytes, which may be the rest of a name."""
    return [match.span() for match in _EDGE.finditer(data) if b"." in match[0] or b"@" in match[0]]
