"""Every action of the table, pressed on its screen at both sizes, does what its help says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tui_both import comparing
from tui_fakes import case, founding, plain, update, verdict
from tui_pilot import SIZES, Driver, running

from tui.actions import (
    ACTIONS,
    COLUMNS,
    COMPARE,
    FINDINGS,
    FLOWS,
    LADDER,
    PACKET,
    PAIR,
    PAIRS,
    PEERS,
    SEAM,
)
from tui.beside import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.actions import Action

WAYS = {
    FLOWS: (),
    LADDER: ("enter",),
    SEAM: ("enter", "n", "n", "n", "enter"),
    PACKET: ("enter", "n", "n", "n", "f"),
    COMPARE: ("enter", "c"),
    FINDINGS: ("v",),
    PEERS: ("P",),
    COLUMNS: ("c",),
    PAIRS: (),
    PAIR: ("enter",),
}
"""The keys that lead to a screen."""

Seen = "str | Callable[[Driver], bool]"


class Effect(NamedTuple):
    """What an action does on the hand-made case."""

    before: tuple[str, ...]
    """Keys pressed on its screen before it."""
    after: str | Callable[[Driver], bool]
    """Words on the screen then, or something else that is true."""
    where: str = ""
    """The screen, unless it is the first of the action's."""
    asked: str = ""
    """What the app is asked for, where nothing of it is to be seen without a terminal."""


def on(name: str) -> Callable[[Driver], bool]:
    """Whether a screen is in front."""
    return lambda seen: getattr(seen.app.screen, "WHERE", "") == name


def at(line: int) -> Callable[[Driver], bool]:
    """Whether the cursor stands on a line."""
    return lambda seen: seen.app.screen.query_one("#main").cursor == line  # type: ignore[attr-defined]


def cursor(words: str) -> Callable[[Driver], bool]:
    """Whether the cursor's line says something."""
    return lambda seen: words in seen.cursor


def listed(*flows: int) -> Callable[[Driver], bool]:
    """Whether just these flows are listed."""
    return lambda seen: tuple(seen.app.session.view) == flows


def marked(*flows: int) -> Callable[[Driver], bool]:
    """Whether just these flows are marked."""
    return lambda seen: seen.app.session.marks == set(flows)


def first_column(name: str, cells: int = 0) -> Callable[[Driver], bool]:
    """Whether a column comes first in the list, with a width."""
    return lambda seen: (
        seen.app.session.columns[0].column == name and seen.app.session.columns[0].cells == cells
    )


def never(_seen: Driver) -> bool:
    """Nothing is to be seen."""
    return False


def beside(seen: Driver) -> int:
    """The flow on the right side."""
    flow: int = seen.app.screen.flows[Column.RIGHT]  # type: ignore[attr-defined]
    return flow


EFFECTS: dict[str, Effect] = {
    "open-flow": Effect((), on(LADDER)),
    "open-seam": Effect(("n", "n", "n"), on(SEAM)),
    "open-finding": Effect(("n", "n"), on(LADDER)),
    "open-node": Effect((), lambda seen: seen.text.count("▾") == 1),
    "open-side": Effect((), on(LADDER)),
    "open-pair": Effect((), on(PAIR)),
    "bytes": Effect((), "53 54 41"),
    "next-changed": Effect((), at(1)),
    "previous-changed": Effect(("j",), at(0)),
    "next-pair": Effect((), "198.51.100.1"),
    "previous-pair": Effect(("space",), lambda seen: "198.51.100.1" not in seen.text),
    "open-peer": Effect((), "client:"),
    "toggle-column": Effect((), lambda seen: not seen.app.session.columns[0].shown),
    "open-page": Effect(("question_mark",), on(FLOWS), FLOWS),
    "dismiss": Effect((), on(FLOWS), FLOWS),
    "next-damaged": Effect(("home",), lambda seen: seen.app.screen.here == 2),  # type: ignore[attr-defined]
    "previous-damaged": Effect(("end",), lambda seen: seen.app.screen.here == 5),  # type: ignore[attr-defined]
    "next-finding": Effect(("n",), cursor("mx.example.net Hello")),
    "previous-finding": Effect(("n", "n"), cursor("220 ****")),
    "next-seam": Effect((), "no seam further on"),
    "previous-seam": Effect((), "no seam further on"),
    "next-frame": Effect((), "frame 14"),
    "previous-frame": Effect((), "frame 11"),
    "next-difference": Effect((), lambda seen: seen.app.screen.query_one("#main").cursor > 0),  # type: ignore[attr-defined]
    "previous-difference": Effect(
        ("end",),
        lambda seen: (
            0 < seen.app.screen.query_one("#main").cursor < len(seen.app.screen.view.beside) - 1  # type: ignore[attr-defined]
        ),
    ),
    "frame": Effect((), "go to frame"),
    "filter": Effect((), lambda seen: seen.app.screen.query_one("#filter").display),
    "damaged": Effect((), listed(0, 2, 5)),
    "source": Effect((), "all flows come from one source"),
    "sort": Effect((), "sort by"),
    "sort-right": Effect((), lambda seen: seen.app.session.column.id in {"severity", "time"}),
    "sort-left": Effect((), lambda seen: seen.app.session.column.id == "findings"),
    "reverse": Effect((), lambda seen: seen.app.session.view.reverse),
    "group": Effect((), "by client"),
    "group-findings": Effect((), "by client"),
    "fold-group": Effect(("b",), cursor("▸")),
    "unfold-group": Effect(("b", "left"), cursor("▾")),
    "columns": Effect((), on(COLUMNS)),
    "column-later": Effect((), first_column("severity")),
    "column-earlier": Effect(("j",), first_column("severity")),
    "column-wider": Effect((), first_column("flow", 5)),
    "column-narrower": Effect((), first_column("flow", 3)),
    "column-automatic": Effect(("plus",), first_column("flow")),
    "columns-default": Effect(("greater_than_sign", "plus"), first_column("flow")),
    "follow": Effect((), lambda seen: "follow" in seen.text and at(11)(seen)),
    "pause": Effect((), "nothing more is to come"),
    "start": Effect((), "no capture can be begun here"),
    "capture-filter": Effect((), "nothing is being captured"),
    "stop": Effect((), "nothing is being captured"),
    "mark": Effect((), marked(0)),
    "mark-down": Effect((), lambda seen: marked(0)(seen) and at(1)(seen)),
    "unmark": Effect(("m",), marked()),
    "target": Effect((), "actions take @marked"),
    "next-flow": Effect((), "flow 1 "),
    "previous-flow": Effect(("space", "space"), "flow 1 "),
    "partner": Effect(("j", "j"), cursor("250-mx.example.net")),
    "unfold-message": Effect(("end", "k", "k"), cursor("▾ message data")),
    "times": Effect((), "since the row before"),
    "scroll-right": Effect(("j",), lambda seen: "220 ****" not in seen.cursor),
    "scroll-left": Effect(("j", "right"), cursor("220 ****")),
    "compare": Effect((), on(COMPARE)),
    "packet": Effect(("n", "n", "n"), on(PACKET)),
    "side-right": Effect((), lambda seen: seen.app.screen.view.side.value == "right"),  # type: ignore[attr-defined]
    "side-left": Effect(("right",), lambda seen: seen.app.screen.view.side.value == "left"),  # type: ignore[attr-defined]
    "next-partner": Effect((), lambda seen: beside(seen) == 3),
    "previous-partner": Effect(("space",), lambda seen: beside(seen) == 1),
    "unfold": Effect(("n", "left"), cursor("▾")),
    "fold": Effect(("n",), cursor("▸")),
    "copy": Effect((), "Wireshark filter"),
    "write": Effect((), "write to a file"),
    "save": Effect((), "founding-behind-flows.pcapng"),
    "wireshark": Effect((), lambda seen: "Wireshark" in seen.text),
    "pager": Effect((), "cannot be given to another program here"),
    "note": Effect((), "Notes need a capture that is a file"),
    "edit-note": Effect((), "Notes need a capture that is a file"),
    "judge": Effect((), "Notes need a capture that is a file"),
    "pane": Effect((), lambda seen: not seen.app.screen.query_one("#pane").display),
    "other": Effect((), lambda seen: seen.app.screen.focused is seen.app.screen.query_one("#pane")),
    "findings": Effect((), on(FINDINGS)),
    "peers": Effect((), on(PEERS)),
    "privacy": Effect((), lambda seen: "192.0.2.10" not in seen.text and "h1--" in seen.text),
    "theme": Effect((), "high-contrast"),
    "repaint": Effect((), never, asked="refresh"),
    "suspend": Effect((), never, asked="action_suspend_process"),
    "down": Effect((), at(1)),
    "up": Effect(("j", "j"), at(1)),
    "page-down": Effect((), lambda seen: seen.app.screen.query_one("#main").cursor > 3),  # type: ignore[attr-defined]
    "page-up": Effect(("end",), lambda seen: seen.app.screen.query_one("#main").cursor < 9),  # type: ignore[attr-defined]
    "half-down": Effect((), lambda seen: seen.app.screen.query_one("#main").cursor > 1),  # type: ignore[attr-defined]
    "half-up": Effect(("end",), lambda seen: seen.app.screen.query_one("#main").cursor < 11),  # type: ignore[attr-defined]
    "home": Effect(("end",), at(0)),
    "end": Effect((), at(11)),
    "help": Effect((), "Keys: flows"),
    "palette": Effect((), lambda seen: "palette" in type(seen.app.screen).__name__.lower()),
    "quit": Effect((), on(FLOWS)),
    "clear": Effect(("f",), listed(*range(12))),
    "leave": Effect((), lambda seen: seen.app.return_value == 0),
}


def test_every_action_is_tried() -> None:
    """No action of the table is without its effect here."""
    assert set(EFFECTS) == {action.id for action in ACTIONS}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.id))
async def test_an_action_does_what_it_says(
    action: Action, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first key, on the first of its screens, has the effect, which was not there before."""
    effect = EFFECTS[action.id]
    where = effect.where or action.where[0]
    opened = comparing if where in {PAIRS, PAIR} else running
    async with opened(size=size) as seen:
        await _go(seen, action, effect)
        assert not _is(effect, seen), f"{action.id} is to be seen without its key:\n{seen.text}"
        asked: list[dict[str, Any]] = []
        if effect.asked:
            monkeypatch.setattr(seen.app, effect.asked, lambda **how: asked.append(how))
        await seen.press(action.keys.split(",")[0])
        for _ in range(20):
            if asked or _is(effect, seen):
                break
            await seen.settle()
        assert asked or _is(effect, seen), f"{action.id} is not to be seen:\n{seen.text}"


async def _go(seen: Driver, action: Action, effect: Effect) -> None:
    """To the action's screen, and to where it has something to do."""
    if action.id == "dismiss":
        seen.app.panel("It broke", "Mend it.")
        await seen.settle()
    for key in (*WAYS[effect.where or action.where[0]], *effect.before):
        await seen.press(key)
    for _ in range(3):
        await seen.settle()


def _is(effect: Effect, seen: Driver) -> bool:
    return effect.after in seen.text if isinstance(effect.after, str) else effect.after(seen)


async def test_a_number_says_how_often() -> None:
    """5j goes five lines down, 3G to the third line, 2n to the second next damaged flow."""
    async with running() as seen:
        await seen.press("5")
        assert "5" in seen.lines[-1]
        await seen.press("j")
        assert at(5)(seen)
        await seen.press("3", "G")
        assert at(2)(seen)
        await seen.press("1", "G")
        assert at(0)(seen)
        await seen.press("2", "n")
        assert cursor("59/60")(seen)


async def test_what_actions_take_is_chosen_with_a_selector() -> None:
    """@shown lets mark take all that is listed, and takes it back; @all takes the rest too."""
    async with running() as seen:
        await seen.press("f", "at", "at")
        assert "actions take @shown: 3 flows" in seen.text
        await seen.press("m")
        assert marked(0, 2, 5)(seen)
        assert "3 marked" in seen.text
        await seen.press("f", "at", "m")
        assert marked(*range(12))(seen)
        await seen.press("m")
        assert marked()(seen)


async def test_marked_flows_can_be_listed() -> None:
    """The filter is:marked follows the marks."""
    async with running() as seen:
        await seen.press("space", "space", "slash", *"is:marked", "enter")
        assert listed(0, 1)(seen)
        await seen.press("home", "m")
        assert listed(1)(seen)


async def test_a_bad_filter_says_where_and_never_applies() -> None:
    """While it cannot be read, the last good one stays."""
    async with running() as seen:
        await seen.press("slash", *"outcome:lost")
        good = tuple(seen.app.session.view)
        await seen.press(*" and (")
        assert tuple(seen.app.session.view) == good
        assert good == (0, 2, 5)
        await seen.press("escape", "escape")
        assert listed(*range(12))(seen)


async def test_new_flows_never_move_the_cursor_and_are_counted() -> None:
    """Rows that come are counted as new until the end is visited; following goes along."""
    async with running(update(case())) as seen:
        await seen.press("j", "j")
        assert at(2)(seen)
        seen.app.session.feed(update([plain(12), plain(13)]))
        await seen.settle()
        assert at(2)(seen)
        assert "2 new" in seen.text
        await seen.press("a")
        assert at(13)(seen)
        seen.app.session.feed(update([plain(14)]))
        await seen.settle()
        assert at(14)(seen)


async def test_groups_follow_verdicts_that_come_later() -> None:
    """Grouped by verdict, flows move to their group as soon as there is one."""
    async with running(update([founding(0), plain(1)])) as seen:
        await seen.press("b", "b", "b")
        assert "no verdict" in seen.text
        seen.app.session.feed(update([], verdicts=(verdict(),)))
        await seen.settle()
        assert "Cisco-style SMTP inspection  2 flows  1 damaged" in seen.text


async def test_go_to_a_frame_from_the_list() -> None:
    """The number sign asks for a frame, and refuses what is no number."""
    async with running(update(case())) as seen:
        await seen.press("j", "number_sign", *"x7", "enter")
        assert "whole number" in seen.text
        await seen.press("backspace", "backspace", "7", "enter")
        assert at(0)(seen)
