"""Record the captures: `python -m lab record [CASE...] [-d FOLDER]`, or `python -m lab list`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from lab import manifest
from lab.cases import CASES
from lab.needs import missing
from lab.process import TESTS
from lab.run import record
from lab.truth import Truth, truth


def main() -> int:
    """Do what the command line says; gives the exit code."""
    given = _arguments()
    if given.command == "list":
        sys.stdout.writelines(f"{case.name}: {case.summary}\n" for case in CASES.values())
        return 0
    names = given.cases or list(CASES)
    why = missing(*{CASES[name].server for name in names})
    if why:
        sys.stderr.write(f"{why}\n")
        return 3
    _record(names, given.folder)
    return 0


def _record(names: list[str], folder: Path) -> None:
    """Record cases into a folder and bring its manifest up to date."""
    folder.mkdir(parents=True, exist_ok=True)
    others = CASES.keys() - set(names)
    tables = [table for table in manifest.load(folder) if table["case"] in others]
    for name in names:
        sys.stderr.write(f"{name}\n")
        found = _capture(name, folder)
        tables += manifest.recorded(folder, name, found)
        tables += manifest.derived(folder, name, found)
    manifest.store(folder, tables)


def _capture(name: str, folder: Path) -> Truth:
    """Record one case, and put its files where they belong when all went well."""
    with tempfile.TemporaryDirectory(prefix="seamark-lab-") as temporary:
        recorded = record(CASES[name], Path(temporary))
        for path in recorded.captures.values():
            shutil.copyfile(path, folder / path.name)
    return truth(recorded)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the cases")
    recorder = commands.add_parser("record", help="record cases; without a name, all of them")
    recorder.add_argument("cases", nargs="*", type=_case, metavar="CASE")
    recorder.add_argument("-d", "--folder", type=Path, default=TESTS.parent / "captures")
    return parser.parse_args()


def _case(name: str) -> str:
    if name not in CASES:
        raise argparse.ArgumentTypeError(f"no case {name}; there are {', '.join(CASES)}")
    return name


if __name__ == "__main__":
    raise SystemExit(main())
