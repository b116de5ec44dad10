"""``python -m bench``: measure, print a table; exit code 0 whatever the figures are."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import latency, machine, rate, sample, screen, screen_table, soak, table
from bench.crowd import crowd
from bench.jobs import JOBS, REDACTION, ROOT, Job, trouble
from bench.subject import Subject, first_packets, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.sample import Usage

PACKETS: Final = 250_000
FLOWS: Final = 10_000
CROWD: Final = 100_000
KEYS: Final = 100
SOAK: Final = 3_000_000
TURNS: Final = 20_000
"""Packets that are sent in turn."""
SLICE: Final = 2_000
"""Packets of what is too slow for the whole capture."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against tshark.")
    parser.add_argument(
        "--dir",
        type=Path,
        default=Path(tempfile.gettempdir()) / "seamark-bench",
        help="where the capture is kept (default %(default)s)",
    )
    parser.add_argument("--repeats", type=_positive, default=3, help="of each command (default 3)")
    parser.add_argument("--packets", type=_positive, default=PACKETS, help="default %(default)s")
    parser.add_argument("--flows", type=_positive, default=FLOWS, help="default %(default)s")
    parser.add_argument("--slice", type=_positive, default=SLICE, help="packets for pyshark")
    parser.add_argument(
        "--job",
        action="append",
        choices=[job.name for job in (*JOBS, *REDACTION[1:])],
        help="only this one",
    )
    parser.add_argument(
        "--screen", action="store_true", help="measure the screen, beside termshark's"
    )
    parser.add_argument(
        "--redaction", action="store_true", help="measure what --redact costs scan and export"
    )
    parser.add_argument(
        "--soak",
        action="store_true",
        help="send packets through live mode, and print its memory; with --screen, on the screen",
    )
    parser.add_argument(
        "--total", type=_positive, default=SOAK, help="packets of --soak (default %(default)s)"
    )
    parser.add_argument(
        "--latency",
        action="store_true",
        help="measure live capture: how soon it tells, and how many packets it bears (as root)",
    )
    parser.add_argument("--probes", type=_positive, default=100, help="of --latency, each")
    parser.add_argument(
        "--seconds", type=_positive, default=10, help="for which each rate of --latency lasts"
    )
    parser.add_argument("--crowd", type=_positive, default=CROWD, help="flows of the long list")
    parser.add_argument("--keys", type=_positive, default=KEYS, help="pressed on each screen")
    return parser


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _say(words: str) -> None:
    """Progress goes to standard error: standard output is the table."""
    sys.stderr.write(f"bench: {words}\n")


def _measure(jobs: Sequence[Job], whole: Subject, part: Subject, repeats: int) -> table.Results:
    """Run the jobs in turn, again and again, so that a slow minute of the machine hits all."""
    troubles = {job.name: trouble(job, part) for job in jobs}
    usages: dict[str, list[Usage]] = {job.name: [] for job in jobs}
    for number in range(1, repeats + 1):
        for job in jobs:
            if troubles[job.name]:
                continue
            given = part if job.on_slice else whole
            used = sample.run(job.command(given.path), cwd=ROOT)
            _say(f"{number}/{repeats} {job.name}: {used.wall:.2f} s")
            if used.code in job.good:
                usages[job.name].append(used)
            else:
                troubles[job.name] = f"exit code {used.code} on the whole capture"
    return {
        job.name: table.Result(
            job=job,
            usages=tuple(usages[job.name]),
            scale=whole.packets / part.packets if job.on_slice else 1.0,
            trouble=troubles[job.name],
        )
        for job in jobs
    }


def _screens(given: argparse.Namespace, whole: Subject, part: Subject) -> str:
    """Measure screens; the tables."""
    listed = crowd(given.dir, flows=given.crowd)
    wanted = screen.cases(whole, listed)
    results = list(screen.measure(wanted, part, given.keys, _say))
    sizes = f"{_size(whole)}; {_size(listed)}; {given.keys} keys; {machine.described()}"
    return "\n\n".join((sizes, screen_table.costs(results), screen_table.budgets(results)))


def _soaked(given: argparse.Namespace, whole: Subject) -> str:
    """Let live mode take in packets for long; the table."""
    if given.screen:
        with tempfile.TemporaryDirectory(prefix="seamark-bench-") as folder:
            soaked = soak.on_screen(whole, given.total, Path(folder), _say)
    else:
        soaked = soak.headless(whole, given.total, _say)
    return f"{_size(whole)}, again and again; {machine.described()}\n\n{soak.table(soaked)}"


def _live(given: argparse.Namespace, part: Subject) -> str:
    """Measure live capture; the tables."""
    latencies = list(latency.measure(given.probes, _say))
    rates = (rate.table(rate.search(part.path, given.seconds, _say, way), way) for way in rate.WAYS)
    sizes = f"{given.probes} probes; {given.seconds} s at each rate; {machine.described()}"
    return "\n\n".join((sizes, latency.table(latencies), *rates))


def _size(subject: Subject) -> str:
    """How large a capture is, in words."""
    packets, flows, size = subject.packets, subject.flows, subject.size / 1e6
    return f"{packets} packets, {flows} flows, {size:.0f} MB"


def main() -> int:
    """Make the capture, measure, and print the tables."""
    given = _parser().parse_args()
    _say(f"capture in {given.dir}")
    whole = prepare(given.dir, packets=given.packets, flows=given.flows)
    if given.soak:
        sys.stdout.write(_soaked(given, whole) + "\n")
        return 0
    if given.latency:
        sys.stdout.write(_live(given, first_packets(whole, TURNS)) + "\n")
        return 0
    part = first_packets(whole, given.slice)
    if given.screen:
        sys.stdout.write(_screens(given, whole, part) + "\n")
        return 0
    sections = _commands(given, whole, part)
    sys.stdout.write("\n\n".join(sections) + "\n")
    return 0


def _commands(given: argparse.Namespace, whole: Subject, part: Subject) -> list[str]:
    """Measure commands; the tables."""
    wanted = REDACTION if given.redaction else JOBS
    jobs = [job for job in wanted if not given.job or job.name in given.job]
    results = _measure(jobs, whole, part, given.repeats)
    sizes = f"{_size(whole)}; median of {given.repeats}; {machine.described()}"
    budgets = [] if given.redaction else [table.budgets(results)]
    return [sizes, table.costs(results), *budgets, table.ratios(results)]


if __name__ == "__main__":
    sys.exit(main())
