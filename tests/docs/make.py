"""Writes the parts of README.md that are made from the code: ``python tests/docs/make.py``.

A part stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``.  Without an argument the file is
rewritten; with ``--check`` nothing is written, and the exit code is 1 where it is out of date.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dissect.detect.registry import RULES
from tui.__main__ import seamark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT: Final = Path(__file__).resolve().parent.parent.parent
README: Final = ROOT / "README.md"

FOUNDING: Final = "captures/founding-behind.pcap"
TWIN: Final = "captures/clean-twin-behind.pcap"
WIDTH: Final = 80


# ---- what it reports ----------------------------------------------------------------------------


def rules() -> str:
    """The table of rules, in the order of the registry."""
    rows = [
        f"| `{rule.info.name}` | {rule.info.group} | {rule.info.severity} | {rule.info.summary} |"
        for rule in RULES
    ]
    return "\n".join(["| rule | group | severity | what it reports |", "|---|---|---|---|", *rows])


# ---- how it is called ---------------------------------------------------------------------------


def help_text(*words: str) -> str:
    """What ``--help`` prints for a command, at a width of 80."""
    how: dict[str, Any] = {"resilient_parsing": True, "terminal_width": WIDTH}
    names = ["-h", "--help"]
    context = seamark.make_context("seamark", [], help_option_names=names, **how)
    for word in words:
        context = seamark.commands[word].make_context(word, [], parent=context, **how)
    asked = " ".join(["$ seamark", *words, "--help"])
    return block([asked, *context.get_help().splitlines()])


def block(lines: Iterable[str]) -> str:
    """Lines as they are on a screen."""
    return "\n".join(["```text", *(line.rstrip() for line in lines), "```"])


# ---- what it prints -----------------------------------------------------------------------------


def printed(*words: str) -> tuple[int, list[str]]:
    """Exit code and output of ``seamark scan`` over bundled captures."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SEAMARK_")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui", "scan", *words],
        check=False, capture_output=True, text=True, timeout=60, cwd=ROOT,
        env=env | {"XDG_CONFIG_HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines()


def scan_text() -> str:
    """The founding case: the headline, one damaged command with its cost, the verdict."""
    code, lines = printed(FOUNDING)
    table = next(at for at, line in enumerate(lines) if line.startswith("flow "))
    kept = [
        *lines[: table - 1], "...",
        *finding(lines, "split-masked-verb"), *finding(lines, "lost-recipient"), "...", "",
        *paragraph(lines, "Verdict:"), "",
        *paragraph(lines, "What to do")[:4], "...",
    ]  # fmt: skip
    return block([f"$ seamark scan {FOUNDING}", *kept, "$ echo $?", str(code)])


def finding(lines: list[str], rule: str) -> list[str]:
    """The first finding of a rule in a report."""
    start = next(at for at, line in enumerate(lines) if re.match(rf"  \w+ +{rule} ", line))
    end = next(at for at in range(start + 1, len(lines)) if not lines[at].startswith("      "))
    return lines[start:end]


def paragraph(lines: list[str], start: str) -> list[str]:
    """The lines from one that begins so up to the next empty one."""
    first = next(at for at, line in enumerate(lines) if line.startswith(start))
    return lines[first : lines.index("", first)]


def scan_twin() -> str:
    """The clean twin: seams, and nothing to worry about."""
    code, lines = printed(TWIN)
    kept = [*lines[:2], "...", *finding(lines, "split-command"), "..."]
    return block([f"$ seamark scan {TWIN}", *kept, "$ echo $?", str(code)])


def scan_jsonl() -> str:
    """Who got no mail, from the JSON Lines."""
    _, lines = printed("--format", "jsonl", "--rule", "lost-recipient", FOUNDING)
    found = [line for line in map(json.loads, lines) if line["type"] == "finding"]
    lost = sorted({address for line in found for address in line["recipients"]})
    return block([
        f"$ seamark scan --format jsonl --rule lost-recipient {FOUNDING} |",
        "    jq -r 'select(.type == \"finding\") | .recipients[]' | sort -u",
        *lost,
    ])  # fmt: skip


# ---- the file -----------------------------------------------------------------------------------

PARTS: Final[dict[str, Callable[[], str]]] = {
    "rules": rules,
    "help": help_text,
    "help scan": lambda: help_text("scan"),
    "scan text": scan_text,
    "scan twin": scan_twin,
    "scan jsonl": scan_jsonl,
}
"""The name of each part, and what makes it."""

NEEDS_TSHARK: Final = frozenset({"scan text", "scan twin", "scan jsonl"})


def part(text: str, name: str) -> str:
    """What stands in a file between the marks of a part.

    Raises:
        ValueError: if the marks are not there, or more than once.
    """
    found = re.findall(_marked(name), text, re.DOTALL)
    if len(found) != 1:
        raise ValueError(f"{len(found)} parts are called {name!r}")
    return str(found[0][1]).strip("\n")


def replaced(text: str, name: str, by: str) -> str:
    """The file with another content between the marks of a part."""
    part(text, name)
    return re.sub(_marked(name), lambda m: f"{m[1]}\n{by}\n{m[3]}", text, flags=re.DOTALL)


def _marked(name: str) -> str:
    return rf"(<!-- {name} -->)\n(.*?)(<!-- /{name} -->)"


def main(words: list[str]) -> int:
    """Rewrite the file, or only say whether that would change it."""
    old = new = README.read_text(encoding="utf-8")
    for name, make in PARTS.items():
        new = replaced(new, name, make())
    if "--check" in words:
        return int(old != new)
    if old != new:
        README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
