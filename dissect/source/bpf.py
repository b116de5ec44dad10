"""Capture filters: tcpdump's language, compiled by tcpdump itself before anything is captured.

libpcap says what is wrong with a filter, and hardly ever where.  The place is found by letting it
compile the beginnings of the filter: the longest one that could still become a filter ends in
front of the fault.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Final, NamedTuple

from dissect.errors import UsageError
from dissect.escape import visible

LONGEST: Final = 20_000
"""Bytes of a filter; libpcap's parser takes more, a line of a remote shell may not."""

PATIENCE: Final = 10.0
"""Seconds for tcpdump to compile one; it may ask the DNS for a name."""

SYNTAX: Final = "syntax error"
NOTHING: Final = "expression rejects all packets"

FAULT: Final = re.compile(
    r"(?:tcpdump: |capture filter \()(?:can't parse filter expression: )?"
    r"(syntax error|unknown .*|illegal .*|non-network bits set .*|.*'.*' not supported .*"
    r"|.* greater than maximum .*|.* supported only on .*|expression rejects all packets)",
    re.IGNORECASE,
)
"""What libpcap says of a filter (``gencode.c``), as tcpdump and dumpcap pass it on."""

EVERYWHERE: Final = (SYNTAX, "unknown ", "illegal ", "non-network", "greater than")
"""What it says whatever the interface."""

NAMED: Final = re.compile(r"""'([^']+)'|"([^"]+)"|(\d+) (?:>|greater than) """)
"""The part of a filter that libpcap's words quote."""

TOKEN: Final = re.compile(r"[()\[\]]|[<>=!&|+*/%^]+|[^\s()\[\]<>=!&|+*/%^]+")

ENDINGS: Final = ("", " 1", " host 1.1.1.1", " ip", " = 1", ":1] = 1", " 0] = 1", "] = 1")
"""What may follow the beginning of a filter; beside them as many ) as it wants."""

DISPLAY: Final = re.compile(
    r"\b[a-z][a-z0-9_]*\.[a-z][a-z0-9_.]*\s*(?:[!=]=|[<>]|(?:eq|ne|contains|matches)\b)"
)
"""A comparison as display filters have them."""

MANUAL: Final = "It is tcpdump's language: man pcap-filter"
OTHER: Final = "That is a display filter of Wireshark's, for -Y. This is tcpdump's: tcp port 25"

WIDTH: Final = 68
"""Columns of a filter that are shown."""

Compiler = Callable[[str], str]
"""Takes a filter; what is wrong with it, or nothing."""


class Place(NamedTuple):
    """Where a filter breaks: from a character to behind another."""

    start: int
    end: int


def plain(text: str) -> str:
    """A filter on one line; a newline or a tab is a blank.

    Raises:
        UsageError: for control characters, for one that is too long, and for parentheses that
            would end those that are put around it.
    """
    words = " ".join(text.split())
    if not words.isprintable() or len(words.encode(errors="replace")) > LONGEST:
        raise UsageError(f"No capture filter has control characters or over {LONGEST:,} bytes.")
    if (place := _unpaired(words)) is not None:
        mark = words[place.start]
        what = f"The capture filter has a {mark} without its {'(' if mark == ')' else ')'}."
        raise UsageError(what, _shown(words, place))
    return words


def check(text: str) -> None:
    """Let tcpdump look at a filter for a capture here, where it is installed; it takes no rights.

    What depends on the interface is left to the capture itself, which refuses it as well.

    Args:
        text: from ``plain``.

    Raises:
        UsageError: if it cannot be meant, with the place.
    """
    compiler = local()
    said = compiler(text) if compiler else ""
    if any(words in said for words in EVERYWHERE):
        raise refusal(text, said)


def fault(said: str) -> str:
    """What a capturing program says of its filter; empty if it says nothing of it."""
    found = FAULT.search(said)
    return found[1].rstrip(").") if found else ""


def refusal(text: str, said: str) -> UsageError:
    """What is wrong with a filter, and where.

    Args:
        text: the filter as the user gave it.
        said: what ``fault`` found.
    """
    place = _place(text, said)
    remedy = OTHER if DISPLAY.search(text) else MANUAL
    what = "it lets no packet pass" if said == NOTHING else visible(said)
    if place is not None and place.start >= len(text):
        what = "it ends too early"
    shown = f"{_shown(text, place)}\n  " if place is not None else ""
    return UsageError(f"The capture filter is wrong: {what}.", shown + remedy)


def local() -> Compiler | None:
    """The compiler of the tcpdump on this machine; None without one."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    program = shutil.which("tcpdump", path=folders)
    if program is None:
        return None

    def compiled(text: str) -> str:
        # Without an interface: for Ethernet, which takes no rights (tcpdump 4.99; an older one
        # says that it has none, which is no fault of the filter).
        try:
            ran = subprocess.run(  # noqa: S603 - a path that was looked up, and one word of data
                [program, "-d", "-y", "EN10MB", "--", text],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False,
                env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return ""
        return fault(ran.stderr.decode("utf-8", "replace")) if ran.returncode else ""

    return compiled


def _unpaired(text: str) -> Place | None:
    """The first ) without a (, or else the last ( without a )."""
    opened: list[int] = []
    for found in re.finditer(r"[()]", text):
        if found[0] == "(":
            opened.append(found.start())
        elif opened:
            opened.pop()
        else:
            return Place(found.start(), found.end())
    return Place(opened[-1], opened[-1] + 1) if opened else None


def _place(text: str, said: str) -> Place | None:
    """Where it breaks: what the words name, or where no beginning goes on."""
    if said == SYNTAX:
        compiler = local()
        return _breaks(text, compiler) if compiler and compiler(text) == SYNTAX else None
    for found in NAMED.finditer(said):
        word = re.escape(next(filter(None, found.groups())))
        if named := re.search(rf"(?<![\w.-]){word}(?![\w.-])", text):
            return Place(*named.span())
    return None


def _breaks(text: str, compiler: Compiler) -> Place:
    """The first token with which no beginning of a filter ends, by halves; or its end."""
    tokens = [found.span() for found in TOKEN.finditer(text)]
    good, bad = 0, len(tokens) + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if _goes_on(text[: tokens[middle - 1][1]], compiler):
            good = middle
        else:
            bad = middle
    return Place(*tokens[good]) if good < len(tokens) else Place(len(text) + 1, len(text) + 2)


def _goes_on(beginning: str, compiler: Compiler) -> bool:
    """Whether something can follow that makes it a filter."""
    depth = beginning.count("(") - beginning.count(")")
    closing = {depth, max(depth - 1, 0)}  # a ) may stand behind what is added, or in front of it
    endings = itertools.product(ENDINGS, sorted(closing, reverse=True))
    return any(compiler(f"{beginning}{more}{')' * count}") != SYNTAX for more, count in endings)


def _shown(text: str, place: Place) -> str:
    """The filter around a place, and a line that points at it."""
    start = max(0, min(place.start - WIDTH // 2, len(text) + 2 - WIDTH))
    before = visible(("…" if start else "") + text[start + bool(start) : place.start])
    rest = WIDTH - (place.start - start)
    after = visible(text[place.start : place.start + rest])
    more = "…" if place.start + rest < len(text) else ""
    marked = "^" + "~" * (min(place.end, place.start + rest) - place.start - 1)
    return f"{before}{after}{more}\n  {' ' * max(len(before), place.start - start)}{marked}"
