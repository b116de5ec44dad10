"""Writes what is made from the code: ``python tests/docs/make.py``.

That is the parts of README.md, docs/settings.md and docs/api.md between ``<!-- NAME -->`` and
``<!-- /NAME -->``, and all of docs/rules: a page for each rule, and their index.  With ``--check``
nothing is written, and the exit code is 1 where something is out of date or belongs to a rule that
there no longer is.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dissect.analysis.families import FAMILIES
from dissect.detect.registry import RULES
from dissect.rulebook import Page, Section, pages
from tui.__main__ import seamark

sys.path.append(str(Path(__file__).resolve().parent.parent))
from docs import api, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT: Final = Path(__file__).resolve().parent.parent.parent
README: Final = ROOT / "README.md"
SETTINGS: Final = ROOT / "docs" / "settings.md"
PAGES: Final = ROOT / "docs" / "rules"
"""Nothing but what is made here."""

BEFORE: Final = "captures/founding-before.pcap"
FOUNDING: Final = "captures/founding-behind.pcap"
LOG: Final = "captures/logs/exim-sync-error.mainlog"
TWIN: Final = "captures/clean-twin-behind.pcap"
WIDTH: Final = 80


# ---- what it reports ----------------------------------------------------------------------------


def rules(folder: str = "docs/rules/") -> str:
    """The table of rules, in the order of the registry, with links to pages in a folder."""
    rows = [
        f"| [`{rule.info.name}`]({folder}{rule.info.name}.md) | {rule.info.group} "
        f"| {rule.info.severity} | {escaped(rule.info.summary)} |"
        for rule in RULES
    ]
    return "\n".join(["| rule | group | severity | what it reports |", "|---|---|---|---|", *rows])


# ---- a page for each rule -----------------------------------------------------------------------

INDEX: Final = """\
# Rules

What Seamark looks for, in the order of its report. `seamark rules` prints this list, and \
`seamark rules NAME` the page of a rule.

"""

BACK: Final = "[All rules](README.md)"


def files() -> dict[str, str]:
    """The text of each file in docs/rules, by its name."""
    every = {f"{page.name}.md": page_text(page) for page in pages()}
    return {"README.md": f"{INDEX}{rules('')}\n"} | every


def page_text(page: Page) -> str:
    """The page of one rule."""
    info = page.info
    facts = [
        f"* Group: {info.group}",
        f"* Severity: {info.severity}",
        f"* Sources in its findings: {escaped(', '.join(info.sources))}",
    ]
    body = [f"## {section.heading}\n\n{section_text(section)}" for section in page.sections()]
    head = [f"# {page.name}", f"{escaped(info.summary)}.", "\n".join(facts)]
    return "\n\n".join([*head, *body, BACK]) + "\n"


def section_text(section: Section) -> str:
    """What stands under a heading of a page."""
    if section.transcript:
        return block(section.transcript)
    return "\n\n".join(map(escaped, section.paragraphs))


def escaped(prose: str) -> str:
    """Text that Markdown shows as it is; code between backticks and links are left alone."""
    parts = re.split(r"(`[^`]*`|https?://\S+)", prose)
    return "".join(
        part if at % 2 else re.sub(r"([\\*_<>\[\]|#~])", r"\\\1", part)
        for at, part in enumerate(parts)
    )


def outdated() -> list[str]:
    """The files in docs/rules that are missing, wrong, or nobody's."""
    wanted, there = files(), {path.name for path in PAGES.glob("*")}
    wrong = {
        name
        for name in wanted.keys() & there
        if (PAGES / name).read_text(encoding="utf-8") != wanted[name]
    }
    return sorted((wanted.keys() ^ there) | wrong)


def write_pages() -> None:
    """Write the files in docs/rules, and remove the pages of rules that there no longer are."""
    wanted = files()
    PAGES.mkdir(parents=True, exist_ok=True)
    for name in outdated():
        if name in wanted:
            (PAGES / name).write_text(wanted[name], encoding="utf-8")
        else:
            (PAGES / name).unlink()


def families() -> str:
    """What a verdict can name, and the weights of what speaks for it and against it."""
    rows = ["| verdict | evidence | weight |", "|---|---|---|"]
    for family in FAMILIES:
        name = f"`{family.device}`"
        for evidence in family.evidence:
            rows.append(f"| {name} | {evidence.what} | {evidence.weight:.2f} |")
            name = ""
        rows += [f"| | against it: {each.what} | {each.weight:.2f} |" for each in family.against]
    return "\n".join(rows)


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


def printed(*words: str, command: str = "scan") -> tuple[int, list[str]]:
    """Exit code and output of a command over bundled captures or logs."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SEAMARK_")}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui", command, *words],
        check=False, capture_output=True, text=True, timeout=60, cwd=ROOT,
        env=env | {"XDG_CONFIG_HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines()


def log_text() -> str:
    """A real log of Exim: what it makes suspect."""
    code, lines = printed("--timezone", "UTC", LOG, command="log")
    return block([f"$ seamark log --timezone UTC {LOG}", *lines, "$ echo $?", str(code)])


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


def report_text() -> str:
    """The founding case in a mail: the verdict, and the bytes at the seam."""
    code, lines = printed(FOUNDING, "--no-redact", "-o", "-", command="report")
    kept = [
        *lines[lines.index("1. In short") :][:11], "...",
        *paragraph(lines, "Frame 25 ends"), "", *paragraph(lines, "Frame 26 begins"), "...",
        *paragraph(lines, "Verbs of the client"), "",
        *paragraph(lines, "If the place of the cut")[:3], "...",
    ]  # fmt: skip
    return block([f"$ seamark report {FOUNDING} --no-redact -o -", *kept, "$ echo $?", str(code)])


def compare_text() -> str:
    """The founding case from both sides: the verdict, and the first flow that differs."""
    captures = (BEFORE, FOUNDING)
    code, lines = printed(*captures, command="compare")
    second = [at for at, line in enumerate(lines) if line.startswith("Flow ")][1]
    asked = f"$ seamark compare {' '.join(captures)}"
    return block([asked, *lines[:second], "...", "$ echo $?", str(code)])


# ---- the files ----------------------------------------------------------------------------------

PARTS: Final[dict[str, Callable[[], str]]] = {
    "rules": rules,
    "verdicts": families,
    "help": help_text,
    "help scan": lambda: help_text("scan"),
    "help export": lambda: help_text("export"),
    "help report": lambda: help_text("report"),
    "report text": report_text,
    "help split": lambda: help_text("split"),
    "help log": lambda: help_text("log"),
    "log text": log_text,
    "help live": lambda: help_text("live"),
    "help doctor": lambda: help_text("doctor"),
    "help compare": lambda: help_text("compare"),
    "compare text": compare_text,
    "help rules": lambda: help_text("rules"),
    "scan text": scan_text,
    "scan twin": scan_twin,
    "scan jsonl": scan_jsonl,
}
"""The name of each part, and what makes it."""

NEEDS_TSHARK: Final = frozenset(
    {"compare text", "report text", "scan text", "scan twin", "scan jsonl"}
)


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


def settings_page() -> str:
    """docs/settings.md with its tables as they have to be."""
    text = SETTINGS.read_text(encoding="utf-8")
    for name, make in settings.PARTS.items():
        text = replaced(text, name, make(seamark))
    return text


def api_page() -> str:
    """docs/api.md with its parts as they have to be."""
    text = api.API.read_text(encoding="utf-8")
    for name, make in api.PARTS.items():
        text = replaced(text, name, make())
    return text


def readme() -> str:
    """README.md with its parts as they have to be."""
    text = README.read_text(encoding="utf-8")
    for name, make in PARTS.items():
        text = replaced(text, name, make())
    return text


def main(words: list[str]) -> int:
    """Rewrite the files, or only say whether that would change any."""
    wanted = {README: readme(), SETTINGS: settings_page(), api.API: api_page()}
    changed = {
        file: text for file, text in wanted.items() if file.read_text(encoding="utf-8") != text
    }
    if "--check" in words:
        return int(bool(changed or outdated()))
    write_pages()
    for file, text in changed.items():
        file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
