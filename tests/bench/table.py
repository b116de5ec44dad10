"""Measurements as Markdown: what each command cost, and the budgets of the design."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from bench.jobs import Job
    from bench.sample import Usage

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All repeats of one job."""

    job: Job
    usages: tuple[Usage, ...] = ()
    scale: float = 1.0
    """How much larger the whole capture is than what the job was given."""
    trouble: str = ""
    """Why there are no repeats."""

    def middle(self, value: Callable[[Usage], float]) -> float:
        """The median of something over all repeats."""
        return median(value(usage) for usage in self.usages)

    @property
    def wall(self) -> float:
        """Median seconds for the whole capture."""
        return self.middle(lambda usage: usage.wall) * self.scale

    @property
    def best(self) -> float:
        """Seconds of the fastest repeat, for the whole capture."""
        return min(usage.wall for usage in self.usages) * self.scale


Results = Mapping[str, Result]
"""By the names of the jobs."""


class Budget(NamedTuple):
    """A line of section 5 of the design."""

    title: str
    needs: tuple[str, ...]
    """Jobs without which it cannot be told."""
    measured: Callable[[Results], float]
    limit: float
    unit: str
    goal: float = 0.0
    """What would be better still; 0 where the design names none."""


def _wall_ratio(results: Results) -> float:
    return results["scan"].wall / results["fields"].wall


def _python_share(results: Results) -> float:
    return results["scan"].middle(lambda usage: usage.own_user / max(usage.tshark_user, 0.01))


def _memory(results: Results) -> float:
    return results["scan"].middle(lambda usage: usage.own_peak) / MEGABYTE


BUDGETS: Final = (
    Budget(
        "`seamark scan` over `tshark -T fields`",
        ("scan", "fields"),
        _wall_ratio,
        1.1,
        " times",
        0.6,
    ),
    Budget("user CPU of our processes over tshark's", ("scan",), _python_share, 0.6, " times"),
    Budget("memory of our processes beside tshark", ("scan",), _memory, 300, " MB"),
)

RATIOS: Final = (
    ("`seamark scan` over bare `tshark`", "scan", "bare"),
    ("plain pyshark over `seamark scan`", "pyshark", "scan"),
    ("plain pyshark over `tshark -T fields`", "pyshark", "fields"),
    ("`seamark scan --redact` over `seamark scan`", "scan-redacted", "scan"),
    ("`seamark export --redact` over `seamark export`", "export-redacted", "export"),
)


def costs(results: Results) -> str:
    """What every job cost, and below it why some were not measured."""
    head = ("command", "wall s", "best s", "own CPU s", "tshark CPU s", "own MB", "tshark MB")
    failed = [result for result in results.values() if result.trouble]
    notes = "".join(f"\n\n{result.job.title} does not work: {result.trouble}" for result in failed)
    return markdown(head, [_cost(result) for result in results.values()]) + notes


def _cost(result: Result) -> tuple[str, ...]:
    title = result.job.title + (" (scaled)" if result.scale != 1.0 else "")
    if result.trouble:
        return (title, "not measured", *[""] * 5)
    scale = result.scale
    return (
        title,
        f"{result.wall:.2f}",
        f"{result.best:.2f}",
        f"{result.middle(lambda usage: usage.own_user) * scale:.2f}",
        f"{result.middle(lambda usage: usage.tshark_user) * scale:.2f}",
        f"{result.middle(lambda usage: usage.own_peak) / MEGABYTE:.0f}",
        f"{result.middle(lambda usage: usage.tshark_peak) / MEGABYTE:.0f}",
    )


def budgets(results: Results) -> str:
    """The budgets, what was measured, and whether it is within them."""
    rows = [_judged(budget, results) for budget in BUDGETS]
    return markdown(("budget", "measured", "at most", "goal", ""), rows)


def _judged(budget: Budget, results: Results) -> tuple[str, ...]:
    limit = f"{budget.limit:g}{budget.unit}"
    goal = f"{budget.goal:g}{budget.unit}" if budget.goal else ""
    if not _measured(results, *budget.needs):
        return (budget.title, "not measured", limit, goal, "")
    value = budget.measured(results)
    word = "pass" if value <= budget.limit else "over"
    if budget.goal and value <= budget.goal:
        word = "pass, goal reached"
    return (budget.title, f"{value:.2f}{budget.unit}", limit, goal, word)


def _measured(results: Results, *names: str) -> bool:
    """Whether these jobs were wanted, and worked."""
    return all(name in results and not results[name].trouble for name in names)


def ratios(results: Results) -> str:
    """Other ratios that say where the time goes."""
    told = [
        (title, f"{results[above].wall / results[below].wall:.2f} times")
        for title, above, below in RATIOS
        if _measured(results, above, below)
    ]
    return markdown(("ratio of wall times", "measured"), told)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns are aligned, numbers are not."""
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )
