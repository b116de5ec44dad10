"""What was measured of screens, as Markdown, and the budgets of the design for them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles
from typing import TYPE_CHECKING, Final

from bench.table import MEGABYTE, markdown

if TYPE_CHECKING:
    from bench.screen import Measured
    from bench.session import Seen
    from bench.watch import Press

FIRST_PAINT: Final = 1.5
"""Seconds, of the design's section 5."""
KEY_TO_PAINT: Final = 0.05
OURS: Final = "seamark"

HEAD: Final = (
    "what", "program", "first line s", "all read s", "key ms, loading: 50 % / 95 % / most",
    "key ms, all read: 50 % / 95 % / most", "bytes/s, loading", "own MB", "tshark MB",
)  # fmt: skip


def percentile(values: Sequence[float], part: int) -> float:
    """The value that so many percent of all are not above; infinite where keys were not seen."""
    if len(values) == 1 or float("inf") in values:
        ranked = sorted(values)
        return ranked[min(len(ranked) * part // 100, len(ranked) - 1)]
    return quantiles(values, n=100, method="inclusive")[part - 1]


def costs(results: Sequence[Measured]) -> str:
    """A row for each program on each case, and below it why some were not measured."""
    rows = [_row(result) for result in results]
    failed = {result.app.name: result.trouble for result in results if result.trouble}
    notes = "".join(f"\n\n{name} was not measured: {why}" for name, why in failed.items())
    return markdown(HEAD, rows) + notes


def _row(result: Measured) -> tuple[str, ...]:
    seen = result.seen
    if seen is None:
        return (result.case.title, result.app.name, "not measured", *[""] * (len(HEAD) - 3))
    return (
        result.case.title,
        result.app.name,
        _seconds(seen.first),
        _seconds(seen.loaded),
        _spread(seen.loading),
        _spread(seen.listed),
        f"{seen.rate:.0f}",
        f"{seen.peak / MEGABYTE:.0f}",
        f"{seen.tshark_peak / MEGABYTE:.0f}",
    )


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f}"


def _spread(presses: Sequence[Press]) -> str:
    if not presses:
        return "none pressed"
    took = [press.took for press in presses]
    most = max(took)
    return " / ".join(_ms(value) for value in (percentile(took, 50), percentile(took, 95), most))


def _ms(seconds: float) -> str:
    return "not seen" if seconds == float("inf") else f"{seconds * 1000:.0f}"


def budgets(results: Sequence[Measured]) -> str:
    """What the design allows, on lines that are not slow, and whether it is kept."""
    ours = [(result.case.title, result.seen) for result in results if _counts(result)]
    rows = [row for title, seen in ours if seen is not None for row in _judged(title, seen)]
    return markdown(("budget", "measured", "at most", ""), rows)


def _counts(result: Measured) -> bool:
    return result.app.name == OURS and not result.case.slow and result.seen is not None


def _judged(title: str, seen: Seen) -> list[tuple[str, str, str, str]]:
    rows = [_budget(f"first line, {title}", seen.first or 0.0, FIRST_PAINT)]
    for when, presses in (("loading", seen.loading), ("all read", seen.listed)):
        if presses:
            took = percentile([press.took for press in presses], 95)
            rows.append(_budget(f"95 % of keys, {when}, {title}", took, KEY_TO_PAINT))
    return rows


def _budget(title: str, value: float, limit: float) -> tuple[str, str, str, str]:
    word = "pass" if value <= limit else "over"
    return (title, f"{_ms(value)} ms", f"{_ms(limit)} ms", word)
