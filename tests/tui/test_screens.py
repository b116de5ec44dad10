"""Every screen and every action, at the smallest and at a comfortable size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tui_fakes import case, founding, many, odd, plain, progress, update, verdict
from tui_pilot import SIZES, Driver, running

from dissect.analysis.model import Status, Update
from tui.actions import ACTIONS, actions
from tui.columns import COLUMNS
from tui.screens.findings import FindingsScreen
from tui.screens.flows import FlowsScreen
from tui.screens.help import HelpScreen
from tui.screens.ladder import LadderScreen
from tui.screens.seam import SeamScreen
from tui.widgets.flow_table import FlowTable
from tui.widgets.lines import Pane

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.app import SeamarkApp

sizes = pytest.mark.parametrize("size", SIZES)


@sizes
async def test_flows_show_counts_state_verdict_and_preview(size: tuple[int, int]) -> None:
    """The first screen says how the reading stands, what was found, and shows a dialogue."""
    async with running(size=size) as seen:
        for words in (
            "founding-behind.pcap", "complete", "12 flows", "3 damaged", "◆ 3 crit",
            "Cisco-style SMTP inspection (0.99)", "192.0.2.10", "11/12", "lost",
            "flow 0  192.0.2.10:33738 → 198.51.100.25:25", "? help", "q quit",
        ):  # fmt: skip
            assert words in seen.text
        assert "sev" in seen.text.split("verdict")[1]


@sizes
async def test_from_the_flow_list_to_the_seam_and_back(size: tuple[int, int]) -> None:
    """Enter, n, Enter: flow list, ladder, seam; q goes back screen by screen, and then quits."""
    async with running(size=size) as seen:
        await seen.press("enter", "n", "n", "n")
        assert isinstance(seen.app.screen, LadderScreen)
        assert "XX┊XX TO:<recipient0006@cam.example.net>  ⟵ RCPT" in seen.cursor
        assert "split-masked-verb" in seen.text
        await seen.press("enter")
        assert isinstance(seen.app.screen, SeamScreen)
        await seen.until("Info of 14")
        for words in ("58 58┊", "┊58 58 20", "Info of 12", "frame 12", "frame 14"):
            assert words in seen.text
        await seen.press("q")
        assert isinstance(seen.app.screen, LadderScreen)
        await seen.press("escape")
        assert isinstance(seen.app.screen, FlowsScreen)
        await seen.press("q")
    assert seen.app.return_value == 0
    assert seen.feed.closed >= 1


async def test_a_screen_can_be_left_before_it_is_there() -> None:
    """Where keys come faster than a screen is made, it goes again, and nothing breaks."""
    async with running() as seen:
        seen.app.show_peers()
        await seen.app.run_action("screen.move('down')")
        await seen.app.run_action("screen.back")
        await seen.settle()
        assert isinstance(seen.app.screen, FlowsScreen)


@sizes
async def test_findings_go_to_their_evidence(size: tuple[int, int]) -> None:
    """The findings list counts and explains rules, and Enter opens the ladder at the evidence."""
    async with running(size=size) as seen:
        await seen.press("v")
        assert isinstance(seen.app.screen, FindingsScreen)
        assert "16 findings" in seen.text
        assert "Cisco-style" in seen.cursor
        assert "verbs with seam" in seen.text
        await seen.press("n", "n")
        assert "flow 2" in seen.cursor
        assert "recipient0006@cam.example.net gets no" in seen.text
        await seen.press("enter")
        assert isinstance(seen.app.screen, LadderScreen)
        assert "500 unrecognized command" in seen.cursor
        await seen.press("v")
        assert isinstance(seen.app.screen, FindingsScreen)
        assert "flow 2" in seen.cursor


async def test_rules_fold_and_unfold() -> None:
    """Left and right, or Enter on the rule, hide and show its findings; steps go over them."""
    async with running() as seen:
        await seen.press("v", "n", "left")
        assert "▸" in seen.cursor
        assert "Why it matters" in seen.text
        await seen.press("n")
        assert "flow 0" in seen.cursor
        await seen.press("p")
        assert "▸" in seen.cursor
        await seen.press("right")
        assert "▾" in seen.cursor
        await seen.press("enter")
        assert "▸" in seen.cursor


async def test_walking_findings_goes_on_into_the_next_damaged_flow() -> None:
    """After a flow's last finding, n goes to the next damaged flow, and p comes back."""
    async with running() as seen:
        await seen.press("enter", "n", "n", "n", "n", "n")
        assert "reset by the server" in seen.cursor
        await seen.press("n")
        assert "flow 2" in seen.lines[0]
        assert "220 ****" in seen.cursor
        await seen.press("p")
        assert "flow 0" in seen.lines[0]
        assert "reset by the server" in seen.cursor
        await seen.press("G", "n", "G", "n", "G", "n")
        assert "no finding further on" in seen.text


async def test_walking_starts_from_the_cursor() -> None:
    """From a row without findings, n and p go to the nearest one below and above."""
    async with running() as seen:
        await seen.press("enter", *["j"] * 9)
        await seen.press("n")
        assert "XX┊XX" in seen.cursor
        await seen.press("k", "p")
        assert "mx.example.net Hello" in seen.cursor


@sizes
async def test_damaged_flows_are_walked_from_the_list(size: tuple[int, int]) -> None:
    """Keys n and p go to the flows with a finding at or above medium, past those with info only."""
    async with running(size=size) as seen:
        table = seen.app.screen.query_one(FlowTable)
        await seen.press("n", "n")
        assert table.flow == 5
        await seen.press("n")
        assert table.flow == 5
        assert "no damaged flow further on" in seen.text
        await seen.press("p")
        assert table.flow == 2


@sizes
async def test_a_filter_narrows_the_list_and_escape_widens_it(size: tuple[int, int]) -> None:
    """What was said is searched too; Enter keeps the filter, Esc forgets it."""
    async with running(size=size) as seen:
        await seen.press("slash", *"recipient0030", "enter")
        await seen.press()
        assert "1 of them: recipient0030" in seen.text
        assert "59/60" in seen.cursor
        assert "outcome" in seen.text
        await seen.press("escape")
        assert len(seen.app.session.view) == 12
        await seen.press("slash", *"nowhere")
        assert "No flow matches" in seen.text
        await seen.press("escape")
        assert len(seen.app.session.view) == 12


@sizes
async def test_any_column_in_sight_sorts(size: tuple[int, int]) -> None:
    """Columns are chosen with < and >, and reversed with z; the title says so."""
    async with running(size=size) as seen:
        table = seen.app.screen.query_one(FlowTable)
        shown = [placed.column for placed in table.placed()]
        for _ in shown:
            await seen.press("greater_than_sign")
            assert f"{seen.app.session.column.title}↑" in seen.text.replace(" ", "")
        await seen.press("less_than_sign", "z")
        assert seen.app.session.view.reverse
        assert "↓" in seen.text
        assert table.flow == 0


def test_columns_are_a_table_without_doubles() -> None:
    """Each column has an id and a title of its own."""
    assert len({column.id for column in COLUMNS}) == len({c.title for c in COLUMNS}) == len(COLUMNS)


async def test_only_damaged_flows_on_demand() -> None:
    """The key f hides what passed, and shows it again."""
    async with running() as seen:
        await seen.press("f")
        assert "3 of them: damaged only" in seen.text
        assert "delivered" not in seen.text
        await seen.press("f")
        assert "delivered" in seen.text


@sizes
async def test_new_flows_never_move_the_cursor(size: tuple[int, int]) -> None:
    """Rows that arrive above the cursor leave it on its flow and on its line of the screen."""
    first = update([plain(number) for number in range(100, 160)], Status.LOADING)
    async with running(first, size=size) as seen:
        await seen.press("less_than_sign", "greater_than_sign", "G", "k", "k", "k")
        table = seen.app.screen.query_one(FlowTable)
        flow, line = table.flow, seen.lines.index(seen.cursor)
        seen.feed.more(update([plain(number) for number in range(40)], Status.LOADING))
        seen.feed.more(update([founding(number) for number in range(200, 210)], Status.LOADING))
        await seen.settle()
        assert len(seen.app.session.view) == 110
        assert (table.flow, seen.lines.index(seen.cursor)) == (flow, line)
        await seen.press("z")
        assert table.flow == flow


async def test_a_growing_flow_keeps_the_ladder_in_place() -> None:
    """Rows that come while the ladder is open are shown, and the cursor stays on its row."""
    whole = founding(0)
    short = type(whole)(summary=whole.summary, rows=whole.rows[:12], findings=whole.findings[:2])
    async with running(update([short], Status.LOADING)) as seen:
        await seen.press("enter", "n", "n")
        row = seen.cursor
        assert "mx.example.net" in row
        seen.feed.more(update([whole]))
        await seen.settle()
        assert seen.cursor == row
        await seen.press("n")
        assert "XX┊XX" in seen.cursor


async def test_the_answer_of_a_command_stands_out_and_can_be_reached() -> None:
    """The partner of the cursor's row is marked, and r goes there and back."""
    async with running(size=(160, 45)) as seen:
        await seen.press("enter", "n", "n", "n")
        partner = [line for line in seen.lines if line.startswith("▏")]
        assert ["500 unrecognized command  re 11 XXXX" in line for line in partner] == [True]
        await seen.press("r")
        assert "500 unrecognized" in seen.cursor
        await seen.press("r")
        assert "XX┊XX" in seen.cursor


async def test_times_cycle() -> None:
    """The key t counts from the start, from the row before, and by the clock."""
    async with running() as seen:
        await seen.press("enter", "j")
        assert "   0.008 " in seen.cursor
        await seen.press("t")
        assert "  +0.004 " in seen.cursor
        await seen.press("t")
        assert "06:51:28.206" in seen.cursor
        await seen.press("t")
        assert "   0.008 " in seen.cursor


async def test_flows_are_walked_inside_the_ladder() -> None:
    """Space and b go through the list without leaving the ladder."""
    async with running() as seen:
        await seen.press("enter", "space")
        assert "flow 1" in seen.lines[0]
        await seen.press("b")
        assert "flow 0" in seen.lines[0]
        await seen.press("b")
        assert "no flow further on" in seen.text


async def test_long_lines_scroll_sideways() -> None:
    """Right and left shift the words, never the margins."""
    async with running() as seen:
        await seen.press("enter", "j", "j", "right")
        assert "EHLO" not in seen.cursor
        assert "ange.example.org" in seen.cursor
        await seen.press("left", "left")
        assert "EHLO exchange" in seen.cursor


async def test_rows_about_the_flow_are_rows_of_their_own() -> None:
    """Gaps, TLS, inferred seams, a start midway and repeated frames are told in words."""
    async with running(update([odd(0)])) as seen:
        await seen.press("enter")
        for words in ("joined midway", "1,460 bytes of the client", "TLS begins", "RC¦PT",
                      "sent again 1x"):  # fmt: skip
            assert words in seen.text
        await seen.press("enter")
        assert "no seam in this line" in seen.text


async def test_seams_of_a_flow_are_walked() -> None:
    """In the close-up, n and p go to the other seams of the flow."""
    detail = founding(0)
    other = next(row for row in detail.rows if row.seams)
    rows = tuple(
        row._replace(seams=other.seams, pieces=other.pieces, offset=other.offset)
        if row.number in {6, 8} else row
        for row in detail.rows
    )  # fmt: skip
    twice = type(detail)(summary=detail.summary, rows=rows, findings=detail.findings)
    async with running(update([twice])) as seen:
        await seen.press("enter", "n", "n", "n", "enter", "p")
        assert "row 8" in seen.lines[0]
        await seen.press("left", "left")
        assert "no seam further on" in seen.text
        await seen.press("n", "right")
        assert "row 11" in seen.lines[0]


async def test_loading_shows_a_counter_and_can_be_walked() -> None:
    """While the capture is read, the header counts and the ladder opens."""
    loading = Update(progress=progress(Status.LOADING, packets=999))
    async with running(loading) as seen:
        assert "loading 43%" in seen.text
        assert "first conversations appear here" in seen.text
        seen.feed.more(update([founding(0)], Status.LOADING))
        await seen.settle()
        await seen.press("enter")
        assert isinstance(seen.app.screen, LadderScreen)
        assert "loading" in seen.lines[0]


@sizes
async def test_no_conversation_is_never_a_blank_screen(size: tuple[int, int]) -> None:
    """An empty capture says so, with what to try; Enter and the rest do no harm."""
    async with running(Update(progress=progress(warnings=("cut snap length",))), size=size) as seen:
        for words in ("No SMTP conversation found", "--port", "warning   cut snap length"):
            assert words in seen.text
        await seen.press("enter", "n", "p", "G", "z", "greater_than_sign", "v")
        assert "No finding so far" in seen.text
        await seen.press("enter", "n", "left", "q")
        assert isinstance(seen.app.screen, FlowsScreen)


@sizes
async def test_a_failure_is_a_panel_and_loses_nothing(size: tuple[int, int]) -> None:
    """What happened, what to do, and the flows that were read before."""
    failed = Update(progress=progress(Status.FAILED, error="It broke \x1b[31m.\nMend it."))
    async with running(update([founding(0)], Status.LOADING), failed, size=size) as seen:
        for words in ("The reading stopped", "It broke ␛[31m.", "Mend it.", "1 flows that were"):
            assert words in seen.text
        await seen.press("enter", "enter")
        assert isinstance(seen.app.screen, LadderScreen)
        await seen.press("q")
        assert "failed: It broke" in seen.text


async def test_a_truncated_capture_says_why() -> None:
    """Truncation is a state in the header, with its reason."""
    cut = Update(progress=progress(Status.TRUNCATED, error="cut in the middle of a packet"))
    async with running(cut) as seen:
        assert "truncated: cut in the middle" in seen.text


@sizes
@pytest.mark.parametrize("keys", [(), ("enter",), ("v",), ("enter", "n", "n", "n", "enter")])
async def test_help_tells_the_keys_of_the_screen_first(
    size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    """The help is made from the table, begins with where it was asked, and explains the signs."""
    async with running(size=size) as seen:
        await seen.press(*keys, "question_mark")
        where = seen.lines[0].split("help: ")[1].strip()
        assert f"Keys: {where}" in seen.lines[1]
        text = seen.text
        for _ in range(24):
            await seen.press("pagedown")
            text += seen.text
        for action in actions(where):
            assert action.help[:30] in text
        for words in ("Signs", "a seam inferred from the MSS", "What Seamark cannot see"):
            assert words in text
        await seen.press("q")
        assert not isinstance(seen.app.screen, HelpScreen)


async def test_the_palette_lists_the_actions_of_the_screen() -> None:
    """Every action of the screen in front can be found by name and is carried out."""
    async with running() as seen:
        commands = list(seen.app.get_system_commands(seen.app.screen))
        assert [command.title for command in commands] == [
            action.title for action in actions("flows") if action.id != "palette"
        ]
        await seen.press("colon")
        await seen.until("damaged only")
        await seen.press(*"damaged only")
        await seen.until("damaged only")
        await seen.press("down", "enter")
        await seen.until("3 of them")


async def test_two_interrupts_quit() -> None:
    """One Ctrl-C asks, the second one quits with the shell's code for it."""
    async with running() as seen:
        await seen.press("ctrl+c")
        assert "press Ctrl-C again to quit" in seen.text
        await seen.press("ctrl+c")
    assert seen.app.return_value == 130


@pytest.mark.parametrize("keys", [(), ("enter",), ("v",)])
async def test_the_pane_can_be_hidden_and_scrolled(keys: tuple[str, ...]) -> None:
    """The key w hides and shows the pane; o gives it the keys, and takes them back."""
    async with running() as seen:
        await seen.press(*keys)
        pane = seen.app.screen.query_one("#pane", Pane)
        await seen.press("o")
        assert seen.app.screen.focused is pane
        await seen.press("end", "j", "k", "pagedown", "home", "o")
        assert seen.app.screen.focused is seen.app.screen.query_one("#main")
        await seen.press("w")
        assert not pane.display
        await seen.press("w")
        assert pane.display


def _open(app: SeamarkApp, where: str) -> None:
    """Go to a screen, whatever is in front."""
    while len(app.screen_stack) > 2:
        app.pop_screen()
    opened: dict[str, Callable[[], None]] = {
        "ladder": lambda: app.show_ladder(0),
        "seam": lambda: app.show_seam(0, 11),
        "findings": app.show_findings,
        "help": lambda: app.show_help("flows"),
    }
    opened.get(where, lambda: None)()


_EVERYWHERE = ("flows", "ladder", "seam", "findings", "help")


@sizes
@pytest.mark.parametrize("where", _EVERYWHERE)
async def test_every_key_of_every_screen_does_something_harmless(
    size: tuple[int, int], where: str
) -> None:
    """Each key of the table works on its screen, at both sizes, and leaves a painted screen."""
    keys = [key for action in actions(where) for key in action.keys.split(",")]
    async with running(size=size) as seen:
        for key in keys:
            if key in _LEAVING.get(where, ()):
                continue
            _open(seen.app, where)
            await seen._pilot.press(key)
            assert seen.app._exception is None
            assert seen.text.strip()
            await seen._pilot.press("escape")


_LEAVING = {"flows": ("q", "f10")}


@pytest.mark.parametrize("key", _LEAVING["flows"])
async def test_the_first_screen_is_left_for_good(key: str) -> None:
    """Both q and F10 quit on the first screen."""
    async with running() as seen:
        await seen.press(key)
    assert seen.app.return_value == 0


def test_every_key_arrives_through_putty_and_tmux() -> None:
    """Letters, F-keys, arrows and the like: no Alt, no Shift or Ctrl with more than a letter."""
    named = {"enter", "escape", "space", "tab", "backspace", "home", "end", "up", "down", "left",
             "right", "pageup", "pagedown", "slash", "question_mark", "colon", "less_than_sign",
             "greater_than_sign", "number_sign", "at", "vertical_line", "plus",
             "minus"}  # fmt: skip
    function_keys = {f"f{number}" for number in range(1, 11)}
    for action in ACTIONS:
        keys = action.keys.split(",")
        assert all(
            len(key) == 1 or key in named | function_keys or key[:-1] == "ctrl+" for key in keys
        )
        assert any(not key.startswith("ctrl+") for key in keys)
        assert action.help.endswith(".")


def test_no_key_means_two_things_on_a_screen() -> None:
    """On each screen a key is bound once, and so is an action's name."""
    for where in _EVERYWHERE:
        keys = [key for action in actions(where) for key in action.keys.split(",")]
        assert len(keys) == len(set(keys))
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


@sizes
async def test_a_mouse_moves_and_opens(size: tuple[int, int]) -> None:
    """A click moves the cursor, a second one opens; nothing needs it."""
    async with running(size=size) as seen:
        table = seen.app.screen.query_one(FlowTable)
        await seen._pilot.click(FlowTable, offset=(20, 3))
        await seen.settle()
        assert table.flow == 3
        await seen._pilot.click(FlowTable, offset=(20, 3))
        await seen.settle()
        assert isinstance(seen.app.screen, LadderScreen)


async def test_a_hundred_thousand_flows_can_be_walked() -> None:
    """The list of 100,000 flows answers keys, sorts and finds the next damaged flow."""
    async with running(many(100_000)) as seen:
        await seen.press("G")
        assert seen.app.screen.query_one(FlowTable).flow == 99_999
        await seen.press("p", "z", "enter")
        assert "flow 99900" in seen.lines[0]


async def test_resizing_lays_everything_out_again() -> None:
    """From 80x24 to 160x45 and back while a ladder is open."""
    async with running() as seen:
        await seen.press("enter", "n", "n", "n")
        for size in ((160, 45), (40, 12), (80, 24)):
            await seen._pilot.resize_terminal(*size)
            await seen.settle()
            assert "XX┊XX" in seen.cursor


async def test_a_slow_line_repaints_seldom_and_shows_all() -> None:
    """In low-rate mode everything is there too."""
    async with running(low_rate=True) as seen:
        await seen.until("12 flows")


async def test_without_wireshark_the_closeup_stands_alone() -> None:
    """No lookup: the close-up says what the model knows of Wireshark's reading."""
    async with running(wireshark=None) as seen:
        await seen.press("enter", "n", "n", "n", "enter")
        assert "C: DATA fragment, 1448 bytes" in seen.text
        assert "nothing of SMTP" in seen.text


async def _walk(seen: Driver) -> list[str]:
    texts = [seen.text]
    for keys in (("enter", "n", "n", "n"), ("enter",), ("question_mark",), ("q", "v"), ("j",)):
        await seen.press(*keys)
        texts.append(seen.text)
    return texts


async def test_ascii_mode_paints_nothing_but_ascii() -> None:
    """Without UTF-8 every screen is printable ASCII, and says the same."""
    async with running(ascii_only=True) as seen:
        texts = await _walk(seen)
        assert all(text.isascii() for text in texts)
        assert "XX|XX TO:<recipient0006@cam.example.net>  <= RCPT" in texts[1]
        await seen.press("colon")
        await seen.until("name of an action")
        assert seen.text.isascii()


async def test_case_has_a_verdict_and_one_flow_per_number() -> None:
    """The hand-made case is sound."""
    numbers = [detail.summary.flow for detail in case()]
    assert numbers == sorted(set(numbers))
    assert verdict().confidence > 0.9
