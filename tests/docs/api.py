"""The parts of docs/api.md: what the values of the read model hold, and what the example prints."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docs.settings import code, prose, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).resolve().parent.parent.parent
API: Final = ROOT / "docs" / "api.md"
EXAMPLE: Final = "docs/examples/lost_recipients.py"
CAPTURE: Final = "captures/founding-behind.pcap"
SHOWN: Final = 6
"""Lines of what the example prints that are on the page, beside its last two."""

MODEL: Final = {
    "dissect.library": ("Analysis",),
    "dissect.analysis.model": (
        "FlowDetail", "FlowSummary", "Row", "Verdict", "Peer", "Bucket", "Retry", "Moment",
        "FlowLog", "LogLine", "LogFacts", "Outcome", "RowKind",
    ),
    "dissect.detect.finding": ("Finding", "SeamInside", "Severity"),
    "dissect.evidence": ("Endpoint", "Side", "Seam", "FrameFacts"),
    "dissect.maillog.entry": ("What",),
    "dissect.report.port": ("Summary",),
    "dissect.pipeline": ("Settings",),
    "dissect.detect.policy": ("Policy",),
}  # fmt: skip
"""The classes on the page, by their module."""


def values() -> str:
    """Each class with its fields, as they are documented where they are defined."""
    return "\n\n".join(
        _class(module, _definition(module, name)) for module, names in MODEL.items()
        for name in names
    )  # fmt: skip


def _class(module: str, node: ast.ClassDef) -> str:
    heading = f"### {node.name}\n\n`from {module} import {node.name}`. {_marked(_told(node))}"
    if any(ast.unparse(base) in {"Enum", "IntEnum"} for base in node.bases):
        rows = [(code(name), code(value), _marked(told)) for name, value, told in members(node)]
        return f"{heading}\n\n{table(('name', 'value', 'what it is'), rows)}"
    rows = [(code(name), code(kind), _marked(told)) for name, kind, told in fields(node)]
    return f"{heading}\n\n{table(('field', 'type', 'what it is'), rows)}"


def _marked(words: str) -> str:
    """Words of a docstring in Markdown; what stands between double backticks is code."""
    parts = words.split("``")
    return "".join(code(part) if at % 2 else prose(part) for at, part in enumerate(parts))


def members(node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Name, value and meaning of each member of an enumeration."""
    for each, behind in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(each, ast.Assign):
            yield ast.unparse(each.targets[0]), ast.unparse(each.value), _behind(behind)


def _behind(node: ast.stmt | None) -> str:
    """The docstring that stands behind a field."""
    told = node.value if isinstance(node, ast.Expr) else None
    return " ".join(str(told.value).split()) if isinstance(told, ast.Constant) else ""


def fields(node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each field and property of a class."""
    for each, behind in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield each.target.id, ast.unparse(each.annotation), _behind(behind)
        if isinstance(each, ast.FunctionDef) and each.returns is not None and _is_property(each):
            yield each.name, ast.unparse(each.returns), _told(each)


def _is_property(node: ast.FunctionDef) -> bool:
    return [ast.unparse(each) for each in node.decorator_list] == ["property"]


def _told(node: ast.ClassDef | ast.FunctionDef) -> str:
    """The first paragraph of a docstring."""
    return " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())


@cache
def _module(module: str) -> ast.Module:
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


def _definition(module: str, name: str) -> ast.ClassDef:
    classes = (each for each in _module(module).body if isinstance(each, ast.ClassDef))
    return next(each for each in classes if each.name == name)


def example() -> str:
    """The script, whole."""
    return f"```python\n{(ROOT / EXAMPLE).read_text(encoding='utf-8').rstrip()}\n```"


def printed() -> str:
    """What the script prints of the founding case: its beginning and its end."""
    lines = run(CAPTURE).stdout.splitlines()
    kept = [*lines[:SHOWN], "...", *lines[-2:]]
    return "\n".join(["```text", f"$ python {EXAMPLE} {CAPTURE}", *kept, "```"])


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a stranger would, who has Seamark installed and no configuration."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SEAMARK_")}
    return subprocess.run(
        [sys.executable, str(ROOT / EXAMPLE), *words],
        check=False, capture_output=True, text=True, timeout=60, cwd=ROOT,
        env=env | {"XDG_CONFIG_HOME": "/nonexistent", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


PARTS: Final[dict[str, Callable[[], str]]] = {
    "values": values,
    "example": example,
    "printed": printed,
}
"""The name of each part of the page, and what makes it."""

NEEDS_TSHARK: Final = frozenset({"printed"})
