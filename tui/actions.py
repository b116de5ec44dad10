"""All that can be done, in one table: keys, footer, help and command palette are made from it.

Every action has a key that arrives through PuTTY, tmux and screen: letters, digits, F-keys,
arrows, Enter, Escape, Space, Home, End, PageUp and PageDown.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from textual.binding import Binding

FLOWS: Final = "flows"
LADDER: Final = "ladder"
SEAM: Final = "seam"
FINDINGS: Final = "findings"
HELP: Final = "help"
FAILURE: Final = "failure"

_LISTS: Final = (FLOWS, LADDER, SEAM, FINDINGS, HELP, FAILURE)
_WORK: Final = (FLOWS, LADDER, SEAM, FINDINGS)


class Action(NamedTuple):
    """One thing that can be done."""

    id: str
    keys: str
    """Textual key names, the first is the one that is shown."""
    title: str
    where: tuple[str, ...]
    call: str
    """The screen's action."""
    hint: str = ""
    """``keys|label`` in the footer, which leaves out actions without."""
    help: str = ""

    @property
    def key_words(self) -> str:
        """All keys as people write them."""
        return "  ".join(_written(key) for key in self.keys.split(","))


_WRITTEN: Final = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "tab": "Tab",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "backspace": "Backspace",
}


def _written(key: str) -> str:
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].upper()}"
    return _WRITTEN.get(key, key.upper() if key.startswith("f") and len(key) > 1 else key)


ACTIONS: Final = (
    Action("open-flow", "enter", "open", (FLOWS,), "open", "Enter|open",
           help="Open the flow's ladder."),
    Action("open-seam", "enter", "seam", (LADDER,), "open", "Enter|seam",
           help="Look closely at the row's seam: both frames, byte by byte."),
    Action("open-finding", "enter", "evidence", (FINDINGS,), "open", "Enter|evidence",
           help="Go to the evidence, or fold the rule."),
    Action("open-page", "enter", "back", (HELP,), "back",
           help="Go back."),
    Action("dismiss", "enter,escape,q", "go on", (FAILURE,), "back", "Enter|go on",
           help="Close the panel; what was read is still there."),
    Action("next-damaged", "n", "next damaged flow", (FLOWS,), "finding(1)", "n/p|damaged",
           help="Go to the next flow with a finding at or above medium."),
    Action("previous-damaged", "p", "previous damaged flow", (FLOWS,), "finding(-1)",
           help="Go to the previous such flow."),
    Action("next-finding", "n", "next finding", (LADDER, FINDINGS), "finding(1)", "n/p|finding",
           help="Go to the next finding; after a flow's last one to the next damaged flow."),
    Action("previous-finding", "p", "previous finding", (LADDER, FINDINGS), "finding(-1)",
           help="Go to the previous finding."),
    Action("next-seam", "n,right,l", "next seam", (SEAM,), "seam(1)", "n/p|seam",
           help="Go to the next seam of the row, then of the flow."),
    Action("previous-seam", "p,left,h", "previous seam", (SEAM,), "seam(-1)",
           help="Go to the previous seam."),
    Action("search", "slash,f3", "search", (FLOWS,), "search", "/|search",
           help="List only the flows that hold some words: addresses, HELO, sender, outcome, "
                "rules, and all that was said. Esc lists all again."),
    Action("damaged", "f,f4", "damaged only", (FLOWS,), "damaged", "f|damaged only",
           help="List only damaged flows, or all again."),
    Action("sort-right", "greater_than_sign,s", "sort by next column", (FLOWS,), "sort(1)",
           hint="< >|sort", help="Sort by the column to the right."),
    Action("sort-left", "less_than_sign", "sort by previous column", (FLOWS,), "sort(-1)",
           help="Sort by the column to the left."),
    Action("reverse", "z,f5", "reverse", (FLOWS,), "reverse", "z|reverse",
           help="Turn the order round."),
    Action("next-flow", "space", "next flow", (LADDER,), "flow(1)", "Space|next flow",
           help="Go to the next flow of the list."),
    Action("previous-flow", "b,backspace", "previous flow", (LADDER,), "flow(-1)",
           help="Go to the previous flow of the list."),
    Action("partner", "r", "answer", (LADDER,), "partner", "r|answer",
           help="Go from a command to its reply, or back."),
    Action("times", "t,f6", "times", (LADDER,), "times", "t|times",
           help="Times since the flow began, since the row before, or of day."),
    Action("scroll-right", "right,l", "scroll right", (LADDER,), "scroll(8)",
           help="See the rest of long lines."),
    Action("scroll-left", "left,h", "scroll left", (LADDER,), "scroll(-8)",
           help="Back to the beginning of long lines."),
    Action("unfold", "right,l", "unfold", (FINDINGS,), "fold(True)",
           help="Show the rule's findings."),
    Action("fold", "left,h", "fold", (FINDINGS,), "fold(False)",
           help="Hide the rule's findings."),
    Action("pane", "w,f7", "pane", (FLOWS, LADDER, FINDINGS), "pane", "w|pane",
           help="Show or hide the pane with the details."),
    Action("other", "o,tab", "other pane", (FLOWS, LADDER, FINDINGS), "other",
           help="Move the keys to the pane, to scroll it, or back."),
    Action("findings", "v,f2", "findings", (FLOWS, LADDER, SEAM), "findings", "v|findings",
           help="All findings by rule, and the verdict."),
    Action("down", "down,j", "down", _LISTS, "move('down')",
           help="One line down."),
    Action("up", "up,k", "up", _LISTS, "move('up')",
           help="One line up."),
    Action("page-down", "pagedown,ctrl+f", "page down", _LISTS, "move('page_down')",
           help="One page down."),
    Action("page-up", "pageup,ctrl+b", "page up", _LISTS, "move('page_up')",
           help="One page up."),
    Action("half-down", "d,ctrl+d", "half a page down", _LISTS, "move('half_down')",
           help="Half a page down."),
    Action("half-up", "u,ctrl+u", "half a page up", _LISTS, "move('half_up')",
           help="Half a page up."),
    Action("home", "home,g", "first", _LISTS, "move('home')",
           help="To the first line."),
    Action("end", "end,G", "last", _LISTS, "move('end')",
           help="To the last line."),
    Action("help", "question_mark,f1", "help", _WORK, "help", "?|help",
           help="Keys, glyphs, and what Seamark cannot see."),
    Action("palette", "colon,f9", "commands", _WORK, "palette", ":|commands",
           help="Find an action by its name."),
    Action("quit", "q,escape", "back", (LADDER, SEAM, FINDINGS, HELP), "back", "q|back",
           help="Back to the screen before."),
    Action("clear", "escape", "clear", (FLOWS,), "clear",
           help="Forget the search and list all flows."),
    Action("leave", "q,f10", "quit", (FLOWS,), "leave", "q|quit",
           help="Quit."),
)  # fmt: skip


def actions(where: str) -> tuple[Action, ...]:
    """The actions of a screen."""
    return tuple(action for action in ACTIONS if where in action.where)


def bindings(where: str) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """A screen's key bindings."""
    return [
        Binding(action.keys, action.call, action.title, id=f"{where}.{action.id}", show=False)
        for action in actions(where)
    ]
