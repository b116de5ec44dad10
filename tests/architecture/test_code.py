"""The shape of the code: what may be imported, how long things are, what tests say."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST_MODULE = 500
LONGEST_FUNCTION = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef

FORBIDDEN = {
    "dissect.pipeline": {"textual", "rich", "pyshark", "asyncio", "subprocess", "socket"},
    "dissect.report": {"textual", "rich", "pyshark", "asyncio", "subprocess", "socket"},
    "dissect.scan": {"textual", "rich", "tui"},
    "dissect.cli": {"textual", "rich", "tui"},
}
"""What importing a module must not bring with it, by the contracts of pyproject.toml."""


def modules(*folders: str) -> list[Path]:
    """The modules of some packages."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def functions(path: Path) -> Iterator[Function]:
    """All functions and methods of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def name(path: Path) -> str:
    """A module by its path from the root."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", FORBIDDEN)
def test_an_import_brings_no_more_than_it_may(module: str) -> None:
    """What a fresh interpreter has loaded after the import is free of what is forbidden."""
    code = f"import sys, {module}; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) & FORBIDDEN[module] == set()


def test_modules_are_short() -> None:
    """No module of the product has more lines than can be read in one go."""
    lengths = {
        name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in modules("dissect", "tui")
    }
    assert {path: n for path, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    """No function of the product is longer than a screen."""
    long = {
        f"{name(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in modules("dissect", "tui")
        for node in functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    }
    assert long == {}


def test_tests_say_what_they_prove() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{name(path)}:{node.name}"
        for path in modules("tests")
        for node in functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []
